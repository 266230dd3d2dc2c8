#include "src/c/callbacks.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "src/c/boundary.hpp"
#include "src/c/objects.hpp"
#include "src/c/status.hpp"
#include "src/sinks/event_json.hpp"

namespace expplat::c {

namespace {

expplat_event event_of(const exposure::Event& event) noexcept {
    expplat_event result{};
    result.struct_size = sizeof(result);
    result.type = static_cast<std::int32_t>(event.type);
    result.has_value = event.has_value;
    std::memcpy(result.id, event.id.data(), sizeof(result.id));
    result.time_ms = event.time_ms;
    result.ruleset_version = event.ruleset_version;
    result.value = event.value;
    result.project = str(event.project);
    result.environment = str(event.environment);
    result.name = str(event.name);
    result.variant = str(event.variant);
    result.unit = str(event.unit);
    result.unit_id = str(event.unit_id);
    result.properties = str(event.properties);
    result.attributes = str(event.attributes);
    result.sdk = str(event.sdk);
    return result;
}

exposure::Event event_of(const expplat_event& event) noexcept {
    exposure::Event result;
    result.type =
        event.type == EXPPLAT_EVENT_TRACK ? exposure::EventType::track : exposure::EventType::exposure;
    result.has_value = event.has_value;
    std::memcpy(result.id.data(), event.id, sizeof(event.id));
    result.time_ms = event.time_ms;
    result.ruleset_version = event.ruleset_version;
    result.value = event.value;
    result.project = view(event.project);
    result.environment = view(event.environment);
    result.name = view(event.name);
    result.variant = view(event.variant);
    result.unit = view(event.unit);
    result.unit_id = view(event.unit_id);
    result.properties = view(event.properties);
    result.attributes = view(event.attributes);
    if (event.struct_size >= sizeof(event)) result.sdk = view(event.sdk);  // an older program's has none
    return result;
}

exposure::Delivery deliver(expplat_sink_callback callback, void* user_data,
                           std::span<const exposure::Event> batch) {
    std::vector<expplat_event> events;
    std::vector<const expplat_event*> places;
    events.reserve(batch.size());
    places.reserve(batch.size());
    for (const exposure::Event& event : batch) places.push_back(&events.emplace_back(event_of(event)));
    expplat_delivery said;
    callback(user_data, places.data(), places.size(), &said);
    // More than there were is a mistake of the program's: the batch is the most that can be gone.
    said.delivery.acknowledged = std::min(said.delivery.acknowledged, batch.size());
    said.delivery.rejected = std::min(said.delivery.rejected, batch.size() - said.delivery.acknowledged);
    return std::move(said.delivery);
}

}  // namespace

UserData take(void* user_data, expplat_release release) {
    return {user_data, [release](void* released) {
                if (release != nullptr) release(released);
            }};
}

Logger logger(expplat_log_callback callback, UserData user_data) {
    if (callback == nullptr) return nullptr;
    return [callback, user_data = std::move(user_data)](LogLevel level, std::string_view line) {
        callback(user_data.get(), static_cast<std::int32_t>(level), str(line));
    };
}

StatusListener status_listener(expplat_status_callback callback, UserData user_data) {
    if (callback == nullptr) return nullptr;
    return [callback, user_data = std::move(user_data)](const Status& status) {
        const expplat_status shown = borrowed(status);
        callback(user_data.get(), &shown);
    };
}

RulesetListener ruleset_listener(expplat_ruleset_callback callback, UserData user_data) {
    if (callback == nullptr) return nullptr;
    return [callback, user_data = std::move(user_data)](const RulesetChange& change) {
        std::vector<expplat_str> keys;
        keys.reserve(change.keys.size());
        for (const std::string& key : change.keys) keys.push_back(str(key));
        expplat_ruleset_change shown{};
        shown.struct_size = sizeof(shown);
        shown.version = change.version;
        shown.origin = static_cast<std::int32_t>(change.origin);
        shown.everything = change.everything;
        shown.keys = keys.data();
        shown.key_count = keys.size();
        callback(user_data.get(), &shown);
    };
}

Sink::Callback sink_function(expplat_sink_callback callback, UserData user_data) {
    return [callback, user_data = std::move(user_data)](std::span<const exposure::Event> batch) {
        return deliver(callback, user_data.get(), batch);
    };
}

}  // namespace expplat::c

using namespace expplat::c;

extern "C" {

expplat_text expplat_event_json(const expplat_event* event) {
    if (event == nullptr || event->struct_size < offsetof(expplat_event, sdk)) return {nullptr, 0};
    return contained(expplat_text{nullptr, 0}, [&] {
        std::string text;
        expplat::sinks::append_event_json(text, event_of(*event));
        return owned(text);
    });
}

void expplat_delivery_acknowledge(expplat_delivery* delivery, size_t count) {
    if (delivery != nullptr) delivery->delivery.acknowledged = count;
}
void expplat_delivery_reject(expplat_delivery* delivery, size_t count) {
    if (delivery != nullptr) delivery->delivery.rejected = count;
}
void expplat_delivery_set_message(expplat_delivery* delivery, expplat_str message) {
    if (delivery == nullptr) return;
    (void)contained(false, [&] {
        delivery->delivery.message = view(message);
        return true;
    });
}

}  // extern "C"
