#include "src/cli/client_words.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "src/cli/terminal.hpp"

namespace expplat::cli {

namespace {

Error usage(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

constexpr std::string_view kinesis = "kinesis:";
constexpr std::string_view file = "file:";

}  // namespace

Result<Source> source_of(const Arguments& arguments, std::int64_t watch_interval_ms) {
    if (!arguments.has("--source")) return usage("expected --source URL or --source FILE");
    const std::string source(*arguments.value("--source"));
    if (!source.starts_with("http://") && !source.starts_with("https://")) {
        if (arguments.has("--key"))
            return usage("--key is for a server's --source, and " + source + " is a file");
        return Source::file(source, watch_interval_ms);
    }
    if (arguments.has("--key")) return Source::server(source, std::string(*arguments.value("--key")));
    const char* const key = std::getenv("EXPPLAT_SDK_KEY");
    if (key == nullptr || *key == '\0')
        return usage("a server wants an SDK key: EXPPLAT_SDK_KEY, or --key KEY");
    return Source::server(source, key);
}

Result<Sink> sink_of(std::string_view word) {
    if (word == "none") return Sink::none();
    if (word == "http") return Sink::http();
    if (word.starts_with(file) && word.size() > file.size())
        return Sink::file(std::string(word.substr(file.size())));
    if (word.starts_with(kinesis) && word.size() > kinesis.size()) {
        KinesisSettings settings;
        settings.stream = word.substr(kinesis.size());
        return Sink::kinesis(std::move(settings));
    }
    return usage("--sink takes kinesis:STREAM, http, file:PATH or none, not '" + std::string(word) + "'");
}

Logger logger_on_standard_error() {
    return [](LogLevel level, std::string_view line) {
        if (level >= LogLevel::warning) complain(line);
    };
}

void report(const Error& error) {
    if (error.code == ErrorCode::invalid_ruleset) std::fprintf(stderr, "%s\n", error.message.c_str());
    else complain(error.message);
}

bool wait_ready(const Client& client, std::chrono::seconds most, const Interruption& interruption) {
    constexpr std::chrono::milliseconds slice{100};  // between two looks at the signals
    for (std::chrono::milliseconds waited{0}; waited < most; waited += slice) {
        if (client.wait_ready(slice)) return true;
        if (interruption.requested()) return false;
        if (client.status().state == State::unauthorized) break;
    }
    const Status status = client.status();
    complain("no ruleset yet, " + std::string(name(status.state)) +
             (status.error.empty() ? std::string() : ": " + status.error));
    return false;
}

}  // namespace expplat::cli
