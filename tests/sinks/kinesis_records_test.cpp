// Batches as records of a stream: keys, aggregates by ranges of hashes, and the limits of a call.
#include "src/sinks/kinesis_records.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "src/aws/hash_key.hpp"
#include "src/aws/kinesis.hpp"
#include "src/aws/kpl_aggregation.hpp"
#include "src/sinks/event_json.hpp"
#include "tests/sinks/event_batch.hpp"

namespace expplat::sinks {
namespace {

using tests::EventBatch;

TEST(PartitionKey, IsTheUnitsIdWhereItCanBe) {
    const auto key = [](const std::string& unit_id) {
        EventBatch batch;
        batch.add(unit_id);
        return partition_key_of(batch.events()[0]);
    };
    const std::string id = "00000000-0000-7000-8000-000000000000";
    EXPECT_EQ(key("user-42"), "user-42");
    EXPECT_EQ(key("\xC3\xA9\xF0\x9F\x98\x80"), "\xC3\xA9\xF0\x9F\x98\x80");
    EXPECT_EQ(key(std::string(256, 'x')), std::string(256, 'x'));
    // Python: hashlib.sha256(b"x" * 257).hexdigest()
    EXPECT_EQ(key(std::string(257, 'x')), "15eb95a462ee20bd91a415ae2d4aed341288186ddaa2b37908f7d592f0c3f85f");
    EXPECT_EQ(key(""), id);
    for (const char* const text : {"\xFF", "\xC3", "a\x80", "\xC0\xAF", "\xED\xA0\x80", "\xE0\x80\x80",
                                   "\xF4\x90\x80\x80", "\xF0\x80\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) {
        EXPECT_EQ(key(text), id) << text;
    }
}

/// What the records hold, event by event: `(key, JSON)` by index.
std::map<std::size_t, std::pair<std::string, std::string>> content(const KinesisRecords& packed) {
    std::map<std::size_t, std::pair<std::string, std::string>> out;
    for (const KinesisRecord& record : packed.records) {
        EXPECT_TRUE(std::is_sorted(record.events.begin(), record.events.end()));
        EXPECT_LE(record.data.size() + record.partition_key.size(), aws::kinesis_record_bytes);
        const Result<aws::KplContent> read = aws::deaggregate(record.data);
        EXPECT_TRUE(read.ok());
        if (!read->aggregated) {
            EXPECT_EQ(record.events.size(), 1u);
            out[record.events.at(0)] = {record.partition_key, record.data};
            continue;
        }
        EXPECT_EQ(read->records.size(), record.events.size());
        for (std::size_t i = 0; i < record.events.size(); ++i) {
            const aws::KplRecord& inner = read->records[i];
            EXPECT_EQ(inner.explicit_hash_key, aws::decimal(*aws::hash_key(record.partition_key)));
            EXPECT_FALSE(out.contains(record.events[i]));
            out[record.events[i]] = {std::string(inner.partition_key), std::string(inner.data)};
        }
    }
    return out;
}

void expect_all(const KinesisRecords& packed, const EventBatch& batch) {
    const auto found = content(packed);
    EXPECT_EQ(found.size(), batch.events().size());
    for (std::size_t i = 0; i < batch.events().size(); ++i) {
        std::string json;
        append_event_json(json, batch.events()[i]);
        EXPECT_EQ(found.at(i).first, batch.events()[i].unit_id);
        EXPECT_EQ(found.at(i).second, json);
    }
}

TEST(KinesisRecords, PlainOnesAreOneEventEach) {
    EventBatch batch;
    for (int i = 0; i < 100; ++i) batch.add("user-" + std::to_string(i % 7));
    const KinesisRecords packed = pack_records(batch.events(), false);
    EXPECT_EQ(packed.records.size(), 100u);
    expect_all(packed, batch);
}

TEST(KinesisRecords, ASmallBatchIsOneAggregate) {
    EventBatch batch;
    for (int i = 0; i < 63; ++i) batch.add("user-" + std::to_string(i));
    const KinesisRecords packed = pack_records(batch.events(), true);
    EXPECT_EQ(packed.records.size(), 1u);
    EXPECT_EQ(packed.records[0].partition_key, "user-0");
    expect_all(packed, batch);
}

TEST(KinesisRecords, ALargeBatchIsOneAggregateForEachQuarterOfTheHashes) {
    EventBatch batch;
    for (int i = 0; i < 500; ++i) batch.add("user-" + std::to_string(i % 97));
    const KinesisRecords packed = pack_records(batch.events(), true);
    EXPECT_EQ(packed.records.size(), 4u);
    std::set<unsigned> quarters;
    for (const KinesisRecord& record : packed.records) {
        quarters.insert((*aws::hash_key(record.partition_key))[0] / 64u);
        EXPECT_GT(record.events.size(), 50u);
    }
    EXPECT_EQ(quarters.size(), 4u);
    expect_all(packed, batch);
}

TEST(KinesisRecords, AnAggregateEndsBeforeOneMebibyte) {
    EventBatch batch;
    for (int i = 0; i < 30; ++i) batch.add("user-1", 100'000);
    const KinesisRecords packed = pack_records(batch.events(), true);
    EXPECT_EQ(packed.records.size(), 3u);
    expect_all(packed, batch);
}

TEST(KinesisRecords, AnEventIsRejectedFromOneByteOverTheLimitOn) {
    EventBatch small;
    small.add("user-1", 1000);
    std::string json;
    append_event_json(json, small.events()[0]);
    const std::size_t frame = json.size() - 1000 + std::string("user-1").size();
    for (const bool aggregate : {true, false}) {
        EventBatch batch;
        batch.add("user-1");
        batch.add("user-1", aws::kinesis_record_bytes - frame);      // fits, as a plain record
        batch.add("user-1", aws::kinesis_record_bytes - frame + 1);  // does not
        batch.add("user-2");
        const KinesisRecords packed = pack_records(batch.events(), aggregate);
        ASSERT_EQ(packed.rejected.size(), 1u);
        EXPECT_EQ(packed.rejected[0].index, 2u);
        EXPECT_EQ(packed.rejected[0].reason,
                  "the event has 1048571 bytes, and a record of Kinesis takes 1 MiB");
        EXPECT_EQ(content(packed).size(), 3u);
        EXPECT_EQ(packed.records.size(), aggregate ? 2u : 3u);
    }
}

TEST(KinesisRecords, OfWrittenEventsAreTheSame) {
    EventBatch batch;
    for (int i = 0; i < 200; ++i) batch.add("user-" + std::to_string(i % 31));
    batch.add("user-1", aws::kinesis_record_bytes);
    std::vector<std::string> json(batch.events().size());
    std::vector<KeyedText> texts;
    for (std::size_t i = 0; i < json.size(); ++i) {
        append_event_json(json[i], batch.events()[i]);
        texts.push_back({batch.events()[i].unit_id, json[i]});
    }
    for (const bool aggregate : {true, false}) {
        const KinesisRecords expected = pack_records(batch.events(), aggregate);
        const KinesisRecords packed = pack_texts(texts, aggregate);
        ASSERT_EQ(packed.records.size(), expected.records.size());
        for (std::size_t i = 0; i < packed.records.size(); ++i) {
            EXPECT_EQ(packed.records[i].partition_key, expected.records[i].partition_key);
            EXPECT_EQ(packed.records[i].data, expected.records[i].data);
            EXPECT_EQ(packed.records[i].events, expected.records[i].events);
        }
        ASSERT_EQ(packed.rejected.size(), 1u);
        EXPECT_EQ(packed.rejected[0].index, 200u);
    }
}

TEST(KinesisRecords, CallsKeepTheLimitsAndTheOrder) {
    std::vector<KinesisRecord> records;
    for (std::size_t i = 0; i < 1001; ++i) records.push_back({"k", "x", {i}});
    auto calls = split_into_calls(records);
    ASSERT_EQ(calls.size(), 3u);
    EXPECT_EQ(calls[0].size(), 500u);
    EXPECT_EQ(calls[1].size(), 500u);
    EXPECT_EQ(calls[2].at(0).events.at(0), 1000u);
    records.clear();
    const std::string data(aws::kinesis_record_bytes - 1, 'x');
    for (std::size_t i = 0; i < 11; ++i) records.push_back({"k", data, {i}});
    calls = split_into_calls(records);
    ASSERT_EQ(calls.size(), 3u);
    EXPECT_EQ(calls[0].size(), 5u);
    EXPECT_EQ(calls[2].size(), 1u);
    EXPECT_TRUE(split_into_calls({}).empty());
}

}  // namespace
}  // namespace expplat::sinks
