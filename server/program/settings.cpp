#include "server/program/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "server/auth/limits.hpp"
#include "server/auth/password_rules.hpp"
#include "server/domain/text_rules.hpp"
#include "server/http/server_tls.hpp"
#include "server/program/outlets.hpp"
#include "server/store/address.hpp"
#include "src/net/url.hpp"

namespace expplat::server::program {
namespace {

constexpr std::size_t metrics_token_least = 16;

constexpr std::array<Variable, 26> table{{
    {"EXPPLAT_LISTEN", "127.0.0.1:8080", "address and port; port 0: any that is free, which the log tells"},
    {"EXPPLAT_DATA", "./expplat-data", "the folder of the SQLite file and of a secret that was made"},
    {"DATABASE_URL", "sqlite:$EXPPLAT_DATA/expplat.db",
     "sqlite:PATH, or postgres://...; what a postgres URL leaves out comes from PGHOST, PGUSER, ..."},
    {"SECRET_KEY", "",
     "32 characters or more, signs tokens and the audit; made in the data folder where that has the "
     "database, and needed otherwise"},
    {"SECRET_KEY_PREVIOUS", "", "keys before it, by commas: their tokens and signatures are still good"},
    {"EXPPLAT_ADMIN_EMAIL", "admin@localhost", "of the first person of an empty database"},
    {"EXPPLAT_ADMIN_PASSWORD", "", "of that person; made and printed once where there is none"},
    {"EXPPLAT_TLS_CERTIFICATE", "", "PEM file with the chain; empty: no TLS"},
    {"EXPPLAT_TLS_KEY", "", "PEM file of its key"},
    {"EXPPLAT_THREADS", "0", "threads that serve connections; 0: one for each processor"},
    {"EXPPLAT_WORKERS", "4", "threads that wait for the database"},
    {"EXPPLAT_DRAIN_MS", "10000", "how long streams are closed over when the server is asked to end"},
    {"EXPPLAT_EVENTS_DAYS", "30", "how long raw events are kept; their counts stay"},
    {"REDIS_URL", "",
     "redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// with TLS: servers of one database tell "
     "each other of changes there; empty: each looks every five seconds"},
    {"REDIS_CA_FILE", "", "PEM file of the authorities that Redis's certificate is of; empty: the system's"},
    {"RULESET_BUCKET", "",
     "a bucket of S3 into which what is published is put; region, credentials and endpoint are in AWS's own "
     "variables and files"},
    {"RULESET_PREFIX", "", "before the keys of its objects, as a folder"},
    {"KINESIS_STREAM", "",
     "the name or the ARN of a stream of Kinesis that events go into, instead of the database; region, "
     "credentials and endpoint as for the bucket"},
    {"KINESIS_AGGREGATION", "on", "on: records of many events (KPL's format); off: one a record"},
    {"EXPPLAT_TRUSTED_PROXIES", "",
     "addresses and prefixes (10.0.0.0/8), by commas, of proxies whose X-Forwarded-For is believed"},
    {"EXPPLAT_RATE_LIMITS",
     "server=50000/100000,client=10000/20000,admin=200/1000,person=200/1000,log-in=5/50",
     "requests of a key or person, and log-ins of an address: PER_SECOND/BURST or off, by commas"},
    {"EXPPLAT_CORS_ORIGINS", "",
     "origins of pages that may ask (https://console.example.com), by commas, or *; empty: none"},
    {"EXPPLAT_METRICS_TOKEN", "",
     "what /metrics wants as bearer, 16 characters or more; without it they are open on a loopback address "
     "only"},
    {"COGNITO_USER_POOL_ID", "",
     "REGION_NAME: people come in by this Amazon Cognito user pool, not by passwords"},
    {"COGNITO_CLIENT_ID", "", "app clients of the pool whose tokens are taken, by commas"},
    {"COGNITO_ENDPOINT", "",
     "of an emulator of Cognito: where the pool's key set is fetched instead of at Amazon's"},
}};

template <class Number>
void read_number(const std::optional<std::string>& text, std::string_view name, Number least, Number most,
                 Number& to, std::vector<std::string>& faults) {
    if (!text) return;
    Number number{};
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc() || end != text->data() + text->size() || number < least || number > most) {
        faults.push_back(std::string(name) + ": must be a whole number from " + std::to_string(least) +
                         " to " + std::to_string(most));
        return;
    }
    to = number;
}

[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept {
    const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// UTF-8 of unknown worth: a character is a byte that does not continue one.
[[nodiscard]] std::size_t characters(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

/// Groups of the pool are roles by their names.
template <class Value>
[[nodiscard]] std::optional<auth::CognitoConfig> read_user_pool(const Value& value,
                                                                std::vector<std::string>& faults) {
    const auto pool = value("COGNITO_USER_POOL_ID");
    const auto clients = value("COGNITO_CLIENT_ID");
    const auto endpoint = value("COGNITO_ENDPOINT");
    if (!pool && !clients && !endpoint) return std::nullopt;
    if (!pool || !clients) {
        faults.emplace_back("COGNITO_USER_POOL_ID, COGNITO_CLIENT_ID: one needs the other");
        return std::nullopt;
    }
    auth::CognitoConfig config;
    config.user_pool_id = *pool;
    for (std::string_view rest = *clients; !rest.empty();) {
        const std::string_view one = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(one.size() + 1, rest.size()));
        config.client_ids.emplace_back(trimmed(one));
    }
    for (const char* const role : {"admin", "developer", "analyst", "viewer"})
        config.roles.push_back({role, role});
    config.endpoint = endpoint.value_or("");
    while (config.endpoint.ends_with('/')) config.endpoint.pop_back();
    if (endpoint && !net::parse_url(config.endpoint))
        faults.emplace_back("COGNITO_ENDPOINT: must be http://HOST:PORT or https://HOST");
    if (const auto opened = auth::CognitoPool::open(config); !opened)
        faults.push_back(opened.error().message);
    return config;
}

/// However it was written: the data folder may not be there yet, so that the file system cannot tell that two are one.
[[nodiscard]] std::filesystem::path plain_folder(const std::filesystem::path& folder) {
    std::error_code ignored;
    std::filesystem::path plain = std::filesystem::absolute(folder, ignored).lexically_normal();
    return plain.has_filename() ? plain : plain.parent_path();
}

/// Those of the `expplat` tool, of a build of this project and of its tests, which the same shell may have.
[[nodiscard]] bool is_of_another(std::string_view name) noexcept {
    constexpr auto others = std::to_array<std::string_view>(
        {"EXPPLAT_URL", "EXPPLAT_KEY", "EXPPLAT_SDK_KEY", "EXPPLAT_EMAIL", "EXPPLAT_PASSWORD",
         "EXPPLAT_PROJECT", "EXPPLAT_ENVIRONMENT", "EXPPLAT_STREAM", "EXPPLAT_JOBS", "EXPPLAT_FULL",
         "EXPPLAT_SEED", "EXPPLAT_FUZZ_SEED", "EXPPLAT_SKIP_SETUP", "EXPPLAT_CLI", "EXPPLAT_WASM_PACKAGE"});
    return name.starts_with("EXPPLAT_TEST_") || std::find(others.begin(), others.end(), name) != others.end();
}

}  // namespace

std::span<const Variable> variables() noexcept { return table; }

std::vector<std::string> unknown_variables(const char* const* environment) {
    std::vector<std::string> names;
    for (; environment != nullptr && *environment != nullptr; ++environment) {
        const std::string_view line = *environment;
        const std::string_view name = line.substr(0, line.find('='));
        const bool known =
            std::any_of(table.begin(), table.end(), [&](const Variable& one) { return one.name == name; });
        if (name.starts_with("EXPPLAT_") && !known && !is_of_another(name)) names.emplace_back(name);
    }
    return names;
}

Settings read_settings(const std::function<std::optional<std::string>(const std::string&)>& lookup,
                       std::vector<std::string>& faults) {
    // A variable that is set to nothing is one that is not set.
    const auto value = [&](const char* name) {
        std::optional<std::string> text = lookup(name);
        return text && text->empty() ? std::nullopt : text;
    };
    Settings settings;
    if (const auto listen = value("EXPPLAT_LISTEN")) {
        const std::size_t colon = listen->rfind(':');
        if (colon == std::string::npos || colon == 0) {
            faults.emplace_back("EXPPLAT_LISTEN: must be ADDRESS:PORT");
        } else {
            settings.address = listen->substr(0, colon);
            if (settings.address.size() > 2 && settings.address.front() == '[' &&
                settings.address.back() == ']')
                settings.address = settings.address.substr(1, settings.address.size() - 2);
            std::uint32_t port = settings.port;
            read_number<std::uint32_t>(listen->substr(colon + 1), "EXPPLAT_LISTEN's port", 0, 65'535, port,
                                       faults);
            settings.port = static_cast<std::uint16_t>(port);
        }
    }
    settings.data = value("EXPPLAT_DATA").value_or(settings.data);
    if (const auto url = value("DATABASE_URL")) {
        settings.database = *url;
        if (const Result<store::Address> parsed = store::Address::parse(*url); !parsed)
            faults.push_back("DATABASE_URL: " + parsed.error().message);
    }
    if (const auto secret = value("SECRET_KEY")) settings.secrets.push_back(*secret);
    if (const auto previous = value("SECRET_KEY_PREVIOUS")) {
        if (settings.secrets.empty())
            faults.emplace_back("SECRET_KEY_PREVIOUS: without SECRET_KEY it means nothing");
        for (std::string_view rest = *previous; !rest.empty();) {
            const std::string_view one = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(one.size() + 1, rest.size()));
            settings.secrets.emplace_back(trimmed(one));
        }
    }
    for (const std::string& secret : settings.secrets) {
        if (characters(trimmed(secret)) >= auth::limits::secret_key_characters) continue;
        faults.push_back("SECRET_KEY: must have " + std::to_string(auth::limits::secret_key_characters) +
                         " characters or more, those before it too");
        break;
    }
    if (settings.secrets.empty() && settings.database.starts_with("postgres"))
        faults.emplace_back("SECRET_KEY: is needed where the database is not in the data folder");
    settings.admin_email = value("EXPPLAT_ADMIN_EMAIL").value_or(settings.admin_email);
    settings.admin_password = value("EXPPLAT_ADMIN_PASSWORD").value_or("");
    settings.certificate_file = value("EXPPLAT_TLS_CERTIFICATE").value_or("");
    settings.private_key_file = value("EXPPLAT_TLS_KEY").value_or("");
    if (settings.certificate_file.empty() != settings.private_key_file.empty())
        faults.emplace_back("EXPPLAT_TLS_CERTIFICATE, EXPPLAT_TLS_KEY: one needs the other");
    read_number<unsigned>(value("EXPPLAT_THREADS"), "EXPPLAT_THREADS", 0, 256, settings.threads, faults);
    read_number<unsigned>(value("EXPPLAT_WORKERS"), "EXPPLAT_WORKERS", 1, 256, settings.workers, faults);
    read_number<std::int64_t>(value("EXPPLAT_DRAIN_MS"), "EXPPLAT_DRAIN_MS", 0, 600'000, settings.drain_ms,
                              faults);
    read_number<std::int64_t>(value("EXPPLAT_EVENTS_DAYS"), "EXPPLAT_EVENTS_DAYS", 1, 3'650,
                              settings.events_days, faults);
    settings.redis = value("REDIS_URL").value_or("");
    settings.redis_ca_file = value("REDIS_CA_FILE").value_or("");
    settings.bucket = value("RULESET_BUCKET").value_or("");
    settings.bucket_prefix = value("RULESET_PREFIX").value_or("");
    settings.stream = value("KINESIS_STREAM").value_or("");
    if (const auto aggregation = value("KINESIS_AGGREGATION")) {
        settings.stream_aggregates = *aggregation != "off";
        if (*aggregation != "on" && *aggregation != "off")
            faults.emplace_back("KINESIS_AGGREGATION: must be on or off");
    }
    judge_outlets(settings, faults);
    if (const auto list = value("EXPPLAT_TRUSTED_PROXIES")) {
        const Result<http::TrustedProxies> proxies = http::TrustedProxies::parse(*list);
        if (proxies) settings.trusted_proxies = *proxies;
        else faults.push_back("EXPPLAT_TRUSTED_PROXIES: " + proxies.error().message);
    }
    if (const auto text = value("EXPPLAT_RATE_LIMITS")) {
        const Result<auth::RateLimits> limits = auth::RateLimits::parse(*text);
        if (limits) settings.rate_limits = *limits;
        else faults.push_back("EXPPLAT_RATE_LIMITS: " + limits.error().message);
    }
    if (const auto origins = value("EXPPLAT_CORS_ORIGINS")) {
        const Result<http::Cors> cors = http::Cors::parse(*origins);
        if (cors) settings.cors = *cors;
        else faults.push_back("EXPPLAT_CORS_ORIGINS: " + cors.error().message);
    }
    settings.metrics_token = value("EXPPLAT_METRICS_TOKEN").value_or("");
    if (!settings.metrics_token.empty() && settings.metrics_token.size() < metrics_token_least)
        faults.push_back("EXPPLAT_METRICS_TOKEN: must have " + std::to_string(metrics_token_least) +
                         " characters or more");
    settings.user_pool = read_user_pool(value, faults);
    return settings;
}

void judge_start(const Settings& settings, std::vector<std::string>& faults) {
    if (!net::is_ip_literal(settings.address))
        faults.emplace_back("EXPPLAT_LISTEN: the address must be one of IPv4 or IPv6, 0.0.0.0 for every one");
    if (!settings.certificate_file.empty()) {
        if (const auto tls = http::open_server_tls(settings.certificate_file, settings.private_key_file);
            !tls)
            faults.push_back("EXPPLAT_TLS_CERTIFICATE, EXPPLAT_TLS_KEY: " + tls.error().message);
    }
    const std::filesystem::path data = plain_folder(settings.data);
    std::error_code ignored;
    if (std::filesystem::exists(data, ignored)) {
        if (!std::filesystem::is_directory(data, ignored))
            faults.push_back("EXPPLAT_DATA: " + settings.data + " is no folder");
    } else if (!std::filesystem::is_directory(data.parent_path(), ignored)) {  // only the last one is made
        faults.push_back("EXPPLAT_DATA: there is no folder " + data.parent_path().string());
    }
    if (const auto address = store::Address::parse(settings.database);
        address && address->kind == store::Address::Kind::sqlite && !address->in_memory()) {
        const std::filesystem::path folder =
            std::filesystem::absolute(address->target, ignored).parent_path();
        if (std::filesystem::is_directory(address->target, ignored))
            faults.push_back("DATABASE_URL: " + address->target + " is a folder");
        else if (plain_folder(folder) != data && !std::filesystem::is_directory(folder, ignored))
            faults.push_back("DATABASE_URL: there is no folder " + folder.string());
    }
    if (!domain::is_email(settings.admin_email))
        faults.emplace_back("EXPPLAT_ADMIN_EMAIL: must be an e-mail address");
    if (!settings.admin_password.empty()) {
        if (const auto good = auth::check_new_password(settings.admin_password, settings.admin_email); !good)
            faults.push_back("EXPPLAT_ADMIN_PASSWORD: " + good.error().message);
    }
}

std::vector<std::pair<std::string, std::string>> read_settings_file(std::string_view text,
                                                                    std::vector<std::string>& faults) {
    std::vector<std::pair<std::string, std::string>> values;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view whole = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(whole.size() + 1, text.size()));
        const std::string_view line = trimmed(whole);
        if (line.empty() || line.front() == '#') continue;
        const std::size_t equals = line.find('=');
        const std::string_view name = trimmed(line.substr(0, equals));
        const bool known =
            std::any_of(table.begin(), table.end(), [&](const Variable& one) { return one.name == name; });
        if (equals == std::string_view::npos || !known) {
            faults.push_back("line " + std::to_string(number) +
                             ": expected NAME=VALUE with one of the server's names");
            continue;
        }
        values.emplace_back(name, trimmed(line.substr(equals + 1)));
    }
    return values;
}

}  // namespace expplat::server::program
