#include "src/cli/ruleset_file.hpp"

#include <cstdio>
#include <utility>

#include "src/cli/terminal.hpp"
#include "src/client/file_source.hpp"
#include "src/ruleset/workspace.hpp"

namespace expplat::cli {

namespace {

/// The errors of a document are printed as they are: `POINTER: what is wrong`, a line each.
void report(const Error& error) {
    if (error.code == ErrorCode::invalid_ruleset) std::fprintf(stderr, "%s\n", error.message.c_str());
    else complain(error.message);
}

Result<image::Image> read_image(const std::string& path, ruleset::Mode mode) {
    Result<image::Buffer> content = runtime::read_file(path, limits::image_bytes);
    if (!content) return content.error();
    if (runtime::is_image(*content)) {
        Result<image::Image> image = image::Image::from_buffer(std::move(*content));
        if (!image) return Error{image.error().code, path + ": " + image.error().message};
        return image;
    }
    Result<ruleset::Compiled> compiled =
        ruleset::Workspace(mode).compile({reinterpret_cast<const char*>(content->data()), content->size()});
    if (!compiled) {
        // The lines of a document's mistakes are for machines, a pointer each; of what is no JSON one asks which file it was.
        const Error& error = compiled.error();
        if (error.message.starts_with(": ")) return Error{error.code, path + error.message};
        return error;
    }
    for (const std::string& pointer : compiled->unsupported)
        complain("not supported by this version: " + pointer);
    return std::move(compiled->image);
}

}  // namespace

std::optional<RulesetFile> load(const std::string& path, ruleset::Mode mode) {
    Result<image::Image> image = read_image(path, mode);
    if (!image) {
        report(image.error());
        return std::nullopt;
    }
    ruleset::PatternTable patterns(image->view());
    return RulesetFile{std::move(*image), std::move(patterns)};
}

}  // namespace expplat::cli
