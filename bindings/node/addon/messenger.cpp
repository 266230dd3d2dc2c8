#include "bindings/node/addon/messenger.hpp"

#include <memory>
#include <utility>

namespace expplat::node {
namespace {

struct Message {
    MessageKind kind;
    std::int32_t level;
    std::string text;
};

/// On the event loop. Without an environment it is only freed.
void deliver(napi_env env, napi_value listener, void*, void* message) noexcept {
    const std::unique_ptr<Message> owned(static_cast<Message*>(message));
    if (env == nullptr || listener == nullptr) return;
    napi_value self = nullptr, arguments[3] = {}, result = nullptr;
    if (napi_get_undefined(env, &self) == napi_ok &&
        napi_create_uint32(env, static_cast<std::uint32_t>(owned->kind), &arguments[0]) == napi_ok &&
        napi_create_int32(env, owned->level, &arguments[1]) == napi_ok &&
        napi_create_string_utf8(env, owned->text.data(), owned->text.size(), &arguments[2]) == napi_ok) {
        if (napi_call_function(env, self, listener, 3, arguments, &result) == napi_pending_exception) {
            napi_value thrown = nullptr;  // by the program's callback: as if a timer's had thrown it
            if (napi_get_and_clear_last_exception(env, &thrown) == napi_ok) napi_fatal_exception(env, thrown);
        }
    }
}

}  // namespace

Messenger::Messenger(Napi::Env env, Napi::Function listener) : env_(env) {
    const napi_status made =
        napi_create_threadsafe_function(env, listener, nullptr, Napi::String::New(env, "expplat"),
                                        most_messages, 1, nullptr, nullptr, nullptr, deliver, &queue_);
    if (made != napi_ok) throw Napi::Error::New(env, "the client's callbacks could not be set up");
    napi_unref_threadsafe_function(env, queue_);
    // After the queue's own hook, so that it runs before: clean-up goes backwards.
    napi_add_env_cleanup_hook(env, end_with_environment, this);
}

void Messenger::send(MessageKind kind, std::int32_t level, std::string text) noexcept {
    const std::lock_guard lock(mutex_);
    if (queue_ == nullptr) return;
    std::unique_ptr<Message> message(new (std::nothrow) Message{kind, level, std::move(text)});
    if (message != nullptr &&
        napi_call_threadsafe_function(queue_, message.get(), napi_tsfn_nonblocking) == napi_ok)
        (void)message.release();
}

void Messenger::end() noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (queue_ == nullptr) return;
        napi_release_threadsafe_function(std::exchange(queue_, nullptr), napi_tsfn_abort);
    }
    napi_remove_env_cleanup_hook(env_, end_with_environment, this);
}

void Messenger::end_with_environment(void* messenger) noexcept {
    auto* const self = static_cast<Messenger*>(messenger);
    const std::lock_guard lock(self->mutex_);
    self->queue_ = nullptr;
}

}  // namespace expplat::node
