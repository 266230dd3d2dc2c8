// The credential chain: each place by itself and in its order, what is kept and for how long, and who waits for whom.
#include "src/aws/credential_chain.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/fake_surroundings.hpp"
#include "tests/support/fake_transport.hpp"

namespace expplat::aws {
namespace {

constexpr std::int64_t start_ms = tests::SetClock::unix_start_ms;  // 2025-11-23T13:00:00Z

/// One chain in a machine that the test describes.
class Chain : public testing::Test {
protected:
    using Result = expplat::Result<Credentials>;

    CredentialChain& chain() {
        if (!chain_) {
            settings.surroundings = machine.surroundings();
            chain_ = std::make_unique<CredentialChain>(settings, transport);
        }
        return *chain_;
    }
    /// Asks, and keeps what is answered.
    std::shared_ptr<std::optional<Result>> ask(std::int64_t after_ms = 0) {
        const auto answer = std::make_shared<std::optional<Result>>();
        chain().get(start_ms + after_ms, [answer](Result result) {
            EXPECT_FALSE(answer->has_value()) << "answered twice";
            answer->emplace(std::move(result));
        });
        return answer;
    }
    /// The key's id and where it is from, or the error.
    static std::string text(const std::shared_ptr<std::optional<Result>>& answer) {
        if (!answer->has_value()) return "waits";
        const Result& result = **answer;
        if (!result) return std::string(name(result.error().code)) + ": " + result.error().message;
        return result->access_key_id + ' ' + result->session_token + " of " + result->source;
    }
    tests::FakeTransport::Exchange& last() { return transport.last(); }

    static std::string sts(const std::string& id, const std::string& expiration = "2025-11-23T14:00:00Z") {
        return "<Credentials><AccessKeyId>" + id +
               "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</"
               "SessionToken><Expiration>" +
               expiration + "</Expiration></Credentials>";
    }
    static std::string role(const std::string& id, const std::string& expiration = "2025-11-23T14:00:00Z") {
        return R"({"Code":"Success","AccessKeyId":")" + id +
               R"(","SecretAccessKey":"s","Token":"t","Expiration":")" + expiration + "\"}";
    }

