#include "src/ruleset/chunk.hpp"

#include <utility>

#include "expplat/image/view.hpp"

namespace expplat::ruleset {

namespace {
constexpr std::size_t few_texts = 24;
}

image::Ref ChunkWriter::reserve(std::size_t size, std::size_t alignment) {
    const std::size_t at = (chunk_.bytes.size() + alignment - 1) / alignment * alignment;
    chunk_.bytes.resize(at + size);
    return static_cast<image::Ref>(at);
}

image::Ref ChunkWriter::find_text(std::string_view text) const {
    if (texts_.size() > few_texts) {
        const auto found = text_index_.find(absl::string_view(text.data(), text.size()));
        return found == text_index_.end() ? 0 : found->second;
    }
    for (const image::Ref ref : texts_) {
        if (image::text_at(chunk_.bytes.data(), ref) == text) return ref;
    }
    return 0;
}

image::Ref ChunkWriter::text(std::string_view text) {
    if (const image::Ref known = find_text(text)) return known;
    const image::Ref at = reserve(sizeof(image::Text) + (text.size() + 3) / 4 * 4, alignof(image::Text));
    put(at, image::Text{static_cast<std::uint32_t>(text.size())});
    if (!text.empty()) std::memcpy(chunk_.bytes.data() + at + sizeof(image::Text), text.data(), text.size());
    texts_.push_back(at);
    if (texts_.size() == few_texts + 1) {
        for (const image::Ref ref : texts_)
            text_index_.emplace(image::text_at(chunk_.bytes.data(), ref), ref);
    } else if (texts_.size() > few_texts) {
        text_index_.emplace(text, at);
    }
    return at;
}

void ChunkWriter::relocate(Relocation::Kind kind, std::size_t at, Reference::Target target,
                           std::string_view key) {
    chunk_.relocations.push_back(
        {kind, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(chunk_.names.size())});
    chunk_.names.push_back({target, std::string(key)});
}

void ChunkWriter::relocate_pattern(std::size_t at, image::Ref text, bool ignore_case) {
    chunk_.relocations.push_back({Relocation::Kind::pattern, static_cast<std::uint32_t>(at),
                                  static_cast<std::uint32_t>(chunk_.patterns.size())});
    chunk_.patterns.push_back({text, ignore_case});
}

Chunk ChunkWriter::finish() && {
    chunk_.bytes.resize((chunk_.bytes.size() + 7) / 8 * 8);
    chunk_.bytes.shrink_to_fit();
    return std::move(chunk_);
}

}  // namespace expplat::ruleset
