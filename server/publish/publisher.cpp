#include "server/publish/publisher.hpp"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "server/domain/tables/rulesets.hpp"

namespace expplat::server::publish {
namespace {

constexpr std::int64_t lease_ms = 30'000;
constexpr std::int64_t outbox_rows = 500;

}  // namespace

Publisher::Publisher(domain::Store& store, Hub& hub, std::function<std::int64_t()> now_ms, Log log,
                     Announce announce, std::function<void()> outbox_waits)
    : store_(store),
      hub_(hub),
      now_ms_(std::move(now_ms)),
      log_(std::move(log)),
      announce_(std::move(announce)),
      outbox_waits_(std::move(outbox_waits)) {}

Publisher::~Publisher() {
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
    }
    woken_.notify_all();
    if (thread_.joinable()) thread_.join();
}

bool Publisher::publish_now() {
    const std::scoped_lock lock(publishing_);
    try {
        return publish_news();
    } catch (const std::exception& error) {  // no memory for a ruleset, say: the next time may be better
        log_(std::string("publisher: ") + error.what());
        return false;
    }
}

/// One at a time.
bool Publisher::publish_news() {
    struct Seen {
        std::vector<domain::Published> news;
        std::vector<EnvironmentName> served;
        bool has_outbox = false;
    };
    const auto behind = store_.read([&](domain::Transaction& transaction) {
        Seen seen;
        for (const auto& [project, environment, version] : domain::tables::ruleset_heads(transaction)) {
            seen.served.push_back({project, environment});
            if (static_cast<std::int64_t>(hub_.version({project, environment})) >= version) continue;
            if (auto newest = domain::tables::newest_ruleset(transaction, project, environment))
                seen.news.push_back(std::move(*newest));
        }
        seen.has_outbox = domain::tables::count_outbox(transaction) > 0;
        return seen;
    });
    if (!behind) {
        log_("publisher: " + behind.problem().detail);
        return false;
    }
    std::vector<EnvironmentName> served = behind->served;
    std::sort(served.begin(), served.end());
    for (const EnvironmentName& name : hub_.names()) {
        if (!std::binary_search(served.begin(), served.end(), name)) hub_.retire(name);
    }
    for (const domain::Published& news : behind->news) {
        const Result<void> published =
            hub_.publish({news.project, news.environment}, news.document, news.client_document);
        if (!published) {
            log_("publisher: " + news.project + '/' + news.environment + ", version " +
                 std::to_string(news.version) + ": " + published.error().message);
        }
    }
    // Who writes waits for who writes: not for nothing.
    if (!behind->has_outbox) return true;
    if (outbox_waits_) outbox_waits_();
    else empty_outbox();
    return true;
}

void Publisher::empty_outbox() {
    const auto rows = store_.write([&](domain::Transaction& transaction) {
        const std::int64_t now_ms = now_ms_();
        const auto leased = domain::tables::lease_outbox(transaction, domain::OutboxRow::Topic::ruleset,
                                                         now_ms, now_ms + lease_ms, outbox_rows);
        for (const domain::OutboxRow& row : leased) domain::tables::remove_from_outbox(transaction, row.id);
        return leased;
    });
    if (!rows) return log_("publisher: " + rows.problem().detail);
    if (!announce_) return;
    for (const domain::OutboxRow& row : *rows)
        announce_({row.project, row.environment}, static_cast<std::uint64_t>(row.number));
}

void Publisher::look() {
    {
        const std::scoped_lock lock(mutex_);
        looks_ = true;
    }
    woken_.notify_all();
}

void Publisher::start(std::chrono::milliseconds interval) {
    thread_ = std::thread([this, interval] { run(interval); });
}

void Publisher::run(std::chrono::milliseconds interval) {
    std::unique_lock lock(mutex_);
    for (;;) {
        woken_.wait_for(lock, interval, [this] { return ends_ || looks_; });
        if (ends_) return;
        looks_ = false;
        lock.unlock();
        (void)publish_now();
        lock.lock();
    }
}

}  // namespace expplat::server::publish