    CredentialSettings settings;
    tests::FakeSurroundings machine{{{"HOME", "/h"}, {"AWS_EC2_METADATA_DISABLED", "true"}}, {}};
    tests::FakeTransport transport;

private:
    std::unique_ptr<CredentialChain> chain_;

protected:
    void destroy() { chain_.reset(); }
};

TEST_F(Chain, TakesTheSettingsBeforeAllElse) {
    settings.access_key_id = "S";
    settings.secret_access_key = "s";
    machine.variables.insert({{"AWS_ACCESS_KEY_ID", "E"}, {"AWS_SECRET_ACCESS_KEY", "s"}});
    EXPECT_EQ(text(ask()), "S  of the settings");
    EXPECT_EQ(transport.started(), 0u);
}

TEST_F(Chain, TakesTheEnvironmentBeforeFiles) {
    machine.variables.insert(
        {{"AWS_ACCESS_KEY_ID", "E"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", "t"}});
    machine.files["/h/.aws/credentials"] = "[default]\naws_access_key_id=F\naws_secret_access_key=s";
    EXPECT_EQ(text(ask()), "E t of the environment");
}

TEST_F(Chain, AProfileOfTheSettingsStandsOverTheEnvironment) {
    settings.profile = "p";
    machine.variables.insert({{"AWS_ACCESS_KEY_ID", "E"}, {"AWS_SECRET_ACCESS_KEY", "s"}});
    machine.files["/h/.aws/credentials"] =
        "[p]\naws_access_key_id=F\naws_secret_access_key=s\naws_session_token=x";
    EXPECT_EQ(text(ask()), "F x of the profile `p`");
}

TEST_F(Chain, HalfAKeyIsAnErrorNotAReasonToLookFurther) {
    machine.variables["AWS_SECRET_ACCESS_KEY"] = "hunter2";
    machine.files["/h/.aws/credentials"] = "[default]\naws_access_key_id=F\naws_secret_access_key=s";
    EXPECT_EQ(
        text(ask()),
        "invalid_argument: no AWS credentials: AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not");
}

TEST_F(Chain, NoneAnywhereIsOneErrorThatListsEachPlace) {
    EXPECT_EQ(text(ask()),
              "unauthorized: no AWS credentials anywhere: settings: no keys are given; "
              "environment: AWS_ACCESS_KEY_ID is not set; "
              "shared files (/h/.aws/config, /h/.aws/credentials): the profile `default` is not there; "
              "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; "
              "container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
              "AWS_CONTAINER_CREDENTIALS_FULL_URI is set; "
              "EC2 instance: AWS_EC2_METADATA_DISABLED is true");
    // Not kept: the next one looks again.
    machine.files["/h/.aws/credentials"] = "[default]\naws_access_key_id=F\naws_secret_access_key=s";
    EXPECT_EQ(text(ask()), "F  of the profile `default`");
}

TEST_F(Chain, AProfileThatIsNamedMustBeThere) {
    machine.variables["AWS_PROFILE"] = "p";
    EXPECT_EQ(text(ask()),
              "invalid_argument: no AWS credentials: shared files (/h/.aws/config, /h/.aws/credentials): "
              "the profile `p` is not there");
    machine.files["/h/.aws/config"] = "[profile p]\ncredential_process=x";
    EXPECT_TRUE(text(ask()).starts_with("unsupported: no AWS credentials: the profile `p` runs a program"));
    machine.files["/h/.aws/config"] = "[profile p";
    EXPECT_EQ(
        text(ask()),
        "invalid_argument: no AWS credentials: /h/.aws/config: line 1: a section's name must end with `]`");
}

TEST_F(Chain, AssumesTheRolesOfAProfileOneAfterTheOther) {
    machine.files["/h/.aws/config"] =
        "[default]\nrole_arn=R2\nsource_profile=b\nregion=eu-west-1\n[profile "
        "b]\nrole_arn=R1\nsource_profile=c\n"
        "[profile c]\naws_access_key_id=C\naws_secret_access_key=s";
    const auto answer = ask();
    ASSERT_EQ(transport.started(), 1u);
    EXPECT_EQ(last().request.url, "https://sts.eu-west-1.amazonaws.com/");
    EXPECT_NE(last().request.body.find("RoleArn=R1"), std::string::npos);
    EXPECT_NE(last().header("Authorization").find("Credential=C/20251123/eu-west-1/sts"), std::string::npos);
    last().answer(200, sts("ONE"));
    ASSERT_EQ(transport.started(), 2u);
    EXPECT_NE(last().request.body.find("RoleArn=R2"), std::string::npos);
    EXPECT_NE(last().header("Authorization").find("Credential=ONE/"), std::string::npos);
    EXPECT_EQ(last().header("X-Amz-Security-Token"), "t");
    EXPECT_EQ(text(answer), "waits");
    last().answer(200, sts("TWO"));
    EXPECT_EQ(text(answer), "TWO t of STS for R2");
}

TEST_F(Chain, ARefusedRoleEndsTheWalk) {
    machine.files["/h/.aws/config"] = "[default]\nrole_arn=R\ncredential_source=Environment\n";
    machine.variables.insert({{"AWS_PROFILE", "default"}});
    EXPECT_EQ(text(ask()),
              "unauthorized: no AWS credentials: the profile's credential_source: AWS_ACCESS_KEY_ID and "
              "AWS_SECRET_ACCESS_KEY are not both set");
    settings.profile = "default";
    destroy();
    machine.variables.insert({{"AWS_ACCESS_KEY_ID", "E"}, {"AWS_SECRET_ACCESS_KEY", "s"}});
    const auto answer = ask();
    EXPECT_EQ(last().request.url, "https://sts.us-east-1.amazonaws.com/");
    last().answer(403, "<Error><Code>AccessDenied</Code></Error>");
    EXPECT_EQ(text(answer),
              "unauthorized: no AWS credentials: STS, asked for the role R, answered 403 AccessDenied");
}

TEST_F(Chain, AsksStsWithAWebIdentityAndReadsTheTokenAnew) {
    machine.variables.insert({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"},
                              {"AWS_ROLE_ARN", "R"},
                              {"AWS_ROLE_SESSION_NAME", "me"},
                              {"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1"}});
    EXPECT_EQ(text(ask()), "not_found: no AWS credentials: web identity token: /t: not there");
    machine.files["/t"] = "first\n";
    const auto first = ask();
    EXPECT_EQ(last().request.url, "http://127.0.0.1:1/");
    EXPECT_TRUE(last().request.body.ends_with("&RoleArn=R&RoleSessionName=me&WebIdentityToken=first"));
    EXPECT_EQ(last().header("Authorization"), "");
    last().answer(200, sts("ONE"));
    EXPECT_EQ(text(first), "ONE t of STS for R");
    machine.files["/t"] = "second";
    const auto second = ask(3'600'000);
    EXPECT_TRUE(last().request.body.ends_with("WebIdentityToken=second"));
    last().answer(200, sts("TWO", "2025-11-23T15:00:00Z"));
    EXPECT_EQ(text(second), "TWO t of STS for R");
}

TEST_F(Chain, AsksStsThreeTimesWhereItDoesNotAnswer) {
    machine.variables.insert({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"AWS_ROLE_ARN", "R"}});
    machine.files["/t"] = "token";
    const auto answer = ask();
    last().fail(ErrorCode::network, "reset");
    last().answer(500);
    EXPECT_EQ(transport.started(), 3u);
    last().fail(ErrorCode::timeout, "too late");
    EXPECT_EQ(transport.started(), 3u);
    EXPECT_EQ(text(answer), "timeout: no AWS credentials: STS, asked for the role R: too late");
}

TEST_F(Chain, AsksTheContainersAddress) {
    machine.variables.insert(
        {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x"}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "auth"}});
    const auto answer = ask();
    EXPECT_EQ(last().request.url, "http://169.254.170.2/v2/x");
    EXPECT_EQ(last().header("Authorization"), "auth");
    EXPECT_EQ(last().request.timeouts.total_ms, 1'000);
    last().fail(ErrorCode::timeout, "t");
    last().answer(200, role("C"));
    EXPECT_EQ(text(answer), "C t of the container's credentials address");
}

TEST_F(Chain, AsksOnlyAddressesThatAreTheMachinesOwnInTheClear) {
    const struct {
        const char* uri;
        bool asked;
    } cases[] = {
        {"http://127.0.0.1:80/x", true},
        {"http://127.9.9.9/x", true},
        {"http://localhost/x", true},
        {"http://[::1]:9/x", true},
        {"http://169.254.170.2/x", true},
        {"http://169.254.170.23/v1", true},
        {"http://[fd00:ec2::23]/v1", true},
        {"https://example.com/x", true},
        {"http://example.com/x", false},
        {"http://127.0.0.1.example.com", false},
        {"http://127.0.0.256/", false},
        {"http://127.1/", false},
        {"http://169.254.170.2@example.com/", false},
        {"ftp://127.0.0.1/", false},
        {"https://", false},
        {"http://[::1", false},
        {"http://169.254.170.2.example.com/", false},
        {"http://example.com\\@127.0.0.1/", false},
        {"http://127.0.0.1#@example.com/", false},
    };
    for (const auto& each : cases) {
        SCOPED_TRACE(each.uri);
        tests::FakeSurroundings fake{{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", each.uri}}, {}};
        CredentialSettings one;
        one.surroundings = fake.surroundings();
        tests::FakeTransport wire;
        CredentialChain own(one, wire);
        std::string error;
        own.get(start_ms, [&](Result result) { error = result ? "" : result.error().message; });
        EXPECT_EQ(wire.started(), each.asked ? 1u : 0u) << error;
        if (!each.asked) {
            EXPECT_NE(error.find("AWS_CONTAINER_CREDENTIALS_FULL_URI"), std::string::npos) << error;
        }
    }
}

TEST_F(Chain, ReadsTheContainersTokenFromItsFileEachTime) {
    machine.variables.insert({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
                              {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "old"},
                              {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t"}});
    machine.files["/t"] = "one\n";
    const auto first = ask();
    EXPECT_EQ(last().header("Authorization"), "one");
    last().answer(200, role("C"));
    machine.files["/t"] = "two";
    const auto second = ask(3'600'000);
    EXPECT_EQ(last().header("Authorization"), "two");
    last().answer(403, "hunter2");
    EXPECT_EQ(text(second),
              "unauthorized: no AWS credentials: the container's credentials address answered 403");
    machine.files["/t"] = "two\r\nX-Evil: 1";
    EXPECT_EQ(
        text(ask(3'600'000)),
        "invalid_argument: no AWS credentials: the container's authorization token has a line end in it");
}

TEST_F(Chain, AsksTheInstanceInThreeSteps) {
    machine.variables = {};
    const auto answer = ask();
    EXPECT_EQ(last().request.method, "PUT");
    EXPECT_EQ(last().request.url, "http://169.254.169.254/latest/api/token");
    EXPECT_EQ(last().header("X-aws-ec2-metadata-token-ttl-seconds"), "21600");
    EXPECT_EQ(last().request.timeouts.connect_ms, 1'000);
    last().answer(200, "TOKEN");
    EXPECT_EQ(last().request.url, "http://169.254.169.254/latest/meta-data/iam/security-credentials/");
    EXPECT_EQ(last().header("X-aws-ec2-metadata-token"), "TOKEN");
    last().answer(200, "my-role\n");
    EXPECT_EQ(last().request.url, "http://169.254.169.254/latest/meta-data/iam/security-credentials/my-role");
    last().answer(200, role("I"));
    EXPECT_EQ(text(answer), "I t of the EC2 instance's metadata service");
}

TEST_F(Chain, AMachineWithoutMetadataServiceIsAskedTwice) {
    machine.variables = {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9/"}};
    const auto answer = ask();
    EXPECT_EQ(last().request.url, "http://127.0.0.1:9/latest/api/token");
    last().fail(ErrorCode::timeout, "no answer in 1000 ms");
    last().fail(ErrorCode::timeout, "no answer in 1000 ms");
    EXPECT_EQ(transport.started(), 2u);
    EXPECT_TRUE(
        text(answer).ends_with("; EC2 instance (http://127.0.0.1:9): no answer (no answer in 1000 ms)"))
        << text(answer);
}

TEST_F(Chain, AnInstanceWithoutARoleHasNothing) {
    machine.variables = {};
    for (const bool empty : {true, false}) {
        destroy();
        const auto answer = ask();
        last().answer(200, "TOKEN");
        empty ? last().answer(200, "") : last().answer(404, "<html>");
        EXPECT_TRUE(text(answer).ends_with("; EC2 instance (http://169.254.169.254): it has no role"));
    }
    destroy();
    const auto answer = ask();
    last().answer(200, "TOKEN");
    last().answer(200, "../../../hunter2");
    EXPECT_TRUE(text(answer).ends_with("it has no role"));
}

TEST_F(Chain, ExpiredCredentialsOfAnInstanceAreUsedOn) {
    machine.variables = {};
    const auto answer = ask();
    last().answer(200, "TOKEN");
    last().answer(200, "r");
    last().answer(200, role("I", "2025-11-23T12:00:00Z"));
    EXPECT_EQ(text(answer), "I t of the EC2 instance's metadata service");
    EXPECT_EQ((**answer)->expires_unix_ms, start_ms + 15 * 60'000);
}

TEST_F(Chain, StrangeAnswersAreErrors) {
    machine.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
    const char* const source = "network: no AWS credentials: the container's credentials address ";
    const struct {
        std::string body;
        const char* message;
    } cases[] = {{"", "sent no JSON object"},
                 {"[]", "sent no JSON object"},
                 {"{", "sent no JSON object"},
                 {std::string(20'000, '['), "sent no JSON object"},
                 {"{}", "sent no credentials"},
                 {R"({"AccessKeyId":1,"SecretAccessKey":"s"})", "sent no credentials"},
                 {R"({"AccessKeyId":"a","SecretAccessKey":"s","Expiration":"soon"})",
                  "sent an Expiration that is no time"}};
    for (const auto& each : cases) {
        const auto answer = ask();
        last().answer(200, each.body);
        EXPECT_EQ(text(answer), source + std::string(each.message));
    }
}

// ---- keeping and renewing ----

class RenewedChain : public Chain {
protected:
    static constexpr std::int64_t minute = 60'000;

    void SetUp() override {
        machine.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
        const auto answer = ask();
        last().answer(200, role("ONE"));  // for one hour
        EXPECT_TRUE(text(answer).starts_with("ONE"));
    }
    std::string key(const std::shared_ptr<std::optional<Result>>& answer) {
        return text(answer).substr(0, 3);
    }
};

TEST_F(RenewedChain, KeepsThemUntilAQuarterOfAnHourBeforeTheirEnd) {
    EXPECT_EQ(key(ask(44 * minute)), "ONE");
    EXPECT_EQ(transport.started(), 1u);
    EXPECT_EQ(key(ask(45 * minute)), "ONE");  // and renews beside it
    EXPECT_EQ(transport.started(), 2u);
    EXPECT_EQ(key(ask(46 * minute)), "ONE");
    EXPECT_EQ(transport.started(), 2u);
    last().answer(200, role("TWO", "2025-11-23T15:00:00Z"));
    EXPECT_EQ(key(ask(47 * minute)), "TWO");
    EXPECT_EQ(transport.started(), 2u);
}

TEST_F(RenewedChain, WaitsFiveMinutesBeforeTheirEndAndCallersShareOneLookUp) {
    const auto first = ask(55 * minute);
    const auto second = ask(55 * minute + 1);
    EXPECT_EQ(key(first), "wai");
    EXPECT_EQ(transport.started(), 2u);
    last().answer(200, role("TWO", "2025-11-23T15:00:00Z"));
    EXPECT_EQ(key(first), "TWO");
    EXPECT_EQ(key(second), "TWO");
}

TEST_F(RenewedChain, GoesOnWithTheOldOnesWhileTheyAreGood) {
    const auto waits = ask(56 * minute);
    last().answer(403);
    EXPECT_EQ(key(waits), "ONE");
    // No second look-up within a minute, and nobody waits.
    EXPECT_EQ(key(ask(56 * minute + 59'000)), "ONE");
    EXPECT_EQ(transport.started(), 2u);
    const auto again = ask(57 * minute);
    EXPECT_EQ(key(again), "wai");
    last().answer(403);
    EXPECT_EQ(key(again), "ONE");
    const auto expired = ask(60 * minute);
    last().answer(403);
    EXPECT_EQ(text(expired),
              "unauthorized: no AWS credentials: the container's credentials address answered 403");
}

TEST_F(RenewedChain, RefusedOnesAreNotUsedAgain) {
    Credentials one{"ONE", "s", "t"};
    chain().expire({"OTHER", "s", "t"});
    EXPECT_EQ(key(ask()), "ONE");
    chain().expire(one);
    const auto answer = ask();
    EXPECT_EQ(key(answer), "wai");
    last().answer(403);
    EXPECT_EQ(text(answer),
              "unauthorized: no AWS credentials: the container's credentials address answered 403");
}

TEST_F(RenewedChain, ItsEndCancelsAndAnswersNobody) {
    const auto answer = ask(56 * minute);
    destroy();
    EXPECT_TRUE(last().is_cancelled());
    EXPECT_EQ(text(answer), "waits");
}

TEST_F(RenewedChain, ACallerMayAskFromWithinItsAnswer) {
    std::string seen;
    chain().get(start_ms + 56 * minute, [&](Result) {
        chain().get(start_ms + 56 * minute, [&](Result result) { seen = result->access_key_id; });
    });
    last().answer(200, role("TWO", "2025-11-23T15:00:00Z"));
    EXPECT_EQ(seen, "TWO");
}

}  // namespace
}  // namespace expplat::aws
