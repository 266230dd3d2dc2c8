// `Exchange`: one request and its answer, from the URL to the last byte of the body.
//
// A state machine between the pool's connections, the parsers and the caller's handlers: it connects, writes and reads at
// the same time (a server may refuse a long body before it has it all), decodes, counts, and keeps the four time limits.
// A reused connection that turns out dead before the first byte of the answer is replaced once. `HttpTransport` owns it
// and tells it to start; it tells its owner when it has ended. Belongs to the loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "src/net/answer_parser.hpp"
#include "src/net/connection_pool.hpp"
#include "src/net/content_decoder.hpp"
#include "src/net/event_loop.hpp"
#include "src/net/proxy.hpp"
#include "src/net/transport.hpp"
#include "src/net/url.hpp"

namespace expplat::net {

class Exchange : public std::enable_shared_from_this<Exchange> {
public:
    /// What exchanges of one transport share, and what outlives them.
    struct Surroundings {
        EventLoop& loop;
        ConnectionPool& pool;
        const ProxyRules& proxies;
        std::string user_agent;
    };

    /// `on_end` comes before the handlers' `end`, and not for a cancelled exchange.
    Exchange(const Surroundings& around, Request request, Handlers handlers, std::function<void()> on_end);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// From the loop.
    void start();
    /// No handler is called any more.
    void cancel() noexcept;

private:
    void connect(bool fresh);
    void begin_request();
    void write();
    void read();
    void take(std::string_view bytes);
    void take_close();
    bool take_head(const Head& head, std::optional<std::uint64_t> content_length);
    bool take_body(std::string_view bytes);
    bool take_decoded(std::string_view bytes);
    void lose(const Error& error);
    void complete();
    void fail(ErrorCode code, std::string_view why);
    void end(const Result<void>& result);
    void expect_within(std::int64_t limit_ms, std::string_view what);
    [[nodiscard]] std::string write_head(bool through_plain_proxy) const;
    [[nodiscard]] Error with_host(ErrorCode code, std::string_view why) const;

    const Surroundings& around_;
    const Request request_;
    Handlers handlers_;
    std::function<void()> on_end_;
    Url url_;

    std::shared_ptr<Connection> connection_;
    bool is_reused_ = false;
    bool is_replaced_ = false;  // a dead connection was replaced already
    std::string head_;          // of the request
    std::size_t written_ = 0;   // bytes of head and body
    bool is_written_ = false;
    Result<void> write_end_;  // why writing stopped before its end

    std::optional<AnswerParser> parser_;
    std::unique_ptr<ContentDecoder> decoder_;
    std::uint64_t body_bytes_ = 0;     // decoded
    std::uint64_t encoded_bytes_ = 0;  // as they came
    Result<void> refusal_;             // why an event stopped the parser

    EventLoop::Timer phase_timer_;
    EventLoop::Timer total_timer_;
    bool has_ended_ = false;  // or was cancelled
};

}  // namespace expplat::net
