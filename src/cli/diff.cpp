#include <string>

#include "src/cli/commands.hpp"
#include "src/cli/comparison.hpp"

namespace expplat::cli {

int diff(const Words& words) {
    const Result<Arguments> arguments = Arguments::parse(words, administration_options());
    if (!arguments) return usage_error("diff", arguments.error().message);
    if (arguments->operands().size() != 2)
        return usage_error("diff", "expected two environments, or FILE and one");
    const std::unique_ptr<Administration> administration = Administration::open(*arguments);
    if (administration == nullptr) return exit_trouble;
    const std::optional<std::string> project = administration->project();
    if (!project) return exit_trouble;
    const std::optional<Side> left =
        read_side(*administration, *project, std::string(arguments->operands()[0]));
    if (!left) return exit_trouble;
    const std::optional<Side> right =
        read_side(*administration, *project, std::string(arguments->operands()[1]));
    if (!right) return exit_trouble;
    const std::vector<admin::Difference> differences =
        admin::differences_of(left->configurations, right->configurations, admin::Life::compared);
    Output output;
    if (administration->is_json()) {
        output.text() += differences_json(differences, *left, *right);
        output.end_line();
    } else if (differences.empty()) {
        output.text() += left->name + " and " + right->name + " are the same";
        output.end_line();
    } else {
        print_differences(output, differences, *left, *right);
    }
    if (!output.finish()) return exit_trouble;
    return differences.empty() ? exit_done : exit_refused;
}

}  // namespace expplat::cli
