// Evaluates a compiled ruleset with the headers of the core alone: read the bytes, verify them once, ask.
//
// Nothing is linked, and it builds with -fno-exceptions -fno-rtti:
//   g++ -std=c++20 -O2 -fno-exceptions -fno-rtti -Iinclude examples/header_only.cpp -o header_only
//   expplat compile examples/quickstart.json -o quickstart.xpr && ./header_only quickstart.xpr
#include <expplat/eval/evaluate.hpp>
#include <expplat/image/image.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    std::FILE* const file = argc == 2 ? std::fopen(argv[1], "rb") : nullptr;
    if (file == nullptr) {
        std::fprintf(stderr, "usage: %s RULESET.xpr\n", argv[0]);
        return 2;
    }
    expplat::image::Buffer memory(1 << 20);  // aligned, as an image must be
    const std::size_t size = std::fread(memory.data(), 1, memory.size(), file);
    std::fclose(file);

    const expplat::Result<expplat::image::View> view = expplat::image::verify({memory.data(), size});
    if (!view) {
        std::fprintf(stderr, "%s\n", view.error().message.c_str());
        return 1;
    }
    const expplat::User user("user-7", {{"country", "DE"}, {"app_version", "2.5.1"}, {"beta", true}});
    for (const char* key : {"new-ui", "checkout-cta"}) {
        const expplat::eval::Answer answer = expplat::eval::evaluate(*view, key, user);
        const std::string_view variant = answer.has_variant() ? answer.variant_key() : "no variant";
        std::printf("%s: %.*s, %s\n", key, static_cast<int>(variant.size()), variant.data(),
                    expplat::name(answer.reason).data());
    }
    return 0;
}
