// `image::View`: a verified image, read in place.
//
// Only `verify` and the linker make one, so that a View is a proof: every reference in bounds and
// aligned, every program ends, every enumeration known. Readers do no checks. A View borrows the bytes;
// they must outlive it and not change. Safe to read from many threads. Next: `eval/evaluate.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "expplat/base/bytes.hpp"
#include "expplat/base/hash.hpp"
#include "expplat/image/layout.hpp"

namespace expplat::image {

/// The struct at a byte offset. The caller knows that it is in bounds and aligned.
template <class T>
[[nodiscard]] inline const T& at(const std::byte* base, std::uint32_t offset) noexcept {
    return *reinterpret_cast<const T*>(base + offset);
}

template <class T>
[[nodiscard]] inline std::span<const T> array_at(const std::byte* base, std::uint32_t offset,
                                                 std::uint32_t count) noexcept {
    return {reinterpret_cast<const T*>(base + offset), count};
}

[[nodiscard]] inline std::string_view text_at(const std::byte* base, std::uint32_t offset) noexcept {
    return {reinterpret_cast<const char*>(base + offset + sizeof(Text)), at<Text>(base, offset).size};
}

/// The text, or an empty one for no reference.
[[nodiscard]] inline std::string_view optional_text_at(const std::byte* base, Ref ref) noexcept {
    return ref == 0 ? std::string_view{} : text_at(base, ref);
}

[[nodiscard]] inline const std::byte* base_of(const Entity& entity) noexcept {
    return reinterpret_cast<const std::byte*>(&entity);
}
[[nodiscard]] inline const std::byte* base_of(const Segment& segment) noexcept {
    return reinterpret_cast<const std::byte*>(&segment);
}

[[nodiscard]] inline std::string_view key_of(const Entity& entity) noexcept {
    return text_at(base_of(entity), entity.key);
}
[[nodiscard]] inline std::string_view key_of(const Segment& segment) noexcept {
    return text_at(base_of(segment), segment.key);
}

[[nodiscard]] inline const VariantRecord& variant_of(const Entity& entity, std::uint32_t variant) noexcept {
    return array_at<VariantRecord>(base_of(entity), entity.variants, entity.variant_count)[variant];
}

class View {
public:
    /// Makes a View of bytes that are known to be good. For the linker, which wrote them, and for `verify`.
    [[nodiscard]] static View trust(const std::byte* bytes) noexcept { return View(bytes); }

    [[nodiscard]] const std::byte* data() const noexcept { return bytes_; }
    [[nodiscard]] const Header& header() const noexcept { return at<Header>(bytes_, 0); }
    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(header().size); }
    [[nodiscard]] std::uint64_t version() const noexcept { return header().ruleset_version; }
    [[nodiscard]] std::string_view environment() const noexcept {
        return text_at(bytes_, header().environment);
    }

    /// Offsets of all flags, then all experiments, in document order.
    [[nodiscard]] std::span<const Offset> entities() const noexcept {
        return array_at<Offset>(bytes_, header().entities, header().entity_count);
    }
    [[nodiscard]] const Entity& entity(Offset offset) const noexcept { return at<Entity>(bytes_, offset); }
    [[nodiscard]] const Segment& segment(Offset offset) const noexcept { return at<Segment>(bytes_, offset); }

    /// The flag or experiment of that key, or null.
    [[nodiscard]] const Entity* find(std::string_view key) const noexcept { return find(key, hash64(key)); }
    [[nodiscard]] const Entity* find(std::string_view key, std::uint64_t key_hash) const noexcept {
        const IndexSlot* const slots = reinterpret_cast<const IndexSlot*>(bytes_ + header().index);
        const std::uint32_t mask = header().index_mask;
        const auto tag = static_cast<std::uint32_t>(key_hash >> 32);
        for (std::uint32_t slot = static_cast<std::uint32_t>(key_hash) & mask;; slot = (slot + 1) & mask) {
            if (slots[slot].entity == 0) return nullptr;
            if (slots[slot].tag == tag) {
                const Entity& found = entity(slots[slot].entity);
                if (same_bytes(key_of(found), key)) return &found;
            }
        }
    }
    [[nodiscard]] Offset offset_of(const Entity& entity) const noexcept {
        return static_cast<Offset>(base_of(entity) - bytes_);
    }

    [[nodiscard]] std::span<const PatternRecord> patterns() const noexcept {
        return array_at<PatternRecord>(bytes_, header().patterns, header().pattern_count);
    }
    [[nodiscard]] std::string_view text(Offset offset) const noexcept { return text_at(bytes_, offset); }

private:
    explicit View(const std::byte* bytes) noexcept : bytes_(bytes) {}

    const std::byte* bytes_;
};

}  // namespace expplat::image
