#include "bindings/node/addon/settings.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "bindings/node/addon/failure.hpp"
#include "expplat/base/json_text.hpp"
#include "src/client/status_json.hpp"

namespace expplat::node {
namespace {

/// The arguments of one setting.
class Arguments {
public:
    explicit Arguments(Napi::Array list) : list_(list) {}

    [[nodiscard]] std::string text(std::uint32_t place) const { return list_.Get(place).As<Napi::String>(); }
    [[nodiscard]] std::int64_t integer(std::uint32_t place) const {
        return list_.Get(place).As<Napi::Number>().Int64Value();
    }
    [[nodiscard]] bool boolean(std::uint32_t place) const { return list_.Get(place).As<Napi::Boolean>(); }

private:
    Napi::Array list_;
};

expplat_str str(const std::string& text) { return {text.data(), text.size()}; }

using Apply = expplat_code (*)(expplat_config*, const Arguments&);
constexpr std::pair<std::string_view, Apply> functions[] = {
    {"source_server",
     [](expplat_config* config, const Arguments& a) {
         return expplat_config_source_server(config, str(a.text(1)), str(a.text(2)));
     }},
    {"source_file",
     [](expplat_config* config, const Arguments& a) {
         return expplat_config_source_file(config, str(a.text(1)), a.integer(2));
     }},
    {"source_text", [](expplat_config* config,
                       const Arguments& a) { return expplat_config_source_text(config, str(a.text(1))); }},
    {"sink_none", [](expplat_config* config, const Arguments&) { return expplat_config_sink_none(config); }},
    {"sink_file",
     [](expplat_config* config, const Arguments& a) {
         return expplat_config_sink_file(config, str(a.text(1)), static_cast<std::uint64_t>(a.integer(2)));
     }},
    {"sink_http",
     [](expplat_config* config, const Arguments& a) {
         return expplat_config_sink_http(config, str(a.text(1)), str(a.text(2)));
     }},
    {"sink_kinesis", [](expplat_config* config,
                        const Arguments& a) { return expplat_config_sink_kinesis(config, str(a.text(1))); }},
    {"string",
     [](expplat_config* config, const Arguments& a) {
         return expplat_config_set_string(config, str(a.text(1)), str(a.text(2)));
     }},
    {"int", [](expplat_config* config,
               const Arguments& a) { return expplat_config_set_int(config, str(a.text(1)), a.integer(2)); }},
    {"bool",
     [](expplat_config* config, const Arguments& a) {
         return expplat_config_set_bool(config, str(a.text(1)), a.boolean(2));
     }},
};

std::string change_json(const RulesetChange& change) {
    std::string text = "{\"version\": " + std::to_string(change.version) + ", \"origin\": \"";
    text.append(name(change.origin)).append("\", \"everything\": ");
    text += change.everything ? "true" : "false";
    text += ", \"keys\": [";
    for (const std::string& key : change.keys) {
        if (&key != change.keys.data()) text += ", ";
        append_json_string(text, key);
    }
    return text + "]}";
}

void listen(Config& config, std::shared_ptr<Messenger> messenger) {
    config.logger = [messenger](LogLevel level, std::string_view line) {
        messenger->send(MessageKind::log, static_cast<std::int32_t>(level), std::string(line));
    };
    config.on_status = [messenger](const Status& status) {
        messenger->send(MessageKind::status, 0, runtime::to_json(status));
    };
    config.on_ruleset = [messenger](const RulesetChange& change) {
        messenger->send(MessageKind::ruleset, 0, change_json(change));
    };
}

}  // namespace

ConfigPointer read_settings(const Napi::Array& settings, std::shared_ptr<Messenger> messenger) {
    const Napi::Env env = settings.Env();
    ConfigPointer config(expplat_config_create());
    if (config == nullptr ||
        expplat_config_set_string(config.get(), str("sdk"), str("expplat-node")) != EXPPLAT_OK)
        throw failure(env, EXPPLAT_OUT_OF_MEMORY, "no memory for a configuration");
    for (std::uint32_t i = 0; i < settings.Length(); ++i) {
        const Napi::Array setting = settings.Get(i).As<Napi::Array>();
        const Arguments arguments(setting);
        const std::string function = arguments.text(0);
        for (const auto& [named, apply] : functions) {
            if (named != function) continue;
            const expplat_code code = apply(config.get(), arguments);
            if (code != EXPPLAT_OK) throw failure(env, code, arguments.text(1) + ": the library refuses it");
        }
    }
    listen(config->config, std::move(messenger));
    return config;
}

}  // namespace expplat::node
