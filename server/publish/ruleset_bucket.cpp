#include "server/publish/ruleset_bucket.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "expplat/base/json_text.hpp"
#include "src/aws/profile_plan.hpp"

namespace expplat::server::publish {
namespace {

constexpr std::string_view never_changes = "private, max-age=31536000, immutable";
constexpr std::string_view changes = "private, no-cache";
constexpr std::string_view changes_for_clients = "public, max-age=5";
constexpr std::int64_t longest_poll_ms = 1'000;
constexpr std::int64_t expiry_look_ms = 60'000;
constexpr std::size_t removed_most = 100'000;  // then all are deleted once more, which does no harm
constexpr std::size_t said_most = 20;

[[nodiscard]] bool is_usable(const domain::Key& key, std::int64_t now_ms) {
    return !key.revoked_ms && (!key.expires_ms || *key.expires_ms > now_ms);
}

[[nodiscard]] std::string pointer_to(const domain::Published& published, const std::string& object) {
    std::string json = "{\"version\":" + std::to_string(published.version) + ",\"sha256\":";
    append_json_string(json, published.hash);
    json += ",\"object\":";
    append_json_string(json, object);
    return json + "}\n";
}

}  // namespace

Result<aws::Endpoint> RulesetBucket::check(const std::string& bucket, const std::string& prefix,
                                           const aws::Surroundings& surroundings) {
    if (const Result<void> named = aws::check_bucket_name(bucket); !named) return named.error();
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-' || c == '/';
    };
    if (prefix.size() > bucket_prefix_bytes || prefix.starts_with('/') ||
        prefix.find("//") != std::string::npos || !std::all_of(prefix.begin(), prefix.end(), is_plain))
        return Error{ErrorCode::invalid_argument,
                     "the prefix has at most 200 letters, digits, `.`, `_`, `-` and `/`, and begins with "
                     "none of those"};
    const Result<aws::Profiles> profiles = aws::load_profiles(surroundings);
    if (!profiles) return profiles.error();
    return aws::resolve_endpoint(
        aws::services::s3, {},
        aws::with_profile(surroundings.environment, *profiles, aws::profile_name({}, surroundings)));
}

Result<std::unique_ptr<RulesetBucket>> RulesetBucket::open(Settings settings, domain::Store& store) {
    Result<aws::Endpoint> endpoint = check(settings.bucket, settings.prefix, settings.surroundings);
    if (!endpoint) return endpoint.error();
    if (!settings.prefix.empty() && !settings.prefix.ends_with('/')) settings.prefix += '/';
    net::HttpTransportSettings transport_settings;
    transport_settings.user_agent = "expplat-server";
    auto transport = net::HttpTransport::open(std::move(transport_settings));
    if (!transport) return transport.error();
    return std::unique_ptr<RulesetBucket>(
        new RulesetBucket(std::move(settings), store, std::move(*endpoint), std::move(*transport)));
}

RulesetBucket::RulesetBucket(Settings settings, domain::Store& store, aws::Endpoint endpoint,
                             std::unique_ptr<net::HttpTransport> transport)
    : settings_(std::move(settings)),
      store_(store),
      transport_(std::move(transport)),
      s3_(std::move(endpoint), settings_.bucket, {.surroundings = settings_.surroundings}, *transport_,
          std::make_shared<SystemClock>()) {}

RulesetBucket::~RulesetBucket() { stop(); }

void RulesetBucket::start() {
    thread_ = std::thread([this] { run(); });
}

void RulesetBucket::look() {
    {
        const std::scoped_lock lock(mutex_);
        looks_ = true;
    }
    woken_.notify_all();
}

void RulesetBucket::stop() {
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
    }
    woken_.notify_all();
    transport_->wake();
    if (thread_.joinable()) thread_.join();
}

bool RulesetBucket::ends() {
    const std::scoped_lock lock(mutex_);
    return ends_;
}

void RulesetBucket::run() {
    std::unique_lock lock(mutex_);
    bool works = true;
    for (;;) {
        if (works) {
            woken_.wait_for(lock, std::chrono::milliseconds(bucket_look_ms),
                            [this] { return ends_ || looks_; });
        } else {
            const std::chrono::milliseconds pause(backoff_.next_ms(random_));
            woken_.wait_for(lock, pause, [this] { return ends_; });
        }
        if (ends_) return;
        looks_ = false;
        lock.unlock();
        try {
            works = work();
        } catch (
            const std::exception& error) {  // no memory: what is held is taken again when its lease is over
            works = false;
            fail(error.what());
        }
        lock.lock();
    }
}

