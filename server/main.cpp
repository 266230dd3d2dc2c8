// expplat-server: flags and experiments over HTTP, from one program.
//
//     expplat-server [--config FILE] [--check-config] [--help] [--version]
//
// Settings come from the environment (README has the table), then from FILE. The log goes to standard error, a line of JSON
// each; the address and a password that was made go to standard output. Ends with SIGTERM or SIGINT, when what was asked is
// answered.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/version.hpp"
#include "server/program/program.hpp"

namespace {

using namespace expplat::server;

constexpr int usage_status = 2;

void print_help() {
    std::puts(
        "expplat-server [--config FILE] [--check-config]\n"
        "\n"
        "Serves flags and experiments over HTTP. Variables of the environment, or lines NAME=VALUE of "
        "FILE:\n");
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
        "  expplat-server --config /etc/expplat.conf --check-config");
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

int serve(const program::Settings& settings) {
    const sigset_t signals = block_signals();
    std::mutex writing;
    auto started = program::Program::start(settings, [&writing](const std::string& line) {
        const std::scoped_lock lock(writing);
        std::fprintf(stderr, "%s\n", line.c_str());
    });
    if (!started) {
        (void)fail({started.error().message});
        return 1;
    }
    const std::string scheme = settings.certificate_file.empty() ? "http" : "https";
    std::printf("listening on %s://%s:%u\n", scheme.c_str(), settings.address.c_str(), (*started)->port());
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

}  // namespace

int main(int count, char** words) {
    std::string file;
    bool only_check = false;
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
        if (word == "--check-config") {
            only_check = true;
        } else if (word == "--config" && i + 1 < count) {
            file = words[++i];
        } else {
            return fail({"unknown argument `" + std::string(word) + "`; see --help"});
        }
    }
    std::vector<std::string> faults;
    std::vector<std::pair<std::string, std::string>> lines;
    if (!file.empty()) {
        std::ifstream stream(file);
        if (!stream) return fail({file + ": cannot be read"});
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
    if (!faults.empty()) return fail(faults);
    if (only_check) {
        std::puts("the configuration is good");
        return 0;
    }
    return serve(settings);
}
