// `Channel`: the releases of one environment: which is current, and which patches lead to it.
//
// A state machine without I/O: it is given documents in the order of their versions and says what open streams must be
// told; whoever owns the connections sends it. One thread at a time prepares; any thread may ask. Source: docs/PROTOCOL.md,
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

    /// A release that may follow on the current one, and what leads to it.
    struct Prepared {
        std::shared_ptr<const Release> release;  // null where this version is current already
        std::uint64_t base = 0;
        SharedText patch;  // null where the whole document would say as much
    };
    /// What takes its time: compiles the document and compares it with the current one. Errors: what `ruleset::compile`
    /// refuses; `invalid_argument` for a version that goes back.
    [[nodiscard]] Result<Prepared> prepare(std::string json);
    /// Makes it the current release, if it is one; nothing was committed since it was prepared. Gives the event that open
    /// streams must be sent: the patch, or all of it; null where there is nothing to be told.
    SharedText commit(Prepared prepared);
    /// Both at once.
    [[nodiscard]] Result<SharedText> publish(std::string json);

    /// As before the first release.
    void clear();

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
    ruleset::Workspace workspace_;  // the preparing thread's

    mutable std::mutex mutex_;  // guards all below
    std::shared_ptr<const Release> current_;
    std::deque<Step> steps_;  // each from the one before it, the last to `current_`
    std::size_t step_bytes_ = 0;
};

}  // namespace expplat::server::publish
