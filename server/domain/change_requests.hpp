// `ChangeRequests`: a change that one person proposes, another one reviews, and that is then applied.
//
// open → approved → applied; open → rejected; open, approved → withdrawn. What is proposed is validated at once. It is applied
// to the revision that it was proposed for, or not at all (`conflict`). Environments that require approval take changes in
// this way alone; others may. Safe from many threads; `plane` outlives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/domain/change.hpp"
#include "server/domain/control_plane.hpp"

namespace expplat::server::domain {

struct ChangeRequest {
    std::string id;
    std::string project;
    std::string title;
    Change change;
    std::int64_t base_revision = 0;  // of the configuration that it was proposed for
    std::string state;               // open, approved, rejected, withdrawn, applied
    std::string author;              // the actor's id, and the name
    std::string author_name;
    std::optional<std::string> reviewer;
    std::optional<std::string> reviewer_name;
    std::string comment;  // the reviewer's
    std::int64_t revision = 1;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

/// A change request, and what applying it would change now; of one that is closed nothing.
struct ChangeRequestView {
    ChangeRequest request;
    bool is_current = false;  // what it was proposed for has not changed since
    std::vector<Difference> differences;
};

class ChangeRequests {
public:
    explicit ChangeRequests(const ControlPlane& plane) : plane_(plane) {}

    /// `change`: JSON as change.hpp has it; its problems are at `/change…`.
    Outcome<ChangeRequest> propose(const Caller& caller, const std::string& project, const std::string& title,
                                   const std::string& change) const;
    Outcome<ChangeRequestView> get(const Caller& caller, const std::string& project,
                                   const std::string& id) const;
    /// By id; `state` empty: all. Those of environments that the caller may not read are left out, so that a page may be short.
    Outcome<Page<ChangeRequest>> list(const Caller& caller, const std::string& project,
                                      const std::string& state, const PageRequest& page) const;
    /// By a person, and another one than the author or, where a key proposed it, than who made the key.
    Outcome<ChangeRequest> review(const Caller& caller, const std::string& project, const std::string& id,
                                  bool approve, const std::string& comment) const;
    /// By the author.
    Outcome<ChangeRequest> withdraw(const Caller& caller, const std::string& project,
                                    const std::string& id) const;
    /// Takes the right to apply requests and the change's own.
    Outcome<ChangeRequest> apply(const Caller& caller, const std::string& project,
                                 const std::string& id) const;
    /// Removes what has been rejected, withdrawn or applied for `bounds::ended_kept_ms`, `bounds::ended_at_once` at most; how
    /// many. For a worker.
    Outcome<std::int64_t> remove_ended() const;

private:
    const ControlPlane& plane_;
};

[[nodiscard]] std::string to_json(const ChangeRequest& request);

}  // namespace expplat::server::domain
