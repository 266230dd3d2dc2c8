#include "server/http/trace_context.hpp"

#include <algorithm>

namespace expplat::server::http {

namespace {

// vv-tttttttttttttttttttttttttttttttt-pppppppppppppppp-ff
constexpr std::size_t trace_at = 3;
constexpr std::size_t trace_digits = 32;
constexpr std::size_t parent_at = trace_at + trace_digits + 1;
constexpr std::size_t parent_digits = 16;
constexpr std::size_t flags_at = parent_at + parent_digits + 1;
constexpr std::size_t size = flags_at + 2;

[[nodiscard]] bool is_lower_hex(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

[[nodiscard]] bool is_id(std::string_view text) noexcept {
    return is_lower_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

std::optional<TraceContext> read_traceparent(std::string_view field) {
    if (field.size() < size || field[trace_at - 1] != '-' || field[parent_at - 1] != '-' ||
        field[flags_at - 1] != '-')
        return std::nullopt;
    const std::string_view version = field.substr(0, 2);
    if (!is_lower_hex(version) || version == "ff") return std::nullopt;
    if (field.size() > size && (version == "00" || field[size] != '-')) return std::nullopt;
    const std::string_view trace = field.substr(trace_at, trace_digits);
    const std::string_view parent = field.substr(parent_at, parent_digits);
    const std::string_view flags = field.substr(flags_at, 2);
    if (!is_id(trace) || !is_id(parent) || !is_lower_hex(flags)) return std::nullopt;
    const char last = flags[1];
    const int digit = last <= '9' ? last - '0' : last - 'a' + 10;
    return TraceContext{std::string(trace), std::string(parent), (digit & 1) != 0};
}

}  // namespace expplat::server::http
