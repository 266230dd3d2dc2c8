// `Channel`: the releases of one environment: which is current, and which patches lead to it.
//
// A state machine without I/O: it is given documents in the order of their versions and says what open streams must be
// told; whoever owns the connections sends it. One thread at a time publishes; any thread may ask. Source: docs/PROTOCOL.md,
// "GET /api/v1/sdk/stream".
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "expplat/base/result.hpp"
#include "server/publish/release.hpp"
#include "src/ruleset/workspace.hpp"

namespace expplat::server::publish {

inline constexpr std::size_t patches_kept = 256;  // a channel's, for streams that come back
inline constexpr std::size_t patch_bytes_kept = std::size_t{4} << 20;  // of them together

class Channel {
public:
    Channel() : workspace_(ruleset::Mode::strict) {}

    /// Makes a document the current release. Gives the event that open streams must be sent: a patch, or all of it where
    /// a patch would say as much; null where this version is current already. Errors: what `ruleset::compile` refuses;
    /// `invalid_argument` for a version that goes back.
    [[nodiscard]] Result<SharedText> publish(std::string json);

    /// Null before the first.
    [[nodiscard]] std::shared_ptr<const Release> current() const;

    /// What brings a stream up to date that has `version` (nothing: no ruleset): patches, or the whole document. Empty
    /// where it is up to date, or where there is nothing yet.
    [[nodiscard]] std::vector<SharedText> first_events(std::optional<std::uint64_t> version) const;

private:
    struct Step {
        std::uint64_t base = 0;
        SharedText patch;
    };
    [[nodiscard]] SharedText keep_patch(const Release* before, const Release& release);

    ruleset::Workspace workspace_;  // the publishing thread's

    mutable std::mutex mutex_;  // guards all below
    std::shared_ptr<const Release> current_;
    std::deque<Step> steps_;  // each from the one before it, the last to `current_`
    std::size_t step_bytes_ = 0;
};

}  // namespace expplat::server::publish
