// `expplat watch`: what a client is told while it follows a source: status, rulesets, and the answers that they change.

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "src/cli/arguments.hpp"
#include "src/cli/client_words.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/interruption.hpp"
#include "src/cli/terminal.hpp"
#include "src/ruleset/answer_json.hpp"
#include "src/ruleset/user_json.hpp"

namespace expplat::cli {

namespace {

constexpr std::int64_t watch_interval_ms = 500;  // of a file
constexpr std::size_t named_keys = 50;           // of one change
constexpr std::size_t named_lines = 2;  // of one error: the file's name, and what is wrong in it first

using Notice = std::variant<Status, RulesetChange>;

/// What the client's thread has told and the command has not printed yet.
class Notices {
public:
    explicit Notices(const Interruption& interruption) : interruption_(interruption) {}

    void add(Notice notice) {
        {
            const std::scoped_lock lock(mutex_);
            waiting_.push_back(std::move(notice));
        }
        interruption_.notify();
    }
    [[nodiscard]] std::vector<Notice> take() {
        const std::scoped_lock lock(mutex_);
        return std::exchange(waiting_, {});
    }

private:
    const Interruption& interruption_;
    std::mutex mutex_;  // guards `waiting_`
    std::vector<Notice> waiting_;
};

/// `"green" = "g", SPLIT`
std::string summary(const eval::Answer& answer) {
    std::string text = "no variant";
    if (answer.has_variant()) {
        text = '"' + std::string(answer.variant_key()) + "\" = ";
        ruleset::append_value_json(text, answer);
    }
    text.append(", ").append(name(answer.reason));
    if (answer.error != EvaluationError::none) text.append(" ").append(name(answer.error));
    if (!answer.rule.empty()) text.append(", rule ").append(answer.rule);
    return text;
}

/// One user's answers, as they were when they were asked for last.
class Answers {
public:
    Answers(User user, std::vector<std::string> keys) : user_(std::move(user)), keys_(std::move(keys)) {}

    /// A line for each answer that differs from the last; for one that is asked for the first time only where its key
    /// was named.
    void append_changes(std::string& out, const Snapshot& snapshot) {
        std::vector<std::string> keys = keys_;
        if (keys.empty()) {
            const image::View view = snapshot.view();
            for (const image::Offset offset : view.entities())
                keys.emplace_back(image::key_of(view.entity(offset)));
            for (const auto& [key, before] : last_) {
                if (view.find(key) == nullptr) keys.push_back(key);
            }
        }
        for (const std::string& key : keys) {
            std::string now = summary(snapshot.evaluate(key, user_));
            const auto [known, is_new] = last_.try_emplace(key, now);
            if (is_new) {
                if (!keys_.empty()) out.append("  ").append(key).append(": ").append(now).append("\n");
            } else if (known->second != now) {
                out.append("  ")
                    .append(key)
                    .append(": ")
                    .append(known->second)
                    .append(" → ")
                    .append(now)
                    .append("\n");
                known->second = std::move(now);
            }
        }
    }

private:
    User user_;
    std::vector<std::string> keys_;
    std::map<std::string, std::string, std::less<>> last_;
};

/// A refusal has a line for each error of a ruleset: the first of them, and how many there are beside.
std::string one_line(std::string_view text) {
    std::string line;
    std::size_t lines = 0;
    while (!text.empty()) {
        const std::string_view first = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(first.size() + 1, text.size()));
        if (++lines <= named_lines) line.append(line.empty() ? "" : " ").append(first);
    }
    if (lines > named_lines) line += " (" + std::to_string(lines - named_lines) + " more)";
    return line;
}

std::string line_of(const Status& status) {
    std::string line(name(status.state));
    if (status.origin != Origin::none) line.append(" from ").append(name(status.origin));
    if (status.following != Following::none) line.append(", ").append(name(status.following));
    if (!status.error.empty()) line.append(": ").append(one_line(status.error));
    return line;
}

std::string line_of(const RulesetChange& change, const Snapshot& snapshot) {
    std::string line = "version " + std::to_string(change.version) + ": ";
    if (change.everything)
        return line + std::to_string(snapshot.view().header().entity_count) + " flags and experiments";
    if (change.keys.empty()) return line + "no flag or experiment changed";
    line += std::to_string(change.keys.size()) + " changed: ";
    for (std::size_t i = 0; i < change.keys.size() && i < named_keys; ++i)
        line.append(i == 0 ? "" : ", ").append(change.keys[i]);
    if (change.keys.size() > named_keys)
        line += " and " + std::to_string(change.keys.size() - named_keys) + " more";
    return line;
}

/// Prints until a signal comes or nobody reads any more.
bool print_notices(const Client& client, Notices& notices, std::optional<Answers>& answers,
                   Interruption& interruption) {
    Output output;
    std::string last_status;
    const auto print_status = [&](const Status& status) {
        std::string line = line_of(status);
        if (line == last_status) return;
        output.text() += line;
        output.end_line();
        last_status = std::move(line);
    };
    bool first = true;
    for (;;) {
        for (const Notice& notice : notices.take()) {
            if (const auto* const change = std::get_if<RulesetChange>(&notice)) {
                const Snapshot snapshot = client.snapshot();
                output.text() += coloured(stdout, Colour::bold, line_of(*change, snapshot));
                output.end_line();
                if (answers) answers->append_changes(output.text(), snapshot);
            } else {
                print_status(std::get<Status>(notice));
            }
        }
        if (std::exchange(first, false)) print_status(client.status());
        if (!output.finish()) return false;
        if (interruption.requested()) return true;
        interruption.wait(std::chrono::hours(1));
    }
}

Result<std::optional<Answers>> answers_of(const Arguments& arguments) {
    std::vector<std::string> keys(arguments.operands().begin(), arguments.operands().end());
    if (!arguments.has("--user")) {
        if (keys.empty()) return std::optional<Answers>{};
        return Error{ErrorCode::invalid_argument, "a KEY is asked for a user: expected --user JSON"};
    }
    Result<User> user = ruleset::parse_user(*arguments.value("--user"));
    if (!user) return user.error();
    return std::optional<Answers>(std::in_place, std::move(*user), std::move(keys));
}

}  // namespace

int watch(const Words& words) {
    const Result<Arguments> arguments =
        Arguments::parse(words, {{"--source", true}, {"--key", true}, {"--user", true}, {"--cache", true}});
    if (!arguments) return usage_error("watch", arguments.error().message);
    Result<Source> source = source_of(*arguments, watch_interval_ms);
    if (!source) return usage_error("watch", source.error().message);
    Result<std::optional<Answers>> answers = answers_of(*arguments);
    if (!answers) return usage_error("watch", answers.error().message);

    Interruption interruption;
    Notices notices(interruption);
    Config config;
    config.source = std::move(*source);
    config.cache = arguments->value("--cache").value_or("");
    config.logger = logger_on_standard_error();
    config.on_status = [&notices](const Status& status) { notices.add(status); };
    config.on_ruleset = [&notices](const RulesetChange& change) { notices.add(change); };
    Result<Client> client = Client::open(std::move(config));
    if (!client) {
        report(client.error());
        return exit_refused;
    }
    return print_notices(*client, notices, *answers, interruption) ? exit_done : exit_refused;
}

}  // namespace expplat::cli
