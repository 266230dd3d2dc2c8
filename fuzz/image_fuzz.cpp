// Feeds bytes to `image::verify`, and what it lets through to everything that a host does with an image.
//
// What a fuzzer could not guess is made right first: magic, versions, size and checksum, so that it works on what an
// image means. The bytes stand in memory that ends where they end. A failure is a finding of a sanitizer, an answer that
// `explain` does not share, or a run that takes long. The seeds in `fuzz/corpus/image/` are small compiled rulesets,
// made with `expplat compile`; those of an older layout still serve, as their headers are made right too.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "expplat/image/verify.hpp"
#include "src/ruleset/pattern_table.hpp"
#include "tests/image/sample.hpp"

namespace {

using namespace expplat;

/// Patterns that are compiled for one input: RE2 is not what is under test, and each takes a while.
constexpr std::uint32_t most_patterns = 3;

image::Buffer image_of(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t least = sizeof(image::Header) + image::tail_bytes;
    image::Buffer bytes((size < least ? least : size) / 8 * 8);
    std::memset(bytes.data(), 0, bytes.size());
    std::memcpy(bytes.data(), data, size < bytes.size() ? size : bytes.size());
    image::Header header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    std::memcpy(header.magic, image::magic, sizeof image::magic);
    header.byte_order = image::byte_order;
    header.image_version = image::image_version;
    header.hash_version = hash_version;
    header.size = bytes.size();
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memset(bytes.data() + bytes.size() - image::tail_bytes, 0, image::tail_bytes);
    tests::fix_checksum(bytes);
    return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<User> users = tests::sample_users();
    const image::Buffer as_they_are = tests::buffer_of(reinterpret_cast<const std::byte*>(data), size);
    (void)image::verify({as_they_are.data(), as_they_are.size()});

    const image::Buffer bytes = image_of(data, size);
    const Result<image::View> view = image::verify({bytes.data(), bytes.size()});
    if (!view) return 0;
    static volatile std::size_t seen = 0;  // whatever was read is used
    seen = tests::exercise(*view, users, (size & 8) != 0);
    if (view->header().pattern_count > 0 && view->header().pattern_count <= most_patterns) {
        const ruleset::PatternTable patterns(*view);
        for (const image::Offset offset : view->entities()) {
            seen = seen + eval::evaluate(*view, view->entity(offset), users[1], patterns.patterns())
                              .variant_key()
                              .size();
        }
    }
    return 0;
}
