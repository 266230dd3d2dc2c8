// `Variant`: a client's answer. It owns what it holds, so nothing dangles when a new ruleset arrives.
//
// A trivially copyable value of about 300 bytes with no allocation. A string or object value is not in it: ask the
// client (`string()`, `object()`), or an explicit `Snapshot` for views. Source: RULESET.md, section 7.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "expplat/base/inline.hpp"
#include "expplat/base/limits.hpp"
#include "expplat/base/reason.hpp"
#include "expplat/base/value.hpp"
#include "expplat/eval/evaluate.hpp"

namespace expplat {

class Variant {
public:
    /// No variant, `ERROR` / `PROVIDER_NOT_READY`: what a client without a ruleset answers.
    Variant() noexcept = default;

    /// Copies what the answer views.
    EXPPLAT_INLINE Variant(const eval::Answer& answer, std::uint64_t ruleset_version) noexcept
        : Variant(answer, ruleset_version, Shown(answer)) {}

    /// The variant's key; empty where the user gets none, and the caller's default applies.
    [[nodiscard]] std::string_view key() const noexcept { return {key_, key_size_}; }
    [[nodiscard]] bool has_value() const noexcept { return key_size_ > 0; }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] friend bool operator==(const Variant& variant, std::string_view key) noexcept {
        return variant.key() == key;
    }

    [[nodiscard]] Reason reason() const noexcept { return reason_; }
    [[nodiscard]] EvaluationError error() const noexcept { return error_; }
    /// The id of the rule that decided, `targets`, or empty. An id over 128 bytes is cut off there, between two
    /// characters; `eval::Answer` has it whole.
    [[nodiscard]] std::string_view rule() const noexcept { return {rule_, rule_size_}; }
    /// This evaluation counts as an exposure (the client records it, unless it did so lately).
    [[nodiscard]] bool exposure() const noexcept { return exposure_; }
    [[nodiscard]] std::uint64_t ruleset_version() const noexcept { return version_; }

    [[nodiscard]] ValueKind kind() const noexcept { return kind_; }
    /// A boolean, an integer or a double; null for a string, an object or no variant.
    [[nodiscard]] Value value() const noexcept {
        switch (kind_) {
            case ValueKind::boolean: return bits_ != 0;
            case ValueKind::integer: return static_cast<std::int64_t>(bits_);
            case ValueKind::number: return std::bit_cast<double>(bits_);
            default: return {};
        }
    }

    /// The same answer with the reason and error of a value that was asked for as another type.
    [[nodiscard]] Variant mismatched() const noexcept {
        Variant result = *this;
        result.reason_ = Reason::error;
        result.error_ = EvaluationError::type_mismatch;
        result.exposure_ = false;
        return result;
    }

private:
    /// What an answer's variant is, all read before a text is written: that might be anywhere, for all the compiler knows.
    struct Shown {
        EXPPLAT_INLINE explicit Shown(const eval::Answer& answer) noexcept {
            if (!answer.has_variant()) [[unlikely]]
                return;
            const image::VariantRecord& record = answer.record();
            kind = static_cast<ValueKind>(answer.entity->value_kind);
            bits = record.bits;
            key = image::text_at(image::base_of(*answer.entity), record.key);
        }
        ValueKind kind = ValueKind::null;
        std::uint64_t bits = 0;
        std::string_view key = eval::no_rule;
    };

    EXPPLAT_INLINE Variant(const eval::Answer& answer, std::uint64_t ruleset_version,
                           const Shown& shown) noexcept
        : reason_(answer.reason),
          error_(answer.error),
          kind_(shown.kind),
          exposure_(answer.exposure),
          key_size_(copy(key_, shown.key.data(), shown.key.size())),
          rule_size_(copy(rule_, answer.rule.data(), answer.rule.size())),
          bits_(shown.bits),
          version_(ruleset_version) {}

    static constexpr std::size_t capacity = limits::key_bytes;
    static constexpr std::size_t block = image::tail_bytes;

    EXPPLAT_INLINE static std::uint8_t copy(char* to, const char* text, std::size_t size) noexcept {
        std::memcpy(to, text, block);  // a text of an image has so many bytes after its begin
        return size <= block ? static_cast<std::uint8_t>(size) : copy_long(to, text, size);
    }
    EXPPLAT_NOINLINE static std::uint8_t copy_long(char* to, const char* text, std::size_t size) noexcept {
        if (size > capacity) {
            size = capacity;
            while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
        }
        std::memcpy(to, text, size);
        return static_cast<std::uint8_t>(size);
    }

    Reason reason_ = Reason::error;
    EvaluationError error_ = EvaluationError::provider_not_ready;
    ValueKind kind_ = ValueKind::null;
    bool exposure_ = false;
    std::uint8_t key_size_ = 0;
    std::uint8_t rule_size_ = 0;
    std::uint64_t bits_ = 0;
    std::uint64_t version_ = 0;
    char key_[capacity];  // only the first `key_size_` bytes are set
    char rule_[capacity];
};

/// A value with the answer that it came from.
template <class T>
struct Detail {
    T value{};
    Variant variant;
};

}  // namespace expplat
