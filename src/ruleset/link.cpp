#include "src/ruleset/link.hpp"

#include <bit>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "expplat/base/hash.hpp"
#include "expplat/base/limits.hpp"
#include "expplat/image/checksum.hpp"
#include "src/ruleset/compile_entity.hpp"

namespace expplat::ruleset {

namespace {

/// So much more is allocated than an image has, so that the next one, which a patch made larger, fits too.
constexpr std::size_t room_part = 32;

image::Buffer buffer_of(std::size_t size, const image::Memory& memory, std::optional<image::Buffer> spare) {
    if (spare && spare->fit(size)) return std::move(*spare);
    spare.reset();  // before the other is there
    image::Buffer buffer(size + size / room_part, memory);
    (void)buffer.fit(size);
    return buffer;
}

class Linker {
public:
    Linker(std::span<const LinkInput> inputs, const Checked& checked) : inputs_(inputs), checked_(checked) {}

    Result<image::Image> run(std::string_view environment, std::uint64_t version, const image::Memory& memory,
                             std::optional<image::Buffer> spare) {
        place_chunks();
        place_tables(environment);
        if (size_ > limits::image_bytes) {
            return Error{ErrorCode::too_large, "the compiled ruleset would have " + std::to_string(size_) +
                                                   " bytes, more than " +
                                                   std::to_string(limits::image_bytes)};
        }
        image::Buffer buffer = buffer_of(size_, memory, std::move(spare));
        bytes_ = buffer.data();
        write_chunks();
        write_tables(environment, version);
        return image::Image::trust(std::move(buffer));
    }

private:
    /// Decides where everything goes: segments first, then flags and experiments, each after what it names.
    void place_chunks() {
        offsets_.assign(inputs_.size(), 0);
        replacements_.resize(inputs_.size());
        size_ = sizeof(image::Header);
        for (const bool evaluated : {false, true}) {
            for (const std::uint32_t i : checked_.order) {
                if (has_answers(inputs_[i].outline->kind) != evaluated) continue;
                if (!evaluated && (inputs_[i].outline->kind != EntityKind::segment || !is_supported(i)))
                    continue;
                if (evaluated && !is_supported(i)) {
                    replacements_[i] = std::make_unique<Chunk>(
                        compile_unsupported(inputs_[i].outline->key, inputs_[i].outline->kind));
                    ++header_.unsupported_count;
                }
                offsets_[i] = size_;
                size_ += chunk(i).bytes.size();
                placed_.push_back(i);
                if (!evaluated) ++header_.segment_count;
            }
        }
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
            if (!has_answers(inputs_[i].outline->kind)) continue;
            ++header_.entity_count;
            if (inputs_[i].outline->kind == EntityKind::flag) ++header_.flag_count;
        }
    }

    void place_tables(std::string_view environment) {
        header_.segments = table(header_.segment_count * sizeof(image::Offset));
        header_.entities = table(header_.entity_count * sizeof(image::Offset));
        const std::size_t slots = std::bit_ceil(std::size_t{header_.entity_count} * 2 + 2);
        header_.index_mask = static_cast<std::uint32_t>(slots - 1);
        header_.index = table(slots * sizeof(image::IndexSlot));
        for (const std::uint32_t i : placed_) {
            for (const ChunkPattern& pattern : chunk(i).patterns) add_pattern(i, pattern);
        }
        header_.pattern_count = static_cast<std::uint32_t>(patterns_.size());
        header_.patterns = table(patterns_.size() * sizeof(image::PatternRecord));
        header_.environment = table(sizeof(image::Text) + environment.size());
        size_ = (size_ + 7) / 8 * 8 + image::tail_bytes;
    }

    image::Offset table(std::size_t size) {
        const std::size_t at = (size_ + 7) / 8 * 8;
        size_ = at + size;
        return static_cast<image::Offset>(at);
    }

    void add_pattern(std::uint32_t i, const ChunkPattern& pattern) {
        std::string name(image::text_at(chunk(i).bytes.data(), pattern.text));
        name += pattern.ignore_case ? 'i' : '-';
        if (!pattern_numbers_.try_emplace(std::move(name), static_cast<std::uint32_t>(patterns_.size()))
                 .second)
            return;
        patterns_.push_back(
            {static_cast<image::Offset>(offsets_[i] + pattern.text), pattern.ignore_case ? 1u : 0u});
    }

