// `expplat`: rulesets on the command line (RULESET.md, section 8).
//
// This file is the table of commands and their help; each command has its own file.

#include <cstdio>
#include <string>
#include <string_view>

#include "expplat/version.hpp"
#include "src/cli/admin_help.hpp"
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
    {"run", &run,
     "expplat run --source URL|FILE --cases FILE|- [--sink SINK]\n"
     "  Answers a stream of cases through a real client, in order, and sends what it counts to the sink. At "
     "the\n"
     "  end what is queued is sent, and the client's counts are one JSON object on standard error; so too "
     "after "
     "SIGINT\n"
     "  or SIGTERM, for two seconds at most. Exit status 1 also where an event was lost. A case is that of "
     "evaluate.\n"
     "\n"
     "  --source URL|FILE  a server (http:// or https://), or a ruleset as JSON or image\n"
     "  --key KEY          the server's SDK key; better in EXPPLAT_SDK_KEY, as other users of a machine can "
     "read\n"
     "                     command lines\n"
     "  --sink SINK        kinesis:STREAM, http (the server of --source), file:PATH, or none (the default)\n"
     "  --cases FILE       the cases; - is standard input\n"
     "  --threads N        N threads share the cases\n"
     "  --repeat N         every case is asked N times, and printed once\n"
     "  --track            a track event `run` for each time that a case was asked\n"
     "  --project NAME     named in events\n"
     "  --spool FOLDER     keeps what is not acknowledged over the program's end\n"
     "  --cache FILE       keeps the last ruleset of a server\n"
     "  --wait SECONDS     for the first ruleset; 30 unless given\n"
     "\n"
     "  expplat run --source ruleset.json --sink file:exposures.jsonl --cases cases.jsonl > answers.jsonl\n"
     "  tail -f cases.jsonl | expplat run --source https://flags.example.com --sink kinesis:events --cases "
     "-\n"},
    {"watch", &watch,
     "expplat watch --source URL|FILE [--user JSON [KEY ...]]\n"
     "  Prints each change of the ruleset and of the connection, a line each, until SIGINT or SIGTERM. With "
     "a user:\n"
     "  the answers that a ruleset changed, for the keys that are given or for all of them.\n"
     "\n"
     "  --source URL|FILE  as for run; a file is looked at twice a second\n"
     "  --key KEY          as for run\n"
     "  --cache FILE       as for run\n"
     "\n"
     "  expplat watch --source https://flags.example.com --user '{\"key\":\"u1\"}' new-ui\n"},
    {"login", &login, login_help},
    {"logout", &logout, logout_help},
    {"flags", &flags, flags_help},
    {"experiments", &experiments, experiments_help},
    {"keys", &keys, keys_help},
    {"diff", &diff, diff_help},
    {"promote", &promote, promote_help},
    {"publish", &publish, publish_help},
    {"audit", &audit, audit_help},
};

int print_help() {
    std::printf(
        "expplat evaluates feature flags and experiments from a ruleset, and administers a server of them.\n"
        "\n"
        "  expplat validate RULESET.json                         check a ruleset\n"
        "  expplat compile  RULESET.json -o RULESET.xpr          compile it to an image\n"
        "  expplat evaluate RULESET --cases CASES.jsonl          answer questions\n"
        "  expplat evaluate RULESET --user JSON [KEY ...]\n"
        "  expplat explain  RULESET --user JSON KEY              say why\n"
        "  expplat run      --source URL|FILE --cases FILE|-     the same through a client, with a sink for "
        "events\n"
        "  expplat watch    --source URL|FILE                    print what changes\n"
        "\n"
        "  expplat login URL, expplat logout                     at a server\n"
        "  expplat flags list|show|create|set|enable|…           what it has\n"
        "  expplat experiments list|show|create|start|…\n"
        "  expplat keys list|create|revoke                       of programs\n"
        "  expplat diff LEFT RIGHT                               two environments, or a file and one\n"
        "  expplat promote FROM TO                               copy one environment to another\n"
        "  expplat publish [FILE] --environment E                put a ruleset into an environment\n"
        "  expplat audit verify FILE, export                     who did what, and that nobody changed it\n"
        "\n"
        "  expplat help COMMAND, expplat COMMAND --help          more, with examples\n"
        "  expplat --version\n"
        "\n"
        "Exit status: 0 done; 1 the ruleset was refused or did not come, a file could not be read or "
        "written, or an\n"
        "event was lost, or a server refused or could not be reached; 2 usage. diff: 0 the same, 1 "
        "different, 2 not "
        "compared.\n");
    return exit_done;
}

const Command* find(std::string_view name) {
    for (const Command& command : commands) {
        if (command.name == name) return &command;
    }
    return nullptr;
}

int dispatch(const Words& words) {
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
    return expplat::cli::dispatch(expplat::cli::Words(words + (count > 0 ? 1 : 0), words + count));
}
