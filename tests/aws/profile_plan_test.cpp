// What profiles ask for, and which of them ask for what cannot be done.
#include "src/aws/profile_plan.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fake_surroundings.hpp"

namespace expplat::aws {
namespace {

Profiles parse(std::string_view text) {
    Profiles profiles;
    EXPECT_TRUE(parse_profile_file(text, ProfileFile::config, "config", profiles).ok());
    return profiles;
}

std::string written(const Result<ProfilePlan>& plan) {
    constexpr const char* bases[] = {"none", "keys", "environment", "container", "instance", "web_identity"};
    if (!plan) return std::string(name(plan.error().code)) + ": " + plan.error().message;
    std::string out = bases[static_cast<std::size_t>(plan->base)];
    out += ' ' + plan->why + plan->keys.access_key_id + plan->web_identity.token_path;
    for (const AssumedRole& role : plan->roles) {
        out += " -> " + role.arn + ',' + role.session_name + ',' + role.external_id + ',' +
               role.duration_seconds;
    }
    return out;
}

TEST(ProfilePlan, FollowsAProfile) {
    const struct {
        const char* text;
        const char* plan;
    } cases[] = {
        {"", "none the profile `p` is not there"},
        {"[profile p]\nregion=r", "none the profile `p` has no keys and no role"},
        {"[profile p]\naws_access_key_id=id\naws_secret_access_key=s", "keys id"},
        {"[profile "
         "p]\nrole_arn=R\nsource_profile=q\nrole_session_name=n\nexternal_id=e\nduration_seconds=900\n"
         "[profile q]\naws_access_key_id=id\naws_secret_access_key=s",
         "keys id -> R,n,e,900"},
        {"[profile p]\nrole_arn=R\nsource_profile=q\n[profile q]\nrole_arn=Q\nsource_profile=r\n[profile r]\n"
         "aws_access_key_id=id\naws_secret_access_key=s",
         "keys id -> Q,,, -> R,,,"},
        {"[profile p]\nrole_arn=R\nsource_profile=p\naws_access_key_id=id\naws_secret_access_key=s",
         "keys id -> R,,,"},
        {"[profile p]\nrole_arn=R\ncredential_source=Environment", "environment  -> R,,,"},
        {"[profile p]\nrole_arn=R\ncredential_source=EcsContainer", "container  -> R,,,"},
        {"[profile p]\nrole_arn=R\ncredential_source=Ec2InstanceMetadata", "instance  -> R,,,"},
        {"[profile p]\nrole_arn=R\nweb_identity_token_file=/t", "web_identity /t"},
        {"[profile p]\nrole_arn=R\nsource_profile=q\n[profile q]\nrole_arn=Q\nweb_identity_token_file=/t",
         "web_identity /t -> R,,,"},
        {"[profile p]\nsso_session=s\naws_access_key_id=id\naws_secret_access_key=s", "keys id"},
    };
    for (const auto& each : cases) {
        EXPECT_EQ(written(plan_profile(parse(each.text), "p")), each.plan) << each.text;
    }
}

TEST(ProfilePlan, SaysWhatCannotBeDone) {
    const struct {
        const char* text;
        const char* error;
    } cases[] = {
        {"aws_access_key_id=id",
         "invalid_argument: the profile `p` has aws_access_key_id but no aws_secret_access_key"},
        {"aws_secret_access_key=hunter2",
         "invalid_argument: the profile `p` has aws_secret_access_key but no aws_access_key_id"},
        {"role_arn=R", "invalid_argument: the profile `p` has role_arn, but neither source_profile nor"},
        {"role_arn=R\nsource_profile=q\ncredential_source=Environment",
         "invalid_argument: the profile `p` has both source_profile and credential_source"},
        {"role_arn=R\nsource_profile=q",
         "invalid_argument: the profile `p` has the profile `q` as source_profile, which is not there"},
        {"role_arn=R\nsource_profile=p",
         "invalid_argument: the profile `p` assumes a role from the profile `p`"},
        {"role_arn=R\nsource_profile=q\n[profile q]\nrole_arn=R\nsource_profile=p",
         "invalid_argument: the profile `p` comes back to itself"},
        {"role_arn=R\ncredential_source=Hunter2",
         "invalid_argument: credential_source of the profile `p` is none of"},
        {"role_arn=R\nsource_profile=p\nduration_seconds=1h",
         "invalid_argument: duration_seconds of the profile `p` is no number"},
        {"role_arn=R\nsource_profile=p\nmfa_serial=m",
         "unsupported: the profile `p` asks for a multi-factor device"},
        {"sso_session=s", "unsupported: the profile `p` asks for AWS IAM Identity Center (sso_session)"},
        {"sso_start_url=s", "unsupported: the profile `p` asks for AWS IAM Identity Center (sso_start_url)"},
        {"credential_process=hunter2", "unsupported: the profile `p` runs a program (credential_process)"},
        {"login_session=s", "unsupported: the profile `p` asks for a console login (login_session)"},
    };
    for (const auto& each : cases) {
        const std::string plan = written(plan_profile(parse("[profile p]\n" + std::string(each.text)), "p"));
        EXPECT_TRUE(plan.starts_with(each.error)) << plan << "\n" << each.text;
        EXPECT_EQ(plan.find("unter2"), std::string::npos) << plan;
    }
    std::string chain;
    for (int i = 0; i < 12; ++i) {
        chain +=
            "[profile " + std::to_string(i) + "]\nrole_arn=R\nsource_profile=" + std::to_string(i + 1) + '\n';
    }
    EXPECT_EQ(written(plan_profile(parse(chain), "0")),
              "invalid_argument: the profile `0` has too long a chain of source_profile");
}

TEST(ProfilePlan, StandsForVariablesThatAreNotSet) {
    const Profiles profiles = parse(
        "[profile p]\nregion=eu-west-1\nservices=s\nendpoint_url=http://all\nuse_fips_endpoint=true\n"
        "[services s]\nkinesis=\n  endpoint_url=http://kinesis\nsecrets_manager=\n  "
        "endpoint_url=http://secrets\n");
    tests::FakeSurroundings fake;
    const Environment environment = with_profile(fake.surroundings().environment, profiles, "p");
    EXPECT_EQ(environment("AWS_REGION"), "eu-west-1");
    EXPECT_EQ(environment("AWS_USE_FIPS_ENDPOINT"), "true");
    EXPECT_EQ(environment("AWS_ENDPOINT_URL"), "http://all");
    EXPECT_EQ(environment("AWS_ENDPOINT_URL_KINESIS"), "http://kinesis");
    EXPECT_EQ(environment("AWS_ENDPOINT_URL_SECRETS_MANAGER"), "http://secrets");
    EXPECT_EQ(environment("AWS_ENDPOINT_URL_STS"), std::nullopt);
    EXPECT_EQ(environment("HOME"), std::nullopt);
    // The environment stands over the profile, its word for all services too.
    fake.variables = {{"AWS_DEFAULT_REGION", "us-east-2"}, {"AWS_ENDPOINT_URL", "http://mine"}};
    EXPECT_EQ(environment("AWS_REGION"), std::nullopt);
    EXPECT_EQ(environment("AWS_ENDPOINT_URL"), "http://mine");
    EXPECT_EQ(environment("AWS_ENDPOINT_URL_KINESIS"), std::nullopt);
    fake.variables["AWS_ENDPOINT_URL_KINESIS"] = "http://k";
    EXPECT_EQ(environment("AWS_ENDPOINT_URL_KINESIS"), "http://k");
}

TEST(ProfilePlan, NamesTheProfileThatCounts) {
    tests::FakeSurroundings fake;
    EXPECT_EQ(profile_name("", fake.surroundings()), "default");
    fake.variables["AWS_PROFILE"] = "mine";
    EXPECT_EQ(profile_name("", fake.surroundings()), "mine");
    EXPECT_EQ(profile_name("named", fake.surroundings()), "named");
}

}  // namespace
}  // namespace expplat::aws
