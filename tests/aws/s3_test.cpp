// Typed calls of S3: what is sent, what is read, and the two faults that a call mends by itself.
#include "src/aws/s3.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/fake_surroundings.hpp"
#include "tests/support/fake_transport.hpp"

namespace expplat::aws {
namespace {

TEST(BucketName, IsAsAwsNamesThem) {
    for (const std::string& name : {std::string("abc"), std::string("my.rules-1"), std::string(63, 'x')})
        EXPECT_TRUE(check_bucket_name(name).ok()) << name;
    for (const std::string& name :
         {std::string(), std::string("ab"), std::string(64, 'x'), std::string("Abc"), std::string("a_bc"),
          std::string("-abc"), std::string("abc."), std::string("a..b"), std::string("a/b"),
          std::string("a b")})
        EXPECT_FALSE(check_bucket_name(name).ok()) << name;
}

class S3Calls : public testing::Test {
protected:
    void SetUp() override {
        machine.variables = {{"AWS_EC2_METADATA_DISABLED", "true"},
                             {"AWS_ACCESS_KEY_ID", "AKID"},
                             {"AWS_SECRET_ACCESS_KEY", "secret"}};
    }
    std::unique_ptr<S3> bucket(const std::string& url = "https://s3.eu-west-1.amazonaws.com",
                               const std::string& name = "rules") {
        CredentialSettings settings;
        settings.surroundings = machine.surroundings();
        return std::make_unique<S3>(Endpoint{url, "eu-west-1", "s3", "aws"}, name, settings, transport,
                                    clock);
    }
    S3::Done done() {
        return [this](S3Outcome<S3::Nothing> outcome) {
            EXPECT_EQ(seen, "");
            const auto* const fault = std::get_if<S3Fault>(&outcome);
            seen = fault == nullptr ? "done" : std::string(name(fault->kind)) + ": " + fault->message;
        };
    }
    tests::FakeTransport::Exchange& last() { return transport.last(); }
    static std::string error(const std::string& code, const std::string& message) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code + "</Code><Message>" +
               message + "</Message><RequestId>1</RequestId></Error>";
    }

