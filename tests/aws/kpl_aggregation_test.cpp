// Aggregates: records of the real KPL (tests/data/kpl) read, and made again byte for byte; the size to the last byte; and
// hostile bytes: every truncation and every changed bit, with the checksum as it was and with one that fits.
#include "src/aws/kpl_aggregation.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "src/aws/digest.hpp"

namespace expplat::aws {

bool operator==(const KplRecord& a, const KplRecord& b) {
    return a.partition_key == b.partition_key && a.explicit_hash_key == b.explicit_hash_key &&
           a.data == b.data;
}
std::ostream& operator<<(std::ostream& out, const KplRecord& record) {
    return out << '{' << record.partition_key << '|' << record.explicit_hash_key << '|' << record.data << '}';
}

namespace {

using nlohmann::json;
using Added = KplAggregator::Added;
using std::string_literals::operator""s;

constexpr std::string_view magic = "\xF3\x89\x9A\xC2";

std::string decode_base64(std::string_view text) {
    const std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        if (c == '=') break;
        bits = bits << 6 | static_cast<std::uint32_t>(digits.find(c));
        if ((count += 6) < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xFF);
    }
    return out;
}

/// A message in its envelope, with the checksum that fits.
std::string enclose(const std::string& message) {
    const Md5 digest = md5(message).value();
    return std::string(magic) + message +
           std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
}

std::string message_of(const std::string& aggregate) { return aggregate.substr(4, aggregate.size() - 20); }

/// Reads bytes that lie in memory of exactly their size, and looks at all that was read.
Result<KplContent> read(const std::string& bytes, std::vector<char>& memory) {
    memory.assign(bytes.begin(), bytes.end());
    Result<KplContent> content = deaggregate({memory.data(), memory.size()});
    if (!content.ok()) return content;
    EXPECT_TRUE(content->aggregated || content->records.empty());
    std::size_t sum = 0;
    for (const KplRecord& record : content->records) {
        for (const std::string_view text : {record.partition_key, record.explicit_hash_key, record.data}) {
            for (const char c : text) sum += static_cast<unsigned char>(c);
            const bool inside = text.empty() || (text.data() >= memory.data() &&
                                                 text.data() + text.size() <= memory.data() + memory.size());
            EXPECT_TRUE(inside);
        }
    }
    EXPECT_NE(sum, SIZE_MAX);
    return content;
}

json read_vectors() {
    std::ifstream file(EXPPLAT_TEST_DATA "/kpl/deaggregation-vectors.json");
    return json::parse(file, nullptr, false);
}

TEST(KplAggregation, ReadsRecordsOfTheRealKplAndMakesTheSameBytes) {
    const json vectors = read_vectors();
    ASSERT_EQ(vectors.size(), 4u);
    std::size_t user_records = 0;
    for (const json& vector : vectors) {
        SCOPED_TRACE(vector["name"]);
        const std::string bytes = decode_base64(vector["dataBase64"].get<std::string>());
        std::vector<char> memory;
        const Result<KplContent> content = read(bytes, memory);
        ASSERT_TRUE(content.ok());
        ASSERT_EQ(content->aggregated, vector["isAggregated"].get<bool>());
        user_records += vector["expectedUserRecords"].size();
        if (!content->aggregated) {
            EXPECT_EQ(vector["expectedUserRecords"].size(), 1u);
            EXPECT_EQ(vector["expectedUserRecords"][0]["data"], bytes);
            continue;
        }
        std::vector<std::string> texts;
        for (const json& record : vector["expectedUserRecords"]) {
            for (const char* const member : {"partitionKey", "explicitHashKey", "data"}) {
                texts.push_back(record.value(member, ""));
            }
        }
        std::vector<KplRecord> expected;
        for (std::size_t i = 0; i < texts.size(); i += 3)
            expected.push_back({texts[i], texts[i + 1], texts[i + 2]});
        EXPECT_EQ(content->records, expected);

        KplAggregator aggregator;
        for (const KplRecord& record : expected) EXPECT_EQ(aggregator.add(record), Added::added);
        EXPECT_EQ(aggregator.size_bytes(), bytes.size());
        const Result<KplAggregate> aggregate = aggregator.take();
        ASSERT_TRUE(aggregate.ok());
        EXPECT_EQ(aggregate->bytes, bytes);
        EXPECT_EQ(aggregate->partition_key, expected[0].partition_key);
        EXPECT_EQ(aggregate->records, expected.size());
    }
    EXPECT_EQ(user_records, 17u);
}

// --- round trips and sizes ---------------------------------------------------------------------------

/// A record that owns its texts.
struct Owned {
    std::string partition_key, explicit_hash_key, data;
    [[nodiscard]] KplRecord view() const { return {partition_key, explicit_hash_key, data}; }
};

Owned random_record(std::mt19937_64& random, std::size_t most_data) {
    Owned record;
    record.partition_key = "user-" + std::to_string(random() % 50);
    if (random() % 3 == 0) record.explicit_hash_key = std::to_string(random() % 10);
    record.data.resize(random() % (most_data + 1));
    for (char& c : record.data) c = static_cast<char>(random());
    return record;
}

TEST(KplAggregation, WhatGoesInComesOut) {
    std::mt19937_64 random(42);
    for (int round = 0; round < 200; ++round) {
        std::vector<Owned> records;
        KplAggregator aggregator;
        for (auto count = 1 + random() % 300; count > 0; --count) {
            records.push_back(random_record(random, 200));
            ASSERT_EQ(aggregator.add(records.back().view()), Added::added);
        }
        const std::size_t size = aggregator.size_bytes();
        const Result<KplAggregate> aggregate = aggregator.take();
        ASSERT_TRUE(aggregate.ok());
        EXPECT_EQ(aggregate->bytes.size(), size) << "the size is told before it is made";
        EXPECT_TRUE(aggregator.empty());
        std::vector<char> memory;
        const Result<KplContent> content = read(aggregate->bytes, memory);
        ASSERT_TRUE(content.ok() && content->aggregated);
        ASSERT_EQ(content->records.size(), records.size());
        for (std::size_t i = 0; i < records.size(); ++i) ASSERT_EQ(content->records[i], records[i].view());
    }
}

TEST(KplAggregation, AKeyIsHeldOnceHoweverManyRecordsHaveIt) {
    KplAggregator aggregator;
    const std::string key(200, 'k');
    ASSERT_EQ(aggregator.add({key, "340282366920938463463374607431768211455", "a"}), Added::added);
    const std::size_t first = aggregator.size_bytes();
    ASSERT_EQ(aggregator.add({key, "340282366920938463463374607431768211455", "b"}), Added::added);
    EXPECT_EQ(aggregator.size_bytes() - first, 2u + 2 + 2 + 3) << "a record of two indexes and one byte";
    ASSERT_EQ(aggregator.add({key, "", "c"}), Added::added);
    EXPECT_EQ(aggregator.size_bytes() - first, 2u + 2 + 2 + 3 + 2 + 2 + 3);
}

TEST(KplAggregation, NoAggregateExceedsItsSizeAndNoneIsLeftEmptierThanItMust) {
    std::mt19937_64 random(7);
    for (const std::size_t most_bytes :
         {std::size_t{300}, std::size_t{4'096}, std::size_t{70'000}, kpl_aggregate_bytes}) {
        KplAggregator aggregator(most_bytes);
        std::size_t aggregates = 0;
        for (int i = 0; i < 20'000 && aggregates < 20; ++i) {
            const Owned record = random_record(random, most_bytes / 8);
            Added added = aggregator.add(record.view());
            if (added == Added::full) {
                const std::size_t size = aggregator.size_bytes();
                EXPECT_LE(size, most_bytes);
                EXPECT_GT(size, most_bytes - most_bytes / 8 - 64) << "full, and yet there was room";
                EXPECT_EQ(aggregator.take()->bytes.size(), size);
                ++aggregates;
                added = aggregator.add(record.view());
            }
            ASSERT_EQ(added, Added::added);
        }
        EXPECT_GE(aggregates, 10u);
    }
}

TEST(KplAggregation, TheLastByteIsUsedAndOneMoreIsTooLarge) {
    for (const std::size_t most_bytes :
         {std::size_t{100}, std::size_t{163}, std::size_t{400}, kpl_aggregate_bytes}) {
        std::size_t largest = 0;
        for (std::size_t size = most_bytes - 60; size <= most_bytes; ++size) {
            KplAggregator aggregator(most_bytes);
            const std::string data(size, 'x');
            const Added added = aggregator.add({"k", "7", data});
            if (added == Added::added) {
                EXPECT_EQ(largest == 0 || largest + 1 == size, true);
                largest = size;
                EXPECT_LE(aggregator.take()->bytes.size(), most_bytes);
            } else {
                EXPECT_EQ(added, Added::too_large);
                EXPECT_TRUE(aggregator.empty());
            }
        }
        KplAggregator aggregator(most_bytes);
        ASSERT_EQ(aggregator.add({"k", "7", std::string(largest, 'x')}), Added::added);
        EXPECT_GE(aggregator.size_bytes(), most_bytes - 2) << "a length may need one more byte";
        EXPECT_EQ(aggregator.add({"k", "7", ""}), Added::full);
        EXPECT_EQ(aggregator.add({"k", "7", std::string(largest + 1, 'x')}), Added::too_large);
        EXPECT_EQ(aggregator.records(), 1u);
    }
    EXPECT_LE(kpl_aggregate_bytes + 4 * partition_key_characters, std::size_t{1} << 20);
}

TEST(KplAggregation, NothingFitsWhereNothingCan) {
    KplAggregator aggregator(10);
    EXPECT_EQ(aggregator.add({"k", "", ""}), Added::too_large);
    EXPECT_EQ(aggregator.take().error().code, ErrorCode::invalid_argument) << "no record, no aggregate";
}

TEST(KplAggregation, KeysAreAsKinesisHasThem) {
    EXPECT_FALSE(is_partition_key(""));
    EXPECT_TRUE(is_partition_key(std::string(256, 'k')));
    EXPECT_FALSE(is_partition_key(std::string(257, 'k')));
    std::string umlauts, faces;
    for (int i = 0; i < 256; ++i) umlauts += "\xC3\xA4";
    for (int i = 0; i < 128; ++i) faces += "\xF0\x9F\x98\x80";
    EXPECT_TRUE(is_partition_key(umlauts));
    EXPECT_FALSE(is_partition_key(umlauts + "\xC3\xA4"));
    EXPECT_TRUE(is_partition_key(faces));
    EXPECT_FALSE(is_partition_key(faces + "k"));

    for (const char* const good : {"0", "1", "340282366920938463463374607431768211455"}) {
        EXPECT_TRUE(is_explicit_hash_key(good)) << good;
    }
    for (const char* const bad :
         {"", "00", "01", "-1", "1.0", " 1", "0x1", "340282366920938463463374607431768211456",
          "1000000000000000000000000000000000000000"}) {
        EXPECT_FALSE(is_explicit_hash_key(bad)) << bad;
    }
    KplAggregator aggregator;
    EXPECT_EQ(aggregator.add({"", "", "x"}), Added::invalid_key);
    EXPECT_EQ(aggregator.add({"k", "x", "x"}), Added::invalid_key);
    EXPECT_TRUE(aggregator.empty());
}

TEST(KplAggregation, ManyKeysNeedWiderIndexes) {
    KplAggregator aggregator;
    for (int i = 0; i < 20'000; ++i)
        ASSERT_EQ(aggregator.add({"key-" + std::to_string(i), "", "x"}), Added::added);
    const std::size_t size = aggregator.size_bytes();
    const std::string bytes = aggregator.take()->bytes;
    EXPECT_EQ(bytes.size(), size);
    const Result<KplContent> content = deaggregate(bytes);
    ASSERT_TRUE(content.ok());
    ASSERT_EQ(content->records.size(), 20'000u);
    EXPECT_EQ(content->records[127].partition_key, "key-127");
    EXPECT_EQ(content->records[128].partition_key, "key-128");
    EXPECT_EQ(content->records[19'999].partition_key, "key-19999");
}

// --- hostile bytes -----------------------------------------------------------------------------------

/// Aggregates of the real KPL, and one with all that the format can say.
std::vector<std::string> samples() {
    std::vector<std::string> out;
    for (const json& vector : read_vectors()) {
        if (vector["isAggregated"]) out.push_back(decode_base64(vector["dataBase64"].get<std::string>()));
    }
    out.push_back(
        enclose("\x0A\x01"
                "a"
                "\x12\x01"
                "7"
                "\x1A\x12\x08\x00\x10\x00\x1A\x02"
                "hi"
                "\x22\x06\x0A\x01t\x12\x01v"
                "\x28\x01\x35"
                "abcd"  // unknown fields: of the record, of the message
                "\x39"
                "12345678"s));
    return out;
}

TEST(KplAggregation, TagsAndUnknownFieldsArePassedOver) {
    const std::string bytes = samples().back();
    std::vector<char> memory;
    const Result<KplContent> content = read(bytes, memory);
    ASSERT_TRUE(content.ok()) << content.error().message;
    EXPECT_EQ(content->records, (std::vector<KplRecord>{{"a", "7", "hi"}}));
}

TEST(KplAggregation, ATruncatedAggregateIsPlain) {
    for (const std::string& bytes : samples()) {
        std::vector<char> memory;
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const Result<KplContent> content = read(bytes.substr(0, size), memory);
            ASSERT_TRUE(content.ok());
            ASSERT_FALSE(content->aggregated) << size;
        }
        ASSERT_FALSE(read(bytes + 'x', memory)->aggregated);
    }
}

TEST(KplAggregation, AnAggregateWithAChangedBitIsPlain) {
    for (std::string bytes : samples()) {
        std::vector<char> memory;
        for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            const char mask = static_cast<char>(1 << bit % 8);
            bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
            const Result<KplContent> content = read(bytes, memory);
            ASSERT_TRUE(content.ok());
            ASSERT_FALSE(content->aggregated) << "bit " << bit;
            bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
        }
    }
}

TEST(KplAggregation, ABrokenMessageWithAChecksumThatFitsIsReadOrRefusedAndNeverMore) {
    std::size_t refused = 0, accepted = 0;
    const auto look = [&](const std::string& message) {
        std::vector<char> memory;
        const Result<KplContent> content = read(enclose(message), memory);
        if (content.ok()) {
            EXPECT_TRUE(content->aggregated);
            ++accepted;
        } else {
            EXPECT_EQ(content.error().code, ErrorCode::invalid_argument);
            ++refused;
        }
    };
    for (const std::string& sample : samples()) {
        std::string message = message_of(sample);
        for (std::size_t size = 0; size < message.size(); ++size) look(message.substr(0, size));
        for (std::size_t at = 0; at < message.size(); ++at) {
            const char was = message[at];
            for (int byte = 0; byte < 256; ++byte) {
                message[at] = static_cast<char>(byte);
                look(message);
            }
            message[at] = was;
        }
    }
    EXPECT_GT(refused, 10'000u);
    EXPECT_GT(accepted, 10'000u);
}

TEST(KplAggregation, RandomMessagesAreReadOrRefused) {
    std::mt19937_64 random(3);
    std::vector<char> memory;
    for (int round = 0; round < 50'000; ++round) {
        std::string message(random() % 40, '\0');
        for (char& c : message) c = static_cast<char>(random() % 4 == 0 ? random() : random() % 32);
        (void)read(enclose(message), memory);
    }
}

TEST(KplAggregation, EachBrokenMessageIsRefused) {
    const std::string keys =
        "\x0A\x01"
        "a"
        "\x12\x01"
        "7"s;
    const std::string overlong(10, '\xFF');
    for (const std::string& message :
         {keys + "\x1A\x04\x08\x01\x1A\x00"s,                      // index past the partition keys
          keys + "\x1A\x06\x08\x00\x10\x01\x1A\x00"s,              // index past the hash keys
          "\x1A\x04\x08\x00\x1A\x00"s,                             // no keys at all
          keys + "\x1A\x02\x08\x00"s,                              // no content
          keys + "\x1A\x02\x1A\x00"s,                              // no partition key
          keys + "\x1A\x04\x0A\x00\x1A\x00"s,                      // an index that is bytes
          keys + "\x1A\x05\x08\x00\x18\x01\x00"s,                  // content that is a number
          keys + "\x18\x01"s,                                      // a record that is a number
          keys + "\x1A\x7F\x08\x00\x1A\x00"s,                      // longer than the message
          keys + "\x1A\x05\x08\x00\x1A\x7F\x00"s,                  // content longer than its record
          keys + "\x1A\x04\x08\x00\x23\x24"s,                      // a group
          keys + "\x02\x00"s,                                      // field 0
          keys + "\x1A" + overlong,                                // a length of more than 64 bits
          keys + "\x1A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"s,  // of 2^64 - 1
          keys + "\x1A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"s,  // of more
          keys + "\x1A"s, keys + "\x80"s}) {
        EXPECT_FALSE(deaggregate(enclose(message)).ok())
            << hex({reinterpret_cast<const unsigned char*>(message.data()), message.size()});
    }
    EXPECT_TRUE(deaggregate(enclose(keys + "\x1A\x04\x08\x00\x1A\x00"s)).ok()) << "the same without a fault";
}

TEST(KplAggregation, KeysMayStandBehindTheRecords) {
    std::vector<char> memory;
    const Result<KplContent> content = read(enclose("\x1A\x05\x08\x00\x1A\x01x\x0A\x01"
                                                    "a"s),
                                            memory);
    ASSERT_TRUE(content.ok());
    EXPECT_EQ(content->records, (std::vector<KplRecord>{{"a", "", "x"}}));
}

}  // namespace
}  // namespace expplat::aws
