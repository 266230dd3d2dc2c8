#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "src/cli/arguments.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/ruleset_file.hpp"
#include "src/cli/terminal.hpp"

namespace expplat::cli {

namespace {

/// Writes beside the file and renames, so that a reader sees the old file or the new one, never half of one.
bool replace_file(const std::string& path, std::span<const std::byte> bytes) {
    const std::string temporary = path + ".part";
    std::FILE* const file = std::fopen(temporary.c_str(), "wb");
    bool good = file != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    if (file != nullptr && std::fclose(file) != 0) good = false;
    good = good && std::rename(temporary.c_str(), path.c_str()) == 0;
    if (!good) {
        complain("cannot write " + path + ": " + std::strerror(errno));
        if (file != nullptr) std::remove(temporary.c_str());
    }
    return good;
}

}  // namespace

int compile(const Words& words) {
    const Result<Arguments> arguments = Arguments::parse(words, {{"-o", true}});
    if (!arguments) return usage_error("compile", arguments.error().message);
    if (arguments->operands().size() != 1) return usage_error("compile", "expected one RULESET.json");
    if (!arguments->has("-o")) return usage_error("compile", "expected -o RULESET.xpr");
    const std::optional<RulesetFile> ruleset =
        load(std::string(arguments->operands().front()), ruleset::Mode::strict);
    if (!ruleset) return exit_refused;
    return replace_file(std::string(*arguments->value("-o")), ruleset->image.bytes()) ? exit_done
                                                                                      : exit_refused;
}

}  // namespace expplat::cli
