// `Caller`: who asks, and what they may.
//
// Made by `server/auth` for each request and passed to every call of the layer; the actor goes into the audit. The decision is
// made within the transaction, so that a right which is being taken away is not used once more. A value.
//
// Actions are NOUN.VERB, noun in the singular:
//     project, environment      read create update archive (in the audit also unarchive)
//     flag, experiment, segment, layer, holdout   read create update configure archive delete
//     flag.toggle (the kill switch), experiment.start .pause .complete
//     change-request   read propose review apply        schedule   read create cancel
//     webhook          read create update delete        audit      read export
//     key              read create revoke               user, role read create update (role: delete)
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/store.hpp"

namespace expplat::server::domain {

struct Actor {
    enum class Kind : std::uint8_t { person, key, system };

    Kind kind = Kind::system;
    std::string id;      // of the person or the key
    std::string name;    // e-mail or the key's name, for readers
    std::string remote;  // address that the request came from
    std::string request_id;
};

[[nodiscard]] constexpr std::string_view name(Actor::Kind kind) noexcept {
    switch (kind) {
        case Actor::Kind::person: return "person";
        case Actor::Kind::key: return "key";
        case Actor::Kind::system: return "system";
    }
    return "system";
}

struct Operation {
    std::string action;
    std::string project;      // empty: of the whole server
    std::string environment;  // empty: of the whole project
};

/// True where the caller may. May read in the transaction; called once or more for a call.
using Authorise = std::function<bool(const Operation&, Transaction&)>;

/// Rights that are to become somebody's: of a role or a kind of key by its name, or operations one by one.
struct Delegation {
    enum class Of : std::uint8_t { role, key, operations };

    Of of = Of::role;
    std::string name;                     // of the role, or of the kind of key
    std::vector<std::string> operations;  // `flags.read`, where they are given one by one
    std::string project;                  // where they hold, as in `Operation`
    std::string environment;
};

/// True where the caller has all of these rights there. Nobody gives what they have not.
using MayDelegate = std::function<bool(const Delegation&, Transaction&)>;

struct Caller {
    Actor actor;
    Authorise may = {};             // empty: nothing
    MayDelegate may_delegate = {};  // empty: nothing

    /// The server itself, in a worker or a test.
    [[nodiscard]] static Caller system(std::string name) {
        return {{Actor::Kind::system, name, name, "", ""},
                [](const Operation&, Transaction&) { return true; },
                [](const Delegation&, Transaction&) { return true; }};
    }
};

}  // namespace expplat::server::domain
