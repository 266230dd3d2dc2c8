#include <cstdio>
#include <string>

#include "src/cli/arguments.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/ruleset_file.hpp"
#include "src/cli/terminal.hpp"

namespace expplat::cli {

int validate(const Words& words) {
    const Result<Arguments> arguments = Arguments::parse(words, {});
    if (!arguments) return usage_error("validate", arguments.error().message);
    if (arguments->operands().size() != 1) return usage_error("validate", "expected one RULESET.json");
    const std::string path(arguments->operands().front());
    const std::optional<RulesetFile> ruleset = load(path, ruleset::Mode::strict);
    if (!ruleset) return exit_refused;
    const image::Header& header = ruleset->view().header();
    std::printf("%s %s: %u flags, %u experiments, %u segments, version %llu, environment %s\n", path.c_str(),
                coloured(stdout, Colour::green, "is valid").c_str(), header.flag_count,
                header.entity_count - header.flag_count, header.segment_count,
                static_cast<unsigned long long>(header.ruleset_version),
                std::string(ruleset->view().environment()).c_str());
    return exit_done;
}

}  // namespace expplat::cli
