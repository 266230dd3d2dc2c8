#include <cstdio>
#include <string>

#include "src/cli/administration.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/prompt.hpp"
#include "src/cli/terminal.hpp"
#include "src/net/url.hpp"

namespace expplat::cli {

namespace {

/// EXPPLAT_PASSWORD, a question where there is a terminal, else the first line of standard input.
std::optional<std::string> password_for(const std::string& email, const std::string& url) {
    if (std::string given = variable("EXPPLAT_PASSWORD"); !given.empty()) return given;
    if (has_terminal()) return ask_password("Password of " + email + " at " + url + ": ");
    std::string line;
    for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) line += static_cast<char>(c);
    if (line.ends_with('\r')) line.pop_back();
    return line.empty() ? std::nullopt : std::optional(std::move(line));
}

bool is_open_to_listeners(const std::string& text) {
    const Result<net::Url> url = net::parse_url(text);
    return url && !url->tls && url->host != "localhost" && url->host != "::1" &&
           !url->host.starts_with("127.");
}

}  // namespace

int login(const Words& words) {
    const Result<Arguments> arguments = Arguments::parse(words, {{"--email", true}, {"--json", false}});
    if (!arguments) return usage_error("login", arguments.error().message);
    if (arguments->operands().size() != 1) return usage_error("login", "expected the server's URL");
    const std::unique_ptr<Administration> administration = Administration::open(
        *arguments, Administration::Login::not_needed, std::string(arguments->operands().front()));
    if (administration == nullptr) return exit_refused;
    const std::string& url = administration->url();
    std::string email(arguments->value("--email").value_or(""));
    if (email.empty()) email = variable("EXPPLAT_EMAIL");
    if (email.empty()) email = ask_line("E-mail: ").value_or("");
    if (email.empty()) return usage_error("login", "expected --email E");
    if (is_open_to_listeners(url)) complain(url + " is not https: others on the way can read the password");
    const std::optional<std::string> password = password_for(email, url);
    if (!password) {
        complain("there is no password: EXPPLAT_PASSWORD, a terminal, or a line of standard input");
        return exit_refused;
    }
    const Result<admin::Session> session = administration->client().log_in(email, *password);
    if (!session) return refused(session.error());
    if (const Result<void> saved = admin::save_session(admin::session_path(), *session); !saved)
        return refused(saved.error());
    Output output;
    output.text() += "logged in at " + url + " as " + session->email;
    output.end_line();
    return output.finish() ? exit_done : exit_refused;
}

int logout(const Words& words) {
    const Result<Arguments> arguments = Arguments::parse(words, {{"--json", false}});
    if (!arguments) return usage_error("logout", arguments.error().message);
    if (!arguments->operands().empty()) return usage_error("logout", "expected no more words");
    const std::string path = admin::session_path();
    const Result<std::optional<admin::Session>> session = admin::load_session(path);
    Error why{ErrorCode::not_ready, ""};
    bool is_ended = false;
    if (session && *session) {
        // Whatever EXPPLAT_URL and EXPPLAT_KEY say.
        const auto administration =
            Administration::open(*arguments, Administration::Login::session_alone, (*session)->url);
        if (administration != nullptr) {
            const Result<void> done = administration->client().log_out();
            is_ended = done.ok();
            if (!done) why = done.error();
        }
    }
    if (const Result<void> removed = admin::remove_session(path); !removed) return refused(removed.error());
    if (session && *session && !is_ended && why.code != ErrorCode::unauthorized) {
        complain(
            "the tokens are forgotten here, but the server was not told and takes them until they are "
            "over: " +
            why.message);
        return exit_refused;
    }
    Output output;
    output.text() +=
        session && *session ? "logged out at " + (*session)->url : std::string("nobody was logged in");
    output.end_line();
    return output.finish() ? exit_done : exit_refused;
}

}  // namespace expplat::cli
