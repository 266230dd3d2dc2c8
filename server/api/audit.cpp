// The audit: listed, checked, exported.
#include "server/api/routes.hpp"
#include "server/domain/json_object.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

[[nodiscard]] std::optional<std::int64_t> time_of(const Call& call, std::string_view name) {
    const std::string text = call.query(name);
    if (text.empty()) return std::nullopt;
    if (text.size() > 15 || text.find_first_not_of("0123456789") != std::string::npos)
        refuse_member("/" + std::string(name), "must be in Unix milliseconds");
    return std::stoll(text);
}

}  // namespace

void add_audit(Routes& routes) {
    const AuditLog& audit = routes.services().audit;

    routes.add("GET", "/api/v1/audit", [&audit](Call& call) {
        const AuditFilter filter{.project = call.query("project"),
                                 .environment = call.query("environment"),
                                 .subject = call.query("subject"),
                                 .actor_id = call.query("actor"),
                                 .action = call.query("action"),
                                 .from_ms = time_of(call, "from"),
                                 .to_ms = time_of(call, "to")};
        const Page<AuditEntry> page = value_of(audit.list(call.caller(), filter, call.page()));
        std::vector<std::string> items;
        for (const AuditEntry& entry : page.items) items.push_back(to_json(entry));
        return page_of(items, page.next);
    });
    routes.add("GET", "/api/v1/audit/verify", [&audit](Call& call) {
        const ChainVerdict verdict = value_of(audit.verify(call.caller()));
        ObjectWriter writer;
        writer.integer("entries", verdict.entries).boolean("intact", !verdict.fault);
        if (verdict.fault) writer.text("fault", *verdict.fault);
        return http::Response::json(200, std::move(writer).done());
    });
    routes.add("GET", "/api/v1/compliance/export", [&audit](Call& call) {
        const std::string name = call.query("format").empty() ? "ndjson" : call.query("format");
        AuditFormat format = AuditFormat::ndjson;
        std::string type = "application/x-ndjson";
        if (name == "json") {
            format = AuditFormat::json;
            type = "application/json";
        } else if (name == "csv") {
            format = AuditFormat::csv;
            type = "text/csv; charset=utf-8";
        } else if (name != "ndjson") {
            refuse_member("/format", "must be json, csv or ndjson");
        }
        std::string text;
        bool fits = true;
        check(audit.export_entries(call.caller(), time_of(call, "from"), time_of(call, "to"), format,
                                   [&](std::string_view piece) {
                                       fits = text.size() + piece.size() <= export_bytes;
                                       if (fits) text += piece;
                                       return fits;
                                   }));
        if (!fits) {
            throw Refusal(ProblemType::too_large, "the export is larger than " +
                                                      std::to_string(export_bytes >> 20) +
                                                      " MiB: ask for less time with `from` and `to`");
        }
        http::Response response = http::Response::text(200, std::move(type), std::move(text));
        response.headers.set("Content-Disposition", "attachment; filename=\"audit." + name + '"');
        return response;
    });
}

}  // namespace expplat::server::api
