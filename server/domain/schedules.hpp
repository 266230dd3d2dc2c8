// `Schedules`: changes that are applied at a time.
//
// A worker of each server calls `run_due`; a row is leased, so that two servers do not try the same one, and applied in one
// transaction with its mark, so that it is applied once whoever tries. A refused one fails for good, with the reason in its
// outcome and in the audit; while the database is away it is tried again. So does one whose author has lost the right to the
// change. A staged rollout is several schedules. Safe from many threads; `plane` outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "server/domain/change.hpp"
#include "server/domain/control_plane.hpp"

namespace expplat::server::domain {

struct Schedule {
    std::string id;
    std::string project;
    Change change;
    std::string comment;
    std::int64_t due_ms = 0;
    std::string state;    // waiting, applied, failed, cancelled
    std::string outcome;  // of a failed one: why
    std::int64_t attempts = 0;
    std::string author;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

struct SchedulesRun {
    int applied = 0;
    int failed = 0;
    int put_off = 0;  // the database was away: tried again once the lease has ended
};

/// Whether somebody who asked once, and is not asking now, still may.
using StillMay = std::function<bool(const Actor&, const Operation&, Transaction&)>;

class Schedules {
public:
    Schedules(const ControlPlane& plane, StillMay still_may)
        : plane_(plane), still_may_(std::move(still_may)) {}

    /// `change`: JSON as change.hpp has it. Takes the change's own right too, now; it is validated when it is applied, and its author
    /// must have that right then as well.
    Outcome<Schedule> create(const Caller& caller, const std::string& project, const std::string& change,
                             std::int64_t due_ms, const std::string& comment) const;
    Outcome<Schedule> get(const Caller& caller, const std::string& project, const std::string& id) const;
    /// By id; `state` empty: all. Those of environments that the caller may not read are left out, so that a page may be short.
    Outcome<Page<Schedule>> list(const Caller& caller, const std::string& project, const std::string& state,
                                 const PageRequest& page) const;
    Outcome<Schedule> cancel(const Caller& caller, const std::string& project, const std::string& id) const;

    /// Applies what is due, `bounds::schedules_at_once` at most.
    Outcome<SchedulesRun> run_due() const;
    /// Removes what has been applied, failed or cancelled for `bounds::ended_kept_ms`, `bounds::ended_at_once` at most; how
    /// many. For a worker.
    Outcome<std::int64_t> remove_ended() const;

private:
    void require_right_of_author(Transaction& t, const Schedule& schedule) const;

    const ControlPlane& plane_;
    const StillMay still_may_;
};

[[nodiscard]] std::string to_json(const Schedule& schedule);

}  // namespace expplat::server::domain
