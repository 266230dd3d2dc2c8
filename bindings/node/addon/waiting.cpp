#include "bindings/node/addon/waiting.hpp"

#include <cstdint>
#include <memory>
#include <utility>

#include "bindings/node/addon/environment.hpp"
#include "bindings/node/addon/failure.hpp"
#include "bindings/node/addon/settings.hpp"

namespace expplat::node {
namespace {

/// Ends a client on the pool: its last flush may wait for the network. It needs neither JavaScript nor a promise.
class Ending {
public:
    static void begin(napi_env env, std::unique_ptr<OpenClient> client) {
        auto* const self = new Ending(std::move(client));
        napi_value name = nullptr;
        if (napi_create_string_utf8(env, "expplat", NAPI_AUTO_LENGTH, &name) == napi_ok &&
            napi_create_async_work(env, nullptr, name, execute, complete, self, &self->work_) == napi_ok &&
            napi_queue_async_work(env, self->work_) == napi_ok)
            return;
        if (self->work_ != nullptr) napi_delete_async_work(env, self->work_);
        delete self;  // here and now, then
    }

private:
    explicit Ending(std::unique_ptr<OpenClient> client) : client_(std::move(client)) {}
    static void execute(napi_env, void* self) { static_cast<Ending*>(self)->client_.reset(); }
    static void complete(napi_env env, napi_status, void* self) {
        napi_delete_async_work(env, static_cast<Ending*>(self)->work_);
        delete static_cast<Ending*>(self);
    }

    std::unique_ptr<OpenClient> client_;
    napi_async_work work_ = nullptr;
};

/// A token is collected, or the environment ends with it. What `Environment` is by then depends on which.
void end_client(napi_env env, void* token, void*) noexcept {
    const std::unique_ptr<std::uint32_t> number(static_cast<std::uint32_t*>(token));
    void* environment = nullptr;
    if (napi_get_instance_data(env, &environment) != napi_ok || environment == nullptr) return;
    auto& owner = *static_cast<Environment*>(environment);
    if (owner.is_ending()) return;  // closed already; ended with the rest
    std::unique_ptr<OpenClient> client = owner.remove(*number);
    if (client == nullptr) return;
    client->silence();
    Ending::begin(env, std::move(client));
}

/// `[number, token]`.
Napi::Value adopt(Napi::Env env, ClientPointer client, std::shared_ptr<Messenger> messenger) {
    const std::uint32_t number =
        Environment::of(env).add(std::make_unique<OpenClient>(std::move(client), std::move(messenger)));
    auto token = std::make_unique<std::uint32_t>(number);
    napi_value external = nullptr;
    if (napi_create_external(env, token.get(), end_client, nullptr, &external) != napi_ok)
        throw failure(env, EXPPLAT_OUT_OF_MEMORY, "no memory for a client");
    (void)token.release();
    Napi::Array opened = Napi::Array::New(env, 2);
    opened.Set(0u, Napi::Number::New(env, number));
    opened.Set(1u, Napi::Value(env, external));
    return opened;
}

/// A promise that a thread of the pool keeps.
class Work : public Napi::AsyncWorker {
public:
    explicit Work(Napi::Env env)
        : AsyncWorker(env, "expplat"), deferred_(Napi::Promise::Deferred::New(env)) {}
    [[nodiscard]] Napi::Value promise() const { return deferred_.Promise(); }

protected:
    void OnOK() override {
        if (Environment::of(Env()).is_ending()) return;  // nobody is left to be told
        const Napi::HandleScope scope(Env());
        try {
            settle();
        } catch (const Napi::Error&) {}  // the environment has been told to end meanwhile
    }
    [[nodiscard]] virtual Napi::Value result() = 0;

    LastError error_;

private:
    void settle() {
        Napi::Value kept;
        try {
            if (error_.is_set()) throw error_.thrown(Env());
            kept = result();
        } catch (const Napi::Error& error) {
            deferred_.Reject(error.Value());
            return;
        }
        deferred_.Resolve(kept);
    }

