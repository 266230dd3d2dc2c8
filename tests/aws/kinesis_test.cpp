// Typed calls of Kinesis: what is sent, what is read, and the two faults that a call mends by itself.
#include "src/aws/kinesis.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/fake_surroundings.hpp"
#include "tests/support/fake_transport.hpp"

namespace expplat::aws {
namespace {

TEST(StreamName, IsANameOrAnArn) {
    EXPECT_FALSE(parse_stream_name("a_B.c-1")->is_arn);
    EXPECT_FALSE(parse_stream_name(std::string(128, 'x'))->is_arn);
    const Result<StreamName> arn =
        parse_stream_name("arn:aws-us-gov:kinesis:us-gov-west-1:123456789012:stream/s");
    ASSERT_TRUE(arn.ok());
    EXPECT_TRUE(arn->is_arn);
    EXPECT_EQ(arn->region, "us-gov-west-1");
    const std::string too_long(129, 'x');
    for (const std::string& text :
         {std::string(), too_long, std::string("a b"), std::string("a/b"), std::string("arn:aws:kinesis"),
          std::string("arn:aws:s3:us-east-1:123456789012:stream/s"),
          std::string("arn:aws:kinesis:us-east-1:12345678901:stream/s"),
          std::string("arn:aws:kinesis:us-east-1:123456789012:stream/"),
          std::string("arn:aws:kinesis:us-east-1:123456789012:consumer/s"),
          std::string("arn:aws:kinesis:us_east:123456789012:stream/s"),
          std::string("arn:aws:kinesis:us-east-1:123456789012:stream/s:t")}) {
        EXPECT_FALSE(parse_stream_name(text).ok()) << text;
    }
}

class KinesisCalls : public testing::Test {
protected:
    void SetUp() override {
        machine.variables = {{"AWS_EC2_METADATA_DISABLED", "true"},
                             {"AWS_ACCESS_KEY_ID", "AKID"},
                             {"AWS_SECRET_ACCESS_KEY", "secret"}};
    }
    Kinesis& kinesis(const std::string& stream = "s") {
        if (!kinesis_) {
            CredentialSettings settings;
            settings.surroundings = machine.surroundings();
            kinesis_ = std::make_unique<Kinesis>(
                Endpoint{"https://kinesis.eu-west-1.amazonaws.com", "eu-west-1", "kinesis", "aws"},
                *parse_stream_name(stream), settings, transport, clock);
        }
        return *kinesis_;
    }
    void put(std::vector<StreamRecord> records) {
        kinesis().put_records(records, [this](KinesisOutcome<PutRecordsAnswer> outcome) {
            EXPECT_EQ(seen, "");
            if (const auto* const fault = std::get_if<KinesisFault>(&outcome)) {
                seen = std::string(name(fault->kind)) + ": " + fault->message;
                return;
            }
            seen = "put";
            for (const auto& failed : std::get<PutRecordsAnswer>(outcome).failed) {
                seen += ' ' + std::to_string(failed.index) + '=' + failed.code + '(' +
                        std::string(name(failed.kind)) + ')';
            }
        });
    }
    static constexpr const char* put_one =
        R"({"FailedRecordCount":0,"Records":[{"SequenceNumber":"1","ShardId":"shardId-0"}]})";
    tests::FakeTransport::Exchange& last() { return transport.last(); }

