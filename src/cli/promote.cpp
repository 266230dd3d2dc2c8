// `expplat promote` and `expplat publish`: what one side has is put into an environment, all of it or nothing.
#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "src/cli/commands.hpp"
#include "src/cli/comparison.hpp"
#include "src/cli/prompt.hpp"
#include "src/cli/terminal.hpp"

namespace expplat::cli {

namespace {

using admin::Change;
using admin::Difference;
using admin::Life;

constexpr std::chrono::seconds publish_wait{15};  // another server of the database looks every five seconds
constexpr std::chrono::milliseconds publish_look{200};

/// What is asked for beside the two sides.
struct Wanted {
    std::vector<std::string> flags;
    std::vector<std::string> experiments;
    std::vector<std::string> segments;
    bool prunes = false;  // what the target alone has is taken out of it
    bool is_agreed = false;
    bool is_rehearsal = false;
    std::optional<std::string> new_phase;

    [[nodiscard]] bool is_selection() const {
        return !flags.empty() || !experiments.empty() || !segments.empty();
    }
    [[nodiscard]] bool selects(const Difference& one) const {
        if (!is_selection()) return true;
        const auto has = [&one](const std::vector<std::string>& keys) {
            return std::ranges::find(keys, one.key) != keys.end();
        };
        switch (one.kind) {
            case admin::EntityKind::flag: return has(flags);
            case admin::EntityKind::experiment: return has(experiments);
            case admin::EntityKind::segment: return has(segments);
            default: return false;
        }
    }
};

std::vector<OptionRule> transfer_options() {
    return administration_options({{"--flag", true, true},
                                   {"--experiment", true, true},
                                   {"--segment", true, true},
                                   {"--prune", false},
                                   {"--yes", false},
                                   {"--dry-run", false},
                                   {"--new-phase", true}});
}

Wanted wanted_of(const Arguments& arguments) {
    Wanted wanted{.flags = arguments.values("--flag"),
                  .experiments = arguments.values("--experiment"),
                  .segments = arguments.values("--segment"),
                  .prunes = arguments.has("--prune"),
                  .is_agreed = arguments.has("--yes"),
                  .is_rehearsal = arguments.has("--dry-run"),
                  .new_phase = {}};
    if (const auto why = arguments.value("--new-phase")) wanted.new_phase = *why;
    return wanted;
}

/// A key that was named and that neither side has is a mistake of typing.
bool are_known(const Wanted& wanted, const Side& from, const Side& to) {
    const auto check = [&](admin::EntityKind kind, const std::vector<std::string>& keys) {
        for (const std::string& key : keys) {
            const auto is_it = [&](const admin::Configuration& one) {
                return one.kind == kind && one.key == key;
            };
            if (std::ranges::any_of(from.configurations, is_it) ||
                std::ranges::any_of(to.configurations, is_it))
                continue;
            complain(std::string(ruleset::word(kind)) + " " + key + " is neither in " + from.name +
                     " nor in " + to.name);
            return false;
        }
        return true;
    };
    return check(admin::EntityKind::flag, wanted.flags) &&
           check(admin::EntityKind::experiment, wanted.experiments) &&
           check(admin::EntityKind::segment, wanted.segments);
}

/// Of a file may be what the project has not yet; it is made, and configured nowhere before the changes are made.
std::optional<std::vector<Difference>> missing_in(Administration& administration, const std::string& project,
                                                  const std::vector<Difference>& differences) {
    std::vector<Difference> missing;
    for (const Difference& one : differences) {
        if (!one.left || one.right) continue;
        const auto found = administration.client().entity(project, one.kind, one.key);
        if (found) continue;
        if (found.error().code != ErrorCode::not_found) {
            (void)refused(found.error());
            return std::nullopt;
        }
        missing.push_back(one);
    }
    return missing;
}

bool make(Administration& administration, const std::string& project,
          const std::vector<Difference>& missing) {
    for (const Difference& one : missing) {
        const auto made = administration.client().create(project, {.kind = one.kind, .key = one.key});
        if (!made) {
            (void)refused(made.error());
            return false;
        }
    }
    return true;
}

bool is_agreed(const Wanted& wanted, const Side& to, std::size_t count) {
    if (wanted.is_agreed || wanted.is_rehearsal) return true;
    if (!has_terminal()) {
        complain("nothing is changed: nobody is there to ask; --yes says that it shall be done");
        return false;
    }
    if (ask_yes("Change " + std::to_string(count) + (count == 1 ? " entity" : " entities") + " in " +
                to.name + "? [y/N] "))
        return true;
    complain("nothing is changed");
    return false;
}

int transfer(Administration& administration, const std::string& project, const Side& from, const Side& to,
             Life life, const Wanted& wanted) {
    if (!are_known(wanted, from, to)) return exit_refused;
    std::vector<Difference> differences = admin::differences_of(from.configurations, to.configurations, life);
    std::size_t left_alone = 0;
    std::erase_if(differences, [&](const Difference& one) {
        if (!wanted.selects(one)) return true;
        if (one.left || wanted.prunes) return false;
        ++left_alone;
        return true;
    });
    Output output;
    if (administration.is_json()) {
        output.text() += differences_json(differences, from, to);
        output.end_line();
    } else {
        print_differences(output, differences, from, to);
        if (left_alone > 0) {
            output.text() += std::to_string(left_alone) + " more " + (left_alone == 1 ? "is" : "are") +
                             " only in " + to.name + " and stay there (--prune takes them out)";
            output.end_line();
        }
        if (differences.empty()) {
            output.text() += "there is nothing to change in " + to.name;
            output.end_line();
        }
    }
    if (!output.finish()) return exit_refused;
    if (differences.empty()) return exit_done;

    std::vector<Change> changes;
    for (const Difference& one : differences) {
        Result<std::vector<Change>> steps = admin::changes_for(one, to.name, life, wanted.new_phase);
        if (!steps) return refused(steps.error());
        changes.insert(changes.end(), steps->begin(), steps->end());
    }
    if (!is_agreed(wanted, to, differences.size())) return exit_refused;
    const std::optional<std::vector<Difference>> missing = missing_in(administration, project, differences);
    if (!missing) return exit_refused;
    if (wanted.is_rehearsal && !missing->empty()) {
        // The server rehearses with what it has.
        complain(std::to_string(missing->size()) +
                 " of them are new to the project and would be made first; nothing is changed");
        return exit_done;
    }
    if (!make(administration, project, *missing)) return exit_refused;
    const Result<void> done = administration.client().change(
        project, changes, wanted.is_rehearsal ? admin::Attempt::rehearsal : admin::Attempt::for_good);
    if (!done) return refused(done.error());
    if (administration.is_json()) return exit_done;
    output.text() += wanted.is_rehearsal ? to.name + " would take it; nothing is changed"
                                         : to.name + " is changed: " + std::to_string(differences.size()) +
                                               (differences.size() == 1 ? " entity" : " entities");
    output.end_line();
    return output.finish() ? exit_done : exit_refused;
}

/// Waits until the server gives its clients what the database has.
int verify_published(Administration& administration, const std::string& project,
                     const std::string& environment) {
    const Result<std::int64_t> version = administration.client().version_of(project, environment);
    if (!version) return refused(version.error());
    const auto end = std::chrono::steady_clock::now() + publish_wait;
    for (;;) {
        const Result<std::int64_t> served = administration.client().version_in_force(project, environment);
        if (!served) return refused(served.error());
        if (*served >= *version) {
            Output output;
            output.text() += administration.is_json() ? "{\"version\":" + std::to_string(*served) + "}"
                                                      : "version " + std::to_string(*served) + " of " +
                                                            environment + " is in force";
            output.end_line();
            return output.finish() ? exit_done : exit_refused;
        }
        if (std::chrono::steady_clock::now() >= end || administration.is_interrupted()) {
            complain("the server still gives version " + std::to_string(*served) + " of " + environment +
                     ", and the newest is " + std::to_string(*version));
            return exit_refused;
        }
        std::this_thread::sleep_for(publish_look);
    }
}

}  // namespace

int promote(const Words& words) {
    const Result<Arguments> arguments = Arguments::parse(words, transfer_options());
    if (!arguments) return usage_error("promote", arguments.error().message);
    const auto& operands = arguments->operands();
    if (operands.size() != 2 || is_file_word(operands[0]) || is_file_word(operands[1]))
        return usage_error("promote", "expected two environments: from, to");
    if (operands[0] == operands[1]) return usage_error("promote", "the two environments are the same");
    const std::unique_ptr<Administration> administration = Administration::open(*arguments);
    if (administration == nullptr) return exit_refused;
    const std::optional<std::string> project = administration->project();
    if (!project) return exit_refused;
    const std::optional<Side> from = read_side(*administration, *project, std::string(operands[0]));
    const std::optional<Side> to =
        from ? read_side(*administration, *project, std::string(operands[1])) : std::nullopt;
    if (!to) return exit_refused;
    return transfer(*administration, *project, *from, *to, Life::left_alone, wanted_of(*arguments));
}

int publish(const Words& words) {
    const Result<Arguments> arguments = Arguments::parse(words, transfer_options());
    if (!arguments) return usage_error("publish", arguments.error().message);
    if (arguments->operands().size() > 1) return usage_error("publish", "expected at most one FILE");
    const std::unique_ptr<Administration> administration = Administration::open(*arguments);
    if (administration == nullptr) return exit_refused;
    const std::optional<std::string> environment = administration->environment();
    if (!environment) return usage_error("publish", "which --environment?");
    const std::optional<std::string> project = administration->project();
    if (!project) return exit_refused;
    const Wanted wanted = wanted_of(*arguments);
    if (!arguments->operands().empty()) {
        // Whatever its name is, it is a file.
        std::string path(arguments->operands()[0]);
        if (!is_file_word(path)) path = "./" + path;
        const std::optional<Side> file = read_side(*administration, *project, path);
        const std::optional<Side> to =
            file ? read_side(*administration, *project, *environment) : std::nullopt;
        if (!to) return exit_refused;
        if (const int status = transfer(*administration, *project, *file, *to, Life::compared, wanted);
            status != exit_done || wanted.is_rehearsal)
            return status;
    }
    return verify_published(*administration, *project, *environment);
}

}  // namespace expplat::cli