    Napi::Promise::Deferred deferred_;
};

class Opening : public Work {
public:
    Opening(Napi::Env env, ConfigPointer config, std::shared_ptr<Messenger> messenger)
        : Work(env), config_(std::move(config)), messenger_(std::move(messenger)) {}
    ~Opening() override {
        config_.reset();
        if (messenger_ != nullptr) messenger_->end();
    }

private:
    void Execute() override { client_.reset(expplat_open(config_.get(), error_.place())); }
    Napi::Value result() override {
        if (client_ == nullptr) throw failure(Env(), EXPPLAT_OUT_OF_MEMORY, "no memory for a client");
        return adopt(Env(), std::move(client_), std::move(messenger_));
    }

    ConfigPointer config_;
    std::shared_ptr<Messenger> messenger_;
    ClientPointer client_;
};

/// Something that a client does; its token is held, so that it lives.
class Errand : public Work {
public:
    using Act = bool (*)(expplat_client*, std::int64_t timeout_ms, expplat_error**);
    Errand(Napi::Env env, OpenClient& client, const Napi::Value& token, std::int64_t timeout_ms, Act act)
        : Work(env),
          client_(client),
          token_(Napi::Reference<Napi::Value>::New(token, 1)),
          timeout_ms_(timeout_ms),
          act_(act) {}

private:
    void Execute() override { done_ = act_(client_.get(), timeout_ms_, error_.place()); }
    Napi::Value result() override { return Napi::Boolean::New(Env(), done_); }

    OpenClient& client_;
    Napi::Reference<Napi::Value> token_;
    std::int64_t timeout_ms_;
    Act act_;
    bool done_ = false;
};

OpenClient& client_of(const Napi::CallbackInfo& call) {
    OpenClient* const client = Environment::of(call.Env()).client(call[0].As<Napi::Number>().Uint32Value());
    if (client == nullptr) throw failure(call.Env(), EXPPLAT_CLOSED, "no such client");
    return *client;
}

Napi::Value run(const Napi::CallbackInfo& call, std::int64_t timeout_ms, Errand::Act act) {
    auto* const errand = new Errand(call.Env(), client_of(call), call[1], timeout_ms, act);
    errand->Queue();
    return errand->promise();
}

}  // namespace

Napi::Value open(const Napi::CallbackInfo& call) {
    auto messenger = std::make_shared<Messenger>(call.Env(), call[1].As<Napi::Function>());
    ConfigPointer config = read_settings(call[0].As<Napi::Array>(), messenger);
    auto* const opening = new Opening(call.Env(), std::move(config), std::move(messenger));
    opening->Queue();
    return opening->promise();
}

Napi::Value open_sync(const Napi::CallbackInfo& call) {
    auto messenger = std::make_shared<Messenger>(call.Env(), call[1].As<Napi::Function>());
    const ConfigPointer config = read_settings(call[0].As<Napi::Array>(), messenger);
    LastError error;
    ClientPointer client(expplat_open(config.get(), error.place()));
    if (client == nullptr) {
        messenger->end();
        throw error.thrown(call.Env());
    }
    return adopt(call.Env(), std::move(client), std::move(messenger));
}

Napi::Value flush(const Napi::CallbackInfo& call) {
    return run(call, call[2].As<Napi::Number>().Int64Value(),
               [](expplat_client* client, std::int64_t timeout_ms, expplat_error**) {
                   return expplat_flush(client, timeout_ms);
               });
}

Napi::Value reload(const Napi::CallbackInfo& call) {
    return run(call, 0, [](expplat_client* client, std::int64_t, expplat_error** error) {
        return expplat_reload(client, error) == EXPPLAT_OK;
    });
}

Napi::Value close(const Napi::CallbackInfo& call) {
    return run(call, 0, [](expplat_client* client, std::int64_t, expplat_error**) {
        expplat_close(client);
        return true;
    });
}

void close_sync(const Napi::CallbackInfo& call) { client_of(call).close(); }

}  // namespace expplat::node
