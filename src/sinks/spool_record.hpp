// A segment of the spool: the events of one batch as records that can be told from damage one by one.
//
// Written and read by `Spool`; pure. A record is a header of 16 bytes, then its payload, all in the host's byte order (a
// spool never leaves its machine): the magic `xps1`, the payload's size, the CRC-32C of the payload, the CRC-32C of the
// twelve bytes before. The payload: id (16), time, ruleset, value (8 each), type, has_value (1 each), two zeros, eight
// sizes (4 each) and the texts: project, environment, name, variant, unit, unit_id, properties, attributes. After damage
// reading goes on at the next header that is whole, so that only damaged records are lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "expplat/exposure/event.hpp"
#include "expplat/exposure/queue.hpp"

namespace expplat::sinks {

/// Bytes of a record beside its texts.
inline constexpr std::size_t spool_record_bytes = 16 + 16 + 3 * 8 + 4 + 8 * 4;

void append_spool_record(std::string& out, const exposure::Event& event);

/// Appends the events of `batch.bytes`, as views into it, to `batch.events`. Returns how many stretches of it were no
/// record: damaged ones, or the torn tail.
[[nodiscard]] std::size_t read_spool_records(exposure::Batch& batch);

/// Castagnoli's CRC (RFC 3720, appendix B.4).
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes) noexcept;

}  // namespace expplat::sinks
