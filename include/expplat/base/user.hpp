// `User`: whom a question is about: a key and attributes, prepared once and then only read.
//
// Made by the host for each request or session, read by `eval::evaluate`. Names and strings are
// copied and hashed here, so that evaluation neither hashes names nor allocates. A typical user
// (8 attributes with the key, 256 bytes of text) needs no heap. Thread-safe to read from many threads; setting
// attributes is not. Next: `eval/evaluate.hpp`. Source: RULESET.md, section 2.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "expplat/base/bytes.hpp"
#include "expplat/base/hash.hpp"
#include "expplat/base/inline.hpp"
#include "expplat/base/limits.hpp"
#include "expplat/base/name.hpp"
#include "expplat/base/small_vector.hpp"
#include "expplat/base/value.hpp"

namespace expplat {

class alignas(64) User {
public:
    /// A stored value. `bits` is the hash of a string, or the value of a boolean, integer or double;
    /// `offset` and `size` place a string's bytes or a list's elements. An element of a list has no name.
    struct Stored {
        std::uint64_t bits = 0;
        std::uint32_t offset = 0;
        std::uint32_t size = 0;
        std::uint32_t name_offset = 0;
        std::uint16_t name_size = 0;
        ValueKind kind = ValueKind::null;
    };

    /// An empty key is a user without a key: absent as a unit, as the attribute `key` and in `targets`.
    explicit User(std::string_view key) {
        if (!key.empty()) add(key_name, stored(Value(key)));
        hot_.keyed = !key.empty();
        show();
    }
    User(std::string_view key, std::initializer_list<std::pair<std::string_view, Value>> attributes)
        : User(key) {
        for (const auto& [name, value] : attributes) set(name, value);
    }
    User(const User& other)
        : hot_(other.hot_),
          attributes_(other.attributes_),
          text_(other.text_),
          elements_(other.elements_),
          index_(other.index_) {
        show();
    }
    /// The user that was moved from is one without a key and attributes.
    User(User&& other) noexcept
        : hot_(std::exchange(other.hot_, {})),
          attributes_(std::move(other.attributes_)),
          text_(std::move(other.text_)),
          elements_(std::move(other.elements_)),
          index_(std::move(other.index_)) {
        show();
        other.show();
    }
    User& operator=(User other) noexcept {
        hot_ = other.hot_;
        attributes_ = std::move(other.attributes_);
        text_ = std::move(other.text_);
        elements_ = std::move(other.elements_);
        index_ = std::move(other.index_);
        show();
        return *this;
    }
    ~User() = default;

    /// Sets an attribute, or takes it away where the value is null. The name `key` is the user's key and
    /// cannot be set. False, and nothing changes, for that name, an empty one, or past a limit of
    /// `limits.hpp` (`user_attributes`, `user_bytes`, `attribute_name_bytes`).
    bool set(std::string_view name, const Value& value) {
        if (name.empty() || name == key_name || name.size() > limits::attribute_name_bytes) return false;
        const std::size_t list_size = value.kind() == ValueKind::list ? value.list().size() : 0;
        if (text_.size() + name.size() + text_size(value) > limits::user_bytes ||
            elements_.size() + list_size > limits::list_entries) {
            return false;
        }
        if (value.kind() == ValueKind::list && borrows(value.list())) {
            User fresh(*this);  // so that this one's storage stands still while it is read from
            const bool is_set = fresh.set(name, value);
            *this = std::move(fresh);
            return is_set;
        }
        const Stored& present = value_of(name_word(name), short_size(name), [name] { return name; });
        if (&present != &absent) {
            replace(const_cast<Stored&>(present), value);
            return true;
        }
        if (value.kind() == ValueKind::null) return true;
        if (attributes_.size() >= limits::user_attributes) return false;
        add(name, stored(value));
        show();
        return true;
    }

    /// The user's key; empty where the user has none.
    [[nodiscard]] std::string_view key() const noexcept {
        return hot_.keyed ? text(hot_.attributes[0].value) : std::string_view{};
    }
    [[nodiscard]] bool has_key() const noexcept { return hot_.keyed; }
    /// `hash64(key())`; meaningless where the user has no key.
    [[nodiscard]] std::uint64_t key_hash() const noexcept { return hot_.attributes[0].value.bits; }

    /// The attribute's value, or null where it is absent.
    [[nodiscard]] const Stored* find(std::string_view name) const noexcept {
        const Stored& value = value_of(name_word(name), short_size(name), [name] { return name; });
        return value.kind == ValueKind::null ? nullptr : &value;
    }
    /// The same for a name whose word and size are known; an absent one has the kind null. `full_name()` is asked only
    /// for a name over 8 bytes.
    template <class FullName>
    EXPPLAT_INLINE const Stored& value_of(std::uint64_t word, std::uint16_t size,
                                          FullName&& full_name) const noexcept {
        const std::uint16_t* const index = hot_.index;
        for (std::size_t slot = home_slot(word); index[slot] != 0; slot = (slot + 1) & hot_.mask) {
            const Attribute& attribute = hot_.attributes[index[slot] - 1];
            if (attribute.word != word || attribute.value.name_size != size) continue;
            if (size <= whole_name_bytes || same_bytes(attribute_name(attribute), full_name()))
                return attribute.value;
        }
        return absent;
    }

    /// The bytes of a stored string.
    [[nodiscard]] std::string_view text(const Stored& string) const noexcept {
        return {hot_.text + string.offset, string.size};
    }
    /// The elements of a stored list; none of them is null, a list or an object.
    [[nodiscard]] std::span<const Stored> elements(const Stored& list) const noexcept {
        return {elements_.data() + list.offset, list.size};
    }

