// `User`: whom a question is about: a key and attributes, prepared once and then only read.
//
// Made by the host for each request or session, read by `eval::evaluate`. Names and strings are
// copied and hashed here, so that evaluation neither hashes names nor allocates. A typical user
// (8 attributes, 320 bytes of text) needs no heap. Thread-safe to read from many threads; setting
// attributes is not. Next: `eval/evaluate.hpp`. Source: RULESET.md, section 2.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "expplat/base/hash.hpp"
#include "expplat/base/limits.hpp"
#include "expplat/base/name.hpp"
#include "expplat/base/small_vector.hpp"
#include "expplat/base/value.hpp"

namespace expplat {

class User {
public:
    /// A stored value. `bits` is the hash of a string, or the value of a boolean, integer or double;
    /// `offset` and `size` place a string's bytes or a list's elements.
    struct Stored {
        std::uint64_t bits = 0;
        std::uint32_t offset = 0;
        std::uint32_t size = 0;
        ValueKind kind = ValueKind::null;
    };

    /// An empty key is a user without a key: absent as a unit, as the attribute `key` and in `targets`.
    explicit User(std::string_view key) {
        resize_index();
        if (!key.empty()) add(key_name, stored(Value(key)));
        keyed_ = !key.empty();
    }
    User(std::string_view key, std::initializer_list<std::pair<std::string_view, Value>> attributes)
        : User(key) {
        for (const auto& [name, value] : attributes) set(name, value);
    }

    /// Sets an attribute, or takes it away where the value is null. The name `key` is the user's key and
    /// cannot be set. False, and nothing changes, for that name, an empty one, or past a limit of
    /// `limits.hpp` (`user_attributes`, `user_bytes`).
    bool set(std::string_view name, const Value& value) {
        if (name.empty() || name == key_name) return false;
        const std::size_t list_size = value.kind() == ValueKind::list ? value.list().size() : 0;
        if (text_.size() + name.size() + text_size(value) > limits::user_bytes ||
            elements_.size() + list_size > limits::list_entries) {
            return false;
        }
        if (Attribute* present = find_attribute(name_word(name), short_size(name), [name] { return name; })) {
            present->value = stored(value);
            return true;
        }
        if (value.kind() == ValueKind::null) return true;
        if (attributes_.size() >= limits::user_attributes) return false;
        add(name, stored(value));
        return true;
    }

    /// The user's key; empty where the user has none.
    [[nodiscard]] std::string_view key() const noexcept {
        return keyed_ ? text(attributes_[0].value) : std::string_view{};
    }
    [[nodiscard]] bool has_key() const noexcept { return keyed_; }
    /// `hash64(key())`; meaningless where the user has no key.
    [[nodiscard]] std::uint64_t key_hash() const noexcept { return attributes_[0].value.bits; }

    /// The attribute's value, or null where it is absent.
    [[nodiscard]] const Stored* find(std::string_view name) const noexcept {
        return find(name_word(name), short_size(name), [name] { return name; });
    }
    /// The same for a name whose word and size are known; `full_name()` is asked only for a longer name.
    template <class FullName>
    [[nodiscard]] const Stored* find(std::uint64_t word, std::uint16_t size, FullName&& full_name) const noexcept {
        const Attribute* const attribute = find_attribute(word, size, full_name);
        return attribute == nullptr || attribute->value.kind == ValueKind::null ? nullptr : &attribute->value;
    }

    /// The bytes of a stored string.
    [[nodiscard]] std::string_view text(const Stored& string) const noexcept {
        return {text_.data() + string.offset, string.size};
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
        std::uint64_t word;           // `name_word` of the name
        std::uint32_t name_offset;
        std::uint32_t name_size;
        Stored value;
    };

    [[nodiscard]] std::string_view attribute_name(const Attribute& attribute) const noexcept {
        return {text_.data() + attribute.name_offset, attribute.name_size};
    }

    [[nodiscard]] std::size_t home_slot(std::uint64_t word) const noexcept {
        return static_cast<std::size_t>((word * 0x9E3779B97F4A7C15u) >> index_shift_);
    }

    template <class FullName>
    [[nodiscard]] const Attribute* find_attribute(std::uint64_t word, std::uint16_t size,
                                                  FullName&& full_name) const noexcept {
        const std::uint32_t* const index = index_.data();
        for (std::size_t slot = home_slot(word); index[slot] != 0; slot = (slot + 1) & index_mask_) {
            const Attribute& attribute = attributes_[index[slot] - 1];
            if (attribute.word != word || (attribute.name_size < 0xFFFF ? attribute.name_size : 0xFFFF) != size) continue;
            if (size <= whole_name_bytes || attribute_name(attribute) == full_name()) return &attribute;
        }
        return nullptr;
    }
    template <class FullName>
    [[nodiscard]] Attribute* find_attribute(std::uint64_t word, std::uint16_t size, FullName&& full_name) noexcept {
        return const_cast<Attribute*>(std::as_const(*this).find_attribute(word, size, full_name));
    }

    [[nodiscard]] static std::size_t text_size(const Value& value) noexcept {
        std::size_t size = value.string().size();
        for (const Value& element : value.list()) size += element.string().size();
        return size;
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

    void add(std::string_view name, const Stored& value) {
        attributes_.push_back({name_word(name), keep(name), static_cast<std::uint32_t>(name.size()), value});
        if (attributes_.size() * 2 > index_.size()) {
            resize_index();
        } else {
            place(attributes_.size());
        }
    }

    void place(std::size_t entry) noexcept {
        std::size_t slot = home_slot(attributes_[entry - 1].word);
        while (index_[slot] != 0) slot = (slot + 1) & index_mask_;
        index_[slot] = static_cast<std::uint32_t>(entry);
    }

    void resize_index() {
        std::size_t slots = 2 * inline_attributes;
        while (slots < attributes_.size() * 2) slots *= 2;
        if (slots == index_.size()) slots *= 2;
        index_.clear();
        index_.resize(slots, 0);
        index_mask_ = slots - 1;
        index_shift_ = 64u - static_cast<unsigned>(std::countr_zero(slots));
        for (std::size_t entry = 1; entry <= attributes_.size(); ++entry) place(entry);
    }

    std::size_t index_mask_ = 0;
    unsigned index_shift_ = 0;
    bool keyed_ = false;
    SmallVector<std::uint32_t, 2 * inline_attributes> index_;  // 1 + position in attributes_; 0 is free
    SmallVector<Attribute, inline_attributes> attributes_;
    SmallVector<Stored, 4> elements_;
    SmallVector<char, 320> text_;
};

}  // namespace expplat
