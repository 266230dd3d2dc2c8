#include "src/ruleset/change.hpp"

#include <algorithm>
#include <cstddef>

namespace expplat::ruleset {

namespace {

bool same_places(const Chunk& a, const Chunk& b) {
    return std::ranges::equal(a.relocations, b.relocations, [](const Relocation& x, const Relocation& y) {
        return x.kind == y.kind && x.at == y.at && x.name == y.name;
    });
}

bool same_names(const Chunk& a, const Chunk& b) {
    return std::ranges::equal(a.names, b.names, [](const ChunkName& x, const ChunkName& y) {
        return x.target == y.target && x.key == y.key;
    });
}

bool same_patterns(const Chunk& a, const Chunk& b) {
    return std::ranges::equal(a.patterns, b.patterns, [](const ChunkPattern& x, const ChunkPattern& y) {
        return x.text == y.text && x.ignore_case == y.ignore_case;
    });
}

bool same_chunk(const Chunk& a, const Chunk& b) {
    return a.seed == b.seed && a.below == b.below && a.bytes == b.bytes && same_places(a, b) &&
           same_names(a, b) && same_patterns(a, b);
}

bool has_changed(const Revision& revision) {
    if (revision.old_outline == nullptr) return true;
    if (revision.outline->supported != revision.old_outline->supported) return true;
    // By the JSON first: the order of a segment's conditions, which the chunk holds, may change with other segments.
    if (revision.outline->content_hash == revision.old_outline->content_hash) return false;
    if (revision.chunk == nullptr || revision.old_chunk == nullptr) {
        return revision.chunk != revision.old_chunk;
    }
    return !same_chunk(*revision.chunk, *revision.old_chunk);
}

}  // namespace

std::vector<std::uint8_t> changed_entities(std::span<const Revision> revisions, const Checked& checked) {
    std::vector<std::uint8_t> changed(revisions.size(), 0);
    for (const std::uint32_t i : checked.order) {
        bool is_changed = has_changed(revisions[i]);
        const std::size_t references = revisions[i].outline->references.size();
        for (std::size_t r = 0; r < references && !is_changed; ++r) {
            const std::uint32_t target = checked.targets[checked.target_begin[i] + r];
            is_changed = target != no_entity && changed[target] != 0;
        }
        changed[i] = is_changed ? 1 : 0;
    }
    return changed;
}

}  // namespace expplat::ruleset
