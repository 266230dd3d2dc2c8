#include "server/api/routes.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include "expplat/base/json_text.hpp"
#include "server/api/once.hpp"
#include "server/domain/json_object.hpp"
#include "server/http/answer.hpp"
#include "server/http/conditional.hpp"

namespace expplat::server::api {
namespace {

using domain::Problem;
using domain::ProblemType;
using domain::Refusal;

[[nodiscard]] unsigned status_of(ProblemType type) noexcept {
    switch (type) {
        case ProblemType::invalid: return 422;
        case ProblemType::not_found: return 404;
        case ProblemType::precondition_failed: return 412;
        case ProblemType::already_exists:
        case ProblemType::conflict:
        case ProblemType::in_use:
        case ProblemType::frozen:
        case ProblemType::approval_required:
        case ProblemType::idempotency_conflict: return 409;
        case ProblemType::unauthorized: return 401;
        case ProblemType::too_many: return 429;
        case ProblemType::forbidden: return 403;
        case ProblemType::too_large: return 413;
        case ProblemType::unavailable: return 503;
        case ProblemType::internal: return 500;
    }
    return 500;
}

/// What a handler answers, whatever it throws. Details of our own faults go to the log and to nobody else.
template <class Answer>
[[nodiscard]] http::Response answered(const Services& services, const http::Request& request,
                                      Answer&& answer) {
    Problem fault;
    try {
        return answer();
    } catch (const Refusal& refusal) {
        const ProblemType type = refusal.problem().type;
        if (type != ProblemType::internal && type != ProblemType::unavailable)
            return response_of(refusal.problem());
        fault = refusal.problem();
    } catch (const std::exception& error) { fault = {ProblemType::internal, error.what()}; }
    services.log("request " + request.id + ": " + fault.detail);
    return response_of(fault);
}

/// Stands for an answer that comes from elsewhere.
[[nodiscard]] http::Response taken() {
    http::Response none;
    none.status = 0;
    return none;
}

[[nodiscard]] http::Response overloaded() {
    return http::Problem{
        .status = 503, .type = "unavailable", .detail = "The server has too much to do.", .retry_after_s = 1}
        .response();
}

/// What `handle` does; what `Call::require` refuses is audited, as the domain audits what it refuses itself.
template <class Handle>
auto noting_denied(const Services& services, const Call& call, Handle&& handle) {
    try {
        return handle();
    } catch (const Refusal&) {
        if (call.denied()) services.plane.note_denied(call.caller(), *call.denied());
        throw;
    }
}

[[nodiscard]] std::optional<std::int64_t> number_of(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

}  // namespace

// ---- a call ----

domain::PageRequest Call::page() const {
    domain::PageRequest page;
    page.after = query("after");
    if (const std::string limit = query("limit"); !limit.empty()) {
        const std::optional<std::int64_t> rows = number_of(limit);
        if (!rows) domain::refuse_member("/limit", "must be a whole number");
        page.limit = *rows;
    }
    return page;
}

std::optional<std::int64_t> Call::if_revision() const {
    const std::string header = request_.headers.all("If-Match");
    if (header.empty() || header == "*") return std::nullopt;
    if (header.size() > 2 && header.front() == '"' && header.back() == '"') {
        if (const auto revision = number_of(std::string_view(header).substr(1, header.size() - 2)))
            return revision;
    }
    throw Refusal(ProblemType::precondition_failed,
                  "If-Match names another version of it: give one entity tag of it, or *");
}

bool Call::must_exist() const { return request_.headers.all("If-Match") == "*"; }

void Call::require(auth::Operation operation, std::string_view project, std::string_view environment,
                   std::int64_t now_ms) const {
    const auth::Verdict verdict =
        auth::decide(entry_.principal, operation, {std::string(project), std::string(environment)}, now_ms);
    if (verdict == auth::Verdict::allowed) return;
    denied_ = domain::Operation{std::string(auth::row_of(operation).name), std::string(project),
                                std::string(environment)};
    throw Refusal(ProblemType::forbidden,
                  std::string(auth::row_of(operation).name) + ": " + std::string(auth::name(verdict)));
}

void Call::require_own_place(std::string_view project, std::string_view environment) const {
    const bool is_own = (project.empty() || project == entry_.project) &&
                        (environment.empty() || environment == entry_.environment);
    if (is_own) return;
    throw Refusal(ProblemType::forbidden, "the key is of environment `" + entry_.environment +
                                              "` of project `" + entry_.project +
                                              "`, and the request names another");
}

// ---- responses ----

http::Response response_of(const Problem& problem) {
    http::Problem answer{.status = status_of(problem.type),
                         .type = std::string(domain::name(problem.type)),
                         .detail = problem.detail};
    if (problem.type == ProblemType::internal)
        answer.detail = "The server made a mistake; its log has the request's id.";
    if (problem.type == ProblemType::unavailable)
        answer.detail =
            "Something that the server needs does not answer, or is too busy; its log has the request's id.";
    for (const domain::Violation& violation : problem.violations) {
        std::string detail = violation.message;
        if (!violation.ruleset_pointer.empty() && violation.ruleset_pointer != violation.pointer)
            detail += " (in the ruleset: " + violation.ruleset_pointer + ')';
        answer.faults.push_back({violation.pointer, std::move(detail)});
    }
    if (problem.type == ProblemType::unavailable) answer.retry_after_s = 1;
    if (problem.type == ProblemType::too_many)
        answer.retry_after_s = std::max<std::int64_t>(1, (problem.retry_after_ms + 999) / 1000);
    return answer.response();
}

std::string etag_of(std::int64_t revision) { return '"' + std::to_string(revision) + '"'; }

http::Response revised(unsigned status, std::int64_t revision, std::string json) {
    return tagged(status, etag_of(revision), std::move(json));
}

http::Response created(std::initializer_list<std::string_view> path, std::string etag, std::string json) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string location = "/api/v1";
    for (const std::string_view segment : path) {
        location += '/';
        for (const char c : segment) {
            const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                                  (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
            if (is_plain) {
                location += c;
                continue;
            }
            const auto byte = static_cast<unsigned char>(c);
            location += {'%', digits[byte >> 4u], digits[byte & 15u]};
        }
    }
    http::Response response = tagged(201, std::move(etag), std::move(json));
    response.headers.set("Location", std::move(location));
    return response;
}

http::Response tagged(unsigned status, std::string etag, std::string json) {
    http::Response response = http::Response::json(status, std::move(json));
    if (!etag.empty()) response.headers.set("ETag", std::move(etag));
    return response;
}

http::Response page_of(const std::vector<std::string>& items, const std::optional<std::string>& next) {
    std::string json = R"({"items":[)";
    for (const std::string& item : items) {
        if (&item != items.data()) json += ',';
        json += item;
    }
    json += R"(],"next":)";
    if (next) append_json_string(json, *next);
    else json += "null";
    return http::Response::json(200, json + '}');
}

// ---- routes ----

void Routes::work(std::shared_ptr<http::Request> request, http::Responder responder,
                  std::function<http::Response(const http::Request&)> answer) const {
    // A job is copied by `std::function`, a responder is not.
    auto waiting = std::make_shared<http::Responder>(std::move(responder));
    http::Workers::Job job = [request = std::move(request), waiting, answer = std::move(answer)] {
        http::Response response = answer(*request);
        http::compress_beforehand(response, *request);
        waiting->send(std::move(response));
    };
    if (!services_.workers.post(job)) waiting->send(overloaded());
}

void Routes::add(std::string_view method, std::string_view pattern, Handle handle, Effect effect) {
    const bool changes = method != "GET" && effect == Effect::publishes;
    const bool only_asks = effect == Effect::answers;
    router_.add(method, pattern,
                [this, changes, only_asks, handle = std::move(handle)](std::shared_ptr<http::Request> request,
                                                                       http::Responder responder) {
                    work(std::move(request), std::move(responder),
                         [&services = services_, changes, only_asks, handle](const http::Request& asked) {
                             http::Response response = answered(services, asked, [&] {
                                 Call call(asked, services.gate.enter(asked));
                                 return noting_denied(services, call, [&] {
                                     return only_asks ? handle(call) : once(services, call, handle);
                                 });
                             });
                             http::shorten_if_known(asked, response);
                             if (changes && response.status < 300) (void)services.publisher.publish_now();
                             return response;
                         });
                });
}

void Routes::add_waiting(std::string_view method, std::string_view pattern, WaitingHandle handle) {
    router_.add(method, pattern,
                [this, handle = std::move(handle)](std::shared_ptr<http::Request> request,
                                                   http::Responder responder) {
                    auto waiting = std::make_shared<http::Responder>(std::move(responder));
                    http::Workers::Job job = [&services = services_, handle, request, waiting] {
                        const Answer answer = [waiting](http::Response response) {
                            waiting->send(std::move(response));
                        };
                        const http::Response refused = answered(services, *request, [&] {
                            Call call(*request, services.gate.enter(*request));
                            noting_denied(services, call,
                                          [&] { once_later(services, call, answer, handle); });
                            return taken();
                        });
                        if (refused.status != 0) answer(refused);
                    };
                    if (!services_.workers.post(job)) waiting->send(overloaded());
                });
}

void Routes::add_quick(std::string_view method, std::string_view pattern, Handle handle) {
    router_.add(method, pattern,
                [this, handle = std::move(handle)](std::shared_ptr<http::Request> request,
                                                   http::Responder responder) {
                    std::optional<http::Response> response;
                    const auto at_once = [&]() -> http::Response {
                        std::optional<Entry> entry = services_.gate.enter_at_once(*request);
                        if (!entry) return {};
                        Call call(*request, std::move(*entry));
                        try {
                            response = handle(call);
                        } catch (const Refusal&) {
                            if (!call.denied()) throw;
                            return {};  // the audit is written by the workers
                        }
                        return std::move(*response);
                    };
                    http::Response answer = answered(services_, *request, at_once);
                    if (response || answer.status >= 400) {
                        responder.send(std::move(answer));
                        return;
                    }
                    work(std::move(request), std::move(responder),
                         [&services = services_, handle](const http::Request& asked) {
                             return answered(services, asked, [&] {
                                 Call call(asked, services.gate.enter(asked));
                                 return noting_denied(services, call, [&] { return handle(call); });
                             });
                         });
                });
}

void Routes::add_open(std::string_view method, std::string_view pattern,
                      std::function<http::Response(const http::Request&)> handle) {
    router_.add(method, pattern,
                [this, handle = std::move(handle)](std::shared_ptr<http::Request> request,
                                                   http::Responder responder) {
                    work(std::move(request), std::move(responder),
                         [&services = services_, handle](const http::Request& asked) {
                             return answered(services, asked, [&] { return handle(asked); });
                         });
                });
}

void Routes::add_at_once(std::string_view method, std::string_view pattern,
                         std::function<http::Response(const http::Request&)> handle) {
    router_.add(method, pattern,
                [this, handle = std::move(handle)](std::shared_ptr<http::Request> request,
                                                   http::Responder responder) {
                    responder.send(answered(services_, *request, [&] { return handle(*request); }));
                });
}

void Routes::add_stream(std::string_view pattern, std::function<void(Call&, http::Responder&)> handle) {
    add_open_stream(pattern, [&services = services_, handle = std::move(handle)](const http::Request& request,
                                                                                 http::Responder& responder) {
        Call call(request, services.gate.enter(request));
        noting_denied(services, call, [&] { handle(call, responder); });
    });
}

void Routes::add_open_stream(std::string_view pattern,
                             std::function<void(const http::Request&, http::Responder&)> handle) {
    router_.add("GET", pattern,
                [this, handle = std::move(handle)](std::shared_ptr<http::Request> request,
                                                   http::Responder responder) {
                    auto waiting = std::make_shared<http::Responder>(std::move(responder));
                    http::Workers::Job job = [&services = services_, handle, request, waiting] {
                        const http::Response refused = answered(services, *request, [&] {
                            handle(*request, *waiting);
                            return taken();
                        });
                        if (refused.status != 0) waiting->send(refused);
                    };
                    if (!services_.workers.post(job)) waiting->send(overloaded());
                });
}

}  // namespace expplat::server::api
