// Addresses: IPv4 and IPv6 texts as bits, and the CIDR blocks that hold them.
//
// The ruleset's compiler parses the operands of `in_cidr`, the evaluator attributes (RULESET.md, section
// 3). Texts are those of `inet_pton`: no leading zeros in an octet, no zone. Every IPv4 address is of the
// IPv4 family, also one written as an IPv4-mapped IPv6 address. Pure, so safe from any thread.
// Next: `eval/condition.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "expplat/eval/text.hpp"

namespace expplat::eval {

/// 128 bits in network order; of an IPv4 address the low 32, all others zero.
struct Address {
    std::uint64_t high;
    std::uint64_t low;
    bool v6;

    friend constexpr bool operator==(const Address&, const Address&) noexcept = default;
};

/// The addresses of `base`'s family that share its first `length` bits (0 to 32 of IPv4, 0 to 128 of
/// IPv6). The base's other bits are zero. An IPv6 base may lie among the mapped addresses, of which none
/// is in the block: `::ffff:0:0/90` holds `::ffc0:0:1` but no IPv4 address.
struct Cidr {
    Address base;
    std::uint8_t length;

    friend constexpr bool operator==(const Cidr&, const Cidr&) noexcept = default;
};

namespace detail {

/// Decimal without leading zeros: moves `at` past it. False where there is none or it is above `most`,
/// which is at most 999.
[[nodiscard]] constexpr bool read_decimal(const char*& at, const char* end, unsigned most,
                                          unsigned& number) noexcept {
    const char* const first = at;
    number = 0;
    while (at != end && is_digit(*at) && at - first < 4)
        number = number * 10 + static_cast<unsigned>(*at++ - '0');
    return at != first && number <= most && (*first != '0' || at - first == 1);
}

/// Four decimal octets, all of the text.
[[nodiscard]] constexpr bool parse_ipv4(const char* at, const char* end, std::uint32_t& bits) noexcept {
    bits = 0;
    for (int i = 0; i < 4; ++i) {
        if (i > 0 && (at == end || *at++ != '.')) return false;
        unsigned octet = 0;
        if (!read_decimal(at, end, 255, octet)) return false;
        bits = bits << 8 | octet;
    }
    return at == end;
}

/// 16 where the character is no hexadecimal digit.
[[nodiscard]] constexpr unsigned hex_digit(char c) noexcept {
    if (is_digit(c)) return static_cast<unsigned>(c - '0');
    const auto letter = static_cast<unsigned char>(fold(c) - 'a');
    return letter < 6 ? letter + 10u : 16u;
}

/// Up to four hexadecimal digits: moves `at` past them.
[[nodiscard]] constexpr unsigned read_group(const char*& at, const char* end) noexcept {
    unsigned group = 0;
    for (const char* const last = end - at > 4 ? at + 4 : end; at != last; ++at) {
        const unsigned digit = hex_digit(*at);
        if (digit == 16) break;
        group = group << 4 | digit;
    }
    return group;
}

/// 128 bits; `append` moves them up and fills in from below.
struct Bits128 {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    constexpr void append(std::uint32_t number, int bits) noexcept {
        high = high << bits | low >> (64 - bits);
        low = low << bits | number;
    }
};

/// `head`'s groups, zeros, `tail`'s groups; `head` has 1 to 7 of the eight.
[[nodiscard]] constexpr Bits128 join_groups(Bits128 head, int head_groups, Bits128 tail) noexcept {
    const int shift = 16 * (8 - head_groups);
    if (shift >= 64) return {tail.high | head.low << (shift - 64), tail.low};
    return {tail.high | head.high << shift | head.low >> (64 - shift), tail.low | head.low << shift};
}

/// RFC 4291, section 2.2: eight groups, of which `::` stands for one or more that are zero and a dotted
/// quad for the last two.
[[nodiscard]] constexpr bool parse_ipv6(const char* at, const char* end, Bits128& bits) noexcept {
    constexpr int no_gap = -1;
    Bits128 head;      // what precedes `::`
    int gap = no_gap;  // how many groups that is
    int count = 0;
    bits = {};
    if (end - at >= 2 && at[0] == ':' && at[1] == ':') {
        gap = 0;
        at += 2;
    }
    while (at != end) {
        const char* const first = at;
        const unsigned group = read_group(at, end);
        if (at == first || count == 8) return false;
        if (at != end && *at == '.') {
            std::uint32_t quad = 0;
            if (!parse_ipv4(first, end, quad)) return false;
            bits.append(quad, 32);
            count += 2;
            break;
        }
        bits.append(group, 16);
        ++count;
        if (at == end) break;
        if (*at++ != ':' || at == end) return false;
        if (*at == ':') {
            if (gap != no_gap) return false;
            gap = count;
            head = bits;
            bits = {};
            ++at;
        }
    }
    if (gap == no_gap) return count == 8;
    if (gap > 0 && count < 8) bits = join_groups(head, gap, bits);
    return count < 8;
}

inline constexpr std::uint64_t mapped_prefix = 0x0000'FFFF'0000'0000u;  // the low half of ::ffff:0:0

/// The first `bits` bits set; all of them from 64 on, none where negative.
[[nodiscard]] constexpr std::uint64_t prefix_mask(int bits) noexcept {
    if (bits <= 0) return 0;
    return bits >= 64 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} >> bits);
}