    tests::FakeSurroundings machine;
    tests::FakeTransport transport;
    std::shared_ptr<tests::SetClock> clock = std::make_shared<tests::SetClock>();
    std::string seen;
    std::unique_ptr<Kinesis> kinesis_;
};

TEST_F(KinesisCalls, PutRecordsIsSignedJson) {
    put({{"user-\"42\"", "", "data\n"}, {"k", "17", std::string_view("\0\xFF", 2)}, {"k", "", ""}});
    EXPECT_EQ(last().request.method, "POST");
    EXPECT_EQ(last().request.url, "https://kinesis.eu-west-1.amazonaws.com/");
    EXPECT_EQ(last().header("Content-Type"), "application/x-amz-json-1.1");
    EXPECT_EQ(last().header("X-Amz-Target"), "Kinesis_20131202.PutRecords");
    EXPECT_EQ(last().header("X-Amz-Date"), "20251123T130000Z");
    EXPECT_TRUE(last()
                    .header("Authorization")
                    .starts_with("AWS4-HMAC-SHA256 Credential=AKID/20251123/eu-west-1/kinesis/aws4_request, "
                                 "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature="));
    EXPECT_EQ(
        last().request.body,
        R"({"StreamName":"s","Records":[{"Data":"ZGF0YQo=","PartitionKey":"user-\"42\""},)"
        R"({"Data":"AP8=","PartitionKey":"k","ExplicitHashKey":"17"},{"Data":"","PartitionKey":"k"}]})");
    EXPECT_EQ(last().request.body_limit, kinesis_answer_bytes);
    last().answer(200, R"({"FailedRecordCount":2,"Records":[)"
                       R"({"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"m"},)"
                       R"({"SequenceNumber":"1","ShardId":"0"},{"ErrorCode":"InternalFailure"}]})");
    EXPECT_EQ(seen, "put 0=ProvisionedThroughputExceededException(throttled) 2=InternalFailure(server)");
}

TEST_F(KinesisCalls, AnArnIsSentAsSuch) {
    const std::string arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/s";
    kinesis(arn);
    put({{"k", "", "x"}});
    EXPECT_TRUE(last().request.body.starts_with("{\"StreamARN\":\"" + arn + "\",\"Records\":["));
}

TEST_F(KinesisCalls, LimitsAreKeptBeforeAnythingIsSent) {
    put({});
    EXPECT_EQ(seen, "invalid: a call of PutRecords has 1 to 500 records and at most 5 MiB");
    seen.clear();
    put(std::vector<StreamRecord>(501, {"k", "", "x"}));
    EXPECT_TRUE(seen.starts_with("invalid: "));
    seen.clear();
    const std::string megabyte(std::size_t{1} << 20, 'x');
    put(std::vector<StreamRecord>(5, {"k", "", megabyte}));
    EXPECT_TRUE(seen.starts_with("invalid: "));
    EXPECT_EQ(transport.started(), 0u);
    seen.clear();
    put(std::vector<StreamRecord>(500, {"k", "", "x"}));
    EXPECT_EQ(transport.started(), 1u);
}

TEST_F(KinesisCalls, WhatIsNoAnswerOfKinesisPutNothing) {
    for (const char* const body :
         {"", "[]", "{}", R"({"Records":[]})", R"({"Records":[1]})", R"({"Records":{}})"}) {
        put({{"k", "", "x"}});
        last().answer(200, body);
        EXPECT_TRUE(seen.starts_with("server: the answer of Kinesis ")) << body << seen;
        seen.clear();
    }
    put({{"k", "", "x"}});
    last().answer(200, R"({"FailedRecordCount":0,"Records":[{}]})");  // no sequence number: not believed
    EXPECT_EQ(seen, "put 0=(server)");
}

TEST_F(KinesisCalls, NoAnswerIsANetworkFault) {
    put({{"k", "", "x"}});
    last().fail(ErrorCode::timeout, "late");
    EXPECT_EQ(seen, "network: late");
}

TEST_F(KinesisCalls, DescribesItsStream) {
    std::string status;
    const auto describe = [&] {
        kinesis().describe_stream_summary([&](KinesisOutcome<StreamSummary> outcome) {
            const auto* const summary = std::get_if<StreamSummary>(&outcome);
            status = summary == nullptr
                         ? std::get<KinesisFault>(outcome).message
                         : summary->arn + ' ' + summary->status + ' ' + std::to_string(summary->open_shards);
        });
    };
    describe();
    EXPECT_EQ(last().header("X-Amz-Target"), "Kinesis_20131202.DescribeStreamSummary");
    EXPECT_EQ(last().request.body, R"({"StreamName":"s"})");
    last().answer(
        200, R"({"StreamDescriptionSummary":{"StreamARN":"a","StreamStatus":"ACTIVE","OpenShardCount":2}})");
    EXPECT_EQ(status, "a ACTIVE 2");
    describe();
    last().answer(400, R"({"__type":"ResourceNotFoundException","message":"Stream s not found."})");
    EXPECT_EQ(status, "Kinesis answered 400 ResourceNotFoundException: Stream s not found.");
    describe();
    last().answer(200, "{}");
    EXPECT_EQ(status, "the answer of Kinesis has no StreamDescriptionSummary");
}

