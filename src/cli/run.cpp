// `expplat run`: a stream of cases through a real client, its exposures to a sink.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "src/cli/arguments.hpp"
#include "src/cli/case_stream.hpp"
#include "src/cli/client_words.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/interruption.hpp"
#include "src/cli/terminal.hpp"
#include "src/client/answering.hpp"
#include "src/client/status_json.hpp"
#include "src/ruleset/answer_json.hpp"

namespace expplat::cli {

namespace {

using ruleset::Case;

constexpr std::size_t batch_cases =
    2'000;  // each gives two events at most: less than half of a client's queue
constexpr std::chrono::seconds flush_time{30};
constexpr std::chrono::milliseconds flush_slice{100};  // between two looks at the signals
constexpr std::string_view tracked_event = "run";

struct RunOptions {
    Config config;
    std::string cases;
    unsigned threads = 1;
    unsigned repeat = 1;
    unsigned wait_seconds = 30;
    bool track = false;
};

/// Answers and records as `Client::variant` does, and says the whole answer.
void answer(std::string& out, const Client& client, const Case& question) {
    const runtime::Runtime& runtime = runtime::runtime_of(client);
    if (!question.key || !question.user) {
        ruleset::append_answer_json(out, question.key, ruleset::unreadable_user(),
                                    client.snapshot().version());
    } else {
        runtime::with_answer(runtime, *question.key, *question.user,
                             [&](const runtime::Published& current, const eval::Answer& given,
                                 const runtime::ReadGuard& guard) {
                                 runtime::record_if_counted(runtime, current, given, *question.user, guard);
                                 ruleset::append_answer_json(out, question.key, given,
                                                             current.view.version());
                             });
    }
    out += '\n';
}

/// One client and what is asked of it.
class Run {
public:
    Run(Client client, const RunOptions& options, const Interruption& interruption)
        : client_(std::move(client)), options_(options), interruption_(interruption) {}

    /// Answers the batch, in order, and repeats it until a signal comes.
    void ask(std::span<const Case> batch, Output& output) {
        for (const std::string& text : asked(batch, true)) output.text() += text;
        settle();
        for (unsigned round = 1; round < options_.repeat && !interruption_.requested(); ++round) {
            (void)asked(batch, false);
            settle();
        }
    }

    [[nodiscard]] const Client& client() const noexcept { return client_; }

    /// Sends what is left, stops, and says what became of the events. False where one was lost. After a signal only the
    /// client's own time to close is left.
    [[nodiscard]] bool end() {
        if (!flush() && !interruption_.requested()) complain("events: not all could be sent in time");
        client_.close();
        const Stats stats = client_.stats();
        const std::string line = runtime::to_json(stats) + "\n";
        std::fwrite(line.data(), 1, line.size(), stderr);
        return stats.dropped_queue_full + stats.dropped_shutdown + stats.dropped_spool +
                   stats.dead_lettered ==
               0;
    }

private:
    /// Every thread takes a piece of the batch; the answers' text, piece by piece.
    std::vector<std::string> asked(std::span<const Case> batch, bool written) {
        const std::size_t piece = (batch.size() + options_.threads - 1) / options_.threads;
        std::vector<std::string> texts(options_.threads);
        const auto ask_piece = [&](unsigned number) {
            const std::size_t begin = std::min(number * piece, batch.size());
            for (const Case& question : batch.subspan(begin, std::min(piece, batch.size() - begin)))
                ask_one(question, written ? &texts[number] : nullptr);
        };
        std::vector<std::thread> threads;
        for (unsigned number = 1; number < options_.threads; ++number)
            threads.emplace_back(ask_piece, number);
        ask_piece(0);
        for (std::thread& thread : threads) thread.join();
        return texts;
    }

    void ask_one(const Case& question, std::string* text) {
        const bool readable = question.key && question.user;
        if (text != nullptr) answer(*text, client_, question);
        else if (readable) (void)client_.variant(*question.key, *question.user);
        if (options_.track && readable) client_.track(tracked_event, *question.user);
    }

    /// Cases come faster than any sink takes events: where half of the queue is used, it is waited for.
    void settle() {
        if (client_.stats().in_flight > options_.config.queue_events / 2) (void)flush();
    }

