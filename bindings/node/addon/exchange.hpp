// What JavaScript and the addon say to each other in memory, because a call with arguments costs more than the answer.
//
// One exchange for each environment (the main thread, each worker): JavaScript writes a question into `words`, and a user
// that is not resident into `items` and `text`; calls `ask()` without arguments; and reads the answer's number from `words`.
// The layout is that of `src/exchange.ts`. Belongs to its environment's thread. Next: `question.cpp`, `user_reader.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace expplat::node {

/// The exchange's first part. Numbers are the machine's.
struct Words {
    // The question.
    std::uint32_t client = 0;
    std::uint32_t key = 0;     // a number that `intern` gave
    std::uint32_t wanted = 0;  // bits of `Wanted`
    std::uint32_t item_count = 0;
    std::uint32_t text_size = 0;
    // The answer.
    std::uint32_t outcome = 0;  // an `Outcome`
    std::uint32_t answer = 0;   // the number of a described answer
    std::uint32_t reserved = 0;
    double user = 0;  // a resident user's number, or a `UserPlace`
};
static_assert(sizeof(Words) == 40 && offsetof(Words, user) == 32);

enum UserPlace : std::int32_t {
    user_in_exchange = 0,
    user_unreadable = -1,
};

/// Which kinds of value will do, as bits `1 << ValueKind`; none of them: all. And what else is asked for.
enum Wanted : std::uint32_t {
    wanted_kinds = 0xFF,
    wanted_recorded = 1u << 8,  // an exposure counts
    wanted_exact = 1u << 9,     // an integer that a JavaScript number cannot hold will not do
};

enum Outcome : std::uint32_t {
    outcome_known = 0,
    outcome_new = 1,      // `ask` returned the description of the answer that has this number from now on
    outcome_renewed = 2,  // the same, and every number given before is void
    outcome_not_resident = 3,  // nothing was asked: load the user and ask again
    outcome_failed = 4,
};

/// One value of a user that is being handed over. The first item is the key (null: none); a list is followed by its elements;
/// `item_name` by the item that it names.
struct Item {
    std::uint32_t name = 0;  // a number that `internName` gave, or `unnamed`
    std::uint32_t kind = 0;  // a `ValueKind`, or `item_name`, or `item_whole`
    union {
        struct {
            std::uint32_t offset;  // of a string, in the text
            std::uint32_t size;    // of a string in bytes, of a list in elements
        } place;
        std::int64_t integer;
        double number;  // of `item_whole` too: an integer that came as a JavaScript number
    } as{};
};
static_assert(sizeof(Item) == 16);

inline constexpr std::uint32_t unnamed = 0xFFFF'FFFF;
inline constexpr std::uint32_t item_name = 7;
inline constexpr std::uint32_t item_whole = 8;

}  // namespace expplat::node
