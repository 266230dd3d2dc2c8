// The Kinesis sink against a stream that the test plays: what is acknowledged, offered again and rejected, and when.
#include "src/sinks/kinesis_sink.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/sinks/event_batch.hpp"
#include "tests/support/fake_surroundings.hpp"
#include "tests/support/fake_transport.hpp"

namespace expplat::sinks {
namespace {

using exposure::Report;
using tests::EventBatch;

class Stream : public testing::Test {
protected:
    KinesisSink& sink() {
        if (!sink_) {
            settings.surroundings = machine.surroundings();
            Result<std::unique_ptr<KinesisSink>> opened = KinesisSink::open(settings, transport, clock);
            if (!opened) ADD_FAILURE() << opened.error().message;
            sink_ = std::move(*opened);
        }
        return *sink_;
    }
    std::shared_ptr<std::optional<Report>> send(const EventBatch& batch) {
        const auto report = std::make_shared<std::optional<Report>>();
        sink().send(batch.events(), [report](Report said) {
            EXPECT_FALSE(report->has_value()) << "reported twice";
            report->emplace(std::move(said));
        });
        return report;
    }
    static EventBatch batch_of(std::size_t count) {
        EventBatch batch;
        for (std::size_t i = 0; i < count; ++i) batch.add("user-" + std::to_string(i));
        return batch;
    }
    /// The stream takes the records of a call, but for those at `failed`.
    static void take(tests::FakeTransport::Exchange& call, const std::vector<std::size_t>& failed = {},
                     const std::string& code = "ProvisionedThroughputExceededException") {
        nlohmann::json records = nlohmann::json::array();
        const std::size_t size = count(call);
        for (std::size_t i = 0; i < size; ++i) {
            const bool fails = std::find(failed.begin(), failed.end(), i) != failed.end();
            records.push_back(fails ? nlohmann::json{{"ErrorCode", code}, {"ErrorMessage", "Rate exceeded"}}
                                    : nlohmann::json{{"SequenceNumber", "1"}, {"ShardId", "0"}});
        }
        call.answer(200, nlohmann::json{{"FailedRecordCount", failed.size()}, {"Records", records}}.dump());
    }
    static std::size_t count(const tests::FakeTransport::Exchange& call) {
        return nlohmann::json::parse(call.request.body)["Records"].size();
    }
    static void refuse(tests::FakeTransport::Exchange& call, const std::string& code, int status = 400) {
        call.answer(status, nlohmann::json{{"__type", code}, {"message", "words"}}.dump());
    }
    static std::vector<std::size_t> all(std::size_t count) {
        std::vector<std::size_t> indexes;
        for (std::size_t i = 0; i < count; ++i) indexes.push_back(i);
        return indexes;
    }
    tests::FakeTransport::Exchange& last() { return transport.last(); }

