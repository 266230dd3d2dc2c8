#include "src/aws/profile_plan.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace expplat::aws {

namespace {

[[nodiscard]] std::string quoted(const std::string& profile) { return "the profile `" + profile + "`"; }

[[nodiscard]] Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

struct Refusal {
    std::string_view property;
    std::string_view reason;
};

constexpr std::array refusals{
    Refusal{"sso_session", "asks for AWS IAM Identity Center (sso_session)"},
    Refusal{"sso_start_url", "asks for AWS IAM Identity Center (sso_start_url)"},
    Refusal{"sso_account_id", "asks for AWS IAM Identity Center (sso_account_id)"},
    Refusal{"login_session", "asks for a console login (login_session)"},
    Refusal{"credential_process", "runs a program (credential_process)"},
};

/// Keys of the profile itself; nothing where it has none.
[[nodiscard]] Result<bool> read_keys(const Section& section, const std::string& name, ProfilePlan& plan) {
    const std::string id = section.find("aws_access_key_id");
    const std::string secret = section.find("aws_secret_access_key");
    if (id.empty() && secret.empty()) return false;
    if (id.empty()) return invalid(quoted(name) + " has aws_secret_access_key but no aws_access_key_id");
    if (secret.empty()) return invalid(quoted(name) + " has aws_access_key_id but no aws_secret_access_key");
    plan.base = ProfilePlan::Base::keys;
    plan.keys = {id, secret, section.find("aws_session_token"), std::nullopt, quoted(name)};
    return true;
}

/// The credentials of a profile that assumes no role, or none.
[[nodiscard]] Result<void> read_base(const Section& section, const std::string& name, ProfilePlan& plan) {
    const Result<bool> has_keys = read_keys(section, name, plan);
    if (!has_keys) return has_keys.error();
    if (*has_keys) return {};
    for (const Refusal& refusal : refusals) {
        if (section.find(refusal.property).empty()) continue;
        return Error{ErrorCode::unsupported,
                     quoted(name) + ' ' + std::string(refusal.reason) +
                         ", which this library does not do: give keys, a role with source_profile or "
                         "credential_source, or a web identity"};
    }
    plan.why = quoted(name) + " has no keys and no role";
    return {};
}

[[nodiscard]] Result<void> read_credential_source(const std::string& source, const std::string& name,
                                                  ProfilePlan& plan) {
    if (source == "Environment") plan.base = ProfilePlan::Base::environment;
    else if (source == "EcsContainer") plan.base = ProfilePlan::Base::container;
    else if (source == "Ec2InstanceMetadata") plan.base = ProfilePlan::Base::instance;
    else {
        return invalid("credential_source of " + quoted(name) +
                       " is none of Environment, EcsContainer, Ec2InstanceMetadata");
    }
    return {};
}

[[nodiscard]] Result<AssumedRole> read_role(const Section& section, const std::string& name) {
    if (!section.find("mfa_serial").empty()) {
        return Error{ErrorCode::unsupported,
                     quoted(name) + " asks for a multi-factor device (mfa_serial), which a library cannot"};
    }
    AssumedRole role{section.find("role_arn"), section.find("role_session_name"), section.find("external_id"),
                     section.find("duration_seconds")};
    if (role.duration_seconds.find_first_not_of("0123456789") != std::string::npos) {
        return invalid("duration_seconds of " + quoted(name) + " is no number");
    }
    return role;
}

/// Variables that a property of a profile stands for.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> variables{{
    {"AWS_REGION", "region"},
    {"AWS_ENDPOINT_URL", "endpoint_url"},
    {"AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"},
    {"AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"},
    {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls"},
}};

constexpr std::string_view service_url_prefix = "AWS_ENDPOINT_URL_";

[[nodiscard]] std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

