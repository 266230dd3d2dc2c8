// `Description`: a user as JavaScript writes it into memory, and the `User` that is made of it.
//
// `js/description.js` is the writer: records of 24 bytes and, elsewhere, the texts that they name by offset. A list's
// elements follow its record. Used by `engine.cpp`; one thread. Source: docs/RULESET.md, section 2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "expplat/base/user.hpp"

namespace expplat::wasm {

/// An attribute, or an element of a list, which has no name. Little-endian, as all of WebAssembly is.
struct Record {
    /// The first seven are `ValueKind`'s.
    enum Kind : std::uint32_t { null, boolean, integer, number, string, list, object, wide_integer };

    std::uint32_t name;  // address
    std::uint32_t name_size;
    std::uint32_t kind;
    std::uint32_t reserved;
    union {
        double real;  // boolean, integer of at most 2^53, number
        struct {
            std::uint32_t offset, size;  // string: among the texts; list: `size` elements
        };
        std::int64_t wide;
    };
};
static_assert(sizeof(Record) == 24);

struct Description {
    const Record* records;
    std::uint32_t count;
    const char* texts;  // begin with the key
    std::uint32_t key_size;

    [[nodiscard]] std::string_view key() const noexcept { return {texts, key_size}; }
    /// Sets the attributes; `by_position` where they are the user's own names in their order. False where the user would be
    /// larger than `limits.hpp` allows.
    [[nodiscard]] bool fill(User& user, bool by_position) const;
    /// How many attributes there are, the same name counted each time.
    [[nodiscard]] std::size_t attribute_count() const noexcept;

private:
    [[nodiscard]] Value scalar(const Record& record) const noexcept;
    [[nodiscard]] bool fill_list(User& user, const Record& list) const;
};

/// The user who is described for one question. Mostly the next one has attributes of the same names, and then only values
/// are written.
class DescribedUser {
public:
    /// `same_names`: as in the call before. Null for a user that is larger than one may be.
    [[nodiscard]] const User* set(const Description& description, bool same_names);

private:
    User* user_ = nullptr;      // lives as long as the module
    bool by_position_ = false;  // each record is a name of its own
};

}  // namespace expplat::wasm
