#include "server/domain/schedules.hpp"

#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/tables/audit.hpp"
#include "server/domain/tables/entities.hpp"
#include "server/domain/tables/projects.hpp"
#include "server/domain/text_rules.hpp"

namespace expplat::server::domain {

namespace {

constexpr std::string_view select_schedule =
    "SELECT id, project, change, comment, due_ms, state, outcome, attempts, author, created_ms, updated_ms "
    "FROM schedules WHERE ";
constexpr std::int64_t lease_ms = 60'000;

Schedule schedule_of(const Row& row) {
    return {row.text(0),    row.text(1),    parse_change(row.text(1), row.text(2)),
            row.text(3),    row.integer(4), row.text(5),
            row.text(6),    row.integer(7), row.text(8),
            row.integer(9), row.integer(10)};
}

Schedule require(Transaction& t, const std::string& project, const std::string& id) {
    const Rows rows = t.execute(std::string(select_schedule) + "project = ? AND id = ?", {project, id});
    if (rows.empty()) throw Refusal(ProblemType::not_found, "there is no schedule `" + id + "`");
    return schedule_of(rows[0]);
}

Schedule move_to(Work& work, Schedule schedule, const std::string& state, const std::string& outcome,
                 const std::string& verb) {
    const std::string before = to_json(schedule);
    schedule.state = state;
    schedule.outcome = outcome;
    schedule.updated_ms = work.now_ms();
    (void)work.transaction().execute(
        "UPDATE schedules SET state = ?, outcome = ?, updated_ms = ? WHERE id = ?",
        {schedule.state, schedule.outcome, schedule.updated_ms, schedule.id});
    work.record("schedule." + verb, schedule.project, schedule.change.environment, "schedule/" + schedule.id,
                before, to_json(schedule));
    return schedule;
}

/// Those that are due and that nobody holds; they are this worker's until the lease ends.
std::vector<Schedule> lease_due(Transaction& t, std::int64_t now_ms) {
    const Rows rows = t.execute(
        std::string(select_schedule) +
            "state = 'waiting' AND due_ms <= ? AND leased_until_ms <= ? ORDER BY due_ms, id LIMIT ?",
        {now_ms, now_ms, bounds::schedules_at_once});
    std::vector<Schedule> leased;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        leased.push_back(schedule_of(rows[i]));
        ++leased.back().attempts;
        (void)t.execute("UPDATE schedules SET leased_until_ms = ?, attempts = attempts + 1 WHERE id = ?",
                        {now_ms + lease_ms, leased.back().id});
    }
    return leased;
}

}  // namespace

std::string to_json(const Schedule& s) {
    ObjectWriter writer;
    writer.text("id", s.id)
        .text("state", s.state)
        .integer("due_ms", s.due_ms)
        .text("comment", s.comment)
        .text("outcome", s.outcome)
        .integer("attempts", s.attempts)
        .text("author", s.author)
        .integer("created_ms", s.created_ms)
        .integer("updated_ms", s.updated_ms)
        .json("change", to_json(s.change));
    return std::move(writer).done();
}

Outcome<Schedule> Schedules::create(const Caller& caller, const std::string& project,
                                    const std::string& change_json, std::int64_t due_ms,
                                    const std::string& comment) const {
    return plane_.write(caller, [&](Work& work) {
        check_text(comment, "/comment", bounds::comment_bytes);
        Schedule schedule;
        schedule.change = parse_change(project, change_json, "/change");
        const Operation operation = operation_of(schedule.change);
        work.authorise("schedule.create", project, schedule.change.environment);
        work.authorise(operation.action, operation.project, operation.environment);
        if (due_ms <= work.now_ms() || due_ms > work.now_ms() + bounds::schedule_ahead_ms) {
            refuse_member("/due_ms", "must be in the future, and in the next five years");
        }
        Transaction& t = work.transaction();
        const bool needs_approval =
            !schedule.change.is_of_entity() &&
            tables::require_environment(t, project, schedule.change.environment).requires_approval;
        if (needs_approval) {
            throw Refusal(ProblemType::approval_required, "environment `" + schedule.change.environment +
                                                              "` takes changes by change request alone");
        }
        (void)tables::require_entity(t, schedule.change.id);
        const Rows open =
            t.execute("SELECT COUNT(*) FROM schedules WHERE project = ? AND state = 'waiting'", {project});
        if (open[0].integer(0) >= bounds::open_schedules) {
            throw Refusal(ProblemType::too_large, "the project has too many schedules that wait");
        }
        schedule.id = work.new_id();
        schedule.project = project;
        schedule.comment = comment;
        schedule.due_ms = due_ms;
        schedule.state = "waiting";
        schedule.author = as_recorded(work.actor().name);
        schedule.created_ms = schedule.updated_ms = work.now_ms();
        (void)t.execute(
            "INSERT INTO schedules (id, project, environment, change, comment, due_ms, state, outcome, "
            "attempts, "
            "leased_until_ms, author, created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, '', 0, 0, ?, ?, "
            "?)",
            {schedule.id, project, schedule.change.environment, to_json(schedule.change), comment, due_ms,
             schedule.state, schedule.author, schedule.created_ms, schedule.updated_ms});
        work.record("schedule.create", project, schedule.change.environment, "schedule/" + schedule.id, {},
                    to_json(schedule));
        return schedule;
    });
}

