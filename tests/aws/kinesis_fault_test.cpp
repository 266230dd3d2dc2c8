// What failed calls mean, by AWS's codes and without them.
#include "src/aws/kinesis_fault.hpp"

#include <gtest/gtest.h>

#include <string>

namespace expplat::aws {
namespace {

constexpr std::int64_t now_ms = 1'763'902'800'000;

KinesisFault fault(int status, std::string body, std::vector<net::Header> headers = {}) {
    return classify({{status, std::move(headers)}, std::move(body)}, now_ms);
}

TEST(KinesisFault, IsToldByItsCode) {
    const struct {
        const char* code;
        FaultKind kind;
    } cases[] = {
        {"ProvisionedThroughputExceededException", FaultKind::throttled},
        {"ThrottlingException", FaultKind::throttled},
        {"RequestLimitExceeded", FaultKind::throttled},
        {"LimitExceededException", FaultKind::throttled},
        {"KMSThrottlingException", FaultKind::throttled},
        {"InternalFailure", FaultKind::server},
        {"ServiceUnavailable", FaultKind::server},
        {"RequestTimeout", FaultKind::server},
        {"InvalidSignatureException", FaultKind::clock},
        {"RequestTimeTooSkewed", FaultKind::clock},
        {"RequestExpired", FaultKind::clock},
        {"ExpiredTokenException", FaultKind::credentials},
        {"UnrecognizedClientException", FaultKind::credentials},
        {"AccessDeniedException", FaultKind::refused},
        {"ResourceNotFoundException", FaultKind::refused},
        {"KMSDisabledException", FaultKind::refused},
        {"ValidationException", FaultKind::invalid},
        {"InvalidArgumentException", FaultKind::invalid},
        {"SerializationException", FaultKind::invalid},
        {"SomethingNewException", FaultKind::refused},
    };
    for (const auto& each : cases) {
        const std::string code = each.code;
        for (const std::string& type :
             {code, "com.amazonaws.kinesis.v20131202#" + code, code + ":http://x/y"}) {
            const KinesisFault read = fault(400, "{\"__type\":\"" + type + "\",\"message\":\"words\"}");
            EXPECT_EQ(read.kind, each.kind) << type;
            EXPECT_EQ(read.code, code);
            EXPECT_EQ(read.message, "Kinesis answered 400 " + code + ": words");
            EXPECT_EQ(fault(400, "", {{"x-amzn-errortype", type}}).kind, each.kind) << type;
        }
    }
}

TEST(KinesisFault, IsToldByTheStatusWhereItHasNoCode) {
    EXPECT_EQ(fault(500, "").kind, FaultKind::server);
    EXPECT_EQ(fault(503, "<html>").kind, FaultKind::server);
    EXPECT_EQ(fault(429, "").kind, FaultKind::throttled);
    EXPECT_EQ(fault(403, "{}").kind, FaultKind::refused);
    EXPECT_EQ(fault(413, "").kind, FaultKind::invalid);
    EXPECT_EQ(fault(404, "").kind, FaultKind::refused);
    EXPECT_EQ(fault(302, "").kind, FaultKind::refused);
    EXPECT_EQ(fault(400, "[1]").kind, FaultKind::refused);
    EXPECT_EQ(fault(502, "").message, "Kinesis answered 502");
    EXPECT_TRUE(fault(502, "").is_transient());
    EXPECT_FALSE(fault(403, "").is_transient());
}

TEST(KinesisFault, AWrongNameOfTheStreamIsNoFaultOfTheRecords) {
    const auto kind = [](const std::string& message) {
        return fault(400, "{\"__type\":\"ValidationException\",\"message\":\"" + message + "\"}").kind;
    };
    EXPECT_EQ(kind("Value at 'streamName' failed to satisfy constraint"), FaultKind::refused);
    EXPECT_EQ(kind("Value at 'streamARN' failed to satisfy constraint"), FaultKind::refused);
    EXPECT_EQ(kind("Value at 'records.1.member.partitionKey' failed to satisfy constraint"),
              FaultKind::invalid);
}

TEST(KinesisFault, SaysNoMoreThanItMay) {
    const std::string body =
        R"({"__type":"InvalidSignatureException","message":"The signature does not match.\n\nThe Canonical String: hunter2"})";
    EXPECT_EQ(fault(403, body).message,
              "Kinesis answered 403 InvalidSignatureException: The signature does not match.");
    EXPECT_EQ(fault(400, R"({"__type":"X","message":"Canonical hunter2"})").message,
              "Kinesis answered 400 X");
    EXPECT_EQ(fault(400, R"({"__type":"X","message":"a\tb"})").message, "Kinesis answered 400 X: a b");
    EXPECT_LE(fault(400, R"({"message":")" + std::string(5000, 'x') + "\"}").message.size(), 600u);
    EXPECT_EQ(fault(400, R"({"__type":"<b>"})").code, "");
}

TEST(KinesisFault, HasWhatTheAnswerAsksToWait) {
    EXPECT_EQ(fault(503, "", {{"Retry-After", "7"}}).retry_after_ms, 7'000);
    EXPECT_EQ(fault(503, "", {{"retry-after", "Sun, 23 Nov 2025 13:00:03 GMT"}}).retry_after_ms, 3'000);
    EXPECT_EQ(fault(503, "").retry_after_ms, 0);
}

}  // namespace
}  // namespace expplat::aws
