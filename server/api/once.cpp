#include "server/api/once.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/auth/secret.hpp"
#include "src/aws/digest.hpp"
#include "src/net/fingerprint.hpp"

namespace expplat::server::api {
namespace {

using domain::ProblemType;
using domain::Refusal;

/// What `Idempotency-Key` keeps of an answer: its headers, a line each.
[[nodiscard]] std::string written(const http::Headers& headers) {
    std::string text;
    for (const auto& [name, value] : headers.fields()) text += name + ": " + value + '\n';
    return text;
}

[[nodiscard]] http::Response repeated(const domain::StoredAnswer& stored) {
    http::Response response;
    response.status = static_cast<unsigned>(stored.status);
    std::string_view headers = stored.headers;
    while (!headers.empty()) {
        const std::string_view line = headers.substr(0, headers.find('\n'));
        headers.remove_prefix(line.size() + 1);
        const std::size_t colon = line.find(": ");
        if (colon != std::string_view::npos)
            response.headers.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 2)));
    }
    if (!stored.body.empty()) response.body = std::make_shared<const std::string>(stored.body);
    return response;
}

/// What a request is recognised by. Keyed with the server's secret: a request may hold a password, of which a stolen
/// database must not have a fast hash.
[[nodiscard]] std::string mark_of(const Services& services, const http::Request& request) {
    const std::string content =
        net::fingerprint({request.method, request.target, request.headers.all("If-Match"), request.body});
    const auto mark = aws::hmac_sha256(auth::octets_of(services.plane.surroundings().secret),
                                       "expplat.idempotency/1 " + content);
    if (!mark) throw Refusal(ProblemType::internal, "OpenSSL has no memory");
    return aws::hex(*mark);
}

/// Whether the same request gets the same answer again. One that was not let in, or came too soon, was not looked at: it may
/// do better the next time.
[[nodiscard]] bool is_final(unsigned status) noexcept {
    return status < 500 && status != 401 && status != 403 && status != 429;
}

/// A request that is done once.
struct OneTime {
    std::string scope;
    std::string key;
    std::string request_id;
};

/// Nothing for one that names no key, or whose caller has no place for it.
[[nodiscard]] std::optional<OneTime> one_time(const Call& call) {
    std::string key(call.request().headers.find("Idempotency-Key"));
    if (key.empty() || call.request().method != "POST") return std::nullopt;
    // Everybody knows a client's key, and what is kept for it would be as much as they like. Its events have ids.
    if (call.entry().principal.kind == auth::PrincipalKind::client_key) return std::nullopt;
    return OneTime{call.caller().actor.id, std::move(key), call.request().id};
}

/// What is to be done again, by its own words, is not.
void keep(const Services& services, const OneTime& one, const http::Response& response) {
    if (response.status >= 500 || response.headers.contains("Retry-After")) {
        (void)services.idempotency.forget(one.scope, one.key);
        return;
    }
    const auto kept = services.idempotency.finish(
        one.scope, one.key,
        {response.status, written(response.headers), response.body ? *response.body : std::string()});
    // It is done, whatever becomes of the note: a repeat is then refused as one that is still running.
    if (!kept) services.log("request " + one.request_id + ": " + kept.problem().detail);
}

/// What `work` answers or refuses; where that is not final it may be tried again.
template <class Work>
[[nodiscard]] http::Response refused_or(const Services& services, const OneTime& one, Work&& work) {
    try {
        return work();
    } catch (const Refusal& refusal) {
        http::Response response = response_of(refusal.problem());
        if (is_final(response.status)) return response;
        (void)services.idempotency.forget(one.scope, one.key);
        throw;
    } catch (...) {
        (void)services.idempotency.forget(one.scope, one.key);
        throw;
    }
}

/// The answer that is kept before it is given: on the workers, as whoever answers must not wait for the store.
[[nodiscard]] Answer kept_first(const Services& services, OneTime one, Answer answer) {
    return [&services, one = std::move(one), answer = std::move(answer)](http::Response response) {
        const auto kept = std::make_shared<http::Response>(std::move(response));
        http::Workers::Job job = [&services, one, answer, kept] {
            keep(services, one, *kept);
            answer(std::move(*kept));
        };
        if (services.workers.post(job, http::AtEnd::done)) return;  // what it is the answer of is done
        services.log("request " + one.request_id + ": no worker has time to keep its answer");
        answer(std::move(*kept));
    };
}

}  // namespace

http::Response once(const Services& services, Call& call, const Handle& handle) {
    const std::optional<OneTime> one = one_time(call);
    if (!one) return handle(call);
    const std::string mark = mark_of(services, call.request());
    if (const auto before = value_of(services.idempotency.begin(one->scope, one->key, mark)))
        return repeated(*before);
    http::Response response = refused_or(services, *one, [&] { return handle(call); });
    keep(services, *one, response);
    return response;
}

void once_later(const Services& services, Call& call, Answer answer, const WaitingHandle& handle) {
    std::optional<OneTime> one = one_time(call);
    if (!one) return handle(call, std::move(answer));
    const std::string mark = mark_of(services, call.request());
    if (const auto before = value_of(services.idempotency.begin(one->scope, one->key, mark)))
        return answer(repeated(*before));
    const http::Response refused = refused_or(services, *one, [&]() -> http::Response {
        handle(call, kept_first(services, *one, answer));
        http::Response later;
        later.status = 0;  // none yet
        return later;
    });
    if (refused.status == 0) return;
    keep(services, *one, refused);
    answer(refused);
}

}  // namespace expplat::server::api