TEST_F(KinesisCalls, CredentialsThatAreRefusedAreLookedUpAnewOnce) {
    put({{"k", "", "x"}});
    machine.variables["AWS_ACCESS_KEY_ID"] = "ROTATED";
    last().answer(400, R"({"__type":"ExpiredTokenException","message":"expired"})");
    ASSERT_EQ(transport.started(), 2u);
    EXPECT_NE(last().header("Authorization").find("Credential=ROTATED/"), std::string::npos);
    EXPECT_EQ(last().request.body, transport.at(0).request.body);
    last().answer(400, R"({"__type":"UnrecognizedClientException","message":"unknown"})");
    EXPECT_EQ(transport.started(), 2u);
    EXPECT_EQ(seen, "credentials: Kinesis answered 400 UnrecognizedClientException: unknown");
}

TEST_F(KinesisCalls, NoCredentialsIsAFaultAndSendsNothing) {
    machine.variables.erase("AWS_ACCESS_KEY_ID");
    machine.variables.erase("AWS_SECRET_ACCESS_KEY");
    put({{"k", "", "x"}});
    EXPECT_TRUE(seen.starts_with("credentials: no AWS credentials anywhere: settings: ")) << seen;
    EXPECT_EQ(transport.started(), 0u);
}

TEST_F(KinesisCalls, AWrongClockIsCorrectedByTheDateOfTheAnswer) {
    put({{"k", "", "x"}});
    last().answer(403, R"({"__type":"InvalidSignatureException","message":"Signature expired"})",
                  {{"Date", "Sun, 23 Nov 2025 14:00:00 GMT"}});
    ASSERT_EQ(transport.started(), 2u);
    EXPECT_EQ(last().header("X-Amz-Date"), "20251123T140000Z");
    EXPECT_EQ(kinesis().clock_skew_ms(), 3'600'000);
    last().answer(200, put_one);
    EXPECT_EQ(seen, "put");
    // Kept for the calls after it, and followed when it is wrong again.
    seen.clear();
    clock->ms += 60'000;
    put({{"k", "", "x"}});
    EXPECT_EQ(last().header("X-Amz-Date"), "20251123T140100Z");
    last().answer(400, R"({"__type":"RequestTimeTooSkewed"})", {{"Date", "Sun, 23 Nov 2025 13:01:00 GMT"}});
    EXPECT_EQ(last().header("X-Amz-Date"), "20251123T130100Z");
    EXPECT_EQ(kinesis().clock_skew_ms(), 0);
    // Once a call.
    last().answer(400, R"({"__type":"RequestTimeTooSkewed"})", {{"Date", "Sun, 23 Nov 2025 15:01:00 GMT"}});
    EXPECT_EQ(transport.started(), 4u);
    EXPECT_EQ(seen, "clock: Kinesis answered 400 RequestTimeTooSkewed");
}

TEST_F(KinesisCalls, AWrongSecretIsNoWrongClock) {
    for (const char* const date : {"Sun, 23 Nov 2025 13:03:00 GMT", "yesterday", ""}) {
        put({{"k", "", "x"}});
        last().answer(403, R"({"__type":"InvalidSignatureException","message":"no"})", {{"Date", date}});
        EXPECT_EQ(seen, "clock: Kinesis answered 403 InvalidSignatureException: no");
        EXPECT_EQ(kinesis().clock_skew_ms(), 0);
        seen.clear();
    }
    EXPECT_EQ(transport.started(), 3u);
}

TEST_F(KinesisCalls, ItsEndCancelsCalls) {
    put({{"k", "", "x"}});
    put({{"k", "", "x"}});
    kinesis_.reset();
    EXPECT_TRUE(transport.at(0).is_cancelled());
    EXPECT_TRUE(transport.at(1).is_cancelled());
    EXPECT_EQ(seen, "");
}

}  // namespace
}  // namespace expplat::aws
