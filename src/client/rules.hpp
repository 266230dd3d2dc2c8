// `Rules`: the ruleset's side of a client: adopts documents, patches and files, and knows how current they are.
//
// Adopting is done by one thread at a time under a lock (the loop, or whoever calls `reload`); evaluating threads read the
// publication without one. Listeners and the logger are called with no lock held, so that they may ask the client.
// Next: `published.hpp`; what follows a server is `src/sync`.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expplat/base/clock.hpp"
#include "expplat/config.hpp"
#include "expplat/stats.hpp"
#include "expplat/status.hpp"
#include "src/client/published.hpp"
#include "src/ruleset/workspace.hpp"
#include "src/sync/disk_cache.hpp"

namespace expplat::runtime {

class Rules {
public:
    /// `config` outlives this.
    Rules(const Config& config, std::shared_ptr<const Clock> clock);
    Rules(const Rules&) = delete;
    Rules& operator=(const Rules&) = delete;

    [[nodiscard]] const Publication& publication() const noexcept { return publication_; }

    /// What can be had without a network: the file, the text, the cache; for a server without a cache, a ruleset that answers
    /// `PROVIDER_NOT_READY`. Errors: those of `Client::open`.
    [[nodiscard]] Result<void> open();
    /// Reads the file again; nothing for other sources.
    [[nodiscard]] Result<void> reload();
    /// Reads the file again where its stamp has changed. A refusal is logged once.
    void watch();

    // From the server.
    [[nodiscard]] Result<void> put(std::string_view json);
    [[nodiscard]] Result<void> patch(std::string_view json);
    /// The version of the server's ruleset, where one is held (that of the cache, too).
    [[nodiscard]] std::optional<std::uint64_t> server_version() const;
    /// Writes the cache where it is due. In how many milliseconds it may be due again. From the loop alone, as `flush_cache`.
    [[nodiscard]] std::int64_t keep_cache(std::int64_t now_ms);
    void flush_cache();
    /// How the server answers: `connecting` or `stale` (it does not), `ready`, `unauthorized`.
    void set_contact(State contact, Following following, std::string error);

    [[nodiscard]] bool wait_ready(std::chrono::milliseconds timeout) const;
    [[nodiscard]] bool is_ready() const;
    [[nodiscard]] Status status() const;
    void add_to(Stats& stats);
    void close();

    // Around a fork.
    [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }
    void after_fork_in_child();

private:
    /// The file as it was read last, to see whether it changed.
    struct FileStamp {
        std::int64_t modified_ns = -1;
        std::int64_t size = -1;
        std::uint64_t inode = 0;
        friend bool operator==(const FileStamp&, const FileStamp&) = default;
    };
    [[nodiscard]] static FileStamp stamp_of(const std::string& path);

    // All of these want the lock.
    [[nodiscard]] Result<void> adopt_file();
    [[nodiscard]] Result<void> adopt_image(image::Buffer bytes, Origin origin);
    [[nodiscard]] Result<void> adopt_json(std::string_view json, Origin origin);
    [[nodiscard]] Result<void> adopt_patch(std::string_view json);
    void reuse_memory();
    void adopt_cache();
    [[nodiscard]] Result<void> compile_cached_document();
    void adopt_compiled(ruleset::Compiled compiled, Origin origin, bool everything);
    /// Adopts, or says why not. A host's memory that is used up is a refusal like any other.
    template <class Adopt>
    [[nodiscard]] Result<void> attempt(Adopt&& adopt);
    void publish(image::Image image, std::uint64_t unsupported, RulesetChange change);
    void publish_nothing();
    [[nodiscard]] Status status_now() const;
    /// What the cache is to hold: a copy, and the image, held for as long as the writing takes.
    [[nodiscard]] sync::DiskCache::Content cached_content();
    /// Lets the lock go, then logs and tells listeners what was noted under it.
    void tell(std::unique_lock<std::mutex>& lock);

    const Config& config_;
    std::shared_ptr<const Clock> clock_;
    image::Memory memory_;

    std::unique_ptr<sync::DiskCache>
        cache_;  // null: none. The loop's own, but for `mark_changed`, which comes from it too

    struct Release {
        void operator()(const Published* published) const noexcept { published->release(); }
    };
    std::unique_ptr<const Published, Release> being_cached_;  // while the cache is written

    mutable std::mutex mutex_;  // guards all below; readers of the publication need none
    std::unique_ptr<std::condition_variable> became_ready_;
    ruleset::Workspace workspace_;
    Publication publication_;
    FileStamp stamp_;
    std::string refused_;  // the last refusal of the watch, logged once
    Status told_;          // what listeners know
    Origin origin_ = Origin::none;
    State contact_ = State::connecting;
    Following following_ = Following::none;
    std::string error_;
    std::string heard_;  // the last trouble with the server that was logged
    bool closed_ = false;
    std::uint64_t adopted_ = 0;
    std::uint64_t refusals_ = 0;
    std::uint64_t unsupported_ = 0;
    std::vector<std::pair<LogLevel, std::string>> notes_;
    std::vector<RulesetChange> changes_;
};

}  // namespace expplat::runtime