/// How many of the 128 bits a block fixes. An IPv4 block fixes the 96 zeros above its own.
[[nodiscard]] constexpr int fixed_bits(const Cidr& cidr) noexcept {
    return cidr.length + (cidr.base.v6 ? 0 : 96);
}

}  // namespace detail

/// True where all of `text` is an address; else `address` is unchanged.
[[nodiscard]] constexpr bool parse_address(std::string_view text, Address& address) noexcept {
    const char* const at = text.data();
    const char* const end = at + text.size();
    std::uint32_t bits = 0;
    if (detail::parse_ipv4(at, end, bits)) {
        address = {0, bits, false};
        return true;
    }
    detail::Bits128 wide;
    if (!detail::parse_ipv6(at, end, wide)) return false;
    const bool mapped = wide.high == 0 && wide.low >> 32 == detail::mapped_prefix >> 32;
    address = mapped ? Address{0, wide.low & 0xFFFF'FFFFu, false} : Address{wide.high, wide.low, true};
    return true;
}

/// True where all of `text` is an address, `/` and a length; else `cidr` is unchanged. An IPv4-mapped
/// base with 96 or more bits gives an IPv4 block, with fewer an IPv6 block.
[[nodiscard]] constexpr bool parse_cidr(std::string_view text, Cidr& cidr) noexcept {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return false;
    const std::string_view base_text = text.substr(0, slash);
    Cidr parsed{};
    if (!parse_address(base_text, parsed.base)) return false;
    const bool written_as_v6 = base_text.find(':') != std::string_view::npos;
    const char* at = text.data() + slash + 1;
    const char* const end = text.data() + text.size();
    unsigned length = 0;
    if (!detail::read_decimal(at, end, written_as_v6 ? 128 : 32, length) || at != end) return false;
    if (written_as_v6 && !parsed.base.v6) {
        if (length >= 96) {
            length -= 96;
        } else {
            parsed.base = {0, detail::mapped_prefix | parsed.base.low, true};
        }
    }
    parsed.length = static_cast<std::uint8_t>(length);
    parsed.base.high &= detail::prefix_mask(detail::fixed_bits(parsed));
    parsed.base.low &= detail::prefix_mask(detail::fixed_bits(parsed) - 64);
    cidr = parsed;
    return true;
}

[[nodiscard]] constexpr bool contains(const Cidr& cidr, const Address& address) noexcept {
    const int fixed = detail::fixed_bits(cidr);
    return cidr.base.v6 == address.v6 &&
           ((cidr.base.high ^ address.high) & detail::prefix_mask(fixed)) == 0 &&
           ((cidr.base.low ^ address.low) & detail::prefix_mask(fixed - 64)) == 0;
}

}  // namespace expplat::eval
