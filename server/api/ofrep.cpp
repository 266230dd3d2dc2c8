// OpenFeature's Remote Evaluation Protocol, version 0.3: one flag or all of them for a context, and a stream that says when to
// ask again.
//
// Errors that the protocol has a word for are its own objects, all others problem documents. The reasons are OpenFeature's;
// ours, where it is another, stands in the answer's metadata. Source: github.com/open-feature/protocol, service/openapi.yaml
// and service/adrs/0008.
#include <charconv>

#include "expplat/base/json_text.hpp"
#include "expplat/eval/evaluate.hpp"
#include "server/api/audience.hpp"
#include "server/auth/secret.hpp"
#include "server/domain/json_object.hpp"
#include "server/http/conditional.hpp"
#include "src/aws/digest.hpp"
#include "src/net/fingerprint.hpp"
#include "src/ruleset/answer_json.hpp"
#include "src/ruleset/user_json.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

constexpr std::size_t answer_bytes_most = std::size_t{16} << 20;  // of one answer
constexpr int inactivity_s = 120;  // then a page in the background ends its stream

/// What the protocol calls a failure.
struct Failure {
    std::string_view code;
    std::string details;
};

/// A request's context; or why there is none.
struct Context {
    std::optional<User> user;
    std::string canonical;  // the same for contexts that differ in nothing but the order of their members
    std::optional<Failure> failure;
};

[[nodiscard]] Context no_context(std::string_view code, std::string_view details) {
    return {.user = {}, .canonical = {}, .failure = Failure{code, std::string(details)}};
}

[[nodiscard]] Context context_of(std::string_view body) {
    Result<ruleset::Document> document = ruleset::parse_json(body);
    if (!document) return no_context("PARSE_ERROR", "the body: " + document.error().message);
    if (document->root().kind() != ruleset::NodeKind::object)
        return no_context("PARSE_ERROR", "the body must be a JSON object");
    if (document->root().has_faults())
        return no_context("PARSE_ERROR", "the body has a member twice, or a number that is no double");
    const ruleset::Node* const context = document->root().find("context");
    if (context == nullptr || context->kind() != ruleset::NodeKind::object)
        return no_context("INVALID_CONTEXT", "`context` must be an object");
    const ruleset::Node* const key = context->find("targetingKey");
    if (key != nullptr && key->kind() != ruleset::NodeKind::string && key->kind() != ruleset::NodeKind::null)
        return no_context("INVALID_CONTEXT", "`targetingKey` must be a string");
    Result<User> user = ruleset::read_context(*context);
    if (!user) return no_context("INVALID_CONTEXT", user.error().message);
    return {.user = std::move(*user), .canonical = in_canonical_order(*context), .failure = {}};
}

/// OpenFeature's word for a reason. An answer that a rule did not lead to falls back: to `off`, `default`, or the program's
/// own value.
[[nodiscard]] std::string_view reason_of(Reason reason) noexcept {
    switch (reason) {
        case Reason::prerequisite_failed:
        case Reason::holdout:
        case Reason::not_targeted:
        case Reason::not_enrolled: return name(Reason::default_);
        default: return name(reason);
    }
}

[[nodiscard]] std::string_view details_of(EvaluationError error) noexcept {
    switch (error) {
        case EvaluationError::flag_not_found: return "There is no such flag or experiment.";
        case EvaluationError::targeting_key_missing:
            return "The context has no targetingKey, or not the attribute that is bucketed.";
        default: return "This server cannot evaluate it.";
    }
}

void append_failure(std::string& json, std::optional<std::string_view> key, std::string_view code,
                    std::string_view details) {
    json += '{';
    if (key) {
        json += R"("key":)";
        append_json_string(json, *key);
        json += ',';
    }
    json += R"("errorCode":")";
    json += code;
    json += R"(","errorDetails":)";
    append_json_string(json, details);
    json += '}';
}

