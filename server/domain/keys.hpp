// `Keys`: the keys of programs, each of one environment, or of a whole project: made, listed, taken back, and known again.
//
// What a key's text is and whether a presented one fits is `server/auth`'s affair: here is what the store keeps of it. Safe
// from many threads; `plane` outlives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/domain/control_plane.hpp"
#include "server/domain/tables/access.hpp"

namespace expplat::server::domain {

/// What `server/auth` made.
struct KeyMaterial {
    std::string id;
    std::string hash;
    std::string hint;
};

class Keys {
public:
    explicit Keys(const ControlPlane& plane) : plane_(plane) {}

    /// `environment` empty: of the whole project, which kind admin may be. `kind`: server, client or admin; the caller may do there what such a key may. `expires_ms`: in the future.
    Outcome<Key> create(const Caller& caller, const std::string& project, const std::string& environment,
                        const std::string& kind, const std::string& name,
                        std::optional<std::int64_t> expires_ms, const KeyMaterial& material) const;
    Outcome<Key> get(const Caller& caller, const std::string& project, const std::string& id) const;
    /// Newest first, those that were taken back too. `environment` empty: those of the whole project.
    Outcome<std::vector<Key>> list(const Caller& caller, const std::string& project,
                                   const std::string& environment) const;
    /// At once and for good; a second time changes nothing.
    Outcome<Key> revoke(const Caller& caller, const std::string& project, const std::string& id) const;

    /// For authentication: nobody's right is asked.
    Outcome<std::optional<Key>> find(const std::string& id) const;
    /// The first use in an hour is noted, and audited.
    Outcome<void> note_use(const Key& key, const std::string& remote, const std::string& request_id) const;

    /// Removes what has been taken back or over for `bounds::ended_kept_ms`, `bounds::ended_at_once` at most; how many. Not one
    /// that has proposed what is not decided yet: who made it is asked for then. For a worker.
    Outcome<std::int64_t> remove_ended() const;

    [[nodiscard]] Store& store() const noexcept { return plane_.store(); }

private:
    const ControlPlane& plane_;
};

/// Without its hash.
[[nodiscard]] std::string to_json(const Key& key);

}  // namespace expplat::server::domain
