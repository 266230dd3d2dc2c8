// What the addon shows to `src/addon.ts`: functions that trust their arguments, as nobody else calls them.
#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "bindings/node/addon/description.hpp"
#include "bindings/node/addon/environment.hpp"
#include "bindings/node/addon/failure.hpp"
#include "bindings/node/addon/waiting.hpp"
#include "src/client/answering.hpp"
#include "src/ruleset/answer_json.hpp"
#include "src/ruleset/case_json.hpp"
#include "src/ruleset/user_json.hpp"

namespace expplat::node {
namespace {

std::string text(const Napi::Value& value) { return value.As<Napi::String>(); }

// ---- the exchange ----

napi_value ask(napi_env env, napi_callback_info) { return Environment::of(env).ask(env); }

Napi::Value ask_text(const Napi::CallbackInfo& call) {
    return {call.Env(), Environment::of(call.Env()).ask_text(call.Env(), text(call[0]))};
}

Napi::Value words(const Napi::CallbackInfo& call) { return Environment::of(call.Env()).words(call.Env()); }

/// `(items, text_bytes)`
Napi::Value reserve(const Napi::CallbackInfo& call) {
    return Environment::of(call.Env())
        .reserve(call.Env(), call[0].As<Napi::Number>().Uint32Value(),
                 call[1].As<Napi::Number>().Uint32Value());
}

Napi::Value intern_name(const Napi::CallbackInfo& call) {
    return Napi::Number::New(call.Env(), Environment::of(call.Env()).names().add(text(call[0])));
}

/// `(client, key)`
Napi::Value intern(const Napi::CallbackInfo& call) {
    OpenClient* const client = Environment::of(call.Env()).client(call[0].As<Napi::Number>().Uint32Value());
    return Napi::Number::New(call.Env(),
                             client == nullptr ? OpenClient::no_number : client->intern(text(call[1])));
}

// ---- users ----

/// `(number)`: makes the user in the exchange resident. False: it is none, or past a limit.
Napi::Value keep_user(const Napi::CallbackInfo& call) {
    Environment& environment = Environment::of(call.Env());
    std::optional<User> user = environment.exchanged_user();
    if (user) environment.residents().keep(call[0].As<Napi::Number>().DoubleValue(), std::move(*user));
    return Napi::Boolean::New(call.Env(), user.has_value());
}

/// `(number, json)`: the same of a user's JSON.
void keep_user_json(const Napi::CallbackInfo& call) {
    Result<User> user = ruleset::parse_user(text(call[1]));
    if (!user) throw failure(call.Env(), static_cast<expplat_code>(user.error().code), user.error().message);
    Environment::of(call.Env()).residents().keep(call[0].As<Napi::Number>().DoubleValue(), std::move(*user));
}

// ---- answers that record nothing ----

/// Of all flags, then all experiments, for the user that `words` names.
Napi::Value evaluate_all(const Napi::CallbackInfo& call) {
    const Napi::Env env = call.Env();
    Environment& environment = Environment::of(env);
    const OpenClient* const client = environment.client();
    Napi::Array answers = Napi::Array::New(env);
    if (client == nullptr) return answers;
    const User* const user = environment.user();
    const Snapshot snapshot = client->get()->client.snapshot();
    const image::View ruleset = snapshot.view();
    for (const image::Offset offset : ruleset.entities()) {
        const image::Entity& entity = ruleset.entity(offset);
        const eval::Answer answer = user == nullptr
                                        ? ruleset::unreadable_user()
                                        : eval::evaluate(ruleset, entity, *user, snapshot.patterns());
        const napi_value description = describe(env, image::key_of(entity), answer, ruleset.version());
        if (description != nullptr) answers.Set(answers.Length(), Napi::Value(env, description));
    }
    return answers;
}

/// `(client, line)`: one line of a file of cases.
Napi::Value evaluate_case(const Napi::CallbackInfo& call) {
    const Napi::Env env = call.Env();
    const OpenClient* const client = Environment::of(env).client(call[0].As<Napi::Number>().Uint32Value());
    if (client == nullptr) throw failure(env, EXPPLAT_CLOSED, "no such client");
    const ruleset::Case question = ruleset::parse_case(text(call[1]));
    const runtime::ReadGuard guard;
    const runtime::Published& current = *client->runtime().publication().current();
    eval::Answer answer = ruleset::unreadable_user();
    if (question.key && question.user) answer = runtime::answer_of(current, *question.key, *question.user);
    return {env, describe(env, question.key, answer, current.view.version())};
}

// ---- the rest ----

/// `(name, value or undefined, properties or undefined)`, about the user that `words` names. False: not recorded.
Napi::Value track(const Napi::CallbackInfo& call) {
    Environment& environment = Environment::of(call.Env());
    const OpenClient* const client = environment.client();
    const User* const user = client == nullptr ? nullptr : environment.user();
    if (user != nullptr) {
        const std::string properties = call[2].IsString() ? text(call[2]) : std::string();
        client->get()->client.track(
            text(call[0]), *user,
            call[1].IsNumber() ? std::optional(call[1].As<Napi::Number>().DoubleValue()) : std::nullopt,
            properties);
    }
    return Napi::Boolean::New(call.Env(), user != nullptr);
}

Napi::Value json_of(const Napi::CallbackInfo& call, expplat_text (*ask)(expplat_client*)) {
    const OpenClient* const client =
        Environment::of(call.Env()).client(call[0].As<Napi::Number>().Uint32Value());
    const expplat_text json = ask(client == nullptr ? nullptr : client->get());
    if (json.data == nullptr) throw failure(call.Env(), EXPPLAT_OUT_OF_MEMORY, "no memory");
    const Napi::String result = Napi::String::New(call.Env(), json.data, json.size);
    expplat_text_free(json);
    return result;
}
Napi::Value status(const Napi::CallbackInfo& call) { return json_of(call, expplat_status_json); }
Napi::Value stats(const Napi::CallbackInfo& call) { return json_of(call, expplat_stats_json); }

void close_all(const Napi::CallbackInfo& call) { Environment::of(call.Env()).close_all(); }

Napi::Object start(Napi::Env env, Napi::Object exports) {
    env.SetInstanceData<Environment>(new Environment(env));
    napi_value fast = nullptr;
    napi_create_function(env, "ask", NAPI_AUTO_LENGTH, ask, nullptr, &fast);
    exports.Set("ask", Napi::Value(env, fast));
    const auto show = [&](const char* name, auto function) {
        exports.Set(name, Napi::Function::New(env, function, name));
    };
    show("askText", ask_text);
    show("words", words);
    show("reserve", reserve);
    show("internName", intern_name);
    show("intern", intern);
    show("keepUser", keep_user);
    show("keepUserJson", keep_user_json);
    show("evaluateAll", evaluate_all);
    show("evaluateCase", evaluate_case);
    show("track", track);
    show("status", status);
    show("stats", stats);
    show("open", open);
    show("openSync", open_sync);
    show("flush", flush);
    show("reload", reload);
    show("close", close);
    show("closeSync", close_sync);
    show("closeAll", close_all);
    exports.Set("version", Napi::String::New(env, expplat_version()));
    return exports;
}

}  // namespace
}  // namespace expplat::node

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
    return expplat::node::start(env, exports);
}

NODE_API_MODULE(expplat, initialise)
