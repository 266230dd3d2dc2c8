#include "server/domain/tables/events.hpp"

namespace expplat::server::domain::tables {

bool insert_event(Transaction& t, const RawEvent& e) {
    const Rows inserted = t.execute(
        "INSERT INTO events (id, project, environment, type, experiment, variant, time_ms, received_ms, "
        "body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        {e.id, e.project, e.environment, e.type, e.experiment, e.variant, e.time_ms, e.received_ms, e.body});
    if (inserted.affected == 0) return false;
    if (e.type == "exposure") {
        (void)t.execute(
            "INSERT INTO event_counters (project, environment, experiment, variant, events) VALUES (?, ?, ?, "
            "?, 1) "
            "ON CONFLICT (project, environment, experiment, variant) "
            "DO UPDATE SET events = event_counters.events + 1",
            {e.project, e.environment, e.experiment, e.variant});
    }
    return true;
}

std::vector<RawEvent> newest_events(Transaction& t, const std::string& project,
                                    const std::string& environment, std::int64_t limit) {
    const Rows rows = t.execute(
        "SELECT id, project, environment, type, experiment, variant, time_ms, received_ms, body "
        "FROM events WHERE project = ? AND environment = ? "
        "ORDER BY received_ms DESC, id DESC LIMIT ?",
        {project, environment, limit});
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
        "AND environment = ? ORDER BY experiment COLLATE \"C\", variant COLLATE \"C\"",
        {project, environment});
    std::vector<EventCounter> counters;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        counters.push_back({rows[i].text(0), rows[i].text(1), rows[i].integer(2)});
    }
    return counters;
}

std::int64_t remove_events_before(Transaction& t, std::int64_t received_ms) {
    return t.execute("DELETE FROM events WHERE received_ms < ?", {received_ms}).affected;
}

}  // namespace expplat::server::domain::tables
