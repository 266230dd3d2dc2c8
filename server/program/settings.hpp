// `Settings`: what the server is told when it starts, by variables of the environment or a file of the same.
//
// Read once, by `main.cpp`; everything wrong is said at once. The table below is README's; `--help` prints it. Secrets are
// never part of a message. A value.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/auth/cognito.hpp"
#include "server/auth/rate_limit.hpp"
#include "server/http/cors.hpp"
#include "server/http/trusted_proxies.hpp"

namespace expplat::server::program {

struct Settings {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;
    std::string data = "./expplat-data";
    std::string database;              // empty: a SQLite file in `data`
    std::vector<std::string> secrets;  // the first signs; empty: made and kept in `data`
    std::string admin_email = "admin@localhost";
    std::string admin_password;  // of the first start; empty: made, and printed once
    std::string certificate_file;
    std::string private_key_file;
    unsigned threads = 0;  // 0: one for each processor
    unsigned workers = 4;
    std::int64_t drain_ms = 10'000;
    std::int64_t events_days = 30;
    std::string redis;  // empty: none
    std::string redis_ca_file;
    std::string bucket;  // empty: none
    std::string bucket_prefix;
    std::string stream;             // of Kinesis; its name or ARN; empty: none
    bool stream_aggregates = true;  // many events a record
    http::TrustedProxies trusted_proxies;
    auth::RateLimits rate_limits;
    http::Cors cors;
    std::string metrics_token;  // empty: the metrics are open where `address` is the machine's own
    std::optional<auth::CognitoConfig> user_pool;  // nothing: people log in here
    bool access_log = true;

    /// Where the database is, as `store::Address` reads it.
    [[nodiscard]] std::string database_url() const {
        return database.empty() ? "sqlite:" + data + "/expplat.db" : database;
    }
};

struct Variable {
    std::string_view name;
    std::string_view fallback;  // as it is written; empty: none
    std::string_view meaning;
};
[[nodiscard]] std::span<const Variable> variables() noexcept;

/// `lookup(name)` gives a variable's value. Appends to `faults` a line for each that is wrong.
[[nodiscard]] Settings read_settings(
    const std::function<std::optional<std::string>(const std::string& name)>& lookup,
    std::vector<std::string>& faults);

/// Names alone: what begins as the server's variables do and is none of them, most likely a slip of the pen. Those of
/// programs beside the server are left out. `environment` is as `environ`.
[[nodiscard]] std::vector<std::string> unknown_variables(const char* const* environment);

/// What a server of these settings would find wrong as it starts, without a look at the database or the network: addresses,
/// files, folders, the first person. Appends to `faults`.
void judge_start(const Settings& settings, std::vector<std::string>& faults);

/// A file of `NAME=VALUE` lines; `#` begins a comment. Appends to `faults`, also for a name that is none of ours.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_settings_file(
    std::string_view text, std::vector<std::string>& faults);

}  // namespace expplat::server::program
