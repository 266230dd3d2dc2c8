#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "expplat/eval/evaluate.hpp"
#include "src/cli/arguments.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/ruleset_file.hpp"
#include "src/cli/terminal.hpp"
#include "src/ruleset/answer_json.hpp"
#include "src/ruleset/case_json.hpp"
#include "src/ruleset/user_json.hpp"

namespace expplat::cli {

namespace {

using ruleset::Case;

struct Throughput {
    unsigned threads = 1;
    unsigned repeat = 1;
    bool wanted = false;
};

eval::Answer answer_of(const RulesetFile& ruleset, const Case& question) {
    if (!question.key || !question.user) return ruleset::unreadable_user();
    return eval::evaluate(ruleset.view(), *question.key, *question.user, ruleset.patterns.patterns());
}

/// Every thread evaluates all cases `repeat` times; the rate is that of all threads together.
void measure(const RulesetFile& ruleset, const std::vector<Case>& cases, const Throughput& throughput) {
    std::vector<std::size_t> variants(throughput.threads, 0);
    const auto evaluate_all = [&](unsigned thread) {
        std::size_t given = 0;
        for (unsigned round = 0; round < throughput.repeat; ++round) {
            for (const Case& question : cases) given += answer_of(ruleset, question).has_variant() ? 1u : 0u;
        }
        variants[thread] = given;
    };
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (unsigned thread = 1; thread < throughput.threads; ++thread)
        threads.emplace_back(evaluate_all, thread);
    evaluate_all(0);
    for (std::thread& thread : threads) thread.join();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double evaluations = static_cast<double>(cases.size()) * throughput.repeat * throughput.threads;
    std::size_t given = 0;
    for (const std::size_t count : variants) given += count;
    std::fprintf(stderr,
                 "%.0f evaluations by %u thread%s in %.3f s: %.0f evaluations/s, %.1f ns each and thread, "
                 "%zu gave a variant\n",
                 evaluations, throughput.threads, throughput.threads == 1 ? "" : "s", seconds,
                 evaluations / seconds, seconds * 1e9 * throughput.threads / evaluations, given);
}

int answer_cases(const RulesetFile& ruleset, const std::vector<Case>& cases, const Throughput& throughput) {
    Output output;
    for (const Case& question : cases) {
        ruleset::append_answer_json(output.text(), question.key, answer_of(ruleset, question),
                                    ruleset.view().version());
        output.end_line();
    }
    const bool written = output.finish();
    if (throughput.wanted && !cases.empty()) measure(ruleset, cases, throughput);
    return written ? exit_done : exit_refused;
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

bool read_cases(std::istream& in, std::vector<Case>& cases) {
    for (std::string line; std::getline(in, line);) {
        if (!is_blank(line)) cases.push_back(ruleset::parse_case(line));
    }
    return !in.bad();
}

/// 0, or the `errno` that says why they cannot be read.
int read_cases(const std::string& path, std::vector<Case>& cases) {
    errno = 0;
    if (path == "-") return read_cases(std::cin, cases) ? 0 : EIO;
    // A directory opens but cannot be read.
    if (std::error_code none; std::filesystem::is_directory(path, none)) return EISDIR;
    std::ifstream file(path, std::ios::binary);
    const bool whole = file.is_open() && read_cases(file, cases);
    return whole ? 0 : errno != 0 ? errno : EIO;
}

/// The keys that are asked for, or all flags, then all experiments, in document order.
std::vector<Case> cases_of_user(const RulesetFile& ruleset, std::string_view user_text,
                                const Words& operands) {
    std::vector<std::string> keys(operands.begin() + 1, operands.end());
    if (keys.empty()) {
        const image::View view = ruleset.view();
        for (const image::Offset offset : view.entities())
            keys.emplace_back(image::key_of(view.entity(offset)));
    }
    const Result<User> user = ruleset::parse_user(user_text);
    if (!user) complain("the user cannot be read: " + user.error().message);
    std::vector<Case> cases;
    cases.reserve(keys.size());
    for (std::string& key : keys) {
        Case question;
        question.key = std::move(key);
        if (user) question.user = *user;
        cases.push_back(std::move(question));
    }
    return cases;
}

}  // namespace

int evaluate(const Words& words) {
    constexpr unsigned most_threads = 1024;
    constexpr unsigned most_repeats = 1'000'000'000;
    const Result<Arguments> arguments = Arguments::parse(words, {{"--cases", true},
                                                                 {"--user", true},
                                                                 {"--tolerant", false},
                                                                 {"--threads", true},
                                                                 {"--repeat", true}});
    if (!arguments) return usage_error("evaluate", arguments.error().message);
    const Words& operands = arguments->operands();
    if (operands.empty()) return usage_error("evaluate", "expected RULESET.json or RULESET.xpr");
    if (arguments->has("--cases") == arguments->has("--user")) {
        return usage_error("evaluate", "expected either --cases CASES.jsonl or --user JSON");
    }
    if (arguments->has("--cases") && operands.size() > 1)
        return usage_error("evaluate", "--cases takes no KEY");
    const Result<unsigned> threads = arguments->count("--threads", 1, most_threads);
    if (!threads) return usage_error("evaluate", threads.error().message);
    const Result<unsigned> repeat = arguments->count("--repeat", 1, most_repeats);
    if (!repeat) return usage_error("evaluate", repeat.error().message);

    const ruleset::Mode mode = arguments->has("--tolerant") ? ruleset::Mode::tolerant : ruleset::Mode::strict;
    const std::optional<RulesetFile> ruleset = load(std::string(operands.front()), mode);
    if (!ruleset) return exit_refused;
    std::vector<Case> cases;
    if (arguments->has("--user")) {
        cases = cases_of_user(*ruleset, *arguments->value("--user"), operands);
    } else {
        const std::string path(*arguments->value("--cases"));
        if (const int why = read_cases(path, cases); why != 0) {
            complain("cannot read the cases " + path + ": " + std::strerror(why));
            return exit_refused;
        }
    }
    return answer_cases(*ruleset, cases,
                        {*threads, *repeat, arguments->has("--threads") || arguments->has("--repeat")});
}

}  // namespace expplat::cli
