// `HashKey`: the 128-bit number of a partition key that decides which shard of a stream takes a record.
//
// Used by the Kinesis sink, which spreads its aggregates over the shards, and writes into each record of an aggregate the
// key under which the whole is sent: readers that drop what is not of their shard then drop nothing. Pure; thread-safe.
// Source: Kinesis Data Streams API Reference, PutRecords (`ExplicitHashKey`).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace expplat::aws {

/// Big-endian.
using HashKey = std::array<unsigned char, 16>;

/// The MD5 of the key; nothing where OpenSSL has no MD5.
[[nodiscard]] std::optional<HashKey> hash_key(std::string_view partition_key) noexcept;

/// The number in decimal digits, as `ExplicitHashKey` wants it.
[[nodiscard]] std::string decimal(const HashKey& key);

}  // namespace expplat::aws
