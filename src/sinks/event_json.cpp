#include "src/sinks/event_json.hpp"

#include <string>

#include "expplat/base/json_text.hpp"
#include "expplat/version.hpp"

namespace expplat::sinks {

namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
    out += ",\"";
    out += name;
    out += "\":";
    append_json_string(out, text);
}

}  // namespace

std::string to_string(const exposure::EventId& id) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < id.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[id[i] >> 4];
        text += digits[id[i] & 15];
    }
    return text;
}

void append_event_json(std::string& out, const exposure::Event& event, const EventOrigin& origin) {
    exposure::Event placed = event;
    placed.project = origin.project;
    append_event_json(out, placed);
}

void append_event_json(std::string& out, const exposure::Event& event) {
    const bool is_exposure = event.type == exposure::EventType::exposure;
    out += "{\"v\":1,\"id\":\"" + to_string(event.id) + "\",\"type\":";
    out += is_exposure ? "\"exposure\"" : "\"track\"";
    out += ",\"time\":" + std::to_string(event.time_ms);
    append_member(out, "project", event.project);
    append_member(out, "environment", event.environment);
    append_member(out, is_exposure ? "experiment" : "event", event.name);
    if (is_exposure) append_member(out, "variant", event.variant);
    append_member(out, "unit", event.unit);
    append_member(out, "unit_id", event.unit_id);
    if (is_exposure) out += ",\"ruleset\":" + std::to_string(event.ruleset_version);
    append_member(out, "sdk", "expplat-cpp/" + std::string(version));
    if (event.has_value) {
        out += ",\"value\":";
        append_json_number(out, event.value);
    }
    if (!event.properties.empty()) {
        out += ",\"properties\":";
        out += event.properties;
    }
    if (!event.attributes.empty()) {
        out += ",\"attributes\":";
        out += event.attributes;
    }
    out += '}';
}

}  // namespace expplat::sinks
