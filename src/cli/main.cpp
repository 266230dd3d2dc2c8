// `expplat`: rulesets on the command line (RULESET.md, section 8).
//
// This file is the table of commands and their help; each command has its own file.

#include <cstdio>
#include <string>
#include <string_view>

#include "expplat/version.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/terminal.hpp"

namespace expplat::cli {

namespace {

struct Command {
    std::string_view name;
    int (*run)(const Words&);
    std::string_view help;
};

constexpr Command commands[] = {
    {"validate", &validate,
     "expplat validate RULESET.json\n"
     "  Checks a ruleset and prints every error with its JSON Pointer, a line each.\n"
     "\n"
     "  expplat validate ruleset.json\n"},
    {"compile", &compile,
     "expplat compile RULESET.json -o RULESET.xpr\n"
     "  Checks a ruleset and writes it as an image, which hosts load without parsing.\n"
     "\n"
     "  expplat compile ruleset.json -o ruleset.xpr\n"},
    {"evaluate", &evaluate,
     "expplat evaluate RULESET.(json|xpr) --cases CASES.jsonl\n"
     "expplat evaluate RULESET.(json|xpr) --user JSON [KEY ...]\n"
     "  Prints one answer a line, in order. A case is {\"key\": KEY, \"user\": {\"key\": …, \"attributes\": "
     "{…}}}.\n"
     "  Without a KEY: all flags, then all experiments.\n"
     "\n"
     "  --cases FILE   the cases; - is standard input\n"
     "  --tolerant     adopt what this version does not know, as a client does: it answers ERROR / GENERAL\n"
     "  --threads N    evaluate all cases in N threads at once, and print the throughput on standard error\n"
     "  --repeat N     evaluate all cases N times in each thread, and print the throughput on standard "
     "error\n"
     "\n"
     "  expplat evaluate ruleset.json --user '{\"key\":\"u1\",\"attributes\":{\"country\":\"DE\"}}' new-ui\n"
     "  expplat evaluate ruleset.xpr --cases cases.jsonl --threads 2 --repeat 1000 > answers.jsonl\n"},
    {"explain", &explain,
     "expplat explain RULESET.(json|xpr) --user JSON KEY\n"
     "  Prints every step that led to the answer: rule by rule, condition by condition, with bucket points.\n"
     "\n"
     "  --tolerant     as for evaluate\n"
     "\n"
     "  expplat explain ruleset.json --user '{\"key\":\"u1\"}' new-ui\n"},
};

int print_help() {
    std::printf(
        "expplat evaluates feature flags and experiments from a ruleset.\n"
        "\n"
        "  expplat validate RULESET.json                         check a ruleset\n"
        "  expplat compile  RULESET.json -o RULESET.xpr          compile it to an image\n"
        "  expplat evaluate RULESET --cases CASES.jsonl          answer questions\n"
        "  expplat evaluate RULESET --user JSON [KEY ...]\n"
        "  expplat explain  RULESET --user JSON KEY              say why\n"
        "\n"
        "  expplat help COMMAND, expplat COMMAND --help          more, with examples\n"
        "  expplat --version\n"
        "\n"
        "Exit status: 0 done; 1 the ruleset was refused, or a file could not be read or written; 2 usage.\n");
    return exit_done;
}

const Command* find(std::string_view name) {
    for (const Command& command : commands) {
        if (command.name == name) return &command;
    }
    return nullptr;
}

int run(const Words& words) {
    if (words.empty()) {
        complain("expected a command; see expplat --help");
        return exit_usage;
    }
    const std::string_view name = words.front();
    if (name == "--version") {
        std::printf("expplat %s\n", std::string(version).c_str());
        return exit_done;
    }
    if (name == "--help" || name == "-h" || (name == "help" && words.size() == 1)) return print_help();
    const bool help = name == "help";
    const Command* const command = find(help ? words[1] : name);
    if (command == nullptr) {
        complain("unknown command " + std::string(help ? words[1] : name) + "; see expplat --help");
        return exit_usage;
    }
    const Words rest(words.begin() + 1, words.end());
    for (const std::string_view word : rest) {
        if (word == "--") break;
        if (help || word == "--help" || word == "-h") {
            std::fwrite(command->help.data(), 1, command->help.size(), stdout);
            return exit_done;
        }
    }
    return command->run(rest);
}

}  // namespace

int usage_error(std::string_view command, std::string_view message) {
    complain(std::string(command) + ": " + std::string(message) + "; see expplat " + std::string(command) +
             " --help");
    return exit_usage;
}

}  // namespace expplat::cli

int main(int count, char** words) {
    return expplat::cli::run(expplat::cli::Words(words + (count > 0 ? 1 : 0), words + count));
}
