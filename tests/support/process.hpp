// `Process`: a program that a test starts and ends: a server in another language, a host that is to be killed.
//
// Its standard output is read line by line; its standard error goes to the test's. Ended, by its own id, with the object.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

extern char** environ;

namespace expplat::tests {

class Process {
public:
    /// `environment` is added to this process's: `NAME=value`.
    explicit Process(const std::vector<std::string>& command, std::vector<std::string> environment = {}) {
        int pipe_ends[2] = {-1, -1};
        if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return;
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
        std::vector<char*> arguments;
        for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        for (char** inherited = environ; *inherited != nullptr; ++inherited)
            environment.emplace_back(*inherited);
        std::vector<char*> variables;
        for (std::string& variable : environment) variables.push_back(variable.data());
        variables.push_back(nullptr);
        if (::posix_spawnp(&id_, arguments[0], &actions, nullptr, arguments.data(), variables.data()) != 0)
            id_ = -1;
        posix_spawn_file_actions_destroy(&actions);
        ::close(pipe_ends[1]);
        output_ = pipe_ends[0];
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process() {
        if (id_ > 0 && !status_.has_value()) {
            ::kill(id_, SIGKILL);
            (void)wait();
        }
        if (output_ >= 0) ::close(output_);
    }

    [[nodiscard]] bool started() const noexcept { return id_ > 0; }
    void signal(int number) const noexcept {
        if (id_ > 0 && !status_.has_value()) ::kill(id_, number);
    }

    /// The next line of its standard output, without its end; nothing at the output's end or after `timeout`.
    [[nodiscard]] std::optional<std::string> line(
        std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
        const auto deadline = std::chrono::steady_clock::now() + timeout;
        for (;;) {
            if (const std::size_t end = read_.find('\n'); end != std::string::npos) {
                std::string line = read_.substr(0, end);
                read_.erase(0, end + 1);
                return line;
            }
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                deadline - std::chrono::steady_clock::now());
            pollfd waiting{output_, POLLIN, 0};
            if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0)
                return std::nullopt;
            char bytes[4096];
            const ssize_t count = ::read(output_, bytes, sizeof bytes);
            if (count <= 0) return std::nullopt;
            read_.append(bytes, static_cast<std::size_t>(count));
        }
    }

    /// Waits for its end: the exit code, or 128 and the signal's number.
    int wait() {
        if (status_.has_value()) return *status_;
        int status = 0;
        if (id_ <= 0 || ::waitpid(id_, &status, 0) != id_) return -1;
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return *status_;
    }

private:
    pid_t id_ = -1;
    int output_ = -1;
    std::string read_;
    std::optional<int> status_;
};

}  // namespace expplat::tests
