#include "src/cli/comparison.hpp"

#include <algorithm>

#include "expplat/base/json_text.hpp"
#include "src/cli/table.hpp"
#include "src/cli/text_file.hpp"
#include "src/ruleset/workspace.hpp"

namespace expplat::cli {

namespace {

using admin::Difference;
using admin::Place;

constexpr std::size_t shown_value_bytes = 200;

std::string counted(std::size_t count, const char* one, const char* many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

/// A value on a line; the start of a long one.
std::string shown_value(const std::optional<std::string>& json) {
    if (!json) return "nothing";
    if (json->size() <= shown_value_bytes) return *json;
    std::size_t end = shown_value_bytes;
    while (end > 0 && (static_cast<unsigned char>((*json)[end]) & 0xC0u) == 0x80u) --end;
    return json->substr(0, end) + "… (" + std::to_string(json->size()) + " bytes)";
}

std::string name_of(const Difference& one) { return std::string(ruleset::word(one.kind)) + " " + one.key; }

std::optional<Side> read_file(const std::string& path) {
    const std::optional<std::string> text = read_text(path);
    if (!text) return std::nullopt;
    const Result<ruleset::Compiled> compiled = ruleset::Workspace(ruleset::Mode::strict).compile(*text);
    if (!compiled) {
        complain(path + " is refused:\n" + compiled.error().message);
        return std::nullopt;
    }
    Result<std::vector<admin::Configuration>> found = admin::configurations_of_ruleset(*text);
    if (!found) {
        complain(path + ": " + found.error().message);
        return std::nullopt;
    }
    return Side{path, true, std::move(*found)};
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
    if (out.back() != '{') out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, text);
}

}  // namespace

bool is_file_word(std::string_view word) noexcept {
    return word == "-" || word.find('/') != std::string_view::npos || word.ends_with(".json");
}

std::optional<Side> read_side(Administration& administration, const std::string& project,
                              const std::string& word) {
    if (is_file_word(word)) return read_file(word);
    Result<std::vector<admin::Configuration>> found = administration.client().configurations(project, word);
    if (!found) {
        (void)refused(found.error());
        return std::nullopt;
    }
    return Side{word, false, std::move(*found)};
}

void print_differences(Output& output, const std::vector<Difference>& differences, const Side& left,
                       const Side& right) {
    for (const Difference& one : differences) {
        const std::string name = coloured(stdout, Colour::bold, name_of(one));
        if (!one.left || !one.right) {
            const bool is_left = one.left.has_value();
            output.text() += name + ": " +
                             coloured(stdout, is_left ? Colour::green : Colour::red,
                                      "only in " + (is_left ? left.name : right.name));
            output.end_line();
            continue;
        }
        output.text() += name + ": " + counted(one.places.size(), "place differs", "places differ");
        output.end_line();
        for (const Place& place : one.places) {
            output.text() += "  " + shown_text(place.pointer) + ": " +
                             coloured(stdout, Colour::green, shown_value(place.left)) + " in " + left.name +
                             ", " + coloured(stdout, Colour::red, shown_value(place.right)) + " in " +
                             right.name;
            output.end_line();
        }
    }
}

std::string differences_json(const std::vector<Difference>& differences, const Side& left,
                             const Side& right) {
    std::string out = "{";
    append_member(out, "left", left.name);
    append_member(out, "right", right.name);
    out += ",\"differences\":[";
    for (const Difference& one : differences) {
        out += &one == differences.data() ? "{" : ",{";
        append_member(out, "kind", ruleset::word(one.kind));
        append_member(out, "key", one.key);
        if (!one.left || !one.right) append_member(out, "only_in", one.left ? "left" : "right");
        out += ",\"places\":[";
        for (const Place& place : one.places) {
            out += &place == one.places.data() ? "{" : ",{";
            append_member(out, "pointer", place.pointer);
            if (place.left) out += ",\"left\":" + *place.left;
            if (place.right) out += ",\"right\":" + *place.right;
            out += '}';
        }
        out += "]}";
    }
    return out + "]}";
}

}  // namespace expplat::cli
