// `Release`: one version of an environment's ruleset, in every form that somebody asks for.
//
// Made once for each version (`channel.hpp`), then shared by every connection and every evaluation, and never changed:
// safe to read from many threads. Next: `channel.hpp`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "expplat/image/image.hpp"
#include "src/ruleset/json.hpp"
#include "src/ruleset/pattern_table.hpp"

namespace expplat::server::publish {

/// A text that many connections send at once.
using SharedText = std::shared_ptr<const std::string>;

struct Release {
    std::uint64_t version = 0;
    std::string environment;  // as the ruleset names it
    std::string etag;         // strong, with its quotes: of the content, so that servers agree on it
    SharedText json;
    SharedText json_gzip;  // the same, compressed; null where there was no memory for it
    SharedText put;        // the event of a stream that says all of it
    SharedText change;     // the event that says that it is there, and nothing of it (OFREP)
    ruleset::Document document;
    image::Image image;
    ruleset::PatternTable patterns;
};

/// One event of a stream (docs/PROTOCOL.md): `id` is the version, `data` one line of JSON.
[[nodiscard]] std::string stream_event(std::string_view name, std::uint64_t version, std::string_view data);

/// The event of a stream of changes (OFREP, ADR 8): who asked for evaluations should ask again.
[[nodiscard]] std::string change_event(std::uint64_t version, std::string_view etag);

}  // namespace expplat::server::publish
