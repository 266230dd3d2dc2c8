#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "expplat/base/json_text.hpp"
#include "src/cli/arguments.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/ruleset_file.hpp"
#include "src/cli/terminal.hpp"

namespace expplat::cli {

namespace {

std::string counted(std::uint32_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

int validate(const Words& words) {
    const Result<Arguments> arguments = Arguments::parse(words, {});
    if (!arguments) return usage_error("validate", arguments.error().message);
    if (arguments->operands().size() != 1) return usage_error("validate", "expected one RULESET.json");
    const std::string path(arguments->operands().front());
    const std::optional<RulesetFile> ruleset = load(path, ruleset::Mode::strict);
    if (!ruleset) return exit_refused;
    const image::Header& header = ruleset->view().header();
    std::string line = path + " " + coloured(stdout, Colour::green, "is valid") + ": " +
                       counted(header.flag_count, "flag") + ", " +
                       counted(header.entity_count - header.flag_count, "experiment") + ", " +
                       counted(header.segment_count, "segment") + ", version " +
                       std::to_string(header.ruleset_version) + ", environment ";
    append_json_string(line, ruleset->view().environment());
    std::puts(line.c_str());
    return exit_done;
}

}  // namespace expplat::cli
