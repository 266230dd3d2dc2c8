// Feeds three texts, the input's first three lines, to the readers of `eval` that take attribute text:
// versions, instants, addresses and the text operators.
//
// Each text lives in its own allocation that ends where the text ends, so that the address sanitizer sees
// a read past it. What must hold of every input is in the `check_` functions; a failure aborts.
#include <arpa/inet.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "expplat/eval/address.hpp"
#include "expplat/eval/instant.hpp"
#include "expplat/eval/text.hpp"
#include "expplat/eval/version.hpp"
#include "fuzz/require.hpp"

namespace {

using namespace expplat::eval;
using Texts = std::array<std::string_view, 3>;

// --- versions --------------------------------------------------------------------------------------

bool at_most(std::string_view a, std::string_view b) {
    const VersionOrder order = compare_version(a, b);
    return order == VersionOrder::below || order == VersionOrder::equal;
}

VersionOrder reversed(VersionOrder order) {
    if (order == VersionOrder::below) return VersionOrder::above;
    if (order == VersionOrder::above) return VersionOrder::below;
    return order;
}

void check_versions(const Texts& texts) {
    for (const std::string_view a : texts) {
        const bool valid = is_version(a);
        for (const std::string_view operand : {"0", "1.2.3", "18446744073709551615.1-a.1+b"}) {
            REQUIRE((compare_version(a, operand) == VersionOrder::invalid) == !valid);
        }
        for (const std::string_view b : texts) {
            const VersionOrder order = compare_version(a, b);  // reads in bounds whatever b is
            if (!is_version(b)) continue;
            REQUIRE((order == VersionOrder::invalid) == !valid);
            if (valid) REQUIRE(order == reversed(compare_version(b, a)));
        }
        if (!valid) continue;
        REQUIRE(compare_version(a, a) == VersionOrder::equal);
        const std::string plain(a.substr(a[0] == 'v' || a[0] == 'V' ? 1 : 0));
        const std::string built = "v00" + plain + (plain.find('+') == std::string::npos ? "+" : ".") + "b-1";
        REQUIRE(compare_version(built, a) == VersionOrder::equal);
        REQUIRE(compare_version(plain + "..", a) == VersionOrder::invalid);
    }
    const auto& [a, b, c] = texts;
    if (is_version(a) && is_version(b) && is_version(c) && at_most(a, b) && at_most(b, c))
        REQUIRE(at_most(a, c));
}

// --- instants --------------------------------------------------------------------------------------

void check_instants(const Texts& texts) {
    std::array<Instant, 3> instants{};
    std::size_t count = 0;
    for (const std::string_view text : texts) {
        std::int64_t unix_ms = 0;
        std::memcpy(&unix_ms, text.data(), text.size() < 8 ? text.size() : 8);
        Instant& instant = instants[count];
        instant = instant_of_unix_ms(unix_ms);
        REQUIRE(instant.fraction < 1'000'000'000'000'000'000u && instant.rest.empty());
        REQUIRE(instant.seconds <= unix_ms / 1000 && instant.seconds >= unix_ms / 1000 - 1);
        if (!parse_instant(text, instant)) continue;
        ++count;
        REQUIRE(instant.fraction < 1'000'000'000'000'000'000u);
        REQUIRE(instant.seconds > -62'135'683'200 &&
                instant.seconds < 253'402'387'200);  // a day beyond the years
        if (!instant.rest.empty()) {
            REQUIRE(instant.rest.data() >= text.data() &&
                    instant.rest.data() + instant.rest.size() < text.data() + text.size());
            REQUIRE(instant.rest.back() != '0' &&
                    instant.rest.find_first_not_of("0123456789") == std::string_view::npos);
        }
        REQUIRE(compare(instant, instant) == 0);
    }
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j < count; ++j) {
            REQUIRE(compare(instants[i], instants[j]) == 0 <=> compare(instants[j], instants[i]));
        }
    }
    const auto& [a, b, c] = instants;
    if (count == 3 && compare(a, b) <= 0 && compare(b, c) <= 0) REQUIRE(compare(a, c) <= 0);
}

// --- addresses -------------------------------------------------------------------------------------

/// What inet_pton says of a text; mapped addresses as IPv4.
bool system_address(std::string_view view, Address& address) {
    const std::string text(view);
    if (text.find('\0') != std::string::npos) return false;
    in_addr four{};
    if (inet_pton(AF_INET, text.c_str(), &four) == 1) {
        address = {0, ntohl(four.s_addr), false};
        return true;
    }
    in6_addr six{};
    if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return false;
    std::array<std::uint64_t, 2> halves{};
    for (std::size_t i = 0; i < 16; ++i) halves[i / 8] = halves[i / 8] << 8 | six.s6_addr[i];
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&six) != 0;
    address = mapped ? Address{0, halves[1] & 0xFFFF'FFFFu, false} : Address{halves[0], halves[1], true};
    return true;
}