    /// True where all was sent; waits for at most `flush_time`, and not on after a signal.
    bool flush() {
        for (std::chrono::milliseconds waited{0}; waited < flush_time; waited += flush_slice) {
            if (interruption_.requested()) return false;
            if (client_.flush(flush_slice)) return true;
        }
        return false;
    }

    Client client_;
    const RunOptions& options_;
    const Interruption& interruption_;
};

Result<RunOptions> options_of(const Arguments& arguments) {
    constexpr unsigned most_threads = 1024;
    constexpr unsigned most_repeats = 1'000'000'000;
    constexpr unsigned most_seconds = 86'400;
    RunOptions options;
    if (!arguments.operands().empty())
        return Error{ErrorCode::invalid_argument, "unexpected " + std::string(arguments.operands().front())};
    Result<Source> source = source_of(arguments, 0);
    if (!source) return source.error();
    options.config.source = std::move(*source);
    Result<Sink> sink = sink_of(arguments.value("--sink").value_or("none"));
    if (!sink) return sink.error();
    if (sink->kind() == Sink::Kind::http && options.config.source.kind() != Source::Kind::server)
        return Error{ErrorCode::invalid_argument,
                     "--sink http sends to the --source, which must be a server's URL"};
    options.config.sink = std::move(*sink);
    if (!arguments.has("--cases"))
        return Error{ErrorCode::invalid_argument, "expected --cases FILE or --cases -"};
    options.cases = *arguments.value("--cases");
    for (const auto& [count, name, most] : {std::tuple(&options.threads, "--threads", most_threads),
                                            std::tuple(&options.repeat, "--repeat", most_repeats),
                                            std::tuple(&options.wait_seconds, "--wait", most_seconds)}) {
        const Result<unsigned> given = arguments.count(name, *count, most);
        if (!given) return given.error();
        *count = *given;
    }
    options.track = arguments.has("--track");
    options.config.spool = arguments.value("--spool").value_or("");
    options.config.cache = arguments.value("--cache").value_or("");
    options.config.project = arguments.value("--project").value_or("");
    options.config.logger = logger_on_standard_error();
    return options;
}

int answer_stream(Run& run, CaseStream& cases, const Interruption& interruption) {
    Output output;
    std::size_t answered = 0;
    bool written = true;
    for (;;) {
        const std::vector<Case> batch = cases.next(batch_cases);
        if (batch.empty() || !written) break;
        run.ask(batch, output);
        answered += batch.size();
        if (!(written = output.finish())) break;
    }
    if (!cases.error().empty()) complain(cases.error());
    if (interruption.requested()) complain("ended by a signal after " + std::to_string(answered) + " cases");
    const bool delivered = run.end();
    return written && delivered && cases.error().empty() ? exit_done : exit_refused;
}

}  // namespace

int run(const Words& words) {
    const Result<Arguments> arguments = Arguments::parse(words, {{"--source", true},
                                                                 {"--key", true},
                                                                 {"--sink", true},
                                                                 {"--cases", true},
                                                                 {"--threads", true},
                                                                 {"--repeat", true},
                                                                 {"--track", false},
                                                                 {"--spool", true},
                                                                 {"--cache", true},
                                                                 {"--project", true},
                                                                 {"--wait", true}});
    if (!arguments) return usage_error("run", arguments.error().message);
    const Result<RunOptions> options = options_of(*arguments);
    if (!options) return usage_error("run", options.error().message);

    Interruption interruption;
    Result<CaseStream> cases = CaseStream::open(options->cases, interruption);
    if (!cases) {
        complain(cases.error().message);
        return exit_refused;
    }
    Result<Client> client = Client::open(options->config);
    if (!client) {
        report(client.error());
        return exit_refused;
    }
    Run run(std::move(*client), *options, interruption);
    if (!wait_ready(run.client(), std::chrono::seconds(options->wait_seconds), interruption)) {
        (void)run.end();
        return interruption.requested() ? exit_done : exit_refused;
    }
    return answer_stream(run, *cases, interruption);
}

}  // namespace expplat::cli
