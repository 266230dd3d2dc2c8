#include "server/domain/audit_log.hpp"

#include <algorithm>

#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/text_rules.hpp"
#include "src/audit/csv_row.hpp"

namespace expplat::server::domain {

namespace {

std::string head_json(std::int64_t first, std::int64_t last, const std::string& hash,
                      std::string_view secret) {
    ObjectWriter head;
    head.integer("first", first)
        .integer("sequence", last)
        .text("hash", hash)
        .text("signature", audit::export_signature(secret, first, last, hash));
    return std::move(head).done();
}

/// Sequences of the first entry of a time or later and of the last one before another; equal ones where there is none.
struct Range {
    std::int64_t after = 0;  // exclusive
    std::int64_t last = 0;   // inclusive
};

Range range_of(Transaction& t, std::optional<std::int64_t> from_ms, std::optional<std::int64_t> to_ms) {
    Range range{0, tables::audit_head(t).sequence};
    if (from_ms) {
        const Rows rows =
            t.execute("SELECT COALESCE(MIN(sequence), 0) FROM audit WHERE time_ms >= ?", {*from_ms});
        range.after = rows[0].integer(0) == 0 ? range.last : rows[0].integer(0) - 1;
    }
    if (to_ms) {
        range.last =
            t.execute("SELECT COALESCE(MAX(sequence), 0) FROM audit WHERE time_ms < ?", {*to_ms})[0].integer(
                0);
    }
    return range;
}

std::string piece_of(const AuditEntry& entry, AuditFormat format, bool is_first) {
    switch (format) {
        case AuditFormat::ndjson: return to_json(entry) + "\n";
        case AuditFormat::json: return (is_first ? "" : ",\n") + to_json(entry);
        case AuditFormat::csv: return to_csv(entry) + "\r\n";
    }
    return {};
}

}  // namespace

Outcome<void> AuditLog::note(const Caller& caller, const std::string& action, const std::string& project,
                             const std::string& environment, const std::string& subject,
                             const std::optional<std::string>& after) const {
    return plane_.write(caller, [&](Work& work) {
        work.record(as_recorded(action), as_recorded(project), as_recorded(environment), as_recorded(subject),
                    {}, after);
    });
}

Outcome<Page<AuditEntry>> AuditLog::list(const Caller& caller, const AuditFilter& filter,
                                         const PageRequest& request) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("audit.read", filter.project, filter.environment);
        const std::int64_t limit = checked_limit(request);
        const std::int64_t before = sequence_of(request);
        Page<AuditEntry> page;
        page.items = tables::audit_before(work.transaction(), filter, before, limit + 1);
        if (static_cast<std::int64_t>(page.items.size()) > limit) {
            page.items.pop_back();
            page.next = std::to_string(page.items.back().sequence);
        }
        return page;
    });
}

Outcome<ChainVerdict> AuditLog::verify(const Caller& caller) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("audit.read");
        audit::Chain chain;
        while (!chain.fault()) {
            const auto entries =
                tables::audit_after(work.transaction(), {}, chain.last_sequence(), bounds::audit_page);
            if (chain.entries() == 0 && !entries.empty() && entries.front().sequence != 1) {
                return ChainVerdict{
                    0, "the chain begins with entry " + std::to_string(entries.front().sequence)};
            }
            for (const AuditEntry& entry : entries) follow(chain, entry);
            if (static_cast<std::int64_t>(entries.size()) < bounds::audit_page) break;
        }
        const AuditHead head = tables::audit_head(work.transaction());
        chain.take_end(head.sequence, head.hash);
        if (!tables::is_own(head, work.surroundings().secret, work.surroundings().former_secrets)) {
            chain.refuse("the head's signature is not this server's");
        }
        return ChainVerdict{chain.entries(), chain.fault()};
    });
}

Outcome<void> AuditLog::export_entries(const Caller& caller, std::optional<std::int64_t> from_ms,
                                       std::optional<std::int64_t> to_ms, AuditFormat format,
                                       const std::function<bool(std::string_view)>& write) const {
    const Outcome<Range> range = plane_.write(caller, [&](Work& work) {
        work.authorise("audit.export");
        const Range found = range_of(work.transaction(), from_ms, to_ms);
        ObjectWriter what;
        what.integer("after", found.after).integer("last", found.last);
        work.record("audit.export", "", "", "audit", {}, std::move(what).done());
        return found;
    });
    if (!range) return range.problem();
    if (format == AuditFormat::csv && !write(std::string(audit::csv_header) + "\r\n")) return {};
    if (format == AuditFormat::json && !write("{\"entries\":[\n")) return {};
    AuditEntry last;
    std::int64_t first = 0;
    for (std::int64_t at = range->after; at < range->last;) {
        const auto entries = plane_.store().read([&](Transaction& t) {
            return tables::audit_after(t, {}, at, std::min(bounds::audit_page, range->last - at));
        });
        if (!entries) return entries.problem();
        if (entries->empty()) break;
        for (const AuditEntry& entry : *entries) {
            if (entry.sequence > range->last) break;
            if (!write(piece_of(entry, format, at == range->after))) return {};
            at = entry.sequence;
            if (first == 0) first = at;
            last = entry;
        }
        if (entries->back().sequence > range->last) break;
    }
    const std::string head =
        "\"head\":" + head_json(first, last.sequence, last.hash, plane_.surroundings().secret) + "}\n";
    if (format == AuditFormat::ndjson) (void)write("{" + head);
    if (format == AuditFormat::json) (void)write("\n]," + head);
    return {};
}

}  // namespace expplat::server::domain
