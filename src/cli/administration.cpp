#include "src/cli/administration.hpp"

#include <chrono>
#include <cstdlib>

#include "expplat/version.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/terminal.hpp"
#include "src/net/url.hpp"

namespace expplat::cli {

namespace {

constexpr std::int64_t look_at_signals_ms = 100;

std::string option_or_variable(const Arguments& arguments, std::string_view option, const char* name) {
    if (const auto given = arguments.value(option)) return std::string(*given);
    return variable(name);
}

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

}  // namespace

std::vector<OptionRule> administration_options(std::initializer_list<OptionRule> own) {
    std::vector<OptionRule> rules{
        {"--url", true}, {"--key", true}, {"--project", true}, {"--environment", true}, {"--json", false}};
    rules.insert(rules.end(), own);
    return rules;
}

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

std::int64_t unix_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::unique_ptr<Administration> Administration::open(const Arguments& arguments, Login login,
                                                     std::string url) {
    std::unique_ptr<Administration> made(new Administration(arguments));
    admin::AdminSettings settings;
    settings.now_ms = unix_ms;
    settings.user_agent = "expplat-cli/" + std::string(version);
    settings.url = without_slash(url.empty() ? option_or_variable(arguments, "--url", "EXPPLAT_URL") : url);
    if (login != Login::not_needed) {
        if (login == Login::needed) settings.key = option_or_variable(arguments, "--key", "EXPPLAT_KEY");
        settings.session_path = admin::session_path();
        Result<std::optional<admin::Session>> session = admin::load_session(settings.session_path);
        // A key does without.
        if (!session && settings.key.empty()) {
            complain(session.error().message + "; log in again: expplat login URL");
            return nullptr;
        }
        if (session && *session) {
            if (settings.url.empty()) settings.url = (*session)->url;
            // Its tokens are for its own server and for no other.
            if ((*session)->url == settings.url) settings.session = std::move(**session);
        }
        if (settings.url.empty()) {
            complain("which server? Log in with expplat login URL, or give --url URL and EXPPLAT_KEY");
            return nullptr;
        }
        if (settings.key.empty() && !settings.session) {
            complain("you are not logged in at " + settings.url + ": expplat login " + settings.url +
                     ", or give a key in EXPPLAT_KEY");
            return nullptr;
        }
    }
    if (const Result<net::Url> parsed = net::parse_url(settings.url); !parsed) {
        complain("the server's URL: " + parsed.error().message);
        return nullptr;
    }
    net::HttpTransportSettings transport;
    transport.user_agent = settings.user_agent;
    auto opened = net::HttpTransport::open(std::move(transport));
    if (!opened) {
        complain(opened.error().message);
        return nullptr;
    }
    made->transport_ = std::move(*opened);
    made->exchanger_ = std::make_unique<admin::Exchanger>(*made->transport_, [at = made.get()] {
        at->transport_->poll(look_at_signals_ms);
        return !at->interruption_.requested();
    });
    made->url_ = settings.url;
    made->client_ = std::make_unique<admin::AdminClient>(*made->exchanger_, std::move(settings));
    return made;
}

std::optional<std::string> Administration::project() {
    if (std::string named = option_or_variable(arguments_, "--project", "EXPPLAT_PROJECT"); !named.empty())
        return named;
    const Result<std::vector<std::string>> all = client_->projects();
    if (!all) {
        (void)refused(all.error());
        return std::nullopt;
    }
    if (all->size() == 1) return all->front();
    std::string names;
    for (const std::string& name : *all) names += (names.empty() ? "" : ", ") + name;
    complain(all->empty() ? std::string("there is no project yet")
                          : "which project? --project, one of " + names);
    return std::nullopt;
}

std::optional<std::string> Administration::environment() const {
    std::string named = option_or_variable(arguments_, "--environment", "EXPPLAT_ENVIRONMENT");
    return named.empty() ? std::nullopt : std::optional(std::move(named));
}

int refused(const Error& error) {
    complain(error.message);
    return exit_refused;
}

}  // namespace expplat::cli