/// False where something failed that is to be tried again later.
bool RulesetBucket::work() {
    const std::int64_t until_ms = settings_.now_ms() + bucket_lease_ms;
    bool works = true;
    held_ = nullptr;
    for (Environment& environment : lease(until_ms)) {
        // What is late is left to the next lease, which another server may have by then.
        const bool in_time = settings_.now_ms() < until_ms - bucket_reserve_ms;
        held_ = &environment;
        const Result<void> done =
            works && in_time ? publish(environment) : Result<void>(Error{ErrorCode::timeout, ""});
        held_ = nullptr;
        if (ends()) return false;
        if (!done && works && in_time) {
            works = false;
            fail(environment.name.project + '/' + environment.name.environment + ": " + done.error().message);
        }
        settle(environment, done.ok());
        if (done || environment.first_try) settings_.announce(environment.name, environment.version);
        if (!done) continue;
        settings_.count(Count::published);
        backoff_.reset();
        if (!said_.empty()) settings_.log("info", "bucket " + settings_.bucket + ": works again");
        said_.clear();
    }
    if (!works) return false;
    if (const Result<void> removed = remove_expired(); !removed) {
        if (!ends()) fail(removed.error().message);
        return false;
    }
    return true;
}

std::vector<RulesetBucket::Environment> RulesetBucket::lease(std::int64_t until_ms) {
    // Who writes waits for who writes: not for nothing.
    const auto waits = store_.read([](domain::Transaction& t) {
        return domain::tables::has_outbox(t, domain::OutboxRow::Topic::ruleset);
    });
    if (!waits) {
        fail(waits.problem().detail);
        return {};
    }
    if (!*waits) return {};
    const auto rows = store_.write([&](domain::Transaction& t) {
        return domain::tables::lease_outbox_alone(t, domain::OutboxRow::Topic::ruleset, settings_.now_ms(),
                                                  until_ms, bucket_rows);
    });
    if (!rows) {
        fail(rows.problem().detail);
        return {};
    }
    std::map<EnvironmentName, Environment> by_name;
    for (const domain::OutboxRow& row : *rows) {
        Environment& one = by_name[{row.project, row.environment}];
        one.name = {row.project, row.environment};
        one.version = std::max(one.version, static_cast<std::uint64_t>(row.number));
        one.rows.push_back(row.id);
        one.held_until_ms = until_ms;
        one.first_try = one.first_try && row.attempts == 1;
    }
    std::vector<Environment> environments;
    environments.reserve(by_name.size());
    for (auto& [name, one] : by_name) environments.push_back(std::move(one));
    return environments;
}

void RulesetBucket::settle(const Environment& environment, bool done) {
    const auto settled = store_.write([&](domain::Transaction& t) {
        for (const std::int64_t row : environment.rows) {
            if (done) domain::tables::remove_from_outbox(t, row);
            else domain::tables::release_outbox(t, row);
        }
    });
    if (!settled) settings_.log("error", "bucket: " + settled.problem().detail);
}

Result<void> RulesetBucket::publish(const Environment& environment) {
    const std::string& project = environment.name.project;
    const std::string& key = environment.name.environment;
    struct Found {
        bool is_served = false;
        std::optional<domain::Published> published;
        std::vector<domain::Key> keys;
    };
    const auto found = store_.read([&](domain::Transaction& t) {
        return Found{domain::tables::is_served(t, project, key),
                     domain::tables::newest_ruleset(t, project, key),
                     domain::tables::list_keys(t, project, key)};
    });
    if (!found) return Error{ErrorCode::network, found.problem().detail};
    const std::string folder = settings_.prefix + "rulesets/" + project + '/' + key + '/';
    if (!found->is_served) return withdraw(folder + "current.json", found->keys);
    if (!found->published) return {};
    const domain::Published& published = *found->published;
    const std::string object = folder + published.hash + ".json";
    if (Result<void> done = put(object, published.document, never_changes); !done) return done;
    if (Result<void> done = publish_for_clients(published, found->keys); !done) return done;
    return put(folder + "current.json", pointer_to(published, object), changes);
}

/// Of what is archived: what leads to rulesets goes, whether the keys are good or not. They may be served again.
Result<void> RulesetBucket::withdraw(const std::string& pointer, const std::vector<domain::Key>& keys) {
    if (Result<void> done = remove(pointer); !done) return done;
    for (const domain::Key& key : keys) {
        if (key.kind != "client") continue;
        const Result<std::vector<std::string>> capabilities = settings_.capabilities(key.id);
        if (!capabilities) return capabilities.error();
        for (const std::string& capability : *capabilities) {
            if (Result<void> done = remove(object_of(capability)); !done) return done;
        }
    }
    return {};
}

