// `Program`: the server put together: the one place that names the adapters.
//
// Opens the database, brings its schema up to date, makes the first admin, publishes what there is, and listens; `stop` ends
// it in the other order. Made and ended by `main.cpp`, on one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"
#include "server/program/log_writer.hpp"
#include "server/program/settings.hpp"

namespace expplat::server::program {

class Program {
public:
    /// `log` gets a line of JSON at a time, and outlives it. Errors: whatever keeps the server from serving.
    [[nodiscard]] static Result<std::unique_ptr<Program>> start(const Settings& settings, LogWriter& log);
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program();

    [[nodiscard]] std::uint16_t port() const noexcept;
    /// The first person's password, where one was made just now.
    [[nodiscard]] const std::string& made_password() const noexcept;
    /// `METHOD /pattern` of each, sorted.
    [[nodiscard]] std::vector<std::string> routes() const;
    /// What is under way is answered, streams are closed over the drain's time; then nothing is left.
    void stop();

private:
    class Parts;
    explicit Program(std::unique_ptr<Parts> parts) noexcept;
    std::unique_ptr<Parts> parts_;
};

/// A line of the program's own log.
[[nodiscard]] std::string log_line(std::string_view level, std::string_view message, std::int64_t unix_ms);

}  // namespace expplat::server::program
