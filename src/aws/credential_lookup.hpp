// `CredentialLookup`: one walk over the places where AWS's tools look for credentials, until one has them.
//
// Made by `credential_chain.hpp` for each look-up, and used once. The places, in order: what the program gave; the
// environment; the shared files' profile (with the roles it assumes); a web identity; a container's address; the EC2
// instance's. A place that has nothing is noted and the next is asked; one that has something which does not work ends
// the walk with that error. Runs on the transport's loop; not thread-safe. Source: AWS SDKs and Tools Reference Guide,
// "Standardized credential providers".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "expplat/base/result.hpp"
#include "src/aws/credentials.hpp"
#include "src/aws/profile_plan.hpp"
#include "src/aws/surroundings.hpp"
#include "src/net/transport.hpp"

namespace expplat::aws {

/// What the program says about credentials.
struct CredentialSettings {
    std::string access_key_id{};  // with `secret_access_key`: these and no others
    std::string secret_access_key{};
    std::string session_token{};
    std::string profile{};  // named here, the environment's keys are passed over
    std::string region{};   // of STS; else AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1
    Surroundings surroundings = system_surroundings();
};

class CredentialLookup : public std::enable_shared_from_this<CredentialLookup> {
public:
    using Done = std::function<void(Result<Credentials>)>;

    CredentialLookup(const CredentialSettings& settings, net::Transport& transport, std::int64_t now_unix_ms,
                     Done done)
        : settings_(settings), transport_(transport), now_unix_ms_(now_unix_ms), done_(std::move(done)) {}

    /// Calls `done` once: within this call where nothing has to be sent.
    void start();
    /// `done` is not called any more.
    void cancel();

private:
    /// This place has nothing, and why.
    struct Absent {
        std::string why;
    };
    using Finding = std::variant<Credentials, Absent, Error>;
    using Found = std::function<void(Finding)>;
    using Answered = std::function<void(Result<net::Response>)>;

    /// Asks the `place`-th place and, where it has nothing, those after it.
    void ask(std::size_t place);
    void settle(std::size_t place, Finding finding);
    void finish(Result<Credentials> result);

    [[nodiscard]] Finding from_settings() const;
    [[nodiscard]] Finding from_environment() const;
    void from_profile(Found found);
    void from_web_identity(Found found);
    void from_container(Found found);
    void from_instance(Found found);

    void follow(const ProfilePlan& plan, Found found);
    void assume_roles(std::vector<AssumedRole> roles, std::size_t index, Credentials with, Found found);
    void assume_by_token(const WebIdentity& identity, Found found);
    void ask_instance_role(const std::string& address, const std::string& token, Found found);
    [[nodiscard]] Result<Endpoint> sts_endpoint() const;

    /// Sends, again where there was no answer or a 5xx, `tries` times in all.
    void send(net::Request request, int tries, Answered answered);

    CredentialSettings settings_;
    net::Transport& transport_;
    std::int64_t now_unix_ms_;
    Done done_;
    Profiles profiles_;
    std::string looked_at_;  // the places that had nothing, and why
    net::ExchangeId exchange_ = 0;
};

}  // namespace expplat::aws
