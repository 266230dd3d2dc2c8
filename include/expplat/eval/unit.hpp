// `UnitValue`: the value that a random choice is made by (RULESET.md, section 2).
//
// Used by conditions, by splits and experiments, and by the client's recorder. Pure. Next: `eval/bucket.hpp`.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "expplat/base/hash.hpp"
#include "expplat/base/user.hpp"
#include "expplat/image/view.hpp"

namespace expplat::eval {

using image::text_at;

/// The value of a user's unit as bytes: a non-empty string, or an integer in decimal. Borrows from the user,
/// or holds the digits itself; do not copy it.
class UnitValue {
public:
    UnitValue(const std::byte* base, const image::Unit& unit, const User& user) noexcept {
        if (unit.name == 0) {
            present_ = user.has_key();
            if (present_) {
                text_ = user.key();
                hash_ = user.key_hash();
            }
            return;
        }
        const User::Stored& stored =
            user.value_of(unit.name_word, unit.name_slot, [base, &unit] { return text_at(base, unit.name); });
        if (stored.kind == ValueKind::string) {
            text_ = user.text(stored);
            hash_ = stored.bits;
            present_ = !text_.empty();
        } else if (stored.kind == ValueKind::integer) {
            const auto end =
                std::to_chars(digits_, digits_ + sizeof digits_, static_cast<std::int64_t>(stored.bits));
            text_ = {digits_, static_cast<std::size_t>(end.ptr - digits_)};
            hash_ = hash64(text_);
            present_ = true;
        }
    }
    UnitValue(const UnitValue&) = delete;
    UnitValue& operator=(const UnitValue&) = delete;

    explicit operator bool() const noexcept { return present_; }
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }

private:
    std::string_view text_;
    std::uint64_t hash_ = 0;
    bool present_ = false;
    char digits_[20];  // "-9223372036854775808"
};

}  // namespace expplat::eval
