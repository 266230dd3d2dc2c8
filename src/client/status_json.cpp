#include "src/client/status_json.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

#include "expplat/base/json_text.hpp"

namespace expplat::runtime {

std::string to_json(const Status& status) {
    std::string text = R"({"state": ")";
    text.append(name(status.state)).append(R"(", "origin": ")").append(name(status.origin));
    text.append(R"(", "following": ")").append(name(status.following));
    text.append(R"(", "ruleset_version": )").append(std::to_string(status.ruleset_version));
    text += R"(, "environment": )";
    append_json_string(text, status.environment);
    text += R"(, "error": )";
    append_json_string(text, status.error);
    text.append(R"(, "since_ms": )").append(std::to_string(status.since_ms));
    text.append(R"(, "unsupported": )").append(std::to_string(status.unsupported));
    return text + "}";
}

std::string to_json(const Stats& stats) {
    const std::pair<std::string_view, std::uint64_t> counts[] = {
        {"recorded", stats.recorded},
        {"adopted", stats.adopted},
        {"deduplicated", stats.deduplicated},
        {"acknowledged", stats.acknowledged},
        {"spooled", stats.spooled},
        {"dead_lettered", stats.dead_lettered},
        {"dropped_queue_full", stats.dropped_queue_full},
        {"dropped_shutdown", stats.dropped_shutdown},
        {"dropped_spool", stats.dropped_spool},
        {"in_flight", stats.in_flight},
        {"batches", stats.batches},
        {"failed_deliveries", stats.failed_deliveries},
        {"ruleset_version", stats.ruleset_version},
        {"rulesets_adopted", stats.rulesets_adopted},
        {"rulesets_refused", stats.rulesets_refused},
        {"unsupported_entities", stats.unsupported_entities},
        {"live_images", stats.live_images},
        {"image_bytes", stats.image_bytes},
        {"stream_connections", stats.stream_connections},
    };
    static_assert(sizeof(Stats) == sizeof(counts) / sizeof(counts[0]) * sizeof(std::uint64_t),
                  "every count has its member");
    std::string text;
    for (const auto& [member, count] : counts) {
        text += text.empty() ? "{" : ", ";
        text.append("\"").append(member).append("\": ").append(std::to_string(count));
    }
    return text + "}";
}

}  // namespace expplat::runtime
