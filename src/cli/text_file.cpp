#include "src/cli/text_file.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "expplat/base/json_text.hpp"
#include "src/cli/terminal.hpp"
#include "src/ruleset/json.hpp"

namespace expplat::cli {

std::optional<std::string> read_text(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(
        path == "-" ? nullptr : std::fopen(path.c_str(), "rb"),
        [](std::FILE* file) { return file == nullptr ? 0 : std::fclose(file); });
    std::FILE* const file = path == "-" ? stdin : opened.get();
    if (file == nullptr) {
        complain("cannot read " + path + ": " + std::strerror(errno));
        return std::nullopt;
    }
    std::string text;
    std::array<char, 1 << 16> piece;
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file)) {
        text.append(piece.data(), count);
        if (text.size() > text_file_bytes) {
            complain(path + " has more than " + std::to_string(text_file_bytes >> 20) + " MiB");
            return std::nullopt;
        }
    }
    if (std::ferror(file) != 0) {
        complain("cannot read " + path + ": " + std::strerror(errno));
        return std::nullopt;
    }
    return text;
}

std::string with_text_member(const std::string& json, std::string_view name, std::string_view text) {
    const Result<ruleset::Document> document = ruleset::parse_json(json);
    if (!document) return json;
    std::string out = "{";
    bool is_there = false;
    const auto append = [&out](std::string_view member) {
        if (out.size() > 1) out += ',';
        append_json_string(out, member);
        out += ':';
    };
    for (const ruleset::Member& member : document->root().members()) {
        append(member.name);
        if (member.name == name) {
            append_json_string(out, text);
            is_there = true;
        } else {
            out += ruleset::to_json(member.value);
        }
    }
    if (!is_there) {
        append(name);
        append_json_string(out, text);
    }
    return out + '}';
}

}  // namespace expplat::cli
