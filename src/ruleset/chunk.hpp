// `Chunk`: one compiled entity, not yet at its place: bytes whose references count from their own start, and
// the few places that only the linker can fill.
//
// Made by `compile_entity.hpp`, kept by `workspace.hpp` as long as the entity's JSON stays the same, laid out by
// `link.hpp`. `ChunkWriter` is how the bytes are made: places are reserved, then filled; equal texts are written once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include "expplat/image/layout.hpp"
#include "src/ruleset/outline.hpp"

namespace expplat::ruleset {

/// A place that the linker fills with what an entity that is named turns out to be.
struct Relocation {
    enum class Kind : std::uint8_t {
        segment,       // Offset of the segment
        prerequisite,  // Offset of the flag or experiment
        layer_seed,    // 8 bytes: XXH3 of the layer's salt
        holdout,       // 8 bytes: XXH3 of the holdout's salt; 8 bytes: its boundary
        pattern,       // number of the pattern
    };
    Kind kind = Kind::segment;
    std::uint32_t at = 0;    // byte of the chunk
    std::uint32_t name = 0;  // position in `Chunk::names`, or `Chunk::patterns`
};

struct ChunkName {
    Reference::Target target = Reference::Target::segment;
    std::string key;
};

struct ChunkPattern {
    image::Ref text = 0;
    bool ignore_case = false;
};

struct Chunk {
    std::vector<std::byte> bytes;  // a multiple of 8
    std::vector<Relocation> relocations;
    std::vector<ChunkName> names;
    std::vector<ChunkPattern> patterns;
    std::uint64_t seed = 0;   // a layer's or holdout's, which have no bytes
    std::uint64_t below = 0;  // a holdout's boundary
};

class ChunkWriter {
public:
    /// Room for `count` structs, zeroed. Places stay valid, addresses do not.
    [[nodiscard]] image::Ref reserve(std::size_t size, std::size_t alignment);
    template <class T>
    [[nodiscard]] image::Ref reserve(std::size_t count = 1) {
        return reserve(sizeof(T) * count, alignof(T));
    }
    template <class T>
    void put(std::size_t at, const T& value) {
        std::memcpy(chunk_.bytes.data() + at, &value, sizeof value);
    }
    template <class T>
    [[nodiscard]] image::Ref write(const T& value) {
        const image::Ref at = reserve<T>();
        put(at, value);
        return at;
    }
    template <class T>
    [[nodiscard]] image::Ref write_array(std::span<const T> values) {
        const image::Ref at = reserve<T>(values.size());
        if (!values.empty()) std::memcpy(chunk_.bytes.data() + at, values.data(), values.size_bytes());
        return at;
    }
    /// The place of that text; equal texts share one.
    [[nodiscard]] image::Ref text(std::string_view text);

    void relocate(Relocation::Kind kind, std::size_t at, Reference::Target target, std::string_view key);
    void relocate_pattern(std::size_t at, image::Ref text, bool ignore_case);

    [[nodiscard]] Chunk finish() &&;

private:
    [[nodiscard]] image::Ref find_text(std::string_view text) const;

    Chunk chunk_;
    std::vector<image::Ref> texts_;                            // all, while they are few
    absl::flat_hash_map<std::string, image::Ref> text_index_;  // all, once they are many
};

}  // namespace expplat::ruleset
