// The layout of a compiled ruleset: plain structs at fixed offsets in one little-endian buffer.
//
// Written by `src/ruleset/compile_entity.cpp` and `link.cpp`, proved by `image/verify.hpp`, read in place
// by `eval/evaluate.hpp`. LAYOUT.md beside this file has the grammar and a worked example. An image is a
// cache and a hand-over between parts of one release, never a contract: any change here changes
// `image_version`, and an image of another version is rebuilt from its JSON.
//
// `Ref` is a byte offset from the start of the entity that holds it; 0 is "none". `Offset` is a byte offset
// from the start of the image, always lower than that of the entity that holds it.
#pragma once

#include <cstdint>
#include <type_traits>

namespace expplat::image {

inline constexpr char magic[8] = {'e', 'x', 'p', 'p', 'l', 'a', 't', '\x1a'};
inline constexpr std::uint32_t byte_order = 0x01020304u;
inline constexpr std::uint32_t image_version = 3;
/// Zero bytes at the end of every image, so that a string can be copied 16 bytes at a time.
inline constexpr std::uint32_t tail_bytes = 16;

using Ref = std::uint32_t;
using Offset = std::uint32_t;

/// No variant, no rule, no number.
inline constexpr std::uint32_t none = 0xFFFFFFFFu;

/// A jump is a Ref of an instruction, or, with `terminal` set, the end of the program: a Ref of an outcome (flags), or
/// `accept` or `reject` (segments and experiments).
using Jump = std::uint32_t;
inline constexpr Jump terminal = 0x80000000u;
inline constexpr Jump accept = 0xFFFFFFFEu;
inline constexpr Jump reject = 0xFFFFFFFFu;

struct Header {
    char magic[8];
    std::uint32_t byte_order;
    std::uint32_t image_version;
    std::uint32_t hash_version;  // of `hash64`
    std::uint32_t entity_count;  // flags, then experiments
    std::uint64_t size;          // of the image, bytes; a multiple of 8
    std::uint64_t checksum;      // `checksum()` of the image with this field zero
    std::uint64_t ruleset_version;
    std::uint32_t flag_count;
    std::uint32_t segment_count;
    Offset entities;  // Offset[entity_count], in document order
    Offset segments;  // Offset[segment_count], ascending
    Offset index;     // IndexSlot[index_mask + 1]
    std::uint32_t index_mask;
    Offset patterns;  // PatternRecord[pattern_count]
    std::uint32_t pattern_count;
    Offset environment;               // Text
    std::uint32_t unsupported_count;  // entities that this host must answer ERROR / GENERAL
};

/// One slot of the key index: open addressing from `hash64(key) & index_mask`, steps of one.
struct IndexSlot {
    std::uint32_t tag;  // upper half of `hash64(key)`
    Offset entity;      // 0 is a free slot
};

/// A pattern's place: an instruction holds its number, a host compiles it once for each image.
struct PatternRecord {
    Offset text;                // Text
    std::uint32_t ignore_case;  // 0 or 1
};

/// A string: this, then its bytes, then zeros up to a multiple of 4.
struct Text {
    std::uint32_t size;
};

enum class EntityKind : std::uint8_t { flag = 1, experiment = 2 };

/// What an entity is now. A flag is `running` (enabled) or `paused` (disabled).
enum class State : std::uint8_t { draft = 0, running = 1, paused = 2, completed = 3 };

namespace entity_flags {
inline constexpr std::uint8_t exposures = 1;    // SPLIT answers are counted
inline constexpr std::uint8_t unsupported = 2;  // only `key` is meaningful
inline constexpr std::uint8_t needs_patterns =
    4;  // reaches a `matches`, itself or by a segment or prerequisite
inline constexpr std::uint8_t special =
    8;  // anything but a running flag without prerequisites, which most are
}  // namespace entity_flags

/// A flag or an experiment; the start of its chunk.
struct Entity {
    std::uint32_t size;  // of the chunk, bytes; a multiple of 8
    EntityKind kind;
    State state;
    std::uint8_t value_kind;  // ValueKind
    std::uint8_t flags;       // entity_flags
    Ref key;                  // Text
    Ref variants;             // VariantRecord[variant_count]
    std::uint32_t variant_count;
    std::uint32_t off;  // flag: the variant `off`; experiment: `winner`, or none
    Ref targets;        // StringSet of user keys; payload: variant
    Ref prerequisites;  // PrerequisiteRecord[prerequisite_count]
    std::uint32_t prerequisite_count;
    std::uint32_t heaviest;  // the prerequisite with the most steps; it is followed last
    std::uint32_t ordinal;   // place among the image's entities
    Ref code;                // Instruction[code_count]
    std::uint32_t code_count;
    Jump entry;
    Ref outcomes;  // flag: Outcome[outcome_count], one a rule, then the default
    std::uint32_t outcome_count;
    Ref experiment;  // ExperimentRecord
    std::uint32_t reserved;
};

struct VariantRecord {
    Ref key;             // Text
    Ref text;            // string: its content; integer, number, object: JSON; boolean: none
    std::uint64_t bits;  // boolean, integer, or the double's bits
};

struct PrerequisiteRecord {
    Offset entity;
    Ref key;       // Text
    Ref variants;  // Ref[variant_count] to Text
    std::uint32_t variant_count;
};

/// The function that makes a random choice (RULESET.md, section 6). Format 1 writes one function only;
/// `verify` refuses others.
struct BucketFunction {
    std::uint8_t hash;       // 1: XXH3, 64 bits, seeded
    std::uint8_t input;      // 1: the bytes of the unit
    std::uint8_t reduction;  // 1: the upper 32 bits
    std::uint8_t reserved;
};
inline constexpr BucketFunction native_bucket{1, 1, 1, 0};

/// Whose value is bucketed. Without a name it is the user's key.
struct Unit {
    std::uint64_t name_word;  // `name_word` of the name
    Ref name;                 // Text
    std::uint16_t name_slot;  // `name_slot` of the word
    std::uint16_t reserved;
};

struct Split {
    std::uint64_t seed;  // XXH3 of the salt
    Unit unit;
    BucketFunction function;
    std::uint32_t count;  // SplitRange[count] follow, at least `least_ranges`
};
/// A split of fewer variants is filled up with ranges that no point lies in, so that most need no loop.
inline constexpr std::uint32_t least_ranges = 4;

struct SplitRange {
    std::uint64_t below;  // boundary; ascending, the last is 2^32
    std::uint32_t variant;
    std::uint32_t reserved;
};

struct Outcome {
    std::uint32_t variant;  // none where `split` is set
    Ref split;              // Split
    Ref rule;               // Text; empty for the default
    Jump otherwise;         // where the split's unit is absent; none for the default, and for it alone
};

struct ExperimentRecord {
    Unit unit;
    Ref split;                 // Split
    Ref layer;                 // Text: the layer's key; none without a layer
    std::uint32_t layer_from;  // slots of 10,000
    std::uint32_t layer_to;
    std::uint64_t layer_seed;
    Ref holdout;  // Text: the holdout's key; none without a holdout
    std::uint32_t reserved;
    std::uint64_t holdout_seed;
    std::uint64_t holdout_below;
    std::uint64_t traffic_seed;
    std::uint64_t traffic_below;  // 2^32 is everybody
};

struct Segment {
    std::uint32_t size;  // of the chunk, bytes; a multiple of 8
    Ref key;             // Text
    Unit unit;
    Ref included;  // StringSet
    Ref excluded;  // StringSet
    Ref code;      // Instruction[code_count]
    std::uint32_t code_count;
    Jump entry;
    std::uint32_t reserved;
};

enum class Opcode : std::uint8_t {
    equals_string,
    equals_number,
    equals_boolean,
    in_strings,  // `in` of strings alone, exactly
    in,
    less_than,
    at_most,
    greater_than,
    at_least,
    contains_text,
    starts_with_text,
    ends_with_text,  // one text, exactly
    contains,
    starts_with,
    ends_with,  // several, or ignoring case
    matches,
    version_is,
    version_below,
    version_at_most,
    version_above,
    version_at_least,
    before,
    after,
    in_cidr,
    exists,
    segment,
    sample,
};
inline constexpr std::uint8_t opcode_count = static_cast<std::uint8_t>(Opcode::sample) + 1;

namespace instruction_flags {
inline constexpr std::uint8_t ignore_case = 1;
inline constexpr std::uint8_t short_version = 2;  // the operand has a `version_key`: `word`
}  // namespace instruction_flags

struct Instruction {
    Opcode opcode;
    std::uint8_t flags;       // instruction_flags
    std::uint16_t name_slot;  // `name_slot` of the word
    std::uint32_t rule;       // flag: the rule it belongs to; never decreasing
    std::uint64_t name_word;  // `name_word` of the attribute's name
    std::uint64_t word;     // by opcode: turns most users away before the operand is looked at, see LAYOUT.md
    Ref name;               // Text: the attribute; segment: its key
    std::uint32_t operand;  // by opcode, see LAYOUT.md
    Jump on_true;           // later than this instruction
    Jump on_false;
};

/// The bit that a member of a set has in the `word` of an `in_strings`.
[[nodiscard]] constexpr std::uint64_t set_bit(std::uint64_t hash) noexcept {
    return std::uint64_t{1} << (hash >> 58);
}
/// False only where no member's hash is `hash`; `bits` are those of all members.
[[nodiscard]] constexpr bool may_contain(std::uint64_t bits, std::uint64_t hash) noexcept {
    return (bits >> (hash >> 58) & 1) != 0;
}

struct NumberOperand {       // equals_number, less_than, at_most, greater_than, at_least
    std::uint32_t integral;  // 1: `bits` is an integer, 0: a finite double's bits
    std::uint32_t reserved;
    std::uint64_t bits;
};

struct InOperand {
    Ref strings;  // StringSet, or none
    Ref numbers;  // NumberOperand[number_count], ascending
    std::uint32_t number_count;
    std::uint32_t booleans;  // bit 0: false, bit 1: true
};

struct TextList {         // contains, starts_with, ends_with; with ignore_case folded
    std::uint32_t count;  // Ref[count] to Text follow
};

struct InstantOperand {  // before, after
    std::int64_t seconds;
    std::uint64_t fraction;  // of 10^-18 seconds
    Ref rest;                // Text: digits after the 18th
    std::uint32_t reserved;
};

struct CidrList {         // in_cidr
    std::uint32_t count;  // CidrRecord[count] follow after `reserved`
    std::uint32_t reserved;
};

struct CidrRecord {
    std::uint64_t high;
    std::uint64_t low;
    std::uint32_t length;
    std::uint32_t v6;
};

struct Sample {
    std::uint64_t seed;
    std::uint64_t below;
    Unit unit;
    BucketFunction function;
    std::uint32_t reserved;
};

enum class SetOrder : std::uint32_t {
    plain = 0,   // entries as they come; looked through where there are no slots
    folded = 1,  // texts folded and ascending; searched by halves
};

struct StringSet {
    std::uint32_t count;
    SetOrder order;
    Ref entries;  // SetEntry[count]
    Ref slots;    // std::uint32_t[slot_mask + 1]: 1 + entry, 0 is free; none for a small set
    std::uint32_t slot_mask;
    std::uint32_t reserved;
};

struct SetEntry {
    std::uint64_t hash;
    Ref text;
    std::uint32_t payload;  // targets: the variant
};

/// A set with more entries has slots.
inline constexpr std::uint32_t small_set = 8;

static_assert(sizeof(Header) == 88 && sizeof(Entity) == 72 && sizeof(Segment) == 48);
static_assert(sizeof(Instruction) == 40 && sizeof(Outcome) == 16 && sizeof(VariantRecord) == 16);
static_assert(sizeof(Split) == 32 && sizeof(SplitRange) == 16 && sizeof(ExperimentRecord) == 80);
static_assert(sizeof(Sample) == 40 && sizeof(StringSet) == 24 && sizeof(SetEntry) == 16);
static_assert(std::is_trivially_copyable_v<Entity> && std::is_trivially_copyable_v<Instruction>);

}  // namespace expplat::image
