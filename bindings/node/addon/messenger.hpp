// Carries what a client says of itself (lines of its log, its status, new rulesets) from its threads to the event loop.
//
// Never waits: where the event loop is behind by `most_messages`, the newest are dropped. Holds no event loop open. `send` may
// be called by any thread and does nothing once `end` was; the rest belongs to the environment's thread.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace expplat::node {

enum class MessageKind : std::uint8_t { log, status, ruleset };

class Messenger {
public:
    /// `listener(kind, level, text)`; text is a line, or JSON. Throws Napi::Error.
    Messenger(Napi::Env env, Napi::Function listener);
    ~Messenger() { end(); }
    Messenger(const Messenger&) = delete;
    Messenger& operator=(const Messenger&) = delete;

    void send(MessageKind kind, std::int32_t level, std::string text) noexcept;
    void end() noexcept;

private:
    static constexpr std::size_t most_messages = 1'024;
    static void end_with_environment(void* messenger) noexcept;

    napi_env env_;
    std::mutex mutex_;  // guards `queue_`, which Node frees with the environment
    napi_threadsafe_function queue_ = nullptr;
};

}  // namespace expplat::node
