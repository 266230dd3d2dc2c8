#include "server/publish/redis_hints.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

namespace expplat::server::publish {
namespace {

constexpr std::int64_t longest_poll_ms = 60'000;
constexpr std::size_t key_bytes = 256;  // no project and no environment has a longer one

}  // namespace

std::optional<Hint> read_hint(const RespValue& message, std::string_view channel_prefix) {
    if (message.kind != RespValue::Kind::list || message.items.size() != 4) return std::nullopt;
    for (const RespValue& item : message.items) {
        if (item.kind != RespValue::Kind::string) return std::nullopt;
    }
    std::string_view channel = message.items[2].text;
    const std::string_view payload = message.items[3].text;
    if (message.items[0].text != "pmessage" || !channel.starts_with(channel_prefix)) return std::nullopt;
    channel.remove_prefix(channel_prefix.size());
    const std::size_t slash = channel.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    Hint hint{{std::string(channel.substr(0, slash)), std::string(channel.substr(slash + 1))}, 0};
    const auto is_key = [](const std::string& key) { return !key.empty() && key.size() <= key_bytes; };
    const auto [end, error] = std::from_chars(payload.data(), payload.data() + payload.size(), hint.version);
    if (!is_key(hint.name.project) || !is_key(hint.name.environment) || error != std::errc() ||
        end != payload.data() + payload.size())
        return std::nullopt;
    return hint;
}

Result<std::unique_ptr<RedisHints>> RedisHints::open(Settings settings) {
    auto tls = net::TlsContext::open(settings.ca_file, net::Alpn::none);
    if (!tls) return tls.error();
    try {
        auto hints = std::unique_ptr<RedisHints>(new RedisHints(std::move(settings), std::move(*tls)));
        hints->thread_ = std::thread([&self = *hints] { self.run(); });
        return hints;
    } catch (const std::exception& error) {  // no descriptor is left for epoll, or no thread
        return Error{ErrorCode::io, std::string("redis: ") + error.what()};
    }
}

RedisHints::RedisHints(Settings settings, net::TlsContext tls)
    : settings_(std::move(settings)),
      channel_prefix_("expplat:" + std::to_string(settings_.address.database) + ":ruleset:"),
      tls_(std::move(tls)),
      listening_(loop_, resolver_, tls_, settings_.address,
                 {.ready =
                      [this] {
                          listening_.send(resp_command({"PSUBSCRIBE", channel_prefix_ + "*"}));
                      },
                  .value = [this](const RespValue& value) { hear(value); },
                  .lost =
                      [this](RedisFault fault, const std::string& why) {
                          subscribed_ = false;
                          lose("hints are not heard", fault, why);
                      }}),
      speaking_(loop_, resolver_, tls_, settings_.address,
                {.ready =
                     [this] {
                         come_back();
                         look_around();
                     },
                 .value = [this](const RespValue& value) { answered(value); },
                 .lost =
                     [this](RedisFault fault, const std::string& why) {
                         for (const Hint& hint : sent_) (void)keep(waiting_, hint);
                         sent_.clear();
                         lose("hints are not sent", fault, why);
                     }}) {}

RedisHints::~RedisHints() { stop(); }

void RedisHints::stop() {
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
    }
    loop_.wake();
    if (thread_.joinable()) thread_.join();
}

void RedisHints::announce(const Hint& hint) {
    {
        const std::scoped_lock lock(mutex_);
        if (ends_ || !keep(announced_, hint)) return;
    }
    loop_.wake();
}

/// False where there is no room.
bool RedisHints::keep(Versions& versions, const Hint& hint) {
    const auto found = versions.find(hint.name);
    if (found != versions.end()) found->second = std::max(found->second, hint.version);
    else if (versions.size() < redis_hints_waiting) versions.emplace(hint.name, hint.version);
    else return false;
    return true;
}

void RedisHints::run() {
    listening_.open();
    speaking_.open();
    for (;;) {
        {
            const std::scoped_lock lock(mutex_);
            if (ends_) return;
        }
        try {
            look_around();
            loop_.poll(longest_poll_ms);
        } catch (const std::exception& error) {  // no memory; what is under way ends by its time limits
            settings_.log("error", std::string("redis: ") + error.what());
        }
    }
}

/// Sends what waits.
void RedisHints::look_around() {
    {
        const std::scoped_lock lock(mutex_);
        for (const auto& [name, version] : announced_) (void)keep(waiting_, {name, version});
        announced_.clear();
    }
    while (speaking_.is_ready() && !waiting_.empty()) {
        const auto node = waiting_.extract(waiting_.begin());
        const Hint hint{node.key(), node.mapped()};
        sent_.push_back(hint);  // first: where sending fails, it is kept from there
        speaking_.send(
            resp_command({"PUBLISH", channel_prefix_ + hint.name.project + '/' + hint.name.environment,
                          std::to_string(hint.version)}));
    }
}

void RedisHints::answered(const RespValue& value) {
    // The answer to a PING is a status, that to a PUBLISH the number of those who heard it.
    if (value.kind == RespValue::Kind::status || sent_.empty()) return;
    sent_.pop_front();
    if (value.kind == RespValue::Kind::error)
        return lose("a hint is refused", RedisFault::refused, redis_error_code(value));
    settings_.count(Count::sent);
}

void RedisHints::hear(const RespValue& value) {
    if (value.kind == RespValue::Kind::error)
        return listening_.fail(RedisFault::refused, "PSUBSCRIBE is refused: " + redis_error_code(value));
    if (const std::optional<Hint> hint = read_hint(value, channel_prefix_)) {
        settings_.count(Count::heard);
        return settings_.heard(*hint);
    }
    if (value.items.empty() || value.items[0].text != "psubscribe") return;  // the answer to a PING
    subscribed_ = true;
    come_back();
    settings_.missed();
}

void RedisHints::come_back() {
    if (!subscribed_ || !speaking_.is_ready()) return;
    connected_.store(true, std::memory_order_relaxed);
    const bool was_away = std::find(logged_.begin(), logged_.end(), true) != logged_.end();
    logged_.fill(false);
    if (was_away) settings_.log("info", "redis: connected again");
}

void RedisHints::lose(std::string_view what, RedisFault fault, const std::string& why) {
    settings_.count(Count::fault);
    connected_.store(subscribed_ && speaking_.is_ready(), std::memory_order_relaxed);
    const auto kind = static_cast<std::size_t>(fault);
    const auto now = std::chrono::steady_clock::now();
    const bool is_recent =
        logged_at_[kind].time_since_epoch().count() != 0 && now - logged_at_[kind] < redis_log_pause;
    if (logged_[kind] || is_recent) return;
    logged_[kind] = true;
    logged_at_[kind] = now;
    settings_.log("warning", "redis: " + std::string(what) + ": " + why +
                                 "; until that is mended, other servers' changes come by looking for them");
}

}  // namespace expplat::server::publish
