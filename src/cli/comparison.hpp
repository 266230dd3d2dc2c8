// `Comparison`: two sides of configurations, environments of a project or a ruleset's file, and what differs, in words.
//
// Shared by `expplat diff`, `promote` and `publish`. Errors are told on standard error where they are found.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/admin/differences.hpp"
#include "src/cli/administration.hpp"
#include "src/cli/terminal.hpp"

namespace expplat::cli {

struct Side {
    std::string name;  // of the environment, or the file's path
    bool is_file = false;
    std::vector<admin::Configuration> configurations;
};

/// A word that has a slash or ends with `.json`, or `-`, is a file; any other an environment. A file is a whole ruleset,
/// and is compiled first.
[[nodiscard]] std::optional<Side> read_side(Administration& administration, const std::string& project,
                                            const std::string& word);
[[nodiscard]] bool is_file_word(std::string_view word) noexcept;

/// `flag new-ui: 2 places differ` and a line for each; entities of one side alone. Nothing where there is no difference.
void print_differences(Output& output, const std::vector<admin::Difference>& differences, const Side& left,
                       const Side& right);
/// `{"left":…,"right":…,"differences":[…]}`
[[nodiscard]] std::string differences_json(const std::vector<admin::Difference>& differences,
                                           const Side& left, const Side& right);

}  // namespace expplat::cli
