// `KinesisIntake`: what the intake takes in goes into a stream of Kinesis, and is acknowledged when that has it.
//
// Requests wait in one bounded queue; whatever is in it leaves in calls of PutRecords, several at once, so that small requests
// share a call. What a call did not take is sent again, after a pause with jitter, as long as the request may wait; then it
// is answered, and whoever sent it offers it again (the ids make that harmless). What is refused for good is found by halving
// the call. When it begins it looks whether the stream is there, so that an operator hears of a wrong name before events come. One thread with its own transport. Made by the program's root where KINESIS_STREAM is set; its records are those
// of the library's sink. Source: EVENTS.md, "Producing"; CONTROL-PLANE.md, "Intake". Next: `src/aws/kinesis.hpp`.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "expplat/base/clock.hpp"
#include "expplat/base/result.hpp"
#include "server/domain/event_stream.hpp"
#include "src/aws/kinesis.hpp"
#include "src/aws/surroundings.hpp"
#include "src/net/backoff.hpp"
#include "src/net/http_transport.hpp"
#include "src/sinks/kinesis_records.hpp"

namespace expplat::server::pipeline {

inline constexpr std::size_t intake_waiting_events = 50'000;  // that are not answered; more: no room
inline constexpr std::size_t intake_waiting_bytes = std::size_t{32} << 20;  // of their records
inline constexpr std::size_t intake_calls_at_once = 4;
inline constexpr std::size_t intake_call_bytes = std::size_t{4} << 20;  // of records, before they are packed
inline constexpr std::int64_t intake_patience_ms = 5'000;  // from a request's coming to its answer
inline constexpr std::int64_t intake_retry_first_ms = 50;
inline constexpr std::int64_t intake_retry_most_ms = 1'000;
inline constexpr std::int64_t intake_look_ms = 30'000;  // between two looks for a stream that was not there

class KinesisIntake final : public domain::EventStream {
public:
    struct Settings {
        std::string stream;  // its name, or its ARN
        bool aggregate = true;
        aws::Surroundings surroundings = aws::system_surroundings();
        std::function<void(std::string_view level, std::string line)> log;  // from the intake's thread
        std::function<void()> failed;                                       // a call, or a part of it
    };
    struct Place {
        aws::StreamName stream;
        aws::Endpoint endpoint;
    };

    /// Waits for nothing. Errors: no stream's name, no region, a broken profile or endpoint; no descriptors.
    [[nodiscard]] static Result<std::unique_ptr<KinesisIntake>> open(Settings settings);
    /// What `open` would refuse of it.
    [[nodiscard]] static Result<Place> check(const std::string& stream,
                                             const aws::Surroundings& surroundings);
    ~KinesisIntake() override;

    [[nodiscard]] bool put(std::vector<domain::StreamedEvent> events, Done done) override;
    [[nodiscard]] bool is_failing() const noexcept override {
        return failing_.load(std::memory_order_relaxed);
    }
    /// All that waits is answered as it is, and nothing more is taken. `done` of nobody is called any more once it returns.
    void stop();

    /// Events that are not answered.
    [[nodiscard]] std::size_t waiting() const;

private:
    /// One request's events.
    struct Group {
        std::vector<domain::StreamedEvent> events;
        std::vector<domain::EventFate> fates;
        std::size_t open = 0;  // whose fate is not known
        std::size_t bytes = 0;
        std::int64_t until_ms = 0;
        bool throttled = false;
        bool failed_otherwise = false;
        Done done;  // empty: answered
    };
    using GroupPtr = std::shared_ptr<Group>;
    struct Item {
        GroupPtr group;
        std::size_t index = 0;
    };
    using Batch = std::vector<Item>;

    KinesisIntake(Settings settings, Place place, std::unique_ptr<net::HttpTransport> transport);
    void run();
    [[nodiscard]] std::int64_t work();
    void take_new();
    void give_up_late(std::int64_t now_ms);
    [[nodiscard]] Batch next_batch();
    void send(Batch batch);
    void settle(const Batch& batch, const std::vector<sinks::KinesisRecord>& records,
                const aws::PutRecordsAnswer& answer);
    void fail(Batch batch, const aws::KinesisFault& fault);
    void decide(const Item& item, domain::EventFate::Kind kind, std::string reason = {});
    void put_back(const Batch& batch, aws::FaultKind kind);
    void answer(const GroupPtr& group);
    void hold_back(std::int64_t at_least_ms);
    void look(std::int64_t now_ms);
    void miss(const std::string& code, const std::string& why);
    void say(const std::string& code, const std::string& why);
    void works();

    const Settings settings_;
    const std::string described_;  // `the Kinesis stream X (eu-west-1)`

    mutable std::mutex mutex_;  // guards what follows
    std::deque<GroupPtr> new_;
    std::size_t waiting_events_ = 0;
    std::size_t waiting_bytes_ = 0;
    bool ends_ = false;

    // The thread's own.
    std::unique_ptr<net::HttpTransport> transport_;
    SystemClock clock_;
    std::deque<Item> items_;           // to be sent
    std::deque<Batch> halves_;         // of calls that were refused whole
    std::deque<GroupPtr> unanswered_;  // by their time; those behind the first may be answered
    std::size_t under_way_ = 0;        // calls
    std::int64_t hold_until_ms_ = 0;
    net::Backoff backoff_{intake_retry_first_ms, intake_retry_most_ms};
    std::mt19937 random_{std::random_device{}()};
    std::set<std::string> said_;   // faults, until it works again
    std::int64_t look_at_ms_ = 0;  // when it is looked whether the stream is there
    bool looking_ = false;         // a look is under way
    std::unique_ptr<aws::Kinesis> kinesis_;

    std::atomic<bool> failing_{false};

    std::thread thread_;
};

}  // namespace expplat::server::pipeline
