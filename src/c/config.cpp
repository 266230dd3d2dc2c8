// Configurations of the C face: sources, sinks, listeners, and settings by name.
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "src/c/boundary.hpp"
#include "src/c/callbacks.hpp"
#include "src/c/objects.hpp"

namespace expplat::c {
namespace {

// ---- the tables of names: a new setting is a new row ----

struct TextSetting {
    std::string_view name;
    std::string& (*place)(expplat_config&);
};
constexpr TextSetting text_settings[] = {
    {"cache", [](expplat_config& c) -> std::string& { return c.config.cache; }},
    {"project", [](expplat_config& c) -> std::string& { return c.config.project; }},
    {"sdk", [](expplat_config& c) -> std::string& { return c.config.sdk; }},
    {"spool", [](expplat_config& c) -> std::string& { return c.config.spool; }},
    {"dead_letters", [](expplat_config& c) -> std::string& { return c.config.dead_letters; }},
    {"event_attributes",
     [](expplat_config& c) -> std::string& { return c.config.event_attributes.emplace_back(); }},
    {"network.proxy", [](expplat_config& c) -> std::string& { return c.config.network.proxy; }},
    {"network.ca_file", [](expplat_config& c) -> std::string& { return c.config.network.ca_file; }},
    {"kinesis.region", [](expplat_config& c) -> std::string& { return c.kinesis.region; }},
    {"kinesis.endpoint_url", [](expplat_config& c) -> std::string& { return c.kinesis.endpoint_url; }},
    {"kinesis.profile", [](expplat_config& c) -> std::string& { return c.kinesis.profile; }},
    {"kinesis.access_key_id", [](expplat_config& c) -> std::string& { return c.kinesis.access_key_id; }},
    {"kinesis.secret_access_key",
     [](expplat_config& c) -> std::string& { return c.kinesis.secret_access_key; }},
    {"kinesis.session_token", [](expplat_config& c) -> std::string& { return c.kinesis.session_token; }},
};

struct IntegerSetting {
    std::string_view name;
    void (*set)(expplat_config&, std::int64_t);
    std::int64_t least;
};
constexpr IntegerSetting integer_settings[] = {
    {"poll_interval_ms", [](expplat_config& c, std::int64_t v) { c.config.poll_interval_ms = v; }, 1},
    {"queue_events",
     [](expplat_config& c, std::int64_t v) { c.config.queue_events = static_cast<size_t>(v); }, 1},
    {"batch_age_ms", [](expplat_config& c, std::int64_t v) { c.config.batch_age_ms = v; }, 1},
    {"batch_events",
     [](expplat_config& c, std::int64_t v) { c.config.batch_events = static_cast<size_t>(v); }, 1},
    {"dedupe_window_ms", [](expplat_config& c, std::int64_t v) { c.config.dedupe_window_ms = v; }, 0},
    {"spool_bytes",
     [](expplat_config& c, std::int64_t v) { c.config.spool_bytes = static_cast<std::uint64_t>(v); }, 0},
    {"shutdown_timeout_ms", [](expplat_config& c, std::int64_t v) { c.config.shutdown_timeout_ms = v; }, 0},
    {"network.connect_timeout_ms",
     [](expplat_config& c, std::int64_t v) { c.config.network.connect_timeout_ms = v; }, 1},
    {"network.request_timeout_ms",
     [](expplat_config& c, std::int64_t v) { c.config.network.request_timeout_ms = v; }, 1},
    {"file.rotated_files",
     [](expplat_config& c, std::int64_t v) { c.file.rotated_files = static_cast<size_t>(v); }, 0},
};

struct BooleanSetting {
    std::string_view name;
    void (*set)(expplat_config&, bool);
};
constexpr BooleanSetting boolean_settings[] = {
    {"streaming", [](expplat_config& c, bool v) { c.config.streaming = v; }},
    {"manual_poll", [](expplat_config& c, bool v) { c.config.manual_poll = v; }},
    {"kinesis.aggregate", [](expplat_config& c, bool v) { c.kinesis.aggregate = v; }},
    {"kinesis.use_fips", [](expplat_config& c, bool v) { c.kinesis.use_fips = v; }},
    {"kinesis.use_dual_stack", [](expplat_config& c, bool v) { c.kinesis.use_dual_stack = v; }},
};

template <class Setting, std::size_t count>
const Setting* find(const Setting (&settings)[count], expplat_str name) noexcept {
    for (const Setting& setting : settings) {
        if (setting.name == view(name)) return &setting;
    }
    return nullptr;
}

/// Changes a configuration, where there is one.
template <class Change>
expplat_code changed(expplat_config* config, Change&& change) noexcept {
    if (config == nullptr) return EXPPLAT_INVALID_ARGUMENT;
    return contained_code(nullptr, [&]() -> expplat_code {
        change(*config);
        return EXPPLAT_OK;
    });
}

std::string copied(expplat_str text) { return std::string(view(text)); }

}  // namespace
}  // namespace expplat::c

using namespace expplat::c;
using expplat::Sink;
using expplat::Source;