/// No value where the program's own is meant.
void append_evaluation(std::string& json, std::string_view key, const eval::Answer& answer) {
    if (answer.error != EvaluationError::none) {
        append_failure(json, key, name(answer.error), details_of(answer.error));
        return;
    }
    json += R"({"key":)";
    append_json_string(json, key);
    const std::string_view reason = reason_of(answer.reason);
    json += R"(,"reason":")";
    json += reason;
    json += '"';
    if (answer.has_variant()) {
        json += R"(,"variant":)";
        append_json_string(json, answer.variant_key());
        json += R"(,"value":)";
        ruleset::append_value_json(json, answer);
    }
    json += R"(,"metadata":{"exposure":)";
    json += answer.exposure ? "true" : "false";
    if (reason != name(answer.reason)) {
        json += R"(,"reason":")";
        json += name(answer.reason);
        json += '"';
    }
    if (!answer.rule.empty()) {
        json += R"(,"rule":)";
        append_json_string(json, answer.rule);
    }
    json += "}}";
}

[[nodiscard]] http::Response answer(unsigned status, std::string json) {
    http::Response response = http::Response::json(status, std::move(json));
    response.headers.set("Cache-Control", "no-store");
    return response;
}

[[nodiscard]] http::Response failed(std::optional<std::string_view> key, const Failure& failure) {
    std::string json;
    append_failure(json, key, failure.code, failure.details);
    return answer(400, std::move(json));
}

/// What a stream's URL carries in place of the key, which programs in browsers cannot send: it opens that key's stream of
/// changes and nothing else.
[[nodiscard]] std::string stream_token(const Services& services, std::string_view key_id) {
    const auto mark = aws::hmac_sha256(auth::octets_of(services.plane.surroundings().secret),
                                       "expplat.ofrep-stream/1 " + std::string(key_id));
    if (!mark) throw Refusal(ProblemType::internal, "OpenSSL has no memory");
    return aws::hex(*mark);
}

/// Of a key that is of an environment; empty for all others, who ask from time to time.
[[nodiscard]] std::string stream_target(const Services& services, const Call& call) {
    if (call.entry().environment.empty()) return {};
    const std::string& id = call.caller().actor.id;
    return "/ofrep/v1/stream?key=" + id + "&token=" + stream_token(services, id);
}

/// The client was told of a release by another server, before this one has seen it.
[[nodiscard]] bool is_behind(const Call& call, const publish::Release* release) {
    const std::string etag = call.query("flagConfigEtag");
    if (etag.empty() || (release != nullptr && etag == release->etag)) return false;
    const std::string modified = call.query("flagConfigLastModified");
    std::uint64_t seconds = 0;
    const auto [end, error] = std::from_chars(modified.data(), modified.data() + modified.size(), seconds);
    const bool is_number = error == std::errc() && end == modified.data() + modified.size();
    return !is_number || release == nullptr || seconds >= release->version / 1'000;
}

[[nodiscard]] http::Response evaluate_one(const Services& services, const Call& call) {
    const Wanted what =
        wanted(call, auth::Operation::evaluate, auth::Operation::client_evaluate, services.now_ms());
    const std::string key = call.parameter("key");
    const Context context = context_of(call.request().body);
    if (context.failure) return failed(key, *context.failure);
    const auto release = release_of(services, what);
    const eval::Answer found =
        eval::evaluate(release->image.view(), key, *context.user, release->patterns.patterns());
    std::string json;
    append_evaluation(json, key, found);
    if (found.error == EvaluationError::none) return answer(200, std::move(json));
    return answer(found.error == EvaluationError::flag_not_found ? 404 : 400, std::move(json));
}