    tests::FakeSurroundings machine;
    tests::FakeTransport transport;
    std::shared_ptr<tests::SetClock> clock = std::make_shared<tests::SetClock>();
    std::string seen;
};

TEST_F(S3Calls, AnObjectIsPutSigned) {
    const auto s3 = bucket();
    s3->put("a/b c.json", {"{}", "application/json", "private"}, done());
    EXPECT_EQ(last().request.method, "PUT");
    EXPECT_EQ(last().request.url, "https://rules.s3.eu-west-1.amazonaws.com/a/b%20c.json");
    EXPECT_EQ(last().request.body, "{}");
    EXPECT_EQ(last().header("Content-Type"), "application/json");
    EXPECT_EQ(last().header("Cache-Control"), "private");
    EXPECT_EQ(last().header("x-amz-content-sha256"),
              "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    EXPECT_TRUE(
        last()
            .header("Authorization")
            .starts_with("AWS4-HMAC-SHA256 Credential=AKID/20251123/eu-west-1/s3/aws4_request, "
                         "SignedHeaders=cache-control;content-type;host;x-amz-content-sha256;x-amz-date, "
                         "Signature="));
    last().answer(200);
    EXPECT_EQ(seen, "done");
}

TEST_F(S3Calls, WhereTheEndpointIsAnotherTheBucketIsInThePath) {
    EXPECT_FALSE(bucket()->uses_path());
    EXPECT_FALSE(bucket("https://s3.dualstack.us-east-1.amazonaws.com")->uses_path());
    EXPECT_TRUE(bucket("https://s3.eu-west-1.amazonaws.com", "my.rules")->uses_path());
    const auto s3 = bucket("http://localhost:5000/emulated");
    s3->remove("k", done());
    EXPECT_EQ(last().request.method, "DELETE");
    EXPECT_EQ(last().request.url, "http://localhost:5000/emulated/rules/k");
    last().answer(204);
    EXPECT_EQ(seen, "done");
}

TEST_F(S3Calls, AnObjectIsRead) {
    const auto s3 = bucket();
    std::string got;
    s3->get("k", 100, [&](S3Outcome<std::string> outcome) { got = std::get<std::string>(outcome); });
    EXPECT_EQ(last().request.method, "GET");
    EXPECT_EQ(last().request.body_limit, 100u);
    last().answer(200, "text");
    EXPECT_EQ(got, "text");
    s3->get("k", 100, [&](S3Outcome<std::string> outcome) { got = std::get<S3Fault>(outcome).code; });
    last().answer(404, error("NoSuchKey", "The specified key does not exist."));
    EXPECT_EQ(got, "NoSuchKey");
}

TEST_F(S3Calls, AFaultSaysWhatItMeans) {
    const auto s3 = bucket();
    const auto put = [&](int status, const std::string& body) {
        seen.clear();
        s3->put("k", {"x", "", ""}, done());
        last().answer(status, body);
        return seen;
    };
    EXPECT_EQ(put(404, error("NoSuchBucket", "The specified bucket does not exist")),
              "refused: S3 answered 404 NoSuchBucket: The specified bucket does not exist");
    EXPECT_EQ(put(403, error("AccessDenied", "Access Denied")),
              "refused: S3 answered 403 AccessDenied: Access Denied");
    EXPECT_EQ(put(503, error("SlowDown", "Please reduce your request rate.")),
              "throttled: S3 answered 503 SlowDown: Please reduce your request rate.");
    EXPECT_EQ(put(500, "<html>no XML of S3's</html>"), "server: S3 answered 500");
    EXPECT_EQ(put(409, error("OperationAborted", "a\nb")), "server: S3 answered 409 OperationAborted: a b");
    EXPECT_EQ(put(400, "<Code>" + std::string(100, 'x') + "</Code><Message>"), "refused: S3 answered 400");
    seen.clear();
    s3->put("k", {"x", "", ""}, done());
    last().fail(ErrorCode::network, "s3: refused");
    EXPECT_EQ(seen, "network: s3: refused");
    seen.clear();
    s3->remove("k", done());
    last().answer(404, error("NoSuchKey", "there is none"));
    EXPECT_EQ(seen, "done") << "what is not there is gone";
}

TEST_F(S3Calls, LimitsAreKeptBeforeAnythingIsSent) {
    const auto s3 = bucket();
    for (const std::string& key : {std::string(), std::string(1025, 'k'), std::string("/k")}) {
        seen.clear();
        s3->put(key, {"x", "", ""}, done());
        EXPECT_TRUE(seen.starts_with("invalid: ")) << key.size();
    }
    EXPECT_EQ(transport.started(), 0u);
}

TEST_F(S3Calls, CredentialsThatHaveExpiredAreLookedUpAnewOnce) {
    const auto s3 = bucket();
    s3->put("k", {"x", "", ""}, done());
    machine.variables["AWS_ACCESS_KEY_ID"] = "AKID2";
    last().answer(400, error("ExpiredToken", "The provided token has expired."));
    ASSERT_EQ(transport.started(), 2u);
    EXPECT_NE(last().header("Authorization").find("AKID2"), std::string::npos);
    last().answer(400, error("ExpiredToken", "The provided token has expired."));
    EXPECT_EQ(transport.started(), 2u);
    EXPECT_TRUE(seen.starts_with("credentials: ")) << seen;
}

TEST_F(S3Calls, AClockThatIsWrongIsCorrectedOnce) {
    const auto s3 = bucket();
    s3->put("k", {"x", "", ""}, done());
    last().answer(403, error("RequestTimeTooSkewed", "The difference is too large."),
                  {{"Date", "Sun, 23 Nov 2025 14:00:00 GMT"}});
    ASSERT_EQ(transport.started(), 2u);
    EXPECT_EQ(last().header("X-Amz-Date"), "20251123T140000Z");
    last().answer(200);
    EXPECT_EQ(seen, "done");
}

TEST_F(S3Calls, WhatIsUnderWayIsCancelledWithIt) {
    auto s3 = bucket();
    s3->put("k", {"x", "", ""}, done());
    s3.reset();
    EXPECT_TRUE(last().is_cancelled());
    EXPECT_EQ(seen, "");
}

TEST_F(S3Calls, WithoutCredentialsNothingIsSent) {
    machine.variables = {{"AWS_EC2_METADATA_DISABLED", "true"}};
    const auto s3 = bucket();
    s3->put("k", {"x", "", ""}, done());
    EXPECT_EQ(transport.started(), 0u);
    EXPECT_TRUE(seen.starts_with("credentials: no AWS credentials anywhere")) << seen;
}

}  // namespace
}  // namespace expplat::aws