Result<void> RulesetBucket::publish_for_clients(const domain::Published& published,
                                                const std::vector<domain::Key>& keys) {
    for (const domain::Key& key : keys) {
        if (key.kind != "client") continue;
        if (Result<void> done = publish_for_client(key, published.client_document); !done) return done;
    }
    return {};
}

/// What a key may see is there as long as the key is good.
Result<void> RulesetBucket::publish_for_client(const domain::Key& key, const std::string& document) {
    const bool usable = is_usable(key, settings_.now_ms());
    if (!usable && removed_.contains(key.id)) return {};
    const Result<std::vector<std::string>> capabilities = settings_.capabilities(key.id);
    if (!capabilities) return capabilities.error();
    for (const std::string& capability : *capabilities) {
        const std::string object = object_of(capability);
        Result<void> done = usable ? put(object, document, changes_for_clients) : remove(object);
        if (!done) return done;
    }
    if (usable) return {};
    if (removed_.size() >= removed_most) removed_.clear();
    removed_.insert(key.id);
    return {};
}

Result<std::string> RulesetBucket::client_object(const std::string& key_id) const {
    const Result<std::vector<std::string>> capabilities = settings_.capabilities(key_id);
    if (!capabilities) return capabilities.error();
    return object_of(capabilities->front());
}

/// Of keys that have expired since it last looked; nobody writes a row for that.
Result<void> RulesetBucket::remove_expired() {
    const std::int64_t now_ms = settings_.now_ms();
    if (now_ms < expired_until_ms_ + expiry_look_ms) return {};
    const auto expired = store_.read([&](domain::Transaction& t) {
        std::vector<domain::Key> keys;
        for (const domain::RulesetHead& head : domain::tables::ruleset_heads(t)) {
            for (domain::Key& key : domain::tables::list_keys(t, head.project, head.environment)) {
                if (key.kind == "client" && key.expires_ms && *key.expires_ms <= now_ms &&
                    !removed_.contains(key.id))
                    keys.push_back(std::move(key));
            }
        }
        return keys;
    });
    if (!expired) return Error{ErrorCode::network, expired.problem().detail};
    if (Result<void> done = publish_for_clients({}, *expired); !done) return done;
    expired_until_ms_ = now_ms;
    return {};
}

// ---- S3 ----

/// An environment with many client keys takes longer than a lease: nobody else may begin before this one is done, or what
/// they put would be put back by what comes late.
Result<void> RulesetBucket::keep_lease() {
    if (held_ == nullptr || settings_.now_ms() < held_->held_until_ms - bucket_reserve_ms) return {};
    const std::int64_t until_ms = settings_.now_ms() + bucket_lease_ms;
    const auto kept = store_.write([&](domain::Transaction& t) {
        return std::ranges::all_of(held_->rows, [&](std::int64_t row) {
            return domain::tables::extend_outbox(t, row, held_->held_until_ms, until_ms);
        });
    });
    if (!kept) return Error{ErrorCode::network, kept.problem().detail};
    if (!*kept) return Error{ErrorCode::timeout, "another server has taken over"};
    held_->held_until_ms = until_ms;
    return {};
}

Result<void> RulesetBucket::put(const std::string& key, std::string body, std::string_view cache_control) {
    if (Result<void> kept = keep_lease(); !kept) return kept;
    return wait_for([&](aws::S3::Done done) {
        s3_.put(key, {std::move(body), "application/json", std::string(cache_control)}, std::move(done));
    });
}

Result<void> RulesetBucket::remove(const std::string& key) {
    if (Result<void> kept = keep_lease(); !kept) return kept;
    return wait_for([&](aws::S3::Done done) { s3_.remove(key, std::move(done)); });
}

Result<void> RulesetBucket::wait_for(const std::function<void(aws::S3::Done)>& call) {
    // Shared: where the program ends, the answer may come when nobody waits any more.
    const auto outcome = std::make_shared<std::optional<aws::S3Outcome<aws::S3::Nothing>>>();
    call([outcome](aws::S3Outcome<aws::S3::Nothing> answer) { *outcome = std::move(answer); });
    while (!outcome->has_value()) {
        if (ends()) return Error{ErrorCode::timeout, "the server ends"};
        transport_->poll(longest_poll_ms);
    }
    if (const auto* const fault = std::get_if<aws::S3Fault>(&**outcome))
        return Error{ErrorCode::network, fault->message};
    return {};
}

/// Said once, until it works again.
void RulesetBucket::fail(const std::string& why) {
    settings_.count(Count::failed);
    if (said_.size() >= said_most || !said_.insert(why).second) return;
    settings_.log("error", "bucket " + settings_.bucket + ": " + why +
                               "; what is published here is served, and is put there when that is mended");
}

}  // namespace expplat::server::publish
