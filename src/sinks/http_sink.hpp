// `HttpSink`: events to an expplat server's intake.
//
// Made by the client for `Sink::http`, for programs that must hold no AWS credentials. A batch goes as one post, or more
// one after the other where its JSON is larger than the intake takes; several batches may be under way. Nothing blocks: the
// transport calls back from the client's loop, which is the only thread here. Source: docs/PROTOCOL.md,
// "POST /api/v1/events".
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "expplat/base/clock.hpp"
#include "expplat/base/result.hpp"
#include "expplat/exposure/sink.hpp"
#include "src/net/transport.hpp"

namespace expplat::sinks {

inline constexpr std::size_t post_events = 500;
inline constexpr std::size_t post_bytes = std::size_t{1} << 20;  // of JSON, before compression

struct HttpSinkSettings {
    std::string url;  // the server's base URL
    std::string key;  // a secret: never logged
    std::string user_agent{};
    std::int64_t connect_timeout_ms = 5'000;
    std::int64_t request_timeout_ms = 30'000;
};

class HttpSink final : public exposure::EventSink {
public:
    /// `transport` outlives the sink. Errors: `invalid_argument` (no URL, no key, not http or https).
    [[nodiscard]] static Result<std::unique_ptr<exposure::EventSink>> open(
        net::Transport& transport, HttpSinkSettings settings, std::shared_ptr<const Clock> clock);
    /// Cancels what is under way.
    ~HttpSink() override;
    HttpSink(const HttpSink&) = delete;
    HttpSink& operator=(const HttpSink&) = delete;

    void send(std::span<const exposure::Event> batch, Done done) override;

private:
    struct Range {
        std::size_t begin = 0;
        std::size_t end = 0;
    };
    /// A batch under way.
    struct Parcel {
        std::span<const exposure::Event> events;
        Done done;
        exposure::Report report;
        std::vector<Range> left;  // not yet posted; the next one is the last
        Range posted;             // the one whose answer is awaited
        net::ExchangeId exchange = 0;
    };
    using Parcels = std::list<Parcel>;

    HttpSink(net::Transport& transport, HttpSinkSettings settings, std::shared_ptr<const Clock> clock)
        : transport_(transport), settings_(std::move(settings)), clock_(std::move(clock)) {}

    void go_on(Parcels::iterator parcel);
    [[nodiscard]] bool write_body(Parcel& parcel);
    void post(Parcels::iterator parcel);
    void finish(Parcels::iterator parcel);
    void answered(Parcels::iterator parcel, const Result<net::Response>& answer);
    void refused(Parcel& parcel, const net::Response& response);
    void read_outcomes(Parcel& parcel, const std::string& body);
    void give_up(Parcel& parcel, std::string message, std::int64_t retry_after_ms);
    void reject(Parcel& parcel, const std::string& reason);

    net::Transport& transport_;
    HttpSinkSettings settings_;
    std::shared_ptr<const Clock> clock_;
    Parcels parcels_;
    std::string body_;  // of one post; kept for its memory
};

}  // namespace expplat::sinks
