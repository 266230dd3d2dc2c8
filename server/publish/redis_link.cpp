#include "server/publish/redis_link.hpp"

#include <algorithm>
#include <utility>

namespace expplat::server::publish {
namespace {

/// A connection that held for so long has shown that all is well.
constexpr std::chrono::seconds proven{5};
constexpr std::size_t error_code_bytes = 32;

}  // namespace

RedisLink::RedisLink(net::EventLoop& loop, net::Resolver& resolver, const net::TlsContext& tls,
                     const RedisAddress& address, Told told)
    : loop_(loop), resolver_(resolver), tls_(tls), address_(address), told_(std::move(told)), timer_(loop) {}

RedisLink::~RedisLink() {
    if (connection_ != nullptr) connection_->close();
}

void RedisLink::open() {
    connection_ = net::Connection::make(loop_, resolver_, tls_, net::Route(address_.url, nullptr));
    parser_ = RespParser();
    timer_.arm(redis_connect_ms, [this] { fail(RedisFault::unreachable, "no answer in time"); });
    connection_->connect([this](const Result<void>& connected) {
        if (!connected) return fail(RedisFault::unreachable, connected.error().message);
        log_in();
    });
}

void RedisLink::log_in() {
    std::string commands;
    awaited_ = 0;
    if (!address_.password.empty()) {
        commands += address_.user.empty() ? resp_command({"AUTH", address_.password})
                                          : resp_command({"AUTH", address_.user, address_.password});
        ++awaited_;
    }
    commands += resp_command({"SELECT", std::to_string(address_.database)});
    ++awaited_;
    unsent_ = std::move(commands);
    write();
    read();
}

void RedisLink::send(const std::string& command) {
    if (!ready_) return;
    if (unsent_.size() + command.size() > redis_unsent_bytes)
        return fail(RedisFault::lost, "it does not take what is sent");
    unsent_ += command;
    write();
}

void RedisLink::write() {
    if (sending_ != nullptr || unsent_.empty()) return;
    sending_ = std::make_shared<const std::string>(std::exchange(unsent_, {}));
    connection_->write_some(*sending_, {}, [this, kept = sending_](const Result<std::size_t>& written) {
        if (!written) return fail(RedisFault::lost, written.error().message);
        sending_.reset();
        unsent_.insert(0, *kept, *written);
        write();
    });
}

void RedisLink::read() {
    connection_->read_some([this](const Result<std::string_view>& bytes) {
        if (!bytes) return fail(RedisFault::lost, bytes.error().message);
        if (bytes->empty()) return fail(RedisFault::lost, "the connection was closed");
        const std::shared_ptr<net::Connection> same = connection_;
        take(*bytes);
        if (connection_ == same) read();
    });
}

/// May end the connection.
void RedisLink::take(std::string_view bytes) {
    asked_ = false;
    const std::shared_ptr<net::Connection> same = connection_;
    while (auto value = parser_.next(bytes)) {
        if (ready_) told_.value(std::move(*value));
        else take_answer(*value);
        if (connection_ != same) return;
    }
    if (parser_.state() == RespParser::State::malformed)
        return fail(RedisFault::no_redis, "what came is not Redis's protocol");
    if (parser_.state() == RespParser::State::too_large)
        return fail(RedisFault::no_redis, "what came is larger than anything that was asked for");
    if (ready_) timer_.extend(redis_quiet_ms);
}

void RedisLink::take_answer(const RespValue& value) {
    if (value.kind == RespValue::Kind::error)
        return fail(RedisFault::refused, "the log-in is refused: " + redis_error_code(value));
    if (value.kind != RespValue::Kind::status || value.text != "OK")
        return fail(RedisFault::no_redis, "the log-in got an answer that is none");
    if (--awaited_ == 0) become_ready();
}

void RedisLink::become_ready() {
    ready_ = true;
    ready_since_ = std::chrono::steady_clock::now();
    watch_silence();
    told_.ready();
}

void RedisLink::watch_silence() {
    timer_.arm(redis_quiet_ms, [this] {
        asked_ = true;
        send(resp_command({"PING"}));
        if (!ready_) return;
        timer_.arm(redis_answer_ms, [this] {
            if (asked_) return fail(RedisFault::lost, "it does not answer");
            watch_silence();
        });
    });
}

void RedisLink::fail(RedisFault fault, std::string why) {
    if (connection_ == nullptr) return;
    connection_->close();
    connection_.reset();
    unsent_.clear();
    sending_.reset();
    asked_ = false;
    if (!ready_ && fault == RedisFault::lost) fault = RedisFault::unreachable;
    if (std::exchange(ready_, false) && std::chrono::steady_clock::now() - ready_since_ >= proven)
        backoff_.reset();
    timer_.arm(backoff_.next_ms(random_, redis_retry_least_ms), [this] { open(); });
    told_.lost(fault, std::move(why));
}

std::string redis_error_code(const RespValue& error) {
    const std::string_view text = error.text;
    const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c < 'A' || c > 'Z'; });
    const auto length = static_cast<std::size_t>(end - text.begin());
    if (length == 0 || length > error_code_bytes) return "an error";
    return std::string(text.substr(0, length));
}

}  // namespace expplat::server::publish
