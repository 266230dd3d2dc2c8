// Evaluates a compiled ruleset with the core headers alone: read the image, verify it once, ask it.
// A damaged image must be refused, so the program flips a byte and verifies again.
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <span>
#include <vector>

#include "expplat/base/user.hpp"
#include "expplat/eval/evaluate.hpp"
#include "expplat/image/verify.hpp"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s RULESET.xpr\n", argv[0]);
        return 2;
    }
    std::FILE* const file = std::fopen(argv[1], "rb");
    if (file == nullptr) {
        std::perror(argv[1]);
        return 1;
    }
    std::vector<std::uint64_t> words(1024);  // images are read at an address that is a multiple of 8
    const std::size_t size = std::fread(words.data(), 1, words.size() * 8, file);
    std::fclose(file);
    const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(words.data()), size);

    const auto view = expplat::image::verify(bytes);
    if (!view) {
        std::fprintf(stderr, "%s\n", view.error().message.c_str());
        return 1;
    }
    const expplat::User german("user-42", {{"country", "DE"}});
    const auto answer = expplat::eval::evaluate(*view, "checkout-cta", german);
    if (answer.variant_key() != "green" || answer.reason != expplat::Reason::targeting_match) {
        std::fprintf(stderr, "the answer is wrong\n");
        return 1;
    }

    words[size / 16] ^= 1;
    if (expplat::image::verify(bytes)) {
        std::fprintf(stderr, "a damaged image was accepted\n");
        return 1;
    }
    std::printf("the headers alone answer\n");
    return 0;
}
