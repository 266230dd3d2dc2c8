// The Kinesis Producer Library's aggregated record: many small records of ours in one record of a stream.
//
// `KplAggregator` is filled by the Kinesis sink until it is full; `deaggregate` is called by whoever reads a stream. The
// aggregate is F3 89 9A C2, a protobuf message, and the message's MD5. Neither does I/O nor keeps global state; an
// aggregator is not thread-safe. Source: awslabs/amazon-kinesis-producer, aggregation-format.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "expplat/base/result.hpp"

namespace expplat::aws {

// What Kinesis takes in one record: 1 MiB, the record's own partition key included.
inline constexpr std::size_t kinesis_record_bytes = std::size_t{1} << 20;
inline constexpr std::size_t partition_key_characters = 256;
/// What an aggregate may have, so that it fits with any partition key.
inline constexpr std::size_t kpl_aggregate_bytes = kinesis_record_bytes - 4 * partition_key_characters;

/// Views: into what the caller gave, or into the aggregate that was read.
struct KplRecord {
    std::string_view partition_key;
    std::string_view explicit_hash_key;  // a decimal number below 2^128; empty where the record has none
    std::string_view data;
};

/// True for a partition key that Kinesis takes: 1 to 256 characters, counted as UTF-16 does (a character beyond U+FFFF
/// is two).
[[nodiscard]] bool is_partition_key(std::string_view key) noexcept;
/// True for a decimal number below 2^128 without leading zeros.
[[nodiscard]] bool is_explicit_hash_key(std::string_view key) noexcept;

struct KplAggregate {
    std::string bytes;
    std::string partition_key;  // the first record's: one that the whole may be sent under
    std::size_t records = 0;
};

class KplAggregator {
public:
    enum class Added : std::uint8_t {
        added,
        full,         // take the aggregate and add the record again
        too_large,    // no aggregate can hold it: send it plain
        invalid_key,  // no partition key or explicit hash key as Kinesis has them
    };

    /// `most_bytes` is the size that no aggregate exceeds.
    explicit KplAggregator(std::size_t most_bytes = kpl_aggregate_bytes) : most_bytes_(most_bytes) {}

    /// Copies the record into the aggregate. Nothing changes where the answer is not `added`.
    Added add(const KplRecord& record);

    [[nodiscard]] std::size_t records() const noexcept { return records_; }
    [[nodiscard]] bool empty() const noexcept { return records_ == 0; }
    /// What the aggregate has now, all overhead included.
    [[nodiscard]] std::size_t size_bytes() const noexcept;

    /// The aggregate; the aggregator is then empty. Fails (`unsupported`, nothing changes) where OpenSSL has no MD5, and
    /// (`invalid_argument`) where there is no record.
    [[nodiscard]] Result<KplAggregate> take();

private:
    /// A table of distinct keys, as the message has it.
    struct KeyTable {
        struct Hash {
            using is_transparent = void;
            std::size_t operator()(std::string_view key) const noexcept {
                return std::hash<std::string_view>{}(key);
            }
        };
        std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>> indexes;
        std::string fields;  // encoded, in the order of the indexes

        /// The key's index; the next free one where the key is new.
        [[nodiscard]] std::uint64_t find(std::string_view key) const noexcept;
        /// Bytes that the key adds to `fields`.
        [[nodiscard]] std::size_t growth(std::string_view key) const noexcept;
        void insert(std::string_view key, char tag);
    };

    std::size_t most_bytes_;
    KeyTable partition_keys_;
    KeyTable explicit_hash_keys_;
    std::string record_fields_;
    std::string first_partition_key_;
    std::size_t records_ = 0;
};

/// What a record of a stream holds.
struct KplContent {
    bool aggregated = false;         // false: a plain record, to be taken as it is
    std::vector<KplRecord> records;  // of an aggregate; views into its bytes
};

/// Reads a record of a stream. Bytes without the magic, or whose MD5 does not match, are plain, as for KPL's own readers.
/// Fails (`invalid_argument`) where they match and the message is broken, (`unsupported`) where OpenSSL has no MD5.
/// Tags and unknown fields are passed over. Work and memory are linear in the size.
[[nodiscard]] Result<KplContent> deaggregate(std::string_view bytes);

}  // namespace expplat::aws
