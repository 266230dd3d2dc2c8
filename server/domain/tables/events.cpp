#include "server/domain/tables/events.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "server/domain/bounds.hpp"

namespace expplat::server::domain::tables {

namespace {

/// Whether a server of the release before took in something there that is still kept.
bool has_former_events(Transaction& t, const std::string& project, const std::string& environment) {
    return !t.execute("SELECT id FROM events WHERE project = ? AND environment = ? LIMIT 1",
                      {project, environment})
                .empty();
}

bool is_former_event(Transaction& t, const RawEvent& e) {
    return !t.execute("SELECT id FROM events WHERE id = ? AND project = ? AND environment = ?",
                      {e.id, e.project, e.environment})
                .empty();
}

bool insert_event(Transaction& t, const RawEvent& e) {
    const Rows inserted = t.execute(
        "INSERT INTO received_events (project, environment, id, type, experiment, variant, time_ms, "
        "received_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (project, environment, id) DO NOTHING",
        {e.project, e.environment, e.id, e.type, e.experiment, e.variant, e.time_ms, e.received_ms, e.body});
    return inserted.affected != 0;
}

/// Whether there was such a counter.
bool add_to_counter(Transaction& t, const std::string& project, const std::string& environment,
                    const std::string& experiment, const std::string& variant, std::int64_t events) {
    return t.execute(
                "UPDATE event_counters SET events = events + ? WHERE project = ? AND environment = ? "
                "AND experiment = ? AND variant = ?",
                {events, project, environment, experiment, variant})
               .affected != 0;
}

void insert_counter(Transaction& t, const std::string& project, const std::string& environment,
                    const std::string& experiment, const std::string& variant, std::int64_t events) {
    (void)t.execute(
        "INSERT INTO event_counters (project, environment, experiment, variant, events) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (project, environment, experiment, variant) "
        "DO UPDATE SET events = event_counters.events + excluded.events",
        {project, environment, experiment, variant, events});
}

}  // namespace

std::int64_t insert_events(Transaction& t, std::span<const RawEvent> events) {
    if (events.empty()) return 0;
    const std::string& project = events.front().project;
    const std::string& environment = events.front().environment;
    const bool has_former = has_former_events(t, project, environment);
    std::int64_t fresh = 0;
    std::map<std::pair<std::string, std::string>, std::int64_t> exposures;
    for (const RawEvent& event : events) {
        if ((has_former && is_former_event(t, event)) || !insert_event(t, event)) continue;
        ++fresh;
        if (event.type == "exposure") ++exposures[{event.experiment, event.variant}];
    }
    // Whoever sends events chooses the names in them, so there is room for so many and no more.
    std::optional<std::int64_t> counters;
    std::int64_t others = 0;
    for (const auto& [name, count] : exposures) {
        if (add_to_counter(t, project, environment, name.first, name.second, count)) continue;
        if (!counters) {
            counters = t.execute(
                            "SELECT COUNT(*) FROM event_counters WHERE project = ? AND environment = ? AND "
                            "experiment <> ''",
                            {project, environment})[0]
                           .integer(0);
        }
        if (*counters >= bounds::event_counters) {
            others += count;
            continue;
        }
        insert_counter(t, project, environment, name.first, name.second, count);
        ++*counters;
    }
    if (others > 0 && !add_to_counter(t, project, environment, "", "", others))
        insert_counter(t, project, environment, "", "", others);
    return fresh;
}

std::vector<RawEvent> newest_events(Transaction& t, const std::string& project,
                                    const std::string& environment, std::int64_t limit) {
    constexpr std::string_view columns =
        "id, project, environment, type, experiment, variant, time_ms, received_ms, body";
    const auto newest_of = [&](std::string_view table) {
        return "SELECT * FROM (SELECT " + std::string(columns) + " FROM " + std::string(table) +
               " WHERE project = ? AND environment = ? ORDER BY received_ms DESC, id DESC LIMIT ?) AS " +
               "newest_" + std::string(table);
    };
    const Rows rows = t.execute(newest_of("received_events") + " UNION ALL " + newest_of("events") +
                                    " ORDER BY received_ms DESC, id DESC LIMIT ?",
                                {project, environment, limit, project, environment, limit, limit});
    std::vector<RawEvent> events;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row row = rows[i];
        events.push_back({row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5),
                          row.integer(6), row.integer(7), row.text(8)});
    }
    return events;
}

std::vector<EventCounter> event_counters(Transaction& t, const std::string& project,
                                         const std::string& environment) {
    const Rows rows = t.execute(
        "SELECT experiment, variant, events FROM event_counters WHERE project = ? "
        "AND environment = ? ORDER BY experiment COLLATE \"C\", variant COLLATE \"C\" LIMIT ?",
        {project, environment, bounds::event_counters + 1});
    std::vector<EventCounter> counters;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        counters.push_back({rows[i].text(0), rows[i].text(1), rows[i].integer(2)});
    }
    return counters;
}

std::int64_t remove_events_before(Transaction& t, std::int64_t received_ms, std::int64_t limit) {
    const std::int64_t removed = t.execute(
                                      "DELETE FROM received_events WHERE (project, environment, id) IN "
                                      "(SELECT project, environment, id FROM received_events "
                                      "WHERE received_ms < ? ORDER BY received_ms LIMIT ?)",
                                      {received_ms, limit})
                                     .affected;
    if (removed >= limit) return removed;
    return removed + t.execute(
                          "DELETE FROM events WHERE id IN "
                          "(SELECT id FROM events WHERE received_ms < ? ORDER BY received_ms LIMIT ?)",
                          {received_ms, limit - removed})
                         .affected;
}

std::int64_t keep_newest_events(Transaction& t, const std::string& project, const std::string& environment,
                                std::int64_t count, std::int64_t limit) {
    const std::int64_t there =
        t.execute("SELECT COUNT(*) FROM received_events WHERE project = ? AND environment = ?",
                  {project, environment})[0]
            .integer(0);
    if (there <= count) return 0;
    return t
        .execute(
            "DELETE FROM received_events WHERE project = ? AND environment = ? AND id IN "
            "(SELECT id FROM received_events WHERE project = ? AND environment = ? "
            "ORDER BY received_ms, id LIMIT ?)",
            {project, environment, project, environment, std::min(there - count, limit)})
        .affected;
}

}  // namespace expplat::server::domain::tables
