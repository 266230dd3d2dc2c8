#include <cstdio>
#include <string>
#include <vector>

#include "src/cli/arguments.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/ruleset_file.hpp"
#include "src/cli/terminal.hpp"
#include "src/ruleset/explanation.hpp"
#include "src/ruleset/user_json.hpp"

namespace expplat::cli {

namespace {

std::vector<std::string> explanation(const RulesetFile& ruleset, const std::string& key,
                                     std::string_view user_text) {
    const image::View view = ruleset.view();
    const image::Entity* const entity = view.find(key);
    if (entity == nullptr)
        return {"answer: no variant, reason ERROR, error FLAG_NOT_FOUND: the ruleset has no " + key};
    const Result<User> user = ruleset::parse_user(user_text);
    if (!user)
        return {"answer: no variant, reason ERROR, error PARSE_ERROR: the user cannot be read: " +
                user.error().message};
    return ruleset::explain(view, *entity, *user, ruleset.patterns.patterns());
}

}  // namespace

int explain(const Words& words) {
    const Result<Arguments> arguments = Arguments::parse(words, {{"--user", true}, {"--tolerant", false}});
    if (!arguments) return usage_error("explain", arguments.error().message);
    if (arguments->operands().size() != 2) return usage_error("explain", "expected RULESET and one KEY");
    if (!arguments->has("--user")) return usage_error("explain", "expected --user JSON");
    const ruleset::Mode mode = arguments->has("--tolerant") ? ruleset::Mode::tolerant : ruleset::Mode::strict;
    const std::optional<RulesetFile> ruleset = load(std::string(arguments->operands()[0]), mode);
    if (!ruleset) return exit_refused;
    const std::vector<std::string> lines =
        explanation(*ruleset, std::string(arguments->operands()[1]), *arguments->value("--user"));
    Output output;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const bool frame = i == 0 || i + 1 == lines.size();
        output.text() += coloured(stdout, frame ? Colour::bold : Colour::plain, lines[i]);
        output.end_line();
    }
    return output.finish() ? exit_done : exit_refused;
}

}  // namespace expplat::cli
