// `CredentialChain`: credentials when they are asked for, kept while they are good and renewed before they are not.
//
// One for each set of settings, asked by the typed clients before every request. Callers that come while a look-up is
// under way share it. Keys that do not expire are kept until AWS refuses them (`expire`); files and variables are read
// anew by each look-up, so that rotated ones are found. Belongs to the loop of its transport; not thread-safe. Source:
// AWS SDKs and Tools Reference Guide. Next: `credential_lookup.hpp`, which asks the places.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "expplat/base/result.hpp"
#include "src/aws/credential_lookup.hpp"
#include "src/aws/credentials.hpp"

namespace expplat::aws {

/// This long before they expire, credentials are renewed while they go on being used ...
inline constexpr std::int64_t credential_renewal_ms = 15 * 60'000;
/// ... and this long before, callers wait for the new ones.
inline constexpr std::int64_t credential_reserve_ms = 5 * 60'000;
/// Between two tries to renew what is still good.
inline constexpr std::int64_t credential_retry_ms = 60'000;

class CredentialChain {
public:
    using Done = std::function<void(Result<Credentials>)>;

    /// The transport outlives this.
    CredentialChain(CredentialSettings settings, net::Transport& transport)
        : settings_(std::move(settings)), transport_(transport) {}
    /// Cancels what is under way; waiting callers hear nothing.
    ~CredentialChain();
    CredentialChain(const CredentialChain&) = delete;
    CredentialChain& operator=(const CredentialChain&) = delete;

    /// Calls `done` once: within this call where good credentials are kept or nothing has to be sent, else later from the
    /// loop. Where renewing fails, the old ones go on until they expire. Where there are none, one error
    /// (`unauthorized`) lists each place that was looked at and why it had none.
    void get(std::int64_t now_unix_ms, Done done);

    /// AWS says that `refused` are expired or unknown: the next `get` looks anew and takes no old ones.
    void expire(const Credentials& refused);

private:
    void look_up();
    void settle(Result<Credentials> result);

    CredentialSettings settings_;
    net::Transport& transport_;
    std::optional<Credentials> kept_;
    std::int64_t now_unix_ms_ = 0;           // of the last `get`
    std::int64_t next_renewal_unix_ms_ = 0;  // not before, after one has failed
    std::vector<Done> waiting_;
    std::shared_ptr<CredentialLookup> lookup_;  // while one is under way
};

}  // namespace expplat::aws
