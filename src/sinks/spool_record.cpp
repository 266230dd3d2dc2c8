#include "src/sinks/spool_record.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>

namespace expplat::sinks {

namespace {

constexpr std::uint32_t magic = 0x31737078;  // `xps1`
constexpr std::size_t header_bytes = 16;
constexpr std::size_t fixed_bytes = spool_record_bytes - header_bytes;
constexpr std::size_t text_count = 8;

/// Eight tables, so that eight bytes are taken at a time ("slicing by 8").
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
        tables[0][i] = crc;
    }
    for (std::size_t slice = 1; slice < 8; ++slice) {
        for (std::size_t i = 0; i < 256; ++i) {
            const std::uint32_t before = tables[slice - 1][i];
            tables[slice][i] = (before >> 8) ^ tables[0][before & 0xFF];
        }
    }
    return tables;
}
constexpr Tables tables = make_tables();

template <class Word>
Word load(const std::byte* at) noexcept {
    Word word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

template <class Word>
void store(char*& at, Word word) noexcept {
    std::memcpy(at, &word, sizeof word);
    at += sizeof word;
}

/// The eight texts of an event, in the payload's order.
template <class Event>
auto texts_of(Event& event) {
    return std::array{&event.project, &event.environment, &event.name,       &event.variant,
                      &event.unit,    &event.unit_id,     &event.properties, &event.attributes};
}

/// The payload's size where a whole header begins at `at`, else nothing like a size.
constexpr std::size_t no_record = static_cast<std::size_t>(-1);
std::size_t record_at(std::span<const std::byte> bytes, std::size_t at) noexcept {
    if (bytes.size() - at < header_bytes) return no_record;
    const std::byte* const header = bytes.data() + at;
    if (load<std::uint32_t>(header) != magic) return no_record;
    if (crc32c({header, 12}) != load<std::uint32_t>(header + 12)) return no_record;
    return load<std::uint32_t>(header + 4);
}

/// False where the payload is not whole.
bool read_payload(std::span<const std::byte> payload, exposure::Event& event) {
    if (payload.size() < fixed_bytes) return false;
    const std::byte* at = payload.data();
    std::memcpy(event.id.data(), at, event.id.size());
    event.time_ms = load<std::int64_t>(at + 16);
    event.ruleset_version = load<std::uint64_t>(at + 24);
    event.value = load<double>(at + 32);
    const auto type = load<std::uint8_t>(at + 40);
    if (type != static_cast<std::uint8_t>(exposure::EventType::exposure) &&
        type != static_cast<std::uint8_t>(exposure::EventType::track))
        return false;
    event.type = static_cast<exposure::EventType>(type);
    event.has_value = load<std::uint8_t>(at + 41) != 0;
    const std::byte* const sizes = at + 44;
    std::size_t text_at = fixed_bytes;
    const auto texts = texts_of(event);
    for (std::size_t i = 0; i < text_count; ++i) {
        const std::size_t size = load<std::uint32_t>(sizes + 4 * i);
        if (size > payload.size() - text_at) return false;
        *texts[i] = {reinterpret_cast<const char*>(payload.data()) + text_at, size};
        text_at += size;
    }
    return text_at == payload.size();
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes) noexcept {
    std::uint32_t crc = ~std::uint32_t{0};
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    const auto byte = [](std::uint32_t word, unsigned index) { return (word >> (8 * index)) & 0xFF; };
    for (; left >= 8; at += 8, left -= 8) {
        std::uint32_t low = 0;
        std::uint32_t high = 0;
        for (unsigned i = 0; i < 4; ++i) {
            low |= std::to_integer<std::uint32_t>(at[i]) << (8 * i);
            high |= std::to_integer<std::uint32_t>(at[4 + i]) << (8 * i);
        }
        low ^= crc;
        crc = tables[7][byte(low, 0)] ^ tables[6][byte(low, 1)] ^ tables[5][byte(low, 2)] ^
              tables[4][byte(low, 3)] ^ tables[3][byte(high, 0)] ^ tables[2][byte(high, 1)] ^
              tables[1][byte(high, 2)] ^ tables[0][byte(high, 3)];
    }
    for (; left > 0; ++at, --left)
        crc = (crc >> 8) ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(*at)) & 0xFF];
    return ~crc;
}

void append_spool_record(std::string& out, const exposure::Event& event) {
    const auto texts = texts_of(event);
    std::size_t size = fixed_bytes;
    for (const std::string_view* text : texts) size += text->size();
    const std::size_t begin = out.size();
    out.resize(begin + header_bytes + size);
    char* const payload = out.data() + begin + header_bytes;
    char* at = payload;
    std::memcpy(at, event.id.data(), event.id.size());
    at += event.id.size();
    store(at, event.time_ms);
    store(at, event.ruleset_version);
    store(at, event.value);
    store(at, static_cast<std::uint8_t>(event.type));
    store(at, static_cast<std::uint8_t>(event.has_value));
    store(at, std::uint16_t{0});
    for (const std::string_view* text : texts) store(at, static_cast<std::uint32_t>(text->size()));
    for (const std::string_view* text : texts) {
        if (!text->empty()) std::memcpy(at, text->data(), text->size());
        at += text->size();
    }
    char* header = out.data() + begin;
    store(header, magic);
    store(header, static_cast<std::uint32_t>(size));
    store(header, crc32c(std::as_bytes(std::span(payload, size))));
    store(header, crc32c(std::as_bytes(std::span(out.data() + begin, 12))));
}

std::size_t read_spool_records(exposure::Batch& batch) {
    const std::span<const std::byte> bytes(batch.bytes);
    std::size_t damaged = 0;
    bool in_damage = false;
    std::size_t at = 0;
    while (at < bytes.size()) {
        const std::size_t size = record_at(bytes, at);
        exposure::Event event;
        if (size != no_record && size <= bytes.size() - at - header_bytes) {
            const std::span<const std::byte> payload = bytes.subspan(at + header_bytes, size);
            in_damage = false;
            if (crc32c(payload) == load<std::uint32_t>(bytes.data() + at + 8) && read_payload(payload, event))
                batch.events.push_back(event);
            else ++damaged;
            at += header_bytes + size;
            continue;
        }
        if (!in_damage) ++damaged;
        in_damage = true;
        // Only the low byte is looked for: the header's own checksum decides.
        const auto next = std::find(bytes.begin() + static_cast<std::ptrdiff_t>(at) + 1, bytes.end(),
                                    static_cast<std::byte>(magic & 0xFF));
        at = static_cast<std::size_t>(next - bytes.begin());
    }
    return damaged;
}

}  // namespace expplat::sinks