    /// Calls `visit(name, stored)` for every attribute that is set, the key (as `key`) first.
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (std::size_t i = 0; i < attributes_.size(); ++i) {
            if (attributes_[i].value.kind != ValueKind::null) {
                visit(attribute_name(attributes_[i]), attributes_[i].value);
            }
        }
    }

private:
    static constexpr std::string_view key_name = "key";
    static constexpr std::size_t inline_attributes = 8;

    struct Attribute {
        std::uint64_t word;  // `name_word` of the name
        Stored value;
    };
    static_assert(sizeof(Attribute) == 32);

    /// All that an evaluation reads of a user but names and values, in one cache line. The pointers lead into the
    /// vectors below, the index to `small_index` or to `index_`.
    struct Hot {
        const Attribute* attributes = nullptr;
        const char* text = nullptr;
        const std::uint16_t* index = nullptr;  // 1 + position in `attributes`; 0 is free
        std::uint32_t mask = 2 * inline_attributes - 1;
        std::uint8_t shift = 64 - 4;  // 64 - log2 of the index's slots
        bool keyed = false;
        std::uint16_t small_index[2 * inline_attributes] = {};
    };
    static_assert(2 * inline_attributes == 1 << 4);

    /// Makes the hot pointers lead to where the vectors are now. After every change.
    void show() noexcept {
        hot_.attributes = attributes_.data();
        hot_.text = text_.data();
        hot_.index = index_.size() > 0 ? index_.data() : hot_.small_index;
    }

    [[nodiscard]] std::string_view attribute_name(const Attribute& attribute) const noexcept {
        return {hot_.text + attribute.value.name_offset, attribute.value.name_size};
    }

    [[nodiscard]] std::size_t home_slot(std::uint64_t word) const noexcept {
        return static_cast<std::size_t>((word * 0x9E3779B97F4A7C15u) >> hot_.shift);
    }

    static const Stored absent;

    [[nodiscard]] static std::size_t text_size(const Value& value) noexcept {
        std::size_t size = value.string().size();
        for (const Value& element : value.list()) size += element.string().size();
        return size;
    }

    /// A text of the list stands in this user's own storage, which moves when it grows.
    [[nodiscard]] bool borrows(std::span<const Value> list) const noexcept {
        const auto begin = reinterpret_cast<std::uintptr_t>(hot_.text);
        for (const Value& element : list) {
            if (reinterpret_cast<std::uintptr_t>(element.string().data()) - begin < text_.size()) return true;
        }
        return false;
    }

    std::uint32_t keep(std::string_view bytes) {
        const auto offset = static_cast<std::uint32_t>(text_.size());
        text_.append(bytes.data(), bytes.size());
        return offset;
    }

    Stored stored(const Value& value) {
        Stored result;
        result.kind = value.kind();
        switch (value.kind()) {
            case ValueKind::boolean: result.bits = value.boolean() ? 1 : 0; break;
            case ValueKind::integer: result.bits = static_cast<std::uint64_t>(value.integer()); break;
            case ValueKind::number: result.bits = std::bit_cast<std::uint64_t>(value.number()); break;
            case ValueKind::string:
                result.bits = hash64(value.string());
                result.size = static_cast<std::uint32_t>(value.string().size());
                result.offset = keep(value.string());
                break;
            case ValueKind::list:
                result.offset = static_cast<std::uint32_t>(elements_.size());
                for (const Value& element : value.list()) {
                    if (element.kind() != ValueKind::null && element.kind() < ValueKind::list) {
                        elements_.push_back(stored(element));
                    }
                }
                result.size = static_cast<std::uint32_t>(elements_.size() - result.offset);
                break;
            case ValueKind::null:
            case ValueKind::object: result.kind = ValueKind::null; break;
        }
        return result;
    }

    /// The old text or elements stay where they were, unused.
    void replace(Stored& present, const Value& value) {
        const Stored fresh = stored(value);
        present.bits = fresh.bits;
        present.offset = fresh.offset;
        present.size = fresh.size;
        present.kind = fresh.kind;
        show();
    }

    void add(std::string_view name, Stored value) {
        value.name_offset = keep(name);
        value.name_size = static_cast<std::uint16_t>(name.size());
        attributes_.push_back({name_word(name), value});
        if (attributes_.size() * 2 > std::size_t{hot_.mask} + 1) grow_index();
        else place(attributes_.size());
    }

    void place(std::size_t entry) noexcept {
        std::uint16_t* const index = index_.size() > 0 ? index_.data() : hot_.small_index;
        std::size_t slot = home_slot(attributes_[entry - 1].word);
        while (index[slot] != 0) slot = (slot + 1) & hot_.mask;
        index[slot] = static_cast<std::uint16_t>(entry);
    }

    void grow_index() {
        const std::size_t slots = (std::size_t{hot_.mask} + 1) * 2;
        index_.clear();
        index_.resize(slots, 0);
        hot_.mask = static_cast<std::uint32_t>(slots - 1);
        --hot_.shift;
        for (std::size_t entry = 1; entry <= attributes_.size(); ++entry) place(entry);
    }

    Hot hot_;
    SmallVector<Attribute, inline_attributes> attributes_;
    SmallVector<char, 256> text_;
    SmallVector<Stored, 2> elements_;
    SmallVector<std::uint16_t, 1> index_;  // empty while `Hot::small_index` serves
};

inline constexpr User::Stored User::absent{};

}  // namespace expplat
