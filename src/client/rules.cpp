#include "src/client/rules.hpp"

#include <sys/stat.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <new>
#include <utility>

#include "src/client/file_source.hpp"
#include "src/client/memory.hpp"

namespace expplat::runtime {

Rules::Rules(const Config& config, std::shared_ptr<const Clock> clock)
    : config_(config),
      clock_(std::move(clock)),
      memory_(memory_of(config.memory)),
      became_ready_(std::make_unique<std::condition_variable>()),
      workspace_(ruleset::Mode::tolerant,
                 config.cache.empty() ? ruleset::Retain::no_documents : ruleset::Retain::documents, memory_),
      publication_(config.source.kind() == Source::Kind::server) {
    told_.since_ms = clock_->unix_ms();
    if (config.source.kind() != Source::Kind::server || config.cache.empty()) return;
    cache_ = std::make_unique<sync::DiskCache>(
        config.cache, sync::cache_binding(config.source.content(), config.source.key()),
        [this](const Error& error) {
            if (config_.logger) config_.logger(LogLevel::error, "the ruleset's cache: " + error.message);
        });
}

// ---- adopting ----

namespace {

/// What reading a document of this size took for a moment, some twelve times as much, is worth giving back.
constexpr std::size_t large_document_bytes = std::size_t{64} << 10;

/// What reading a ruleset took for a moment: glibc keeps it for the process unless it is asked.
void give_memory_back([[maybe_unused]] std::size_t document_bytes) noexcept {
#if defined(__GLIBC__)
    if (document_bytes >= large_document_bytes) ::malloc_trim(0);
#endif
}

}  // namespace

Result<void> Rules::open() {
    std::unique_lock lock(mutex_);
    Result<void> adopted;
    switch (config_.source.kind()) {
        case Source::Kind::file: adopted = attempt([this] { return adopt_file(); }); break;
        case Source::Kind::text:
            adopted = attempt([this] { return adopt_json(config_.source.content(), Origin::text); });
            break;
        case Source::Kind::server:
            publish_nothing();
            if (cache_ != nullptr) adopt_cache();
            break;
        case Source::Kind::none: break;
    }
    tell(lock);
    return adopted;
}

Result<void> Rules::reload() {
    if (config_.source.kind() != Source::Kind::file)
        return {};  // a text does not change, a server is followed
    std::unique_lock lock(mutex_);
    Result<void> adopted = attempt([this] { return adopt_file(); });
    error_ = adopted ? std::string() : adopted.error().message;
    tell(lock);
    return adopted;
}

void Rules::watch() {
    std::unique_lock lock(mutex_);
    publication_.reclaim();
    if (stamp_of(config_.source.content()) == stamp_) return;
    const Result<void> adopted = attempt([this] { return adopt_file(); });
    error_ = adopted ? std::string() : adopted.error().message;
    if (!adopted && error_ != refused_) {
        refused_ = error_;
        notes_.emplace_back(LogLevel::error, "the ruleset was refused, the last good one stays: " + refused_);
    }
    tell(lock);
}

Rules::FileStamp Rules::stamp_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {};
    return {std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec, status.st_size,
            status.st_ino};
}

Result<void> Rules::put(std::string_view json) {
    std::unique_lock lock(mutex_);
    Result<void> adopted = attempt([this, json] { return adopt_json(json, Origin::server); });
    give_memory_back(json.size());
    tell(lock);
    return adopted;
}

Result<void> Rules::patch(std::string_view json) {
    std::unique_lock lock(mutex_);
    Result<void> adopted = attempt([this, json] { return adopt_patch(json); });
    tell(lock);
    return adopted;
}

template <class Adopt>
Result<void> Rules::attempt(Adopt&& adopt) {
    Result<void> adopted;
    try {
        adopted = adopt();
    } catch (const std::bad_alloc&) {
        adopted = Error{ErrorCode::too_large, "there is not enough memory for the ruleset"};
    }
    if (!adopted) ++refusals_;
    return adopted;
}

Result<void> Rules::adopt_file() {
    const std::string& path = config_.source.content();
    stamp_ = stamp_of(path);
    Result<image::Buffer> content = read_file(path, limits::image_bytes, memory_);
    if (!content) return content.error();
    if (is_image(*content)) {
        const Result<void> adopted = adopt_image(std::move(*content), Origin::file);
        if (!adopted) return Error{adopted.error().code, path + ": " + adopted.error().message};
        return {};
    }
    const std::string_view json(reinterpret_cast<const char*>(content->data()), content->size());
    const Result<void> adopted = adopt_json(json, Origin::file);
    if (adopted) return {};
    // A mistake begins with its pointer; what is no JSON at all has none, and then the file's name stands in its place.
    const std::string& wrong = adopted.error().message;
    return Error{adopted.error().code, path + (wrong.starts_with(": ") ? "" : ":\n") + wrong};
}