expplat::Config expplat_config::complete() const {
    expplat::Config result = config;
    switch (sink) {
        case Sink::Kind::none: break;
        case Sink::Kind::file: result.sink = Sink::file(file); break;
        case Sink::Kind::custom: result.sink = Sink::custom(callback); break;
        case Sink::Kind::deferred: result.sink = Sink::deferred(deferred); break;
        case Sink::Kind::http: result.sink = Sink::http(http); break;
        case Sink::Kind::kinesis: result.sink = Sink::kinesis(kinesis); break;
    }
    return result;
}

extern "C" {

expplat_config* expplat_config_create(void) {
    return contained<expplat_config*>(nullptr, [] { return new expplat_config; });
}
expplat_config* expplat_config_clone(const expplat_config* config) {
    if (config == nullptr) return nullptr;
    return contained<expplat_config*>(nullptr, [&] { return new expplat_config(*config); });
}
void expplat_config_destroy(expplat_config* config) { delete config; }

// ---- sources ----

expplat_code expplat_config_source_server(expplat_config* config, expplat_str url, expplat_str key) {
    return changed(config,
                   [&](expplat_config& c) { c.config.source = Source::server(copied(url), copied(key)); });
}
expplat_code expplat_config_source_file(expplat_config* config, expplat_str path, int64_t watch_interval_ms) {
    if (watch_interval_ms < 0) return EXPPLAT_INVALID_ARGUMENT;
    return changed(
        config, [&](expplat_config& c) { c.config.source = Source::file(copied(path), watch_interval_ms); });
}
expplat_code expplat_config_source_text(expplat_config* config, expplat_str json) {
    return changed(config, [&](expplat_config& c) { c.config.source = Source::text(copied(json)); });
}

// ---- sinks ----

expplat_code expplat_config_sink_none(expplat_config* config) {
    return changed(config, [](expplat_config& c) { c.sink = Sink::Kind::none; });
}
expplat_code expplat_config_sink_file(expplat_config* config, expplat_str path, uint64_t rotate_bytes) {
    return changed(config, [&](expplat_config& c) {
        c.file.path = view(path);
        c.file.rotate_bytes = rotate_bytes;
        c.sink = Sink::Kind::file;
    });
}
expplat_code expplat_config_sink_http(expplat_config* config, expplat_str url, expplat_str key) {
    return changed(config, [&](expplat_config& c) {
        c.http.url = view(url);
        c.http.key = view(key);
        c.sink = Sink::Kind::http;
    });
}
expplat_code expplat_config_sink_kinesis(expplat_config* config, expplat_str stream) {
    return changed(config, [&](expplat_config& c) {
        c.kinesis.stream = view(stream);
        c.sink = Sink::Kind::kinesis;
    });
}
expplat_code expplat_config_sink_custom(expplat_config* config, expplat_sink_callback callback,
                                        void* user_data, expplat_release release) {
    return contained_code(nullptr, [&]() -> expplat_code {
        UserData held = take(user_data, release);
        if (config == nullptr || callback == nullptr) return EXPPLAT_INVALID_ARGUMENT;
        config->callback = sink_function(callback, std::move(held));
        config->sink = Sink::Kind::custom;
        return EXPPLAT_OK;
    });
}

// ---- listeners ----

expplat_code expplat_config_on_log(expplat_config* config, expplat_log_callback callback, void* user_data,
                                   expplat_release release) {
    return contained_code(nullptr, [&] {
        UserData held = take(user_data, release);
        return changed(config,
                       [&](expplat_config& c) { c.config.logger = logger(callback, std::move(held)); });
    });
}
expplat_code expplat_config_on_status(expplat_config* config, expplat_status_callback callback,
                                      void* user_data, expplat_release release) {
    return contained_code(nullptr, [&] {
        UserData held = take(user_data, release);
        return changed(config, [&](expplat_config& c) {
            c.config.on_status = status_listener(callback, std::move(held));
        });
    });
}
expplat_code expplat_config_on_ruleset(expplat_config* config, expplat_ruleset_callback callback,
                                       void* user_data, expplat_release release) {
    return contained_code(nullptr, [&] {
        UserData held = take(user_data, release);
        return changed(config, [&](expplat_config& c) {
            c.config.on_ruleset = ruleset_listener(callback, std::move(held));
        });
    });
}

// ---- settings by name ----

expplat_code expplat_config_set_string(expplat_config* config, expplat_str name, expplat_str value) {
    const TextSetting* const setting = find(text_settings, name);
    if (setting == nullptr) return EXPPLAT_NOT_FOUND;
    return changed(config, [&](expplat_config& c) {
        std::string text(view(value));
        setting->place(c) = std::move(text);
    });
}
expplat_code expplat_config_set_int(expplat_config* config, expplat_str name, int64_t value) {
    const IntegerSetting* const setting = find(integer_settings, name);
    if (setting == nullptr) return EXPPLAT_NOT_FOUND;
    if (value < setting->least) return EXPPLAT_INVALID_ARGUMENT;
    return changed(config, [&](expplat_config& c) { setting->set(c, value); });
}
expplat_code expplat_config_set_bool(expplat_config* config, expplat_str name, bool value) {
    const BooleanSetting* const setting = find(boolean_settings, name);
    if (setting == nullptr) return EXPPLAT_NOT_FOUND;
    return changed(config, [&](expplat_config& c) { setting->set(c, value); });
}

}  // extern "C"
