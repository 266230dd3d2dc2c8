// `Outlets`: the managed services that this server was told of, and that it goes on without: Redis for hints between servers,
// a bucket of S3 for what is published, a stream of Kinesis for events.
//
// Made, started and ended by the program's root; what it is given outlives it. Nothing of it is made where its variable is
// not set. Safe from many threads once it is open.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "server/domain/store.hpp"
#include "server/http/metrics.hpp"
#include "server/pipeline/kinesis_intake.hpp"
#include "server/program/settings.hpp"
#include "server/publish/publisher.hpp"
#include "server/publish/redis_hints.hpp"
#include "server/publish/ruleset_bucket.hpp"

namespace expplat::server::program {

class Outlets {
public:
    struct Surroundings {
        const Settings& settings;
        std::vector<std::string> secrets;  // the first signs
        domain::Store& store;
        publish::Hub& hub;
        http::Metrics& metrics;
        std::function<std::int64_t()> now_ms;
        std::function<void(std::string_view level, std::string_view line)> log;
    };

    explicit Outlets(Surroundings surroundings) : around_(std::move(surroundings)) {}
    ~Outlets() { stop(); }
    Outlets(const Outlets&) = delete;
    Outlets& operator=(const Outlets&) = delete;

    /// Nothing is waited for. `publisher` looks when others have published. Errors: what no later try would mend.
    [[nodiscard]] Result<void> open(publish::Publisher& publisher);
    /// The publisher is not called any more once this returns; announcements are forgotten.
    void stop();
    /// Whoever waits for the stream of events is answered, and nobody waits for it any more.
    void stop_events();

    /// Other servers are to look. Never waits.
    void announce(const publish::EnvironmentName& name, std::uint64_t version);
    /// The store's outbox is emptied here, and not by the publisher.
    [[nodiscard]] bool empties_outbox() const noexcept { return !around_.settings.bucket.empty(); }
    void look_into_outbox();
    /// Where in the bucket what a client key may see lies; empty where there is no bucket.
    [[nodiscard]] std::string client_object(const std::string& key_id) const;
    /// Null where events are kept in the store.
    [[nodiscard]] domain::EventStream* event_stream() const noexcept { return intake_.get(); }

private:
    [[nodiscard]] Result<void> open_redis(publish::Publisher& publisher);
    [[nodiscard]] Result<void> open_bucket();
    [[nodiscard]] Result<void> open_intake();

    const Surroundings around_;
    std::unique_ptr<publish::RedisHints> hints_;       // null: none are sent
    std::unique_ptr<publish::RulesetBucket> bucket_;   // null: there is none
    std::unique_ptr<pipeline::KinesisIntake> intake_;  // likewise
};

/// Appends to `faults` what is wrong with the variables of these services.
void judge_outlets(const Settings& settings, std::vector<std::string>& faults);

}  // namespace expplat::server::program
