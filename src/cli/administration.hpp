// `Administration`: what the commands that talk with a server's interface have in common: their options, and a client.
//
//     --url URL       the server; EXPPLAT_URL, else where `expplat login` was
//     --key KEY       an admin key instead of the log-in; better in EXPPLAT_KEY
//     --project P     EXPPLAT_PROJECT, else the only project there is
//     --environment E EXPPLAT_ENVIRONMENT
//     --json          the server's answer for machines, instead of words and tables
// Makes one transport and one client for the command. Errors are told on standard error where they are found. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/admin/admin_client.hpp"
#include "src/cli/arguments.hpp"
#include "src/cli/interruption.hpp"
#include "src/net/http_transport.hpp"

namespace expplat::cli {

/// Those above and the command's own.
[[nodiscard]] std::vector<OptionRule> administration_options(std::initializer_list<OptionRule> own = {});

/// A variable of the environment; empty where it is not set.
[[nodiscard]] std::string variable(const char* name);
[[nodiscard]] std::int64_t unix_ms();

class Administration {
public:
    enum class Login : std::uint8_t {
        needed,
        session_alone,  // no key instead
        not_needed,
    };

    /// Null, and said, where there is no server or nobody to ask as.
    [[nodiscard]] static std::unique_ptr<Administration> open(const Arguments& arguments,
                                                              Login login = Login::needed,
                                                              std::string url = {});

    [[nodiscard]] admin::AdminClient& client() noexcept { return *client_; }
    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    [[nodiscard]] bool is_json() const noexcept { return arguments_.has("--json"); }
    [[nodiscard]] bool is_interrupted() const noexcept { return interruption_.requested(); }

    /// Nothing, and said, where none is named and there is not exactly one.
    [[nodiscard]] std::optional<std::string> project();
    /// Nothing where none is named.
    [[nodiscard]] std::optional<std::string> environment() const;

private:
    explicit Administration(const Arguments& arguments) : arguments_(arguments) {}

    const Arguments arguments_;
    Interruption interruption_;
    std::unique_ptr<net::HttpTransport> transport_;
    std::unique_ptr<admin::Exchanger> exchanger_;
    std::unique_ptr<admin::AdminClient> client_;
    std::string url_;
};

/// Says why; returns `exit_refused`.
int refused(const Error& error);

}  // namespace expplat::cli