    void write_chunks() {
        std::memset(bytes_, 0, sizeof(image::Header));
        needs_patterns_.assign(inputs_.size(), 0);
        std::vector<std::uint32_t> ordinals(inputs_.size(), 0);
        std::uint32_t next = 0;
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
            if (inputs_[i].outline->kind == EntityKind::flag) ordinals[i] = next++;
        }
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
            if (inputs_[i].outline->kind == EntityKind::experiment) ordinals[i] = next++;
        }
        for (const std::uint32_t i : placed_) {
            const Chunk& source = chunk(i);
            std::byte* const base = bytes_ + offsets_[i];
            std::memcpy(base, source.bytes.data(), source.bytes.size());
            put(base, offsetof(image::Entity, size), static_cast<std::uint32_t>(source.bytes.size()));
            static_assert(offsetof(image::Entity, size) == offsetof(image::Segment, size));
            if (!replacements_[i]) relocate(i, source, base);
            if (!has_answers(inputs_[i].outline->kind)) continue;
            put(base, offsetof(image::Entity, ordinal), ordinals[i]);
            if (needs_patterns_[i] != 0) {
                base[offsetof(image::Entity, flags)] |= std::byte{image::entity_flags::needs_patterns};
            }
            put(bytes_, header_.entities + ordinals[i] * sizeof(image::Offset),
                static_cast<image::Offset>(offsets_[i]));
        }
    }

    /// Fills the places that name other entities, and marks what reaches a pattern.
    void relocate(std::uint32_t i, const Chunk& source, std::byte* base) {
        std::uint8_t patterns = source.patterns.empty() ? 0 : 1;
        std::uint64_t heaviest_steps = 0;
        std::uint32_t prerequisite = 0;
        for (const Relocation& relocation : source.relocations) {
            if (relocation.kind == Relocation::Kind::pattern) {
                const ChunkPattern& pattern = source.patterns[relocation.name];
                put(base, relocation.at, pattern_number(source, pattern));
                continue;
            }
            const std::uint32_t target = resolve(i, source.names[relocation.name]);
            patterns |= needs_patterns_[target];
            switch (relocation.kind) {
                case Relocation::Kind::prerequisite:
                    if (checked_.steps[target] >= heaviest_steps) {
                        heaviest_steps = checked_.steps[target];
                        put(base, offsetof(image::Entity, heaviest), prerequisite);
                    }
                    ++prerequisite;
                    [[fallthrough]];
                case Relocation::Kind::segment:
                    put(base, relocation.at, static_cast<image::Offset>(offsets_[target]));
                    break;
                case Relocation::Kind::holdout:
                    put(base, relocation.at + sizeof(std::uint64_t), inputs_[target].chunk->below);
                    [[fallthrough]];
                case Relocation::Kind::layer_seed:
                    put(base, relocation.at, inputs_[target].chunk->seed);
                    break;
                case Relocation::Kind::pattern: break;
            }
        }
        needs_patterns_[i] = patterns;
    }

    std::uint32_t pattern_number(const Chunk& source, const ChunkPattern& pattern) const {
        std::string name(image::text_at(source.bytes.data(), pattern.text));
        name += pattern.ignore_case ? 'i' : '-';
        return pattern_numbers_.find(name)->second;
    }

    /// The entity that a chunk names: one of the targets of its references.
    std::uint32_t resolve(std::uint32_t i, const ChunkName& name) {
        const std::vector<Reference>& references = inputs_[i].outline->references;
        const std::uint32_t* const targets = checked_.targets.data() + checked_.target_begin[i];
        if (references.size() > few_references) return resolve_many(i, name);
        for (std::size_t r = 0; r < references.size(); ++r) {
            if (references[r].target == name.target && references[r].key == name.key) return targets[r];
        }
        return no_entity;  // not reached: the outline and the chunk come from one entity
    }

    std::uint32_t resolve_many(std::uint32_t i, const ChunkName& name) {
        if (resolved_entity_ != i) {
            resolved_entity_ = i;
            resolved_.clear();
            const std::vector<Reference>& references = inputs_[i].outline->references;
            for (std::size_t r = 0; r < references.size(); ++r) {
                resolved_.try_emplace(lookup_name(references[r].target, references[r].key),
                                      checked_.targets[checked_.target_begin[i] + r]);
            }
        }
        return resolved_.find(lookup_name(name.target, name.key))->second;
    }

    static std::string lookup_name(Reference::Target target, const std::string& key) {
        return std::to_string(static_cast<int>(target)) + key;
    }

    void write_tables(std::string_view environment, std::uint64_t version) {
        std::size_t segment = 0;
        image::Offset last_table = header_.segments;
        for (const std::uint32_t i : placed_) {
            if (inputs_[i].outline->kind != EntityKind::segment) continue;
            put(bytes_, header_.segments + segment++ * sizeof(image::Offset),
                static_cast<image::Offset>(offsets_[i]));
        }
        clear_padding(last_table + header_.segment_count * sizeof(image::Offset), header_.entities);
        clear_padding(header_.entities + header_.entity_count * sizeof(image::Offset), header_.index);
        write_index();
        clear_padding(header_.patterns + patterns_.size() * sizeof(image::PatternRecord),
                      header_.environment);
        if (!patterns_.empty()) {
            std::memcpy(bytes_ + header_.patterns, patterns_.data(),
                        patterns_.size() * sizeof(image::PatternRecord));
        }
        std::memset(bytes_ + header_.environment, 0, size_ - header_.environment);
        put(bytes_, header_.environment, image::Text{static_cast<std::uint32_t>(environment.size())});
        if (!environment.empty()) {
            std::memcpy(bytes_ + header_.environment + sizeof(image::Text), environment.data(),
                        environment.size());
        }
        write_header(version);
    }

    void clear_padding(std::size_t from, std::size_t to) { std::memset(bytes_ + from, 0, to - from); }

    void write_index() {
        const std::size_t size = (std::size_t{header_.index_mask} + 1) * sizeof(image::IndexSlot);
        std::memset(bytes_ + header_.index, 0, size);
        auto* const slots = reinterpret_cast<image::IndexSlot*>(bytes_ + header_.index);
        for (const std::uint32_t i : placed_) {
            if (!has_answers(inputs_[i].outline->kind)) continue;
            const std::uint64_t hash = inputs_[i].outline->key_hash;
            auto slot = static_cast<std::uint32_t>(hash) & header_.index_mask;
            while (slots[slot].entity != 0) slot = (slot + 1) & header_.index_mask;
            slots[slot] = {static_cast<std::uint32_t>(hash >> 32), static_cast<image::Offset>(offsets_[i])};
        }
    }

    void write_header(std::uint64_t version) {
        std::memcpy(header_.magic, image::magic, sizeof image::magic);
        header_.byte_order = image::byte_order;
        header_.image_version = image::image_version;
        header_.hash_version = hash_version;
        header_.size = size_;
        header_.ruleset_version = version;
        put(bytes_, 0, header_);
        header_.checksum = image::checksum(bytes_, size_, offsetof(image::Header, checksum));
        put(bytes_, 0, header_);
    }

    template <class T>
    static void put(std::byte* base, std::size_t at, const T& value) {
        std::memcpy(base + at, &value, sizeof value);
    }

    [[nodiscard]] bool is_supported(std::uint32_t i) const { return checked_.supported[i] != 0; }
    [[nodiscard]] const Chunk& chunk(std::uint32_t i) const {
        return replacements_[i] ? *replacements_[i] : *inputs_[i].chunk;
    }

    static constexpr std::size_t few_references = 16;

    std::span<const LinkInput> inputs_;
    const Checked& checked_;
    image::Header header_{};
    std::size_t size_ = 0;
    std::byte* bytes_ = nullptr;
    std::vector<std::size_t> offsets_;                  // by input; 0 where it has no chunk in the image
    std::vector<std::uint32_t> placed_;                 // inputs with a chunk, in the image's order
    std::vector<std::unique_ptr<Chunk>> replacements_;  // of what is unsupported
    std::vector<std::uint8_t> needs_patterns_;
    std::vector<image::PatternRecord> patterns_;
    absl::flat_hash_map<std::string, std::uint32_t> pattern_numbers_;
    std::uint32_t resolved_entity_ = no_entity;
    absl::flat_hash_map<std::string, std::uint32_t> resolved_;
};

}  // namespace

Result<image::Image> link(std::span<const LinkInput> inputs, const Checked& checked,
                          std::string_view environment, std::uint64_t version, const image::Memory& memory,
                          std::optional<image::Buffer> spare) {
    return Linker(inputs, checked).run(environment, version, memory, std::move(spare));
}

}  // namespace expplat::ruleset
