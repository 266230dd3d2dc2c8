// expplat-server: flags and experiments over HTTP, from one program.
//
//     expplat-server [--config FILE] [--check-config] [--help] [--version]
//     expplat-server export [FILE]       the whole database as NDJSON, to standard output or a file
//     expplat-server import FILE         out of such a file into an empty database
//     expplat-server health              whether the server of these settings is alive
//
// Settings come from the environment (README has the table), then from FILE. The log goes to standard error, a line of JSON
// each; the address and a password that was made go to standard output. Ends with SIGTERM or SIGINT, when what was asked is
// answered. Exit status: 0 done; 1 it cannot be done; 2 usage, or settings that are wrong.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/version.hpp"
#include "server/program/backup.hpp"
#include "server/program/health_probe.hpp"
#include "server/program/log_writer.hpp"
#include "server/program/program.hpp"
#include "src/net/url.hpp"

namespace {

using namespace expplat::server;

constexpr int failed_status = 1;
constexpr int usage_status = 2;

void print_help() {
    std::puts(
        "expplat-server [--config FILE] [--check-config]\n"
        "expplat-server [--config FILE] export [FILE]\n"
        "expplat-server [--config FILE] import FILE\n"
        "expplat-server [--config FILE] health\n"
        "\n"
        "Serves flags and experiments over HTTP.\n"
        "  export  the whole database as lines of JSON, to FILE or standard output; a server may run beside "
        "it\n"
        "  import  such a file (- is standard input) into an empty database, of either kind\n"
        "  health  whether the server of these settings is alive on this machine (with TLS: takes "
        "connections)\n"
        "\n"
        "Variables of the environment, or lines NAME=VALUE of --config's FILE:\n");
    for (const program::Variable& variable : program::variables()) {
        std::printf("  %-24.*s %.*s\n", static_cast<int>(variable.name.size()), variable.name.data(),
                    static_cast<int>(variable.meaning.size()), variable.meaning.data());
        if (!variable.fallback.empty())
            std::printf("  %-24s default: %.*s\n", "", static_cast<int>(variable.fallback.size()),
                        variable.fallback.data());
    }
    std::puts(
        "\n"
        "Examples:\n"
        "  expplat-server\n"
        "  DATABASE_URL=postgres://expplat@db/expplat SECRET_KEY=... EXPPLAT_LISTEN=0.0.0.0:8080 "
        "expplat-server\n"
        "  expplat-server --config /etc/expplat.conf --check-config\n"
        "  expplat-server export backup.ndjson\n"
        "  DATABASE_URL=postgres://expplat@db/expplat SECRET_KEY=... expplat-server import backup.ndjson\n"
        "\n"
        "Exit status: 0 done; 1 it cannot be done; 2 usage, or settings that are wrong.");
}

int fail(const std::vector<std::string>& faults) {
    for (const std::string& fault : faults) std::fprintf(stderr, "expplat-server: %s\n", fault.c_str());
    return usage_status;
}

/// Blocked in every thread, so that they are waited for in one place.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGTERM, SIGINT}) sigaddset(&signals, number);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signals;
}

int serve(const program::Settings& settings, const std::vector<std::string>& warnings) {
    const sigset_t signals = block_signals();
    program::LogWriter log(STDERR_FILENO);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t unix_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    for (const std::string& warning : warnings) log.write(program::log_line("warning", warning, unix_ms));
    auto started = program::Program::start(settings, log);
    if (!started) {
        (void)fail({started.error().message});
        return failed_status;
    }
    const std::string scheme = settings.certificate_file.empty() ? "http" : "https";
    expplat::net::Url own;
    own.host = settings.address;
    own.port = (*started)->port();
    std::printf("listening on %s://%s\n", scheme.c_str(), own.authority().c_str());
    if (!(*started)->made_password().empty())
        std::printf("log in as %s with the password %s (shown once)\n", settings.admin_email.c_str(),
                    (*started)->made_password().c_str());
    std::fflush(stdout);
    int number = 0;
    sigwait(&signals, &number);
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // a second one ends it at once
    (*started)->stop();
    return 0;
}

/// What the command line asks for.
struct Request {
    std::string config;
    bool only_check = false;
    std::string command;  // empty: to serve
    std::string file;     // of `export` and `import`
};

/// Nothing where the words are wrong, which `fault` then tells.
std::optional<Request> read_words(int count, char** words, std::string& fault) {
    Request request;
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        if (word == "--check-config") {
            request.only_check = true;
        } else if (word == "--config" && i + 1 < count) {
            request.config = words[++i];
        } else if (request.command.empty() && (word == "export" || word == "import" || word == "health")) {
            request.command = word;
        } else if ((request.command == "export" || request.command == "import") && request.file.empty() &&
                   (word == "-" || !word.starts_with('-'))) {
            request.file = word;
        } else {
            fault = "unknown argument `" + std::string(word) + "`; see --help";
            return std::nullopt;
        }
    }
    if (request.command == "import" && request.file.empty()) {
        fault = "import: expected the FILE of an export; see --help";
        return std::nullopt;
    }
    if (request.command == "export" && request.file.empty()) request.file = "-";
    return request;
}

int transfer(const program::Settings& settings, const Request& request) {
    std::signal(SIGPIPE, SIG_IGN);
    const bool is_export = request.command == "export";
    const expplat::Result<std::int64_t> rows =
        is_export ? program::export_to(settings, request.file) : program::import_from(settings, request.file);
    if (!rows) {
        (void)fail({request.command + ": " + rows.error().message});
        return failed_status;
    }
    std::fprintf(stderr, "expplat-server: %s: %lld rows\n", is_export ? "exported" : "imported",
                 static_cast<long long>(*rows));
    return 0;
}

int probe(const program::Settings& settings) {
    if (const expplat::Result<void> alive = program::probe_health(settings); !alive) {
        (void)fail({"health: " + alive.error().message});
        return failed_status;
    }
    std::puts("alive");
    return 0;
}

}  // namespace

int main(int count, char** words) {
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        if (word == "--help") {
            print_help();
            return 0;
        }
        if (word == "--version") {
            std::printf("expplat-server %s\n", std::string(expplat::version).c_str());
            return 0;
        }
    }
    std::string fault;
    const std::optional<Request> request = read_words(count, words, fault);
    if (!request) return fail({fault});
    std::vector<std::string> faults;
    std::vector<std::pair<std::string, std::string>> lines;
    if (!request->config.empty()) {
        std::ifstream stream(request->config);
        if (!stream) return fail({request->config + ": cannot be read"});
        lines = program::read_settings_file(std::string(std::istreambuf_iterator<char>(stream), {}), faults);
    }
    const program::Settings settings = program::read_settings(
        [&lines](const std::string& name) -> std::optional<std::string> {
            if (const char* const value = std::getenv(name.c_str())) return value;
            for (const auto& [known, value] : lines) {
                if (known == name) return value;
            }
            return std::nullopt;
        },
        faults);
    if (request->only_check || request->command.empty()) program::judge_start(settings, faults);
    if (!faults.empty()) return fail(faults);
    std::vector<std::string> warnings;
    for (const std::string& name : program::unknown_variables(environ))
        warnings.push_back(name + ": no variable of the server, see --help");
    if (request->only_check) {
        for (const std::string& warning : warnings)
            std::fprintf(stderr, "expplat-server: warning: %s\n", warning.c_str());
        std::puts("the configuration is good");
        return 0;
    }
    if (request->command == "health") return probe(settings);
    return request->command.empty() ? serve(settings, warnings) : transfer(settings, *request);
}
