// Feeds the reader of Redis's answers: whole, and once more in pieces, which must give the same.
//
// The input's first byte is the size of the pieces. A failure aborts.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/require.hpp"
#include "server/publish/redis_hints.hpp"
#include "server/publish/resp_parser.hpp"

namespace {

using namespace expplat::server::publish;

constexpr RespLimits limits{
    .line_bytes = 64, .string_bytes = 256, .value_bytes = 512, .value_items = 32, .depth = 4};

struct Size {
    std::size_t bytes = 0;
    std::size_t items = 0;
    std::size_t depth = 0;
};

void measure(const RespValue& value, std::size_t depth, Size& size) {
    size.bytes += value.text.size();
    size.items += value.items.size();
    size.depth = std::max(size.depth, depth);
    REQUIRE(value.items.empty() || value.kind == RespValue::Kind::list);
    for (const RespValue& item : value.items) measure(item, depth + 1, size);
}

void append(const RespValue& value, std::string& text) {
    text += static_cast<char>('0' + static_cast<int>(value.kind));
    text += std::to_string(value.text.size()) + ':' + value.text + std::to_string(value.integer);
    for (const RespValue& item : value.items) append(item, text);
    text += ';';
}

/// All values, and how it ended.
std::string read_all(std::string_view bytes, std::size_t piece_bytes) {
    RespParser parser(limits);
    std::string text;
    while (!bytes.empty()) {
        std::string_view piece = bytes.substr(0, piece_bytes);
        bytes.remove_prefix(piece.size());
        while (const auto value = parser.next(piece)) {
            Size size;
            measure(*value, 0, size);
            REQUIRE(size.bytes <= limits.value_bytes && size.items <= limits.value_items);
            REQUIRE(size.depth <= limits.depth);
            if (const auto hint = read_hint(*value, "expplat:0:ruleset:"))
                REQUIRE(!hint->name.project.empty() && !hint->name.environment.empty());
            if (value->kind == RespValue::Kind::error) REQUIRE(redis_error_code(*value).size() <= 32);
            append(*value, text);
        }
        REQUIRE(piece.empty() || parser.state() != RespParser::State::open);
    }
    return text + (parser.state() == RespParser::State::open ? " open" : " failed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string whole = read_all(bytes, bytes.size() + 1);
    REQUIRE(read_all(bytes, 1 + data[0] % 64u) == whole);
    REQUIRE(read_all(bytes, 1) == whole);
    return 0;
}
