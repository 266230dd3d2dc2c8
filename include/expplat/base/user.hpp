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
#include <cstring>
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
#include "expplat/base/version_key.hpp"

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
        bool short_version = false;  // a string that has a `version_key`, which stands behind its bytes
    };

    /// An empty key is a user without a key: absent as a unit, as the attribute `key` and in `targets`.
    explicit User(std::string_view key) {
        attributes_.emplace_back();
        if (!key.empty()) add(key_name, stored(Value(key)));
        hot_.key_size = static_cast<std::uint32_t>(key.size());
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
          index_(other.index_),
          kept_(other.kept_) {
        show();
    }
    /// The user that was moved from is one without a key and attributes.
    User(User&& other) noexcept
        : hot_(std::exchange(other.hot_, {})),
          attributes_(std::move(other.attributes_)),
          text_(std::move(other.text_)),
          elements_(std::move(other.elements_)),
          index_(std::move(other.index_)),
          kept_(std::exchange(other.kept_, {})) {
        show();
        other.attributes_.emplace_back();
        other.show();
    }
    User& operator=(User other) noexcept {
        hot_ = other.hot_;
        attributes_ = std::move(other.attributes_);
        text_ = std::move(other.text_);
        elements_ = std::move(other.elements_);
        index_ = std::move(other.index_);
        kept_ = other.kept_;
        show();
        return *this;
    }
    ~User() = default;

    /// Sets an attribute, or takes it away where the value is null. The name `key` is the user's key and
    /// cannot be set. False, and nothing changes, for that name, an empty one, or past a limit of
    /// `limits.hpp` (`user_attributes`, `user_bytes`, `attribute_name_bytes`).
    bool set(std::string_view name, const Value& value) {
        if (name.empty() || name == key_name || name.size() > limits::attribute_name_bytes) return false;
        if (!has_room_for(name.size(), value)) return false;
        if (value.kind() == ValueKind::list && borrows(value.list())) {
            User fresh(*this);  // so that this one's storage stands still while it is read from
            const bool is_set = fresh.set(name, value);
            *this = std::move(fresh);
            return is_set;
        }
        const std::uint64_t word = name_word(name);
        const Stored& present = value_of(word, name_slot(word), [name] { return name; });
        if (&present != &hot_.attributes[0].value) {
            replace(const_cast<Stored&>(present), value);
            return true;
        }
        if (value.kind() == ValueKind::null) return true;
        if (attributes_.size() > limits::user_attributes) return false;
        add(name, stored(value));
        show();
        return true;
    }

    /// Makes this another user with the same names: all of them are absent until they are set again. A host that makes a user
    /// for each question so keeps what does not change; the memory is kept too, and the room of the longest key counts as text
    /// of `user_bytes`. False, and nothing changes, where one of the two keys is empty and the other is not. `key` is no text of
    /// this user's own.
    bool reset(std::string_view key) {
        if (key.empty() == has_key()) return false;
        if (key.size() + sizeof(std::uint64_t) > kept_.key_room)
            keep_names(key.size() + sizeof(std::uint64_t));
        for (std::size_t i = 1; i < attributes_.size(); ++i) attributes_[i].value.kind = ValueKind::null;
        elements_.clear();
        text_.truncate(kept_.bytes);
        if (has_key()) replace_key(key);
        show();
        return true;
    }
    /// How many names have been set, those that were taken away again among them.
    [[nodiscard]] std::size_t name_count() const noexcept { return attributes_.size() - first_named(); }
    /// `set` for the name that was set as the `position`th, counted from 0.
    bool set_at(std::size_t position, const Value& value) {
        const Attribute& attribute = attributes_[first_named() + position];
        if (value.kind() == ValueKind::list) return set(attribute_name(attribute), value);
        if (!has_room_for(0, value)) return false;
        replace(const_cast<Stored&>(attribute.value), value);
        return true;
    }

    /// The user's key; empty where the user has none.
    [[nodiscard]] std::string_view key() const noexcept { return {hot_.text, hot_.key_size}; }
    [[nodiscard]] bool has_key() const noexcept { return hot_.key_size != 0; }
    /// `hash64(key())`; only where the user has a key.
    [[nodiscard]] std::uint64_t key_hash() const noexcept { return hot_.attributes[1].value.bits; }

    /// The attribute's value, or null where it is absent.
    [[nodiscard]] const Stored* find(std::string_view name) const noexcept {
        const std::uint64_t word = name_word(name);
        const Stored& value = value_of(word, name_slot(word), [name] { return name; });
        return value.kind == ValueKind::null ? nullptr : &value;
    }
    /// The same for a name whose `name_word` and `name_slot` are known; an absent one has the kind null. `full_name()` is
    /// asked only for a name that its word does not hold. A free place of the index leads to the first attribute, which
    /// is always absent and has the word of no name, so that a search needs no check of its own for free places.
    template <class FullName>
    EXPPLAT_INLINE const Stored& value_of(std::uint64_t word, std::uint16_t name_slot,
                                          FullName&& full_name) const noexcept {
        for (std::uint32_t slot = name_slot;; ++slot) {
            const Attribute& attribute = hot_.attributes[hot_.index[slot & hot_.mask]];
            if (attribute.word == word &&
                (!is_hashed_name(word) || same_bytes(attribute_name(attribute), full_name()))) [[likely]]
                return attribute.value;
            if (&attribute == hot_.attributes) return attribute.value;
        }
    }

    /// Asks for the lines that an evaluation mostly reads: the first attributes and texts of a user that needs no heap. One
    /// that is not in the cache then costs one wait, not one for each line.
    EXPPLAT_INLINE void prefetch() const noexcept {
        const auto* const first = reinterpret_cast<const char*>(this);
        EXPPLAT_PREFETCH(first);
        EXPPLAT_PREFETCH(first + 128);
        EXPPLAT_PREFETCH(first + 192);
        EXPPLAT_PREFETCH(first + 384);
        EXPPLAT_PREFETCH(first + 448);
    }

    /// The bytes of a stored string.
    [[nodiscard]] std::string_view text(const Stored& string) const noexcept {
        return {hot_.text + string.offset, string.size};
    }
    /// The key of a stored string that is a short version.
    [[nodiscard]] std::uint64_t version_key_of(const Stored& string) const noexcept {
        return detail::load_word<std::uint64_t>(hot_.text + string.offset + string.size);
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
    static constexpr std::size_t most_slots = std::size_t{1} << 16;  // `name_slot` has no more bits

    struct alignas(32) Attribute {  // two to a cache line
        Stored value;
        std::uint64_t word = 0;  // `name_word` of the name
    };
    static_assert(sizeof(Attribute) == 32 && limits::user_attributes < most_slots);

    /// All that an evaluation reads of a user but values, in one cache line. The pointers lead into the vectors below, the
    /// index to `small_index` or to `index_`.
    struct Hot {
        const Attribute* attributes = nullptr;  // the first is absent, the second the key, where there is one
        const char* text = nullptr;             // begins with the key
        const std::uint16_t* index = nullptr;   // position in `attributes`; 0 is free
        std::uint32_t key_size = 0;
        std::uint32_t mask = 2 * inline_attributes - 1;  // the index's slots less one
        std::uint16_t small_index[2 * inline_attributes] = {};
    };
    static_assert(std::has_single_bit(2 * inline_attributes) && sizeof(Hot) <= 64);

    /// Makes the hot pointers lead to where the vectors are now. After every change.
    void show() noexcept {
        hot_.attributes = attributes_.data();
        hot_.text = text_.data();
        hot_.index = index_.size() > 0 ? index_.data() : hot_.small_index;
    }

    [[nodiscard]] std::string_view attribute_name(const Attribute& attribute) const noexcept {
        return {hot_.text + attribute.value.name_offset, attribute.value.name_size};
    }

    [[nodiscard]] std::size_t first_named() const noexcept { return has_key() ? 2 : 1; }

    [[nodiscard]] bool has_room_for(std::size_t name_size, const Value& value) const noexcept {
        const std::size_t list_size = value.kind() == ValueKind::list ? value.list().size() : 0;
        return text_.size() + name_size + text_size(value) <= limits::user_bytes &&
               elements_.size() + list_size <= limits::list_entries;
    }

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

    EXPPLAT_INLINE Stored stored(const Value& value) {
        return value.kind() == ValueKind::list ? stored_list(value) : stored_scalar(value);
    }

    /// Null for a list or an object.
    EXPPLAT_INLINE Stored stored_scalar(const Value& value) {
        Stored result;
        result.kind = value.kind();
        switch (value.kind()) {
            case ValueKind::boolean: result.bits = value.boolean() ? 1 : 0; break;
            case ValueKind::integer: result.bits = static_cast<std::uint64_t>(value.integer()); break;
            case ValueKind::number: result.bits = detail::bits_as<std::uint64_t>(value.number()); break;
            case ValueKind::string: {
                const std::string_view string = value.string();
                result.bits = hash64(string);
                result.size = static_cast<std::uint32_t>(string.size());
                if (may_be_version(string)) {
                    result.short_version = keep_version(string, result.offset);
                } else {
                    result.offset = keep(string);
                }
                break;
            }
            case ValueKind::null:
            case ValueKind::list:
            case ValueKind::object: result.kind = ValueKind::null; break;
        }
        return result;
    }

    EXPPLAT_NOINLINE Stored stored_list(const Value& value) {
        Stored result;
        result.kind = ValueKind::list;
        result.offset = static_cast<std::uint32_t>(elements_.size());
        for (const Value& element : value.list()) {
            if (const Stored scalar = stored_scalar(element); scalar.kind != ValueKind::null)
                elements_.push_back(scalar);
        }
        result.size = static_cast<std::uint32_t>(elements_.size() - result.offset);
        return result;
    }

    /// Keeps the text, and its key behind it where it is a short version.
    EXPPLAT_NOINLINE bool keep_version(std::string_view text, std::uint32_t& offset) {
        std::uint64_t key = 0;
        const bool is_short = version_key(text, key);  // first: the text may be one of our own, and is moved
        offset = keep(text);
        if (is_short) text_.append(reinterpret_cast<const char*>(&key), sizeof key);
        return is_short;
    }

    /// The old text or elements stay where they were, unused.
    void replace(Stored& present, const Value& value) {
        const Stored fresh = stored(value);
        present.bits = fresh.bits;
        present.offset = fresh.offset;
        present.size = fresh.size;
        present.kind = fresh.kind;
        present.short_version = fresh.short_version;
        show();
    }

    /// Writes the key into its room, and the key of its version behind it as `keep_version` does.
    void replace_key(std::string_view key) noexcept {
        std::memcpy(text_.data(), key.data(), key.size());
        std::uint64_t version = 0;
        Stored& value = attributes_[1].value;
        value.bits = hash64(key);
        value.offset = 0;
        value.size = hot_.key_size = static_cast<std::uint32_t>(key.size());
        value.kind = ValueKind::string;
        value.short_version = may_be_version(key) && version_key(key, version);
        if (value.short_version) std::memcpy(text_.data() + key.size(), &version, sizeof version);
    }

    /// Orders the text anew: room for a key, then all names; values come behind them.
    EXPPLAT_NOINLINE void keep_names(std::size_t key_room) {
        const SmallVector<char, 256> before = text_;
        kept_.key_room = static_cast<std::uint32_t>((key_room + 31) / 32 * 32);
        text_.resize(kept_.key_room, '\0');
        for (std::size_t i = 1; i < attributes_.size(); ++i) {
            Stored& value = attributes_[i].value;
            value.name_offset = keep({before.data() + value.name_offset, value.name_size});
        }
        kept_.bytes = static_cast<std::uint32_t>(text_.size());
    }

    void add(std::string_view name, Stored value) {
        value.name_offset = keep(name);
        value.name_size = static_cast<std::uint16_t>(name.size());
        kept_.key_room = 0;  // this name stands among values: the next `reset` orders the text anew
        attributes_.emplace_back(value, name_word(name));
        const std::size_t slots = std::size_t{hot_.mask} + 1;
        const std::size_t entry = attributes_.size() - 1;
        if (entry * 2 > slots && slots < most_slots) grow_index();
        else place(entry);
    }

    /// The key gives way to every other name: conditions ask for it seldom, since splits and `targets` find it by its own.
    void place(std::size_t entry) noexcept {
        std::uint16_t* const index = index_.size() > 0 ? index_.data() : hot_.small_index;
        auto moved = static_cast<std::uint16_t>(entry);
        std::size_t slot = name_slot(attributes_[entry].word) & hot_.mask;
        while (index[slot] != 0) {
            if (has_key() && index[slot] == 1) std::swap(index[slot], moved);
            slot = (slot + 1) & hot_.mask;
        }
        index[slot] = moved;
    }

    void grow_index() {
        const std::size_t slots = (std::size_t{hot_.mask} + 1) * 2;
        index_.clear();
        index_.resize(slots, 0);
        hot_.mask = static_cast<std::uint32_t>(slots - 1);
        for (std::size_t entry = 1; entry < attributes_.size(); ++entry) place(entry);
    }

    Hot hot_;
    SmallVector<Attribute, 1 + inline_attributes> attributes_;
    SmallVector<char, 256> text_;
    SmallVector<Stored, 2> elements_;
    SmallVector<std::uint16_t, 1> index_;  // empty while `Hot::small_index` serves
    struct {
        std::uint32_t key_room = 0;  // bytes before the names; 0 where names and values stand mixed
        std::uint32_t bytes = 0;     // of text that `reset` keeps
    } kept_;
};

}  // namespace expplat