Outcome<Schedule> Schedules::get(const Caller& caller, const std::string& project,
                                 const std::string& id) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("schedule.read", project);
        Schedule schedule = require(work.transaction(), project, id);
        work.authorise("schedule.read", project, schedule.change.environment);
        return schedule;
    });
}

Outcome<Page<Schedule>> Schedules::list(const Caller& caller, const std::string& project,
                                        const std::string& state, const PageRequest& request) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("schedule.read", project);
        const std::int64_t limit = checked_limit(request);
        check_text(state, "/state", bounds::tag_bytes);
        (void)tables::require_project(work.transaction(), project);
        const Rows rows =
            work.transaction().execute(std::string(select_schedule) +
                                           "project = ? AND (? = '' OR state = ?) AND id COLLATE \"C\" > ? "
                                           "ORDER BY id COLLATE \"C\" LIMIT ?",
                                       {project, state, state, request.after, limit + 1});
        Page<Schedule> page;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (static_cast<std::int64_t>(i) == limit) {
                page.next = rows[i - 1].text(0);
                break;
            }
            Schedule one = schedule_of(rows[i]);
            if (caller.may({"schedule.read", project, one.change.environment}, work.transaction()))
                page.items.push_back(std::move(one));
        }
        return page;
    });
}

Outcome<Schedule> Schedules::cancel(const Caller& caller, const std::string& project,
                                    const std::string& id) const {
    return plane_.write(caller, [&](Work& work) {
        Schedule schedule = require(work.transaction(), project, id);
        work.authorise("schedule.cancel", project, schedule.change.environment);
        if (schedule.state != "waiting")
            throw Refusal(ProblemType::conflict, "the schedule is " + schedule.state);
        return move_to(work, std::move(schedule), "cancelled", "", "cancel");
    });
}

/// The row has the author's name for readers; who that is, the audit says.
void Schedules::require_right_of_author(Transaction& t, const Schedule& schedule) const {
    const std::vector<AuditEntry> made = tables::audit_after(
        t, {.project = schedule.project, .subject = "schedule/" + schedule.id, .action = "schedule.create"},
        0, 1);
    const Operation operation = operation_of(schedule.change);
    if (!made.empty() && still_may_(made.front().actor, operation, t)) return;
    throw Refusal(ProblemType::forbidden, "its author `" + schedule.author + "` has no right to `" +
                                              operation.action + "` there any more");
}

Outcome<std::int64_t> Schedules::remove_ended() const {
    const std::int64_t before_ms = plane_.surroundings().now_ms() - bounds::ended_kept_ms;
    return plane_.store().write([&](Transaction& t) {
        return t
            .execute(
                "DELETE FROM schedules WHERE id IN (SELECT id FROM schedules WHERE state <> 'waiting' "
                "AND updated_ms < ? LIMIT ?)",
                {before_ms, bounds::ended_at_once})
            .affected;
    });
}

Outcome<SchedulesRun> Schedules::run_due() const {
    const std::int64_t now_ms = plane_.surroundings().now_ms();
    // Most of the time there is nothing, which is found out without holding up who writes.
    const auto is_due = plane_.store().read([&](Transaction& t) {
        return !t.execute(
                     "SELECT id FROM schedules WHERE state = 'waiting' AND due_ms <= ? AND "
                     "leased_until_ms <= ? LIMIT 1",
                     {now_ms, now_ms})
                    .empty();
    });
    if (!is_due) return is_due.problem();
    if (!*is_due) return SchedulesRun{};
    const auto leased =
        plane_.store().answer(Access::ordered_write, [&](Transaction& t) { return lease_due(t, now_ms); });
    if (!leased) return leased.problem();
    SchedulesRun run;
    for (const Schedule& due : *leased) {
        const Caller worker = Caller::system("schedule " + due.id + " of " + due.author);
        bool is_mine = false;
        const Outcome<void> applied = plane_.write(worker, [&](Work& work) {
            Schedule schedule = require(work.transaction(), due.project, due.id);
            is_mine = schedule.state == "waiting";
            if (!is_mine) return;  // cancelled, or another worker was faster
            require_right_of_author(work.transaction(), schedule);
            apply(work, schedule.change);
            (void)move_to(work, std::move(schedule), "applied", "", "apply");
        });
        if (applied) {
            run.applied += is_mine ? 1 : 0;
        } else if (applied.problem().type == ProblemType::unavailable &&
                   due.attempts < bounds::schedule_attempts) {
            ++run.put_off;
        } else {
            const Outcome<void> noted = plane_.write(worker, [&](Work& work) {
                Schedule schedule = require(work.transaction(), due.project, due.id);
                if (schedule.state != "waiting") return;
                (void)move_to(work, std::move(schedule), "failed", as_recorded(applied.problem().detail),
                              "fail");
            });
            ++(noted ? run.failed : run.put_off);
        }
    }
    return run;
}

}  // namespace expplat::server::domain