[[nodiscard]] std::string evaluations(const publish::Release& release, const User& user,
                                      std::string_view stream) {
    const image::View view = release.image.view();
    const eval::Patterns patterns = release.patterns.patterns();
    std::string json = R"({"flags":[)";
    for (const image::Offset offset : view.entities()) {
        if (json.back() != '[') json += ',';
        const image::Entity& entity = view.entity(offset);
        append_evaluation(json, image::key_of(entity), eval::evaluate(view, entity, user, patterns));
        if (json.size() > answer_bytes_most)
            throw Refusal(ProblemType::too_large, "the answer is larger than 16 MiB: ask for single flags");
    }
    json += R"(],"metadata":{"environment":)";
    append_json_string(json, release.environment);
    json += R"(,"version":)" + std::to_string(view.version()) + '}';
    if (!stream.empty()) {
        json += R"(,"eventStreams":[{"type":"sse","endpoint":{"requestUri":)";
        append_json_string(json, stream);
        json += R"(},"inactivityDelaySec":)" + std::to_string(inactivity_s) + "}]";
    }
    return json + '}';
}

[[nodiscard]] http::Response evaluate_all(const Services& services, const Call& call) {
    const Wanted what =
        wanted(call, auth::Operation::evaluate, auth::Operation::client_evaluate, services.now_ms());
    const Context context = context_of(call.request().body);
    if (context.failure) return failed(std::nullopt, *context.failure);
    if (is_behind(call, services.hub.current(what.name, what.audience).get()))
        (void)services.publisher.publish_now();
    const auto release = release_of(services, what);
    const std::string stream = stream_target(services, call);
    const std::string etag =
        '"' + net::fingerprint({release->etag, context.canonical, stream}).substr(0, 32) + '"';
    http::Response response;
    if (http::none_match_names(call.request().headers.find("If-None-Match"), etag)) {
        response.status = 304;
    } else {
        response = http::Response::json(200, evaluations(*release, *context.user, stream));
    }
    response.headers.set("ETag", etag);
    response.headers.set("Cache-Control", "private, no-cache");
    return response;
}

void follow(const Services& services, const http::Request& request, http::Responder& responder) {
    const std::string id(request.query_value("key").value_or(""));
    const bool is_known =
        !id.empty() && auth::is_equal_in_constant_time(request.query_value("token").value_or(""),
                                                       stream_token(services, id));
    const std::optional<Key> key = is_known ? value_of(services.keys.find(id)) : std::nullopt;
    const std::optional<auth::Principal> principal = key ? principal_of(*key) : std::nullopt;
    const auto may = [&](auth::Operation operation) {
        return principal && auth::decide(*principal, operation, {key->project, key->environment},
                                         services.now_ms()) == auth::Verdict::allowed;
    };
    const bool sees_all = may(auth::Operation::evaluate);
    if (!sees_all && !may(auth::Operation::client_evaluate))
        throw Refusal(ProblemType::unauthorized, "This stream is over: evaluate all flags for another.");
    services.throttle.admit(*principal);
    const Wanted what{.name = {key->project, key->environment},
                      .audience = sees_all ? publish::Audience::server : publish::Audience::client};
    (void)release_of(services, what);
    StreamHolder holder{.kind = principal->kind,
                        .id = key->id,
                        .operation = sees_all ? auth::Operation::evaluate : auth::Operation::client_evaluate,
                        .project = key->project,
                        .environment = key->environment};
    services.hub.follow_changes(what.name, what.audience, last_event(request),
                                open_stream(services, std::move(holder), responder));
}

}  // namespace

void add_ofrep(Routes& routes) {
    const Services& services = routes.services();
    routes.add_quick("POST", "/ofrep/v1/evaluate/flags/{key}",
                     [&services](Call& call) { return evaluate_one(services, call); });
    routes.add(
        "POST", "/ofrep/v1/evaluate/flags", [&services](Call& call) { return evaluate_all(services, call); },
        Effect::answers);
    routes.add_open_stream("/ofrep/v1/stream",
                           [&services](const http::Request& request, http::Responder& responder) {
                               follow(services, request, responder);
                           });
}

}  // namespace expplat::server::api