Result<void> Rules::adopt_image(image::Buffer bytes, Origin origin) {
    Result<image::Image> image = image::Image::from_buffer(std::move(bytes));
    if (!image) return image.error();
    const std::uint64_t unsupported = image->view().header().unsupported_count;
    publish(std::move(*image), unsupported, {.version = 0, .origin = origin, .keys = {}, .everything = true});
    return {};
}

Result<void> Rules::adopt_json(std::string_view json, Origin origin) {
    const bool everything = !workspace_.has_ruleset();
    reuse_memory();
    Result<ruleset::Compiled> compiled = workspace_.compile(json);
    if (!compiled) return compiled.error();
    adopt_compiled(std::move(*compiled), origin, everything);
    return {};
}

Result<void> Rules::adopt_patch(std::string_view json) {
    if (origin_ == Origin::cache) {
        if (const Result<void> compiled = compile_cached_document(); !compiled) return compiled.error();
    }
    reuse_memory();
    Result<ruleset::Compiled> compiled = workspace_.patch(json);
    if (!compiled) return compiled.error();
    adopt_compiled(std::move(*compiled), Origin::server, false);
    return {};
}

/// A patch is a copy of the image: into memory that the process has, it takes half the time. And images that come and go
/// would leave holes that others do not fit in.
void Rules::reuse_memory() {
    publication_.reclaim();
    if (std::optional<image::Buffer> spare = publication_.take_spare()) workspace_.reuse(std::move(*spare));
}

// ---- the cache ----

void Rules::adopt_cache() {
    Result<sync::CachedRuleset> cached = cache_->load();
    if (!cached) {
        if (cached.error().code != ErrorCode::not_found)
            notes_.emplace_back(LogLevel::warning,
                                "the ruleset's cache is not used: " + cached.error().message);
        return;
    }
    const Result<void> adopted = attempt([&]() -> Result<void> {
        if (!cached->image) return adopt_json(cached->document, Origin::cache);
        const std::uint64_t unsupported = cached->image->view().header().unsupported_count;
        publish(std::move(*cached->image), unsupported,
                {.version = 0, .origin = Origin::cache, .keys = {}, .everything = true});
        return {};
    });
    if (!adopted)
        notes_.emplace_back(LogLevel::warning, "the ruleset's cache is not used: " + adopted.error().message);
}

/// The image of the cache needs no document, but a patch to it does.
Result<void> Rules::compile_cached_document() {
    if (workspace_.version() == publication_.current()->view.version()) return {};
    const Result<std::string> document = cache_->load_document();
    const Result<ruleset::Compiled> compiled =
        document ? workspace_.compile(*document) : Result<ruleset::Compiled>(document.error());
    if (!compiled) return Error{ErrorCode::not_ready, compiled.error().message};
    return {};
}

std::int64_t Rules::keep_cache(std::int64_t now_ms) {
    if (cache_ == nullptr) return INT64_MAX;
    std::size_t document_bytes = 0;
    const std::int64_t due_in_ms = cache_->step(now_ms, [&] {
        sync::DiskCache::Content content = cached_content();
        document_bytes = content.document.size();
        return content;
    });
    being_cached_.reset();
    give_memory_back(document_bytes);
    return due_in_ms;
}

void Rules::flush_cache() {
    if (cache_ != nullptr) cache_->flush([this] { return cached_content(); });
    being_cached_.reset();
}

sync::DiskCache::Content Rules::cached_content() {
    const std::scoped_lock lock(mutex_);
    const Published* const current = publication_.current();
    current->hold();
    being_cached_.reset(current);
    return {current->view.environment(), current->view.version(), workspace_.document(),
            current->image.bytes()};
}

void Rules::adopt_compiled(ruleset::Compiled compiled, Origin origin, bool everything) {
    for (const std::string& pointer : compiled.unsupported) {
        notes_.emplace_back(LogLevel::warning,
                            "this library does not support " + pointer + ": it answers the caller's default");
    }
    publish(
        std::move(compiled.image), compiled.unsupported.size(),
        {.version = 0, .origin = origin, .keys = std::move(compiled.changed_keys), .everything = everything});
}

