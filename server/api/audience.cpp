#include "server/api/audience.hpp"

#include <charconv>
#include <utility>

namespace expplat::server::api {

using namespace domain;

namespace {

/// A key's own environment; a person, or a key that is of none, names it in the query.
[[nodiscard]] publish::EnvironmentName environment_of(const Call& call) {
    if (!call.entry().environment.empty()) {
        call.require_own_place(call.query("project"), call.query("environment"));
        return {call.entry().project, call.entry().environment};
    }
    publish::EnvironmentName name{call.query("project"), call.query("environment")};
    if (name.project.empty() || name.environment.empty())
        refuse_member(name.project.empty() ? "/project" : "/environment",
                      "is missing: the query must name `project` and `environment`");
    return name;
}

}  // namespace

Wanted wanted(const Call& call, auth::Operation all, auth::Operation visible, std::int64_t now_ms) {
    Wanted wanted{environment_of(call)};
    const auth::Scope scope{wanted.name.project, wanted.name.environment};
    if (auth::decide(call.entry().principal, all, scope, now_ms) == auth::Verdict::allowed) return wanted;
    call.require(visible, wanted.name.project, wanted.name.environment, now_ms);
    wanted.audience = publish::Audience::client;
    return wanted;
}

std::shared_ptr<const publish::Release> release_of(const Services& services, const Wanted& wanted) {
    auto release = services.hub.current(wanted.name, wanted.audience);
    if (release == nullptr) throw Refusal(ProblemType::not_found, "there is no such environment");
    return release;
}

std::optional<std::uint64_t> last_event(const http::Request& request) {
    const std::string_view text = request.headers.find("Last-Event-ID");
    std::uint64_t version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return version;
}

publish::Send open_stream(const Services& services, StreamHolder holder, http::Responder& responder) {
    http::Response head;
    head.headers.set("Content-Type", "text/event-stream");
    head.headers.set("Cache-Control", "no-store");
    head.headers.set("X-Accel-Buffering", "no");
    const std::uint64_t number = services.streams.next();
    http::Stream stream =
        responder.open(std::move(head), [&streams = services.streams, number] { streams.remove(number); });
    services.streams.add(number, std::move(holder), stream);
    return [stream = std::move(stream)](const publish::SharedText& piece) {
        if (piece != nullptr) return stream.send(piece);
        stream.close();
        return false;
    };
}

}  // namespace expplat::server::api