    KinesisSinkSettings settings{.stream = "Events",
                                 .region = "eu-west-1",
                                 .access_key_id = "AKID",
                                 .secret_access_key = "hunter2",
                                 .aggregate = false};
    tests::FakeSurroundings machine{{{"AWS_EC2_METADATA_DISABLED", "true"}}, {}};
    tests::FakeTransport transport;
    std::shared_ptr<tests::SetClock> clock = std::make_shared<tests::SetClock>();
    std::unique_ptr<KinesisSink> sink_;
};

TEST_F(Stream, AcknowledgesWhatItTook) {
    const EventBatch batch = batch_of(3);
    const auto report = send(batch);
    EXPECT_FALSE(report->has_value());
    EXPECT_EQ(last().request.url, "https://kinesis.eu-west-1.amazonaws.com/");
    take(last());
    ASSERT_TRUE(report->has_value());
    EXPECT_TRUE((*report)->retry.empty());
    EXPECT_TRUE((*report)->rejected.empty());
    EXPECT_EQ((*report)->message, "");
}

TEST_F(Stream, AnEmptyBatchIsDoneAtOnce) {
    EventBatch batch;
    EXPECT_TRUE(send(batch)->has_value());
    EXPECT_EQ(transport.started(), 0u);
}

TEST_F(Stream, OnlyTheFailedRecordsAreOfferedAgain) {
    const EventBatch batch = batch_of(5);
    const auto report = send(batch);
    take(last(), {1, 4});
    EXPECT_EQ((*report)->retry, (std::vector<std::size_t>{1, 4}));
    EXPECT_EQ((*report)->message,
              "the Kinesis stream Events (eu-west-1) did not take 2 of 5 records: "
              "ProvisionedThroughputExceededException: Rate exceeded");
    EXPECT_EQ((*report)->retry_after_ms, 0);
}

TEST_F(Stream, AFailedAggregateIsAllItsEvents) {
    settings.aggregate = true;
    const EventBatch batch = batch_of(100);
    const auto report = send(batch);
    EXPECT_EQ(count(last()), 4u);
    take(last(), {2}, "InternalFailure");
    EXPECT_GT((*report)->retry.size(), 5u);
    EXPECT_LT((*report)->retry.size(), 60u);
}

TEST_F(Stream, MoreThanACallTakesAreSeveralCalls) {
    const EventBatch batch = batch_of(1'100);
    const auto report = send(batch);
    ASSERT_EQ(transport.started(), 3u);
    take(transport.at(1));
    take(transport.at(0), {7});
    EXPECT_FALSE(report->has_value());
    take(transport.at(2));
    EXPECT_EQ((*report)->retry, (std::vector<std::size_t>{7}));
}

TEST_F(Stream, ABatchHasFourCallsAtOnceAndThenTheRest) {
    const EventBatch batch = batch_of(2'600);
    const auto report = send(batch);
    EXPECT_EQ(transport.started(), 4u);
    take(transport.at(0), {1});  // what fails in one does not keep the others back
    EXPECT_EQ(transport.started(), 5u);
    for (std::size_t i = 1; i < 6; ++i) take(transport.at(i));
    EXPECT_EQ(transport.started(), 6u);
    EXPECT_EQ((*report)->retry, (std::vector<std::size_t>{1}));
}

TEST_F(Stream, AnEventOverTheLimitIsRejectedAndTheOthersGo) {
    EventBatch batch;
    batch.add("a");
    batch.add("b", std::size_t{2} << 20);
    const auto report = send(batch);
    EXPECT_EQ(count(last()), 1u);
    take(last());
    ASSERT_EQ((*report)->rejected.size(), 1u);
    EXPECT_EQ((*report)->rejected[0].index, 1u);
    EXPECT_TRUE((*report)->retry.empty());
    EXPECT_NE((*report)->message, "");
    // Alone: nothing is sent.
    EventBatch alone;
    alone.add("b", std::size_t{2} << 20);
    const auto second = send(alone);
    EXPECT_EQ(transport.started(), 1u);
    EXPECT_EQ((*second)->rejected.size(), 1u);
}

TEST_F(Stream, WhatIsOnlyForNowKeepsAllEvents) {
    const struct {
        const char* what;
        std::function<void(tests::FakeTransport::Exchange&)> play;
    } cases[] = {
        {"reset", [](auto& call) { call.fail(ErrorCode::network, "reset"); }},
        {"timeout", [](auto& call) { call.fail(ErrorCode::timeout, "late"); }},
        {"too large", [](auto& call) { call.fail(ErrorCode::too_large, "an endless answer"); }},
        {"500", [](auto& call) { refuse(call, "InternalFailure", 500); }},
        {"a page", [](auto& call) { call.answer(502, "<html>"); }},
        {"no answer of Kinesis", [](auto& call) { call.answer(200, "<html>"); }},
    };
    for (const auto& each : cases) {
        SCOPED_TRACE(each.what);
        const EventBatch batch = batch_of(3);
        const auto report = send(batch);
        each.play(last());
        ASSERT_TRUE(report->has_value());
        EXPECT_EQ((*report)->retry, all(3));
        EXPECT_EQ((*report)->retry_after_ms, 0);
        EXPECT_TRUE((*report)->message.starts_with("the Kinesis stream Events (eu-west-1): "))
            << (*report)->message;
    }
    const EventBatch batch = batch_of(1);
    const auto report = send(batch);
    last().answer(503, "", {{"Retry-After", "3"}});
    EXPECT_EQ((*report)->retry_after_ms, 3'000);
}

TEST_F(Stream, AFaultKeepsWhatWasNotSentYet) {
    const EventBatch batch = batch_of(2'600);
    const auto report = send(batch);
    refuse(transport.at(0), "InternalFailure", 500);
    for (std::size_t i = 1; i < 4; ++i) take(transport.at(i));
    EXPECT_EQ(transport.started(), 4u);
    ASSERT_TRUE(report->has_value());
    EXPECT_EQ((*report)->retry.size(), 500u + 600u);
    EXPECT_EQ((*report)->retry.front(), 0u);
    EXPECT_EQ((*report)->retry.back(), 2'599u);
}

TEST_F(Stream, ThrottlingHoldsTheNextCallsBack) {
    for (int i = 0; i < 20; ++i) {
        clock->ms += 100;
        const EventBatch batch = batch_of(1);
        const auto report = send(batch);
        take(last());
        ASSERT_TRUE((*report)->retry.empty());
    }
    clock->ms += 100;
    const EventBatch batch = batch_of(1);
    auto report = send(batch);
    refuse(last(), "ThrottlingException");
    EXPECT_GT((*report)->retry_after_ms, 0);
    EXPECT_LE((*report)->retry_after_ms, 2'000);
    const std::size_t started = transport.started();
    report = send(batch);  // too early: at once, unsent
    ASSERT_TRUE(report->has_value());
    EXPECT_EQ(transport.started(), started);
    EXPECT_EQ((*report)->retry, all(1));
    EXPECT_GT((*report)->retry_after_ms, 0);
    EXPECT_NE((*report)->message.find("held back"), std::string::npos);
    clock->ms += (*report)->retry_after_ms;
    report = send(batch);
    EXPECT_EQ(transport.started(), started + 1);
    take(last());
    EXPECT_TRUE((*report)->retry.empty());
}

TEST_F(Stream, AllRecordsThrottledIsThrottling) {
    const EventBatch batch = batch_of(2);
    const auto report = send(batch);
    take(last(), {0, 1});
    EXPECT_EQ((*report)->retry, all(2));
    EXPECT_GT((*report)->retry_after_ms, 0);
}

TEST_F(Stream, AUsedUpQuotaWaitsLong) {
    const EventBatch batch = batch_of(1);
    for (int i = 0; i < 100; ++i) {
        const auto report = send(batch);
        last().fail(ErrorCode::network, "refused");
        ASSERT_EQ((*report)->retry_after_ms, 0) << i;
    }
    auto report = send(batch);
    last().fail(ErrorCode::network, "refused");
    EXPECT_EQ((*report)->retry_after_ms, kinesis_no_quota_ms);
    report = send(batch);
    take(last());
    report = send(batch);
    last().fail(ErrorCode::network, "refused");
    EXPECT_EQ((*report)->retry_after_ms, 0);  // what the last retry cost came back
}

TEST_F(Stream, WhatAnOperatorCanMendKeepsEventsAndWaitsLongerEachTime) {
    const struct {
        const char* code;
        const char* message;
    } cases[] = {
        {"ResourceNotFoundException",
         "the Kinesis stream Events (eu-west-1): Kinesis answered 400 ResourceNotFoundException: words (make "
         "the stream, "
         "or correct its name or region)"},
        {"AccessDeniedException",
         "the Kinesis stream Events (eu-west-1): Kinesis answered 400 AccessDeniedException: words"},
        {"InvalidSignatureException",
         "the Kinesis stream Events (eu-west-1): Kinesis answered 400 InvalidSignatureException: words (the "
         "secret key is "
         "wrong, or this machine's clock)"},
        {"SomethingNewException",
         "the Kinesis stream Events (eu-west-1): Kinesis answered 400 SomethingNewException: words"},
    };
    const EventBatch batch = batch_of(2);
    std::int64_t expected_ms = 5'000;
    for (const auto& each : cases) {
        const auto report = send(batch);
        const auto beside = send(batch);  // a second batch under way does not count twice
        refuse(transport.at(transport.started() - 2), each.code);
        refuse(last(), each.code);
        EXPECT_EQ((*report)->retry, all(2));
        EXPECT_EQ((*report)->message, each.message);
        EXPECT_EQ((*report)->retry_after_ms, expected_ms);
        EXPECT_EQ((*beside)->retry_after_ms, expected_ms);
        clock->ms += expected_ms;
        expected_ms *= 2;
    }
    for (int i = 0; i < 3; ++i) {
        const auto report = send(batch);
        refuse(last(), "AccessDeniedException");
        clock->ms += (*report)->retry_after_ms;
        expected_ms = (*report)->retry_after_ms;
    }
    EXPECT_EQ(expected_ms, kinesis_refused_most_ms);
    send(batch);
    take(last());
    const auto report = send(batch);
    refuse(last(), "AccessDeniedException");
    EXPECT_EQ((*report)->retry_after_ms, kinesis_refused_first_ms);
}

TEST_F(Stream, NoCredentialsKeepsEvents) {
    settings.access_key_id = settings.secret_access_key = "";
    const EventBatch batch = batch_of(2);
    const auto report = send(batch);
    ASSERT_TRUE(report->has_value());
    EXPECT_EQ((*report)->retry, all(2));
    EXPECT_EQ((*report)->retry_after_ms, 5'000);
    EXPECT_NE((*report)->message.find("no AWS credentials anywhere: settings: "), std::string::npos);
}

/// Plays a stream that refuses calls with a record of the key `bad` or of much data, until nothing is under way.
void play_validation(tests::FakeTransport& transport, const std::string& bad,
                     const std::function<void(tests::FakeTransport::Exchange&)>& take) {
    for (std::size_t i = 0; i < transport.started(); ++i) {
        if (!transport.at(i).is_open()) continue;
        bool has_bad = false;
        const nlohmann::json body = nlohmann::json::parse(transport.at(i).request.body);
        for (const auto& record : body["Records"]) {
            has_bad = has_bad || record["PartitionKey"] == bad ||
                      record["Data"].get<std::string>().size() > 100'000;
        }
        if (has_bad) {
            transport.at(i).answer(400, R"({"__type":"ValidationException","message":"bad record"})");
        } else {
            take(transport.at(i));
        }
    }
}

TEST_F(Stream, ARecordThatIsRefusedIsFoundByHalving) {
    EventBatch batch;
    for (int i = 0; i < 400; ++i) batch.add(i == 137 ? "bad" : "user-" + std::to_string(i));
    const auto report = send(batch);
    play_validation(transport, "bad", [](auto& call) { take(call); });
    ASSERT_TRUE(report->has_value());
    EXPECT_TRUE((*report)->retry.empty());
    ASSERT_EQ((*report)->rejected.size(), 1u);
    EXPECT_EQ((*report)->rejected[0].index, 137u);
    EXPECT_EQ((*report)->rejected[0].reason, "Kinesis answered 400 ValidationException: bad record");
    EXPECT_LE(transport.started(), 20u);
}

TEST_F(Stream, AnEventInsideAnAggregateIsFoundToo) {
    settings.aggregate = true;
    EventBatch batch;
    for (int i = 0; i < 40; ++i) batch.add("user-" + std::to_string(i), i == 17 ? 90'000 : 0);
    const auto report = send(batch);
    EXPECT_EQ(count(last()), 1u);
    play_validation(transport, "", [](auto& call) { take(call); });
    ASSERT_TRUE(report->has_value());
    ASSERT_EQ((*report)->rejected.size(), 1u);
    EXPECT_EQ((*report)->rejected[0].index, 17u);
    EXPECT_TRUE((*report)->retry.empty());
}

TEST_F(Stream, ItsEndCancelsAndReportsNothing) {
    const EventBatch batch = batch_of(600);
    const auto report = send(batch);
    bool described = false;
    sink().describe([&](const Result<aws::StreamSummary>&) { described = true; });
    EXPECT_EQ(transport.open(), 3u);
    sink_.reset();
    EXPECT_EQ(transport.open(), 0u);
    EXPECT_TRUE(transport.at(0).is_cancelled());
    EXPECT_FALSE(report->has_value());
    EXPECT_FALSE(described);
}

TEST_F(Stream, MayBeDestroyedByItsReport) {
    const EventBatch batch = batch_of(1);
    sink().send(batch.events(), [&](const Report&) { sink_.reset(); });
    take(last());
    EXPECT_EQ(sink_, nullptr);
}

TEST_F(Stream, SaysWhatItIs) {
    std::string said;
    const auto describe = [&] {
        sink().describe([&](const Result<aws::StreamSummary>& summary) {
            said = summary ? summary->status
                           : std::string(name(summary.error().code)) + ": " + summary.error().message;
        });
    };
    describe();
    last().answer(
        200, R"({"StreamDescriptionSummary":{"StreamARN":"a","StreamStatus":"ACTIVE","OpenShardCount":2}})");
    EXPECT_EQ(said, "ACTIVE");
    describe();
    refuse(last(), "ResourceNotFoundException");
    EXPECT_EQ(
        said,
        "not_found: the Kinesis stream Events (eu-west-1): Kinesis answered 400 ResourceNotFoundException: "
        "words (make the stream, or correct its name or region)");
    describe();
    refuse(last(), "AccessDeniedException");
    EXPECT_TRUE(said.starts_with("unauthorized: "));
    describe();
    last().fail(ErrorCode::network, "refused");
    EXPECT_TRUE(said.starts_with("network: "));
}

TEST(KinesisSinkOpen, ChecksItsSettings) {
    tests::FakeTransport transport;
    tests::FakeSurroundings machine;
    const auto error = [&](KinesisSinkSettings settings) {
        settings.surroundings = machine.surroundings();
        const auto opened = KinesisSink::open(settings, transport, std::make_shared<tests::SetClock>());
        return opened ? std::string() : opened.error().message;
    };
    const std::string arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/s";
    EXPECT_NE(error({.stream = ""}).find("1 to 128 letters"), std::string::npos);
    EXPECT_NE(error({.stream = "s"}).find("no AWS region"), std::string::npos);
    EXPECT_EQ(error({.stream = arn}), "");
    EXPECT_EQ(error({.stream = arn, .region = "us-east-1"}),
              "the stream's ARN is of the region eu-west-1, and the configured one is us-east-1");
    EXPECT_EQ(error({.stream = "s", .region = "eu-west-1", .secret_access_key = "hunter2"}),
              "access_key_id and secret_access_key are given together or not at all");
    EXPECT_NE(error({.stream = "s", .region = "eu-west-1", .endpoint_url = "x"}), "");
    machine.variables["AWS_CONFIG_FILE"] = "/c";
    machine.files["/c"] =
        "[default]\nregion=eu-west-3\nservices=l\n[services l]\nkinesis=\n endpoint_url=http://127.0.0.1:1";
    EXPECT_EQ(error({.stream = "s"}), "");
    machine.files["/c"] = "[default";
    EXPECT_EQ(error({.stream = "s"}), "/c: line 1: a section's name must end with `]`");
    EXPECT_EQ(transport.started(), 0u);
}

TEST(KinesisSinkOpen, GoesWhereTheProfileSays) {
    tests::FakeTransport transport;
    tests::FakeSurroundings machine{
        {{"AWS_CONFIG_FILE", "/c"}, {"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "s"}},
        {{"/c",
          "[default]\nregion=eu-west-3\nservices=l\n[services l]\nkinesis=\n "
          "endpoint_url=http://127.0.0.1:1"}}};
    auto sink = KinesisSink::open({.stream = "s", .surroundings = machine.surroundings()}, transport,
                                  std::make_shared<tests::SetClock>());
    ASSERT_TRUE(sink.ok());
    (*sink)->describe([](const Result<aws::StreamSummary>&) {});
    EXPECT_EQ(transport.last().request.url, "http://127.0.0.1:1/");
    EXPECT_NE(transport.last().header("Authorization").find("/eu-west-3/kinesis/"), std::string::npos);
}

}  // namespace
}  // namespace expplat::sinks