void Rules::publish(image::Image image, std::uint64_t unsupported, RulesetChange change) {
    const Published* const before = publication_.current();
    const bool first = origin_ == Origin::none;
    publication_.publish(new Published(publication_.counter(), std::move(image),
                                       before == nullptr ? nullptr : &before->table,
                                       Publication::next_serial(), true));
    ++adopted_;
    unsupported_ = unsupported;
    origin_ = change.origin;
    refused_.clear();
    if (cache_ != nullptr && change.origin == Origin::server) cache_->mark_changed();
    change.version = publication_.current()->view.version();
    changes_.push_back(std::move(change));
    if (first) became_ready_->notify_all();
}

/// What answers before there is a ruleset: one without a flag, marked as not ready.
void Rules::publish_nothing() {
    ruleset::Workspace empty(ruleset::Mode::strict);
    Result<ruleset::Compiled> compiled =
        empty.compile(R"({"format":"expplat.ruleset/1","environment":"","version":0})");
    publication_.publish(new Published(publication_.counter(), std::move(compiled->image), nullptr,
                                       Publication::next_serial(), false));
}

// ---- how current it is ----

std::optional<std::uint64_t> Rules::server_version() const {
    const std::scoped_lock lock(mutex_);
    if (origin_ == Origin::none) return std::nullopt;
    return publication_.current()->view.version();
}

void Rules::set_contact(State contact, Following following, std::string error) {
    std::unique_lock lock(mutex_);
    contact_ = contact;
    following_ = following;
    error_ = std::move(error);
    if (error_.empty()) {
        if (contact == State::ready && !std::exchange(heard_, {}).empty())
            notes_.emplace_back(LogLevel::info, "the server is followed again");
    } else if (error_ != heard_) {
        heard_ = error_;
        notes_.emplace_back(contact == State::unauthorized ? LogLevel::error : LogLevel::warning,
                            "the server: " + error_);
    }
    tell(lock);
}

bool Rules::wait_ready(std::chrono::milliseconds timeout) const {
    std::unique_lock lock(mutex_);
    return became_ready_->wait_for(lock, timeout, [this] { return origin_ != Origin::none || closed_; }) &&
           origin_ != Origin::none;
}

bool Rules::is_ready() const {
    const std::scoped_lock lock(mutex_);
    return origin_ != Origin::none;
}

Status Rules::status() const {
    const std::scoped_lock lock(mutex_);
    return status_now();
}

Status Rules::status_now() const {
    Status status;
    status.origin = origin_;
    status.following = following_;
    status.error = error_;
    status.unsupported = unsupported_;
    if (origin_ != Origin::none) {
        const image::View view = publication_.current()->view;
        status.ruleset_version = view.version();
        status.environment = view.environment();
    }
    if (closed_) {
        status.state = State::closed;
    } else if (config_.source.kind() != Source::Kind::server) {
        status.state = error_.empty() ? State::ready : State::stale;
    } else if (contact_ == State::unauthorized || origin_ == Origin::none) {
        status.state = contact_ == State::unauthorized ? contact_ : State::connecting;
    } else {
        // A ruleset of the server's is news of it, which may come before the word that all is well.
        const bool current =
            contact_ == State::ready || (contact_ == State::connecting && origin_ == Origin::server);
        status.state = current ? State::ready : State::stale;
    }
    status.since_ms = status.state == told_.state ? told_.since_ms : clock_->unix_ms();
    return status;
}

void Rules::tell(std::unique_lock<std::mutex>& lock) {
    const auto notes = std::exchange(notes_, {});
    const auto changes = std::exchange(changes_, {});
    Status status = status_now();
    const bool changed = status.state != told_.state || status.origin != told_.origin ||
                         status.following != told_.following || status.error != told_.error ||
                         status.ruleset_version != told_.ruleset_version;
    told_ = status;
    lock.unlock();
    if (config_.logger) {
        for (const auto& [level, line] : notes) config_.logger(level, line);
    }
    if (config_.on_ruleset) {
        for (const RulesetChange& change : changes) config_.on_ruleset(change);
    }
    if (changed && config_.on_status) config_.on_status(status);
}

void Rules::add_to(Stats& stats) {
    const std::scoped_lock lock(mutex_);
    publication_.reclaim();
    const Published* const current = publication_.current();
    stats.ruleset_version = current->view.version();
    stats.image_bytes = current->view.size();
    stats.rulesets_adopted = adopted_;
    stats.rulesets_refused = refusals_;
    stats.unsupported_entities = unsupported_;
    stats.live_images = publication_.live();
}

void Rules::close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    became_ready_->notify_all();
    tell(lock);
}

void Rules::after_fork_in_child() {
    (void)became_ready_.release();  // threads of the parent may be waiting on it
    became_ready_ = std::make_unique<std::condition_variable>();
}

}  // namespace expplat::runtime
