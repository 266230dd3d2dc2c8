#include "src/aws/credential_lookup.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "src/aws/role_endpoint.hpp"
#include "src/aws/sts.hpp"

namespace expplat::aws {

namespace {

constexpr int sts_tries = 3;
constexpr std::size_t last_place = 5;
/// Expired credentials of an instance's role are used on while the metadata service cannot renew them.
constexpr std::int64_t instance_extension_ms = 15 * 60'000;

}  // namespace

void CredentialLookup::start() { ask(0); }

void CredentialLookup::cancel() {
    done_ = nullptr;
    if (exchange_ != 0) transport_.cancel(std::exchange(exchange_, 0));
}

void CredentialLookup::ask(std::size_t place) {
    const Found found = [self = shared_from_this(), place](Finding finding) {
        self->settle(place, std::move(finding));
    };
    switch (place) {
        case 0: return found(from_settings());
        case 1: return found(from_environment());
        case 2: return from_profile(found);
        case 3: return from_web_identity(found);
        case 4: return from_container(found);
        default: return from_instance(found);
    }
}

void CredentialLookup::settle(std::size_t place, Finding finding) {
    if (Credentials* const credentials = std::get_if<Credentials>(&finding)) {
        return finish(std::move(*credentials));
    }
    if (Error* const error = std::get_if<Error>(&finding)) {
        error->message = "no AWS credentials: " + error->message;
        return finish(std::move(*error));
    }
    if (!looked_at_.empty()) looked_at_ += "; ";
    looked_at_ += std::get<Absent>(finding).why;
    if (place < last_place) return ask(place + 1);
    finish(Error{ErrorCode::unauthorized, "no AWS credentials anywhere: " + looked_at_});
}

void CredentialLookup::finish(Result<Credentials> result) {
    const Done done = std::exchange(done_, nullptr);
    if (done) done(std::move(result));
}

// ---- the places ----

CredentialLookup::Finding CredentialLookup::from_settings() const {
    const std::string &id = settings_.access_key_id, &secret = settings_.secret_access_key;
    if (id.empty() && secret.empty()) return Absent{"settings: no keys are given"};
    if (id.empty() || secret.empty())
        return Error{ErrorCode::invalid_argument,
                     std::string("the settings have ") +
                         (id.empty() ? "a secret_access_key" : "an access_key_id") +
                         " without the other half"};
    return Credentials{id, secret, settings_.session_token, std::nullopt, "the settings"};
}

CredentialLookup::Finding CredentialLookup::from_environment() const {
    if (!settings_.profile.empty())
        return Absent{"environment: passed over, since the settings name a profile"};
    const Surroundings& surroundings = settings_.surroundings;
    std::string id = surroundings.variable("AWS_ACCESS_KEY_ID");
    std::string secret = surroundings.variable("AWS_SECRET_ACCESS_KEY");
    if (id.empty() && secret.empty()) return Absent{"environment: AWS_ACCESS_KEY_ID is not set"};
    if (id.empty() || secret.empty())
        return Error{ErrorCode::invalid_argument,
                     std::string(id.empty() ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID") +
                         " is set, but " + (id.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY") +
                         " is not"};
    return Credentials{std::move(id), std::move(secret), surroundings.variable("AWS_SESSION_TOKEN"),
                       std::nullopt, "the environment"};
}

void CredentialLookup::from_profile(Found found) {
    Result<Profiles> profiles = load_profiles(settings_.surroundings);
    if (!profiles) return found(profiles.error());
    profiles_ = std::move(*profiles);
    const std::string name = profile_name(settings_.profile, settings_.surroundings);
    const Result<ProfilePlan> plan = plan_profile(profiles_, name);
    if (!plan) return found(plan.error());
    if (plan->base != ProfilePlan::Base::none) return follow(*plan, std::move(found));
    const std::string why = "shared files (" + profile_places(settings_.surroundings) + "): " + plan->why;
    // A profile that is asked for by name and is not there is a mistake, not a reason to look further.
    const bool is_asked_for =
        !settings_.profile.empty() || !settings_.surroundings.variable("AWS_PROFILE").empty();
    if (is_asked_for && profiles_.find(name) == nullptr)
        return found(Error{ErrorCode::invalid_argument, why});
    found(Absent{why});
}

void CredentialLookup::from_web_identity(Found found) {
    const Surroundings& surroundings = settings_.surroundings;
    WebIdentity identity{surroundings.variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
                         surroundings.variable("AWS_ROLE_ARN"),
                         surroundings.variable("AWS_ROLE_SESSION_NAME")};
    if (identity.token_path.empty())
        return found(Absent{"web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set"});
    if (identity.role_arn.empty())
        return found(Error{ErrorCode::invalid_argument,
                           "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not"});
    assume_by_token(identity, std::move(found));
}

void CredentialLookup::from_container(Found found) {
    Result<std::optional<net::Request>> request = container_request(settings_.surroundings);
    if (!request) return found(request.error());
    if (!*request)
        return found(
            Absent{"container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                   "AWS_CONTAINER_CREDENTIALS_FULL_URI is set"});
    send(std::move(**request), role_tries, [found = std::move(found)](Result<net::Response> answer) {
        const std::string source = "the container's credentials address";
        if (!answer) return found(Error{answer.error().code, source + ": " + answer.error().message});
        Result<Credentials> read = read_role_answer(answer->head.status, answer->body, source);
        read ? found(std::move(*read)) : found(read.error());
    });
}

void CredentialLookup::from_instance(Found found) {
    const Result<std::optional<std::string>> address = instance_address(settings_.surroundings);
    if (!address) return found(address.error());
    if (!*address) return found(Absent{"EC2 instance: AWS_EC2_METADATA_DISABLED is true"});
    send(instance_token_request(**address), role_tries,
         [self = shared_from_this(), address = **address,
          found = std::move(found)](Result<net::Response> answer) {
             const std::string at = "EC2 instance (" + address + "): ";
             if (!answer) return found(Absent{at + "no answer (" + answer.error().message + ')'});
             if (answer->head.status != 200 || answer->body.empty() ||
                 answer->body.find_first_of("\r\n") != std::string::npos)
                 return found(Absent{at + "gave no token, status " + std::to_string(answer->head.status)});
             self->ask_instance_role(address, answer->body, found);
         });
}

void CredentialLookup::ask_instance_role(const std::string& address, const std::string& token, Found found) {
    send(instance_role_request(address, token, {}), role_tries,
         [self = shared_from_this(), address, token, found = std::move(found)](Result<net::Response> answer) {
             const std::string source = "the EC2 instance's metadata service";
             if (!answer) return found(Error{answer.error().code, source + ": " + answer.error().message});
             const std::string role = read_instance_role(answer->body);
             if (answer->head.status == 404 || (answer->head.status == 200 && role.empty()))
                 return found(Absent{"EC2 instance (" + address + "): it has no role"});
             if (answer->head.status != 200)
                 return found(
                     Error{ErrorCode::network, source + " answered " + std::to_string(answer->head.status)});
             self->send(instance_role_request(address, token, role), role_tries,
                        [self, source, found](Result<net::Response> credentials) {
                            if (!credentials)
                                return found(Error{credentials.error().code,
                                                   source + ": " + credentials.error().message});
                            Result<Credentials> read =
                                read_role_answer(credentials->head.status, credentials->body, source);
                            if (!read) return found(read.error());
                            if (read->expires_unix_ms && *read->expires_unix_ms <= self->now_unix_ms_)
                                read->expires_unix_ms = self->now_unix_ms_ + instance_extension_ms;
                            found(std::move(*read));
                        });
         });
}

// ---- profiles and STS ----

void CredentialLookup::follow(const ProfilePlan& plan, Found found) {
    // What the base has not is an error here: the profile asks for it.
    Found next = [self = shared_from_this(), roles = plan.roles, found = std::move(found)](Finding finding) {
        if (const Absent* const absent = std::get_if<Absent>(&finding))
            return found(Error{ErrorCode::unauthorized, "the profile's credential_source: " + absent->why});
        if (Credentials* const credentials = std::get_if<Credentials>(&finding))
            return self->assume_roles(roles, 0, std::move(*credentials), found);
        found(std::move(finding));
    };
    switch (plan.base) {
        case ProfilePlan::Base::keys: return next(plan.keys);
        case ProfilePlan::Base::environment: {
            const Surroundings& surroundings = settings_.surroundings;
            Credentials keys{surroundings.variable("AWS_ACCESS_KEY_ID"),
                             surroundings.variable("AWS_SECRET_ACCESS_KEY"),
                             surroundings.variable("AWS_SESSION_TOKEN"), std::nullopt, "the environment"};
            if (keys.access_key_id.empty() || keys.secret_access_key.empty())
                return next(Absent{"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set"});
            return next(std::move(keys));
        }
        case ProfilePlan::Base::container: return from_container(std::move(next));
        case ProfilePlan::Base::instance: return from_instance(std::move(next));
        case ProfilePlan::Base::web_identity: return assume_by_token(plan.web_identity, std::move(next));
        case ProfilePlan::Base::none: return next(Absent{plan.why});
    }
}

void CredentialLookup::assume_roles(std::vector<AssumedRole> roles, std::size_t index, Credentials with,
                                    Found found) {
    if (index == roles.size()) return found(std::move(with));
    const Result<Endpoint> sts = sts_endpoint();
    if (!sts) return found(sts.error());
    Result<net::Request> request = assume_role(*sts, roles[index], with, now_unix_ms_);
    if (!request) return found(request.error());
    send(std::move(*request), sts_tries,
         [self = shared_from_this(), roles = std::move(roles), index,
          found = std::move(found)](Result<net::Response> answer) {
             if (!answer)
                 return found(Error{answer.error().code, "STS, asked for the role " + roles[index].arn +
                                                             ": " + answer.error().message});
             Result<Credentials> read = read_sts_answer(answer->head.status, answer->body, roles[index].arn);
             if (!read) return found(read.error());
             self->assume_roles(roles, index + 1, std::move(*read), found);
         });
}

void CredentialLookup::assume_by_token(const WebIdentity& identity, Found found) {
    const Surroundings& surroundings = settings_.surroundings;
    Result<std::string> token = surroundings.read_file
                                    ? surroundings.read_file(identity.token_path, web_identity_token_bytes)
                                    : Result<std::string>(Error{ErrorCode::io, "no files can be read"});
    if (!token) return found(Error{token.error().code, "web identity token: " + token.error().message});
    while (!token->empty() && (token->back() == '\n' || token->back() == '\r')) token->pop_back();
    if (token->empty())
        return found(
            Error{ErrorCode::invalid_argument, "web identity token: " + identity.token_path + " is empty"});
    const Result<Endpoint> sts = sts_endpoint();
    if (!sts) return found(sts.error());
    send(assume_role_with_web_identity(*sts, identity, *token, now_unix_ms_), sts_tries,
         [role = identity.role_arn, found = std::move(found)](Result<net::Response> answer) {
             if (!answer)
                 return found(Error{answer.error().code,
                                    "STS, asked for the role " + role + ": " + answer.error().message});
             Result<Credentials> read = read_sts_answer(answer->head.status, answer->body, role);
             read ? found(std::move(*read)) : found(read.error());
         });
}

Result<Endpoint> CredentialLookup::sts_endpoint() const {
    const Surroundings& surroundings = settings_.surroundings;
    const Environment environment =
        with_profile(surroundings.environment, profiles_, profile_name(settings_.profile, surroundings));
    EndpointChoice choice;
    choice.region = settings_.region;
    const auto is_set = [&](const std::string& name) {
        return environment && !environment(name).value_or("").empty();
    };
    if (choice.region.empty() && !is_set("AWS_REGION") && !is_set("AWS_DEFAULT_REGION")) {
        choice.region = "us-east-1";
    }
    return resolve_endpoint(services::sts, choice, environment);
}

void CredentialLookup::send(net::Request request, int tries, Answered answered) {
    net::Request again = tries > 1 ? request : net::Request();
    exchange_ = net::fetch(transport_, std::move(request),
                           [self = shared_from_this(), again = std::move(again), tries,
                            answered = std::move(answered)](Result<net::Response> answer) {
                               self->exchange_ = 0;
                               if (!self->done_) return;
                               const bool failed = answer ? answer->head.status >= 500
                                                          : answer.error().code == ErrorCode::network ||
                                                                answer.error().code == ErrorCode::timeout;
                               if (failed && tries > 1) return self->send(again, tries - 1, answered);
                               answered(std::move(answer));
                           });
}

}  // namespace expplat::aws
