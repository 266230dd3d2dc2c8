// Logging in and out: e-mail and password for a short token and one to renew it with.
#include "server/auth/password.hpp"

#include "server/api/routes.hpp"
#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

[[nodiscard]] http::Response session_of(const Services& services, const PersonView& view,
                                        std::optional<std::int64_t> began_s = {}) {
    const std::int64_t now_ms = services.now_ms();
    const auto issue = [&](auth::TokenUse use) {
        Result<auth::IssuedToken> token =
            services.tokens.issue(use, view.person.id, view.person.tokens_from_ms, now_ms, began_s);
        if (!token) throw Refusal(ProblemType::internal, token.error().message);
        return std::move(*token);
    };
    const auth::IssuedToken access = issue(auth::TokenUse::access);
    const auth::IssuedToken refresh = issue(auth::TokenUse::refresh);
    ObjectWriter writer;
    writer.text("token_type", "Bearer")
        .text("access_token", access.text)
        .integer("expires_ms", access.expires_at_s * 1000)
        .text("refresh_token", refresh.text)
        .integer("refresh_expires_ms", refresh.expires_at_s * 1000)
        .json("user", to_json(view));
    http::Response response = http::Response::json(200, std::move(writer).done());
    response.headers.set("Cache-Control", "no-store");
    return response;
}

[[noreturn]] void refuse_log_in() {
    throw Refusal(ProblemType::unauthorized, "The e-mail or the password is wrong.");
}

}  // namespace

void add_sessions(Routes& routes) {
    const Services& services = routes.services();

    routes.add_open("POST", "/api/v1/sessions", [&services](const http::Request& request) {
        services.throttle.admit_log_in(auth::lockout_address(request.remote));
        services.gate.require_local_log_in();
        Body body = Body::read(request.body);
        const std::string email = body.text("email");
        const std::string password = body.text("password");
        body.done();
        if (email.size() > bounds::email_bytes) refuse_log_in();
        services.attempts.begin(email, request.remote);
        const auto found = value_of(services.people.find_by_email(email));
        const bool has_password = found && found->person.password && !found->person.disabled;
        const auto match = has_password ? auth::verify_password(password, *found->person.password)
                                        : auth::verify_nobody(password);
        Caller caller = Caller::system("log-in");
        caller.actor = {Actor::Kind::person, found ? found->person.id : "", email, request.remote,
                        request.id};
        if (match == auth::PasswordMatch::no) {
            services.attempts.failed(email, request.remote);
            check(services.audit.note(caller, "session.denied", "", "",
                                      "user/" + (found ? found->person.id : "")));
            refuse_log_in();
        }
        services.attempts.succeeded(email, request.remote);
        check(services.audit.note(caller, "session.begin", "", "", "user/" + found->person.id));
        return session_of(services, *found);
    });
    routes.add_open("POST", "/api/v1/sessions/refresh", [&services](const http::Request& request) {
        services.gate.require_local_log_in();
        Body body = Body::read(request.body);
        const std::string token = body.text("refresh_token");
        body.done();
        const auto bearer = services.tokens.judge(token, auth::TokenUse::refresh, services.now_ms());
        if (!bearer) throw Refusal(ProblemType::unauthorized, "The token is no longer good: log in again.");
        const auto found = value_of(services.people.find(bearer->person_id));
        if (!found || found->person.disabled || auth::check_epoch(*bearer, found->person.tokens_from_ms))
            throw Refusal(ProblemType::unauthorized, "The token is no longer good: log in again.");
        return session_of(services, *found, bearer->session_began_s);
    });
    /// Everywhere: tokens are not remembered, so one alone cannot be ended before its time.
    routes.add(
        "DELETE", "/api/v1/sessions",
        [&services](Call& call) {
            call.require(auth::Operation::account, "", "", services.now_ms());
            check(services.people.end_sessions(call.caller(), call.caller().actor.id));
            http::Response gone;
            gone.status = 204;
            return gone;
        },
        Effect::none);
}

}  // namespace expplat::server::api