/// Variables and values that the profile gives.
[[nodiscard]] std::map<std::string, std::string> profile_variables(const Profiles& profiles,
                                                                   const std::string& name) {
    std::map<std::string, std::string> values;
    const Section* const profile = profiles.find(name);
    if (profile == nullptr) return values;
    for (const auto& [variable, property] : variables) {
        if (std::string value = profile->find(property); !value.empty()) {
            values[std::string(variable)] = std::move(value);
        }
    }
    const auto services = profiles.services.find(profile->find("services"));
    if (services == profiles.services.end()) return values;
    for (const auto& [service, properties] : services->second.nested) {
        const auto url = properties.find("endpoint_url");
        if (url != properties.end()) values[std::string(service_url_prefix) + service] = url->second;
    }
    return values;
}

}  // namespace

Result<ProfilePlan> plan_profile(const Profiles& profiles, const std::string& name) {
    ProfilePlan plan;
    std::vector<std::string> visited;
    std::string current = name;
    for (;;) {
        const Section* const section = profiles.find(current);
        if (section == nullptr) {
            if (!visited.empty())
                return invalid(quoted(visited.back()) + " has " + quoted(current) +
                               " as source_profile, which is not there");
            plan.why = quoted(current) + " is not there";
            return plan;
        }
        const bool comes_back = std::find(visited.begin(), visited.end(), current) != visited.end();
        const bool names_itself = comes_back && visited.back() == current;
        if (comes_back && !names_itself)
            return invalid(quoted(current) + " comes back to itself by source_profile");
        if (visited.size() >= profile_chain_profiles)
            return invalid(quoted(name) + " has too long a chain of source_profile");
        visited.push_back(current);

        const std::string web_token = section->find("web_identity_token_file");
        if (section->find("role_arn").empty() || names_itself) {
            if (Result<void> base = read_base(*section, current, plan); !base) return base.error();
            break;
        }
        Result<AssumedRole> role = read_role(*section, current);
        if (!role) return role.error();
        const std::string source_profile = section->find("source_profile");
        const std::string credential_source = section->find("credential_source");
        if (!web_token.empty()) {
            plan.base = ProfilePlan::Base::web_identity;
            plan.web_identity = {web_token, role->arn, role->session_name};
            break;
        }
        if (source_profile.empty() == credential_source.empty()) {
            return invalid(quoted(current) + (source_profile.empty()
                                                  ? " has role_arn, but neither source_profile nor "
                                                    "credential_source nor web_identity_token_file"
                                                  : " has both source_profile and credential_source"));
        }
        plan.roles.push_back(std::move(*role));
        if (!credential_source.empty()) {
            if (Result<void> source = read_credential_source(credential_source, current, plan); !source) {
                return source.error();
            }
            break;
        }
        current = source_profile;
    }
    std::reverse(plan.roles.begin(), plan.roles.end());
    if (plan.base == ProfilePlan::Base::none && !plan.roles.empty()) {
        return invalid(quoted(name) + " assumes a role from " + quoted(current) +
                       ", which has no credentials");
    }
    return plan;
}

Environment with_profile(Environment environment, const Profiles& profiles, const std::string& name) {
    return [environment = std::move(environment), values = profile_variables(profiles, name)](
               const std::string& variable) -> std::optional<std::string> {
        const auto read = [&](const std::string& asked) {
            return environment ? environment(asked) : std::nullopt;
        };
        const auto is_set = [&](const std::string& asked) { return !read(asked).value_or("").empty(); };
        if (is_set(variable)) return read(variable);
        // AWS_DEFAULT_REGION and AWS_ENDPOINT_URL of the environment stand over the profile's more precise words.
        if (variable == "AWS_REGION" && is_set("AWS_DEFAULT_REGION")) return std::nullopt;
        if (!variable.starts_with(service_url_prefix)) {
            const auto value = values.find(variable);
            return value == values.end() ? read(variable) : std::optional(value->second);
        }
        if (is_set("AWS_ENDPOINT_URL")) return std::nullopt;
        const std::string service = lower(std::string_view(variable).substr(service_url_prefix.size()));
        const auto value = values.find(std::string(service_url_prefix) + service);
        return value == values.end() ? std::nullopt : std::optional(value->second);
    };
}

std::string profile_name(const std::string& named, const Surroundings& surroundings) {
    if (!named.empty()) return named;
    std::string name = surroundings.variable("AWS_PROFILE");
    return name.empty() ? "default" : name;
}

}  // namespace expplat::aws
