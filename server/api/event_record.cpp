#include "server/api/event_record.hpp"

#include <string_view>

#include "expplat/base/json_text.hpp"
#include "expplat/base/limits.hpp"

namespace expplat::server::api {
namespace {

using ruleset::Node;
using ruleset::NodeKind;

constexpr std::size_t text_bytes_most = 1'024;              // of a name, a unit, a value of a unit
constexpr std::int64_t time_most_ms = 253'402'300'799'999;  // the end of year 9999
constexpr double value_most = 1e9;                          // EVENTS.md, "Consuming"

[[nodiscard]] bool is_uuid(std::string_view text) noexcept {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !digit) return false;
    }
    return true;
}

/// The text of a member that must be there; the reason is set where it is not.
[[nodiscard]] std::string text_of(const Node& record, std::string_view name, std::string& reason) {
    const Node* const node = record.find(name);
    const bool good = node != nullptr && node->kind() == NodeKind::string && !node->text().empty() &&
                      node->text().size() <= text_bytes_most &&
                      node->text().find('\0') == std::string_view::npos;
    if (good) return std::string(node->text());
    if (reason.empty())
        reason =
            std::string(name) + ": must be a string of 1 to " + std::to_string(text_bytes_most) + " bytes";
    return {};
}

}  // namespace

std::variant<domain::RawEvent, BadEvent> read_event(const Node& record, const std::string& project,
                                                    const std::string& environment,
                                                    std::int64_t received_ms) {
    if (record.kind() != NodeKind::object) return BadEvent{{}, "must be an object"};
    std::string reason;
    domain::RawEvent event{.id = text_of(record, "id", reason),
                           .project = project,
                           .environment = environment,
                           .type = text_of(record, "type", reason),
                           .experiment = {},
                           .variant = {},
                           .received_ms = received_ms,
                           .body = {}};
    if (!is_uuid(event.id)) return BadEvent{std::move(event.id), "id: must be a UUID in lower case"};
    const auto refuse = [&](std::string why) { return BadEvent{event.id, std::move(why)}; };
    if (record.has_faults()) return refuse("has a member twice, or a number that is no double");
    const Node* const version = record.find("v");
    if (version == nullptr || version->kind() != NodeKind::integer || version->integer() != 1)
        return refuse("v: must be 1");
    const Node* const time = record.find("time");
    if (time == nullptr || time->kind() != NodeKind::integer || time->integer() < 0 ||
        time->integer() > time_most_ms)
        return refuse("time: must be in Unix milliseconds");
    event.time_ms = time->integer();
    (void)text_of(record, "unit", reason);
    (void)text_of(record, "unit_id", reason);
    if (event.type == "exposure") {
        event.experiment = text_of(record, "experiment", reason);
        event.variant = text_of(record, "variant", reason);
    } else if (event.type == "track") {
        (void)text_of(record, "event", reason);
        if (const Node* const value = record.find("value")) {
            const bool number = value->kind() == NodeKind::integer || value->kind() == NodeKind::real;
            if (!number || value->real() > value_most || value->real() < -value_most)
                return refuse("value: must be a number between -1e9 and 1e9");
        }
    } else {
        return refuse("type: must be exposure or track");
    }
    if (!reason.empty()) return refuse(std::move(reason));
    event.body = ruleset::to_json(record);
    return event;
}

domain::StreamedEvent streamed(const Node& record, const domain::RawEvent& event) {
    std::string body = R"({"project":)";
    append_json_string(body, event.project);
    body += R"(,"environment":)";
    append_json_string(body, event.environment);
    for (const ruleset::Member& member : record.members()) {
        if (member.name == "project" || member.name == "environment") continue;
        body += ',';
        append_json_string(body, member.name);
        body += ':';
        body += ruleset::to_json(member.value);
    }
    return {event.id, std::string(record.find("unit_id")->text()), body + '}'};
}

}  // namespace expplat::server::api
