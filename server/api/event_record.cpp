#include "server/api/event_record.hpp"

#include <algorithm>
#include <string_view>

#include "expplat/base/json_text.hpp"
#include "expplat/base/limits.hpp"
#include "server/domain/bounds.hpp"

namespace expplat::server::api {
namespace {

using ruleset::Node;
using ruleset::NodeKind;

constexpr std::size_t text_bytes_most = 1'024;  // of a name, a unit, a value of a unit
constexpr double value_most = 1e9;              // EVENTS.md, "Consuming"
constexpr std::int64_t minute_ms = 60'000;

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

/// A member of a record as it is kept: the event's time is the corrected one.
void append_kept(std::string& body, const ruleset::Member& member, const domain::RawEvent& event) {
    if (body.back() != '{') body += ',';
    append_json_string(body, member.name);
    body += ':';
    body += member.name == "time" ? std::to_string(event.time_ms) : ruleset::to_json(member.value);
}

}  // namespace

SenderClock::SenderClock(std::optional<std::int64_t> sent_ms, std::int64_t received_ms) noexcept
    : sent_ms_(std::clamp(sent_ms.value_or(received_ms), std::int64_t{0}, domain::bounds::time_ms)),
      behind_ms_(received_ms - sent_ms_) {
    const bool off = behind_ms_ >= minute_ms || behind_ms_ <= -minute_ms;
    const std::int64_t half = behind_ms_ < 0 ? -minute_ms / 2 : minute_ms / 2;
    behind_ms_ = off ? (behind_ms_ + half) / minute_ms * minute_ms : 0;
}

std::int64_t SenderClock::corrected(std::int64_t time_ms) const noexcept {
    if (time_ms >= sent_ms_ + minute_ms) return time_ms;
    return std::clamp(time_ms + behind_ms_, std::int64_t{0}, domain::bounds::time_ms);
}

std::variant<domain::RawEvent, BadEvent> read_event(const Node& record, const std::string& project,
                                                    const std::string& environment, const SenderClock& clock,
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
        time->integer() > domain::bounds::time_ms)
        return refuse("time: must be in Unix milliseconds");
    event.time_ms = clock.corrected(time->integer());
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
    event.body = "{";
    for (const ruleset::Member& member : record.members()) append_kept(event.body, member, event);
    event.body += '}';
    return event;
}

domain::StreamedEvent streamed(const Node& record, const domain::RawEvent& event) {
    std::string body = R"({"project":)";
    append_json_string(body, event.project);
    body += R"(,"environment":)";
    append_json_string(body, event.environment);
    for (const ruleset::Member& member : record.members()) {
        if (member.name != "project" && member.name != "environment") append_kept(body, member, event);
    }
    return {event.id, std::string(record.find("unit_id")->text()), body + '}'};
}

}  // namespace expplat::server::api
