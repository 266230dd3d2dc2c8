// `DiskCache`: a file that keeps the last ruleset, so that a host starts and answers while its server is away.
//
//     {"format":"expplat.cache/1","binding":HEX,"environment":TEXT,"version":N,"document_bytes":N,"document_hash":HEX,"image_bytes":N} LF
//     the ruleset as JSON (the contract)
//     the compiled image (the fast way in)
//
// Bound to the server, the key (by a hash) and the environment. Replaced by rename, 0600; several processes may share one,
// the last writer wins. The image is read into private memory and verified, not mapped: nobody can change it afterwards, and
// reading is a fraction of the 3 ms that a start may take. An image of another version of the library is left, and the JSON
// read instead. Nothing here ever keeps a host from starting. Owned by the client's loop; not thread-safe; the destructor
// writes nothing, so that a forked child disturbs nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "expplat/base/result.hpp"
#include "expplat/image/image.hpp"

namespace expplat::sync {

inline constexpr std::int64_t cache_write_interval_ms = 1'000;  // between two writes; the latest ruleset wins
inline constexpr std::int64_t cache_retry_interval_ms = 60'000;  // after a write that failed
inline constexpr std::size_t cache_header_bytes = 4'096;

/// What a cache of that server and key is bound to.
[[nodiscard]] std::string cache_binding(std::string_view url, std::string_view key);

/// One of `image` and `document` is there.
struct CachedRuleset {
    std::string environment;
    std::uint64_t version = 0;
    std::optional<image::Image> image;
    std::string document;
    std::string image_error;  // why the document has to be compiled
};

class DiskCache {
public:
    /// What is to be kept; the views live for the call.
    struct Content {
        std::string_view environment;
        std::uint64_t version = 0;
        std::string document;  // `Workspace::document`; may be empty
        std::span<const std::byte> image;
    };
    using Current = std::function<Content()>;

    /// `on_error`: called when writing fails, once until it has succeeded again.
    DiskCache(std::string path, std::string binding, std::function<void(const Error&)> on_error = {})
        : path_(std::move(path)), binding_(std::move(binding)), on_error_(std::move(on_error)) {}

    /// What the file holds; and removes what writers that died left beside it. Errors: `not_found` (no file, or one of
    /// another server or key), `io`, `too_large`, `invalid_ruleset` (damaged, or of another format).
    [[nodiscard]] Result<CachedRuleset> load();
    /// The document alone, for a workspace that patches are to be applied to. Errors: as `load`.
    [[nodiscard]] Result<std::string> load_document() const;

    /// The ruleset has changed: it is to be written.
    void mark_changed() noexcept { changed_ = true; }
    /// Writes if there is a change and the time has come. Returns how long it may be left alone.
    std::int64_t step(std::int64_t now_ms, const Current& current);
    /// Writes at once if there is a change: at the end.
    void flush(const Current& current);

    [[nodiscard]] std::uint64_t writes() const noexcept { return writes_; }

private:
    void write(const Current& current);
    [[nodiscard]] Result<void> replace(const Content& content) const;

    std::string path_;
    std::string binding_;
    std::function<void(const Error&)> on_error_;
    bool changed_ = false;
    bool failing_ = false;
    std::int64_t next_write_ms_ = INT64_MIN;
    std::uint64_t writes_ = 0;
};

}  // namespace expplat::sync
