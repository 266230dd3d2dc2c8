// The intake of events (docs/PROTOCOL.md): what is acknowledged is in the store; and a look at what arrived.
#include "expplat/base/json_text.hpp"
#include "server/api/event_record.hpp"
#include "server/api/routes.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/tables/projects.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

constexpr std::size_t events_most = 500;
constexpr std::size_t bytes_most = std::size_t{1} << 20;
constexpr std::int64_t listed = 100;

/// A key's own environment, or the one that the query names.
[[nodiscard]] Operation place_of(const Call& call) {
    if (!call.entry().environment.empty()) return {"", call.entry().project, call.entry().environment};
    Operation place{"", call.query("project"), call.query("environment")};
    if (place.project.empty() || place.environment.empty())
        refuse_member("", "the query must name `project` and `environment`");
    return place;
}

void append_outcome(std::string& json, std::string_view id, std::string_view status,
                    std::string_view reason = {}) {
    if (json.back() != '[') json += ',';
    json += R"({"id":)";
    append_json_string(json, id);
    json += R"(,"status":")";
    json += status;
    json += '"';
    if (!reason.empty()) {
        json += R"(,"reason":)";
        append_json_string(json, reason);
    }
    json += '}';
}

[[nodiscard]] http::Response take_in(const Services& services, Call& call, http::Counter& accepted,
                                     http::Counter& rejected) {
    const Operation place = place_of(call);
    call.require(auth::Operation::events_write, place.project, place.environment, services.now_ms());
    if (call.request().body.size() > bytes_most)
        throw Refusal(ProblemType::too_large, "a batch has at most 1 MiB of JSON");
    Body body = call.body();
    (void)body.optional_integer("sent_at");
    const ruleset::Node* const records = body.value("events");
    body.done();
    if (records == nullptr || records->kind() != ruleset::NodeKind::array)
        refuse_member("/events", "must be a list of records");
    if (records->items().size() > events_most)
        throw Refusal(ProblemType::too_large,
                      "a batch has at most " + std::to_string(events_most) + " events");

    std::vector<RawEvent> good;
    std::string json = R"({"outcomes":[)";
    std::uint64_t bad = 0;
    for (const ruleset::Node& record : records->items()) {
        auto event = read_event(record, place.project, place.environment, services.now_ms());
        if (auto* const raw = std::get_if<RawEvent>(&event)) {
            good.push_back(std::move(*raw));
            continue;
        }
        const BadEvent& wrong = std::get<BadEvent>(event);
        append_outcome(json, wrong.id, "rejected", wrong.reason);
        ++bad;
    }
    check(services.plane.store().write([&](Transaction& t) {
        // A key's environment is there; a person may name any.
        if (call.entry().environment.empty())
            (void)tables::require_environment(t, place.project, place.environment);
        (void)tables::insert_events(t, good);
    }));
    for (const RawEvent& event : good) append_outcome(json, event.id, "accepted");
    accepted.add(good.size());
    rejected.add(bad);
    return http::Response::json(200, json + "]}");
}

}  // namespace

void add_events(Routes& routes) {
    const Services& services = routes.services();
    http::Counter& accepted = services.metrics.counter(
        "expplat_events_total", "Events that the intake answered.", {{"outcome", "accepted"}});
    http::Counter& rejected = services.metrics.counter(
        "expplat_events_total", "Events that the intake answered.", {{"outcome", "rejected"}});

    routes.add(
        "POST", "/api/v1/events",
        [&services, &accepted, &rejected](Call& call) { return take_in(services, call, accepted, rejected); },
        Effect::none);
    routes.add("GET", "/api/v1/events", [&services](Call& call) {
        const Operation place = place_of(call);
        call.require(auth::Operation::events_read, place.project, place.environment, services.now_ms());
        std::vector<std::string> items;
        for (const RawEvent& event : value_of(services.plane.store().read([&](Transaction& t) {
                 (void)tables::require_environment(t, place.project, place.environment);
                 return tables::newest_events(t, place.project, place.environment, listed);
             }))) {
            ObjectWriter writer;
            writer.integer("received_ms", event.received_ms).json("event", event.body);
            items.push_back(std::move(writer).done());
        }
        return page_of(items, {});
    });
    /// Raw exposures by experiment and variant: they show that events arrive, and are no results.
    routes.add("GET", "/api/v1/events/counts", [&services](Call& call) {
        const Operation place = place_of(call);
        call.require(auth::Operation::events_read, place.project, place.environment, services.now_ms());
        std::vector<std::string> items;
        for (const EventCounter& counter : value_of(services.plane.store().read([&](Transaction& t) {
                 (void)tables::require_environment(t, place.project, place.environment);
                 return tables::event_counters(t, place.project, place.environment);
             }))) {
            ObjectWriter writer;
            // More names came than are counted by themselves: the rest together has none.
            if (counter.experiment.empty()) writer.null("experiment").null("variant");
            else writer.text("experiment", counter.experiment).text("variant", counter.variant);
            writer.integer("events", counter.events);
            items.push_back(std::move(writer).done());
        }
        return page_of(items, {});
    });
}

}  // namespace expplat::server::api