/// Bit by bit: do the first `length` bits of the family agree?
bool shares_prefix(const Cidr& cidr, const Address& address) {
    const int above = cidr.base.v6 ? 0 : 96;
    for (int bit = above; bit < above + cidr.length; ++bit) {
        const std::uint64_t difference =
            bit < 64 ? cidr.base.high ^ address.high : cidr.base.low ^ address.low;
        if ((difference >> (63 - bit % 64) & 1) != 0) return false;
    }
    return cidr.base.v6 == address.v6;
}

void check_addresses(const Texts& texts) {
    for (const std::string_view text : texts) {
        Address address{};
        Address expected{};
        const bool valid = parse_address(text, address);
        REQUIRE(valid == system_address(text, expected));
        if (valid) REQUIRE(address == expected);

        Cidr cidr{};
        if (parse_cidr(text, cidr)) {
            REQUIRE(cidr.length <= (cidr.base.v6 ? 128 : 32));
            REQUIRE(contains(cidr, cidr.base));
            REQUIRE(parse_address(text.substr(0, text.find('/')), address));
            REQUIRE(contains(cidr, address) == (address.v6 == cidr.base.v6));
        }
        if (!valid) continue;
        for (int length = 0; length <= 128; ++length) {
            const bool mapped = !address.v6 && text.find(':') != std::string_view::npos;
            const bool fits = length <= 32 || address.v6 || mapped;
            const std::string block = std::string(text) + "/" + std::to_string(length);
            REQUIRE(parse_cidr(block, cidr) == fits);
            if (!fits) continue;
            REQUIRE(cidr.base.v6 == (address.v6 || (mapped && length < 96)));
            for (const std::string_view other_text : texts) {
                Address other{};
                if (parse_address(other_text, other))
                    REQUIRE(contains(cidr, other) == shares_prefix(cidr, other));
            }
        }
    }
}

// --- text ------------------------------------------------------------------------------------------

std::string slow_folded(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return result;
}

bool same_at(const std::string& value, std::size_t at, const std::string& part) {
    if (at > value.size() || part.size() > value.size() - at) return false;
    for (std::size_t i = 0; i < part.size(); ++i) {
        if (value[at + i] != part[i]) return false;
    }
    return true;
}

bool slow_contains(const std::string& value, const std::string& part) {
    for (std::size_t at = 0; at <= value.size(); ++at) {
        if (same_at(value, at, part)) return true;
    }
    return false;
}

bool slow_ends_with(const std::string& value, const std::string& part) {
    return part.size() <= value.size() && same_at(value, value.size() - part.size(), part);
}

void check_operators(std::string_view value, std::string_view part) {
    const std::string a(value);
    const std::string b(part);
    REQUIRE(equal(value, part) == (a.size() == b.size() && same_at(a, 0, b)));
    REQUIRE(contains(value, part) == slow_contains(a, b));
    REQUIRE(starts_with(value, part) == same_at(a, 0, b));
    REQUIRE(ends_with(value, part) == slow_ends_with(a, b));
    const std::string folded_a = slow_folded(value);
    const std::string folded_b = slow_folded(part);
    REQUIRE(equal_folded(value, part) == (a.size() == b.size() && same_at(folded_a, 0, folded_b)));
    REQUIRE(contains_folded(value, part) == slow_contains(folded_a, folded_b));
    REQUIRE(starts_with_folded(value, part) == same_at(folded_a, 0, folded_b));
    REQUIRE(ends_with_folded(value, part) == slow_ends_with(folded_a, folded_b));
    REQUIRE((compare_folded(value, part) <=> 0) == (folded_a.compare(folded_b) <=> 0));
}

void check_text(const Texts& texts) {
    for (const std::string_view value : texts) {
        for (const std::string_view part : texts) check_operators(value, part);
        check_operators(value, value.substr(value.size() / 3, value.size() / 3));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::array<std::unique_ptr<char[]>, 3> copies;
    Texts texts;
    std::string_view input(reinterpret_cast<const char*>(bytes), size);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::string_view line = input.substr(0, input.find('\n'));
        input.remove_prefix(line.size() < input.size() ? line.size() + 1 : line.size());
        copies[i] = std::make_unique<char[]>(line.size());
        std::memcpy(copies[i].get(), line.data(), line.size());
        texts[i] = {copies[i].get(), line.size()};
    }
    check_versions(texts);
    check_instants(texts);
    check_addresses(texts);
    check_text(texts);
    return 0;
}
