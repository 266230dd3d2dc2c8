// `KinesisSink`: events into a stream of Amazon Kinesis Data Streams.
//
// Made by the client for `Sink::kinesis`, on its loop's transport. What is only for now (throttling, 5xx, a network that
// is away) and what an operator can mend (no permission, no such stream, no credentials) keeps the events and says when to
// offer them again; only an event that Kinesis refuses for itself is rejected, after it was found by halving the call.
// Not thread-safe: belongs to that loop. Source: EVENTS.md, "Producing". Next: `kinesis_records.hpp`,
// `src/aws/kinesis.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "expplat/base/clock.hpp"
#include "expplat/base/result.hpp"
#include "expplat/exposure/sink.hpp"
#include "src/aws/adaptive_retry.hpp"
#include "src/aws/kinesis.hpp"
#include "src/aws/surroundings.hpp"
#include "src/net/transport.hpp"
#include "src/sinks/kinesis_records.hpp"

namespace expplat::sinks {

inline constexpr std::size_t kinesis_calls_at_once = 4;          // of one batch
inline constexpr std::int64_t kinesis_refused_first_ms = 5'000;  // after what an operator must mend ...
inline constexpr std::int64_t kinesis_refused_most_ms = 60'000;  // ... doubling up to this
inline constexpr std::int64_t kinesis_no_quota_ms = 20'000;      // once the retry quota is used up

/// What is left open is looked up where AWS's own tools look.
struct KinesisSinkSettings {
    std::string stream;  // the stream's name, or its ARN
    std::string region{};
    std::string endpoint_url{};
    std::string profile{};
    std::string access_key_id{};
    std::string secret_access_key{};
    std::string session_token{};
    bool aggregate = true;
    std::optional<bool> use_fips{};
    std::optional<bool> use_dual_stack{};
    aws::Surroundings surroundings = aws::system_surroundings();
};

class KinesisSink final : public exposure::EventSink {
public:
    /// Sends nothing yet. `invalid_argument`: no stream's name, no region anywhere, a broken profile or endpoint;
    /// `unsupported`: no such FIPS endpoint. The transport outlives the sink.
    [[nodiscard]] static Result<std::unique_ptr<KinesisSink>> open(const KinesisSinkSettings& settings,
                                                                   net::Transport& transport,
                                                                   std::shared_ptr<const Clock> clock);
    /// Cancels the calls under way; no `done` is called any more.
    ~KinesisSink() override = default;

    void send(std::span<const exposure::Event> batch, Done done) override;

    /// Asks for the stream, so that a client can say at its start what is wrong: `not_found`: there is no such stream;
    /// `unauthorized`: credentials or permissions; `network`. `done` is not called once the sink is gone.
    void describe(std::function<void(Result<aws::StreamSummary>)> done);

private:
    /// A batch under way.
    struct Attempt {
        enum class Fate : std::uint8_t { acknowledged, retry, rejected };

        std::span<const exposure::Event> batch;
        Done done;
        std::vector<Fate> fates;           // of each event; `retry` until it is something else
        std::vector<std::string> reasons;  // of each rejected event; else empty
        std::deque<std::vector<KinesisRecord>> pending;
        std::size_t under_way = 0;
        bool advancing = false;
        std::int64_t retry_after_ms = 0;
        std::string message;  // of the first failure
    };
    using AttemptPtr = std::shared_ptr<Attempt>;

    KinesisSink(aws::Endpoint endpoint, aws::StreamName stream, const KinesisSinkSettings& settings,
                net::Transport& transport, std::shared_ptr<const Clock> clock);

    void advance(const AttemptPtr& attempt);
    void start(const AttemptPtr& attempt, std::vector<KinesisRecord> records);
    void settle(Attempt& attempt, std::vector<KinesisRecord> records,
                aws::KinesisOutcome<aws::PutRecordsAnswer> outcome);
    void settle_answer(Attempt& attempt, const std::vector<KinesisRecord>& records,
                       const aws::PutRecordsAnswer& answer);
    void settle_fault(Attempt& attempt, std::vector<KinesisRecord> records, const aws::KinesisFault& fault);
    void isolate(Attempt& attempt, std::vector<KinesisRecord> records, const aws::KinesisFault& fault);
    static void note(Attempt& attempt, std::string message, std::int64_t retry_after_ms);
    void finish(const AttemptPtr& attempt);

    [[nodiscard]] std::int64_t wait_after(const aws::KinesisFault& fault);
    [[nodiscard]] std::int64_t refused_wait_ms();

    std::string described_;  // `the stream X (eu-west-1)`, for messages
    bool aggregate_;
    std::shared_ptr<const Clock> clock_;
    aws::AdaptiveRetry retry_;
    int paid_for_retry_ = 0;  // to be given back by the next success
    std::int64_t refused_wait_ms_ = 0;
    std::int64_t refused_until_ms_ = 0;  // steady
    aws::Kinesis kinesis_;               // last: its end cancels what holds attempts
};

}  // namespace expplat::sinks
