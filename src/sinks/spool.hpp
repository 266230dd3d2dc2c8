// `Spool`: batches on disk, from before they are sent until they are settled.
//
// Used by `Delivery`, from the client's loop. Under the folder that the configuration names each client has a subfolder
// of its own, held by a lock on its file `lock`; one whose lock is free was left by a process that died, and who opens a
// spool takes its segments over. A segment (`spool_record.hpp`) is a file, written and synced at once, removed at once;
// names sort by time. Not thread-safe. Blocks for a write and an `fdatasync` of a batch, nothing else.
// Source: EVENTS.md, "Spool".
//
//     SPOOL/0000019a1b2c3d4e-4f0e5d1c2b3a4f5e/lock
//     SPOOL/0000019a1b2c3d4e-4f0e5d1c2b3a4f5e/0000019a1b2c4000-4f0e5d1c2b3a4f5e-00000001.seg
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "expplat/base/clock.hpp"
#include "expplat/base/limits.hpp"
#include "expplat/base/result.hpp"
#include "expplat/exposure/event.hpp"
#include "expplat/exposure/queue.hpp"

namespace expplat::sinks {

inline constexpr std::size_t spool_folders = 4'096;  // looked at when a spool is opened
inline constexpr std::size_t spool_segments =
    65'536;  // taken over when a spool is opened; the rest at the next opening

class Spool {
public:
    /// `folder` is made where it is not there, but not its parent. Takes over what processes that died left in it.
    /// Errors: `io` (no parent, read-only, no folder), `unsupported` (a system without locks of open files).
    [[nodiscard]] static Result<std::unique_ptr<Spool>> open(const std::string& folder,
                                                             std::uint64_t most_bytes,
                                                             std::shared_ptr<const Clock> clock);
    /// Lets the lock go. Segments stay; a subfolder without any is removed.
    ~Spool();
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    /// Writes a batch; it is on disk when this returns its segment's name. Errors: `too_large` (the spool is full), `io`
    /// (and nothing of it stays).
    [[nodiscard]] Result<std::string> store(std::span<const exposure::Event> events);

    /// Reads a segment. Returns how many of its records were damaged; the others are in `batch`. Errors: `io`.
    [[nodiscard]] Result<std::size_t> load(const std::string& segment, exposure::Batch& batch) const;

    void remove(const std::string& segment);

    /// A segment that was taken over and not yet handed out here; oldest first.
    [[nodiscard]] std::optional<std::string> next_adopted();
    [[nodiscard]] bool has_adopted() const noexcept { return adopted_at_ < adopted_.size(); }

    /// Of all segments.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    /// This client's own subfolder.
    [[nodiscard]] const std::string& own_folder() const noexcept { return own_; }

    /// In a forked child: closes the child's copy of the lock, which goes on to be the parent's. Nothing else may be done
    /// with the object then, nor may it be destroyed: it is the parent's.
    void disown() noexcept;

private:
    Spool(std::uint64_t most_bytes, std::shared_ptr<const Clock> clock)
        : most_bytes_(most_bytes), clock_(std::move(clock)) {}

    [[nodiscard]] Result<void> make_own_folder(const std::string& folder);
    void adopt_orphans(const std::string& folder);
    void adopt(const std::string& orphan);
    [[nodiscard]] std::string path_of(const std::string& segment) const { return own_ + '/' + segment; }

    std::uint64_t most_bytes_;
    std::shared_ptr<const Clock> clock_;
    std::string own_;
    std::string tag_;  // sixteen random hexadecimal digits, in every name
    int lock_ = -1;
    std::uint32_t stored_ = 0;
    std::map<std::string, std::uint64_t> sizes_;  // of the segments that are there
    std::uint64_t bytes_ = 0;
    std::vector<std::string> adopted_;  // sorted
    std::size_t adopted_at_ = 0;
    std::string records_;  // of one batch; kept for its memory
};

}  // namespace expplat::sinks
