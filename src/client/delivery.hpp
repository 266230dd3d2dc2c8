// `Delivery`: the sending half: takes batches from the recorder's queue, to the spool and to the sink, and keeps the books.
//
// Driven by the client's loop, from one thread at a time: `step` does what is due and says how long to wait; it never
// waits for anything but the disk (spool, dead letters, a file sink). Several parcels are under way at once. Of each only what must be is offered again,
// while others go on; where nothing is taken any more, all wait (`outage.hpp`). Every event has one fate at any moment, and
// any thread may read the counts. No lock is held while the sink, the logger or the disk works, so that a sink may fork or
// ask the client. Source: EVENTS.md, "Producing".
//
// After a fork the child calls `disown` on its copy, never destroys it (`unique_ptr::release`: another thread of the parent
// may have been in the middle of a step), and makes a new one with a new sink and spool; the parent notices nothing.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/clock.hpp"
#include "expplat/config.hpp"
#include "expplat/exposure/batcher.hpp"
#include "expplat/exposure/queue.hpp"
#include "expplat/exposure/sink.hpp"
#include "src/client/outage.hpp"
#include "src/client/seldom.hpp"
#include "src/net/backoff.hpp"
#include "src/sinks/dead_letters.hpp"
#include "src/sinks/spool.hpp"

namespace expplat::runtime {

/// A spool that could not be written is tried again after so long; meanwhile events stay in memory.
inline constexpr std::int64_t spool_retry_ms = 1'000;

class Delivery {
public:
    /// `totals.accepted + adopted` is the sum of the others but the last two, at any moment.
    struct Counts {
        exposure::EventQueue::Totals totals;
        std::uint64_t adopted = 0;
        std::uint64_t acknowledged = 0;
        std::uint64_t spooled = 0;
        std::uint64_t dead_lettered = 0;
        std::uint64_t dropped_shutdown = 0;
        std::uint64_t dropped_spool = 0;  // were on disk, and could not be read back
        std::uint64_t in_flight = 0;
        std::uint64_t batches = 0;
        std::uint64_t failed = 0;
    };

    /// `queue` outlives the object. No spool: null; dead letters are only counted: null.
    Delivery(std::unique_ptr<exposure::EventSink> sink, exposure::EventQueue& queue, const Config& config,
             std::shared_ptr<const Clock> clock, std::unique_ptr<sinks::Spool> spool = nullptr,
             std::unique_ptr<sinks::DeadLetters> dead_letters = nullptr);

    /// Does what is due (`everything`: what is queued, due or not; but no back-off is cut short) and returns in how many
    /// milliseconds to look again, 1 or more. Call it also when the sink may have answered, and when the queue grew.
    [[nodiscard]] std::int64_t step(bool everything);

    /// The next step does not wait for any back-off: a last try.
    void hurry() noexcept;

    /// Nothing is queued, under way or in the spool. From any thread.
    [[nodiscard]] bool idle() const;

    /// How many events the queue has taken in until now: what a `flush` waits for. From any thread.
    [[nodiscard]] std::uint64_t mark() const { return queue_.totals().accepted; }
    /// None of the first `mark` events is queued, under way or in the spool any more, nor any that was adopted; later ones
    /// may be. Seen by steps that are told to do everything. From any thread.
    [[nodiscard]] bool is_settled(std::uint64_t mark) const;

    /// The end: what is left is spooled, or else counted as dropped. The sink and the spool are closed; nothing is sent any
    /// more.
    void abandon();

    /// All counts of one moment. From any thread.
    [[nodiscard]] Counts counts() const;

    /// In a forked child, instead of anything else: see above.
    void disown() noexcept;

private:
    /// What a sink says of a parcel; it outlives the parcel where a sink says it late.
    struct Answer {
        bool given = false;
        exposure::Report report;
    };
    /// A batch in memory. Its events are those that are not settled.
    struct Parcel {
        exposure::Batch batch;
        std::string segment;             // in the spool; empty: in memory alone
        std::shared_ptr<Answer> answer;  // while the sink has it
        std::uint64_t first = 0;         // the number of its first event, from 1 as taken; 0: adopted
        Outage::Number outage = 0;       // when it was sent
        std::int64_t retry_at_ms = 0;
        net::Backoff backoff;
    };
    using Parcels = std::list<Parcel>;
    struct Stored {
        std::uint64_t events = 0;
        std::uint64_t first = 0;  // as of a parcel
    };
    enum class Fate : std::uint8_t { acknowledged, rejected, retry };

    bool take_due(bool everything, std::int64_t now_ms);
    void take(Parcel& parcel);
    bool send_ready(std::int64_t now_ms);
    void send(Parcel& parcel);
    bool load_oldest(Parcel& parcel);
    bool settle_answers();
    void settle(Parcels::iterator parcel, const exposure::Report& report);
    void bury(const Parcel& parcel, const exposure::Report& report);
    void back_off(Parcel& parcel, bool something_taken, std::int64_t retry_after_ms);

    [[nodiscard]] bool can_spool(std::int64_t now_ms) const noexcept;
    bool store(Parcel& parcel);
    void store_parcels(std::int64_t now_ms);
    void count_adopted();
    void note_settled();
    void forget(const std::string& segment, std::uint64_t events, std::string_view why);

    [[nodiscard]] std::size_t free_slots() const noexcept;
    [[nodiscard]] std::int64_t wait_ms(bool everything, std::int64_t now_ms);
    void log(LogLevel level, const std::string& line) const;
    /// `kind` is what repeats; the line may name what differs each time.
    void log_failure(std::string_view kind, const std::string& line, std::int64_t interval_ms);
    void log_overflow();
    [[nodiscard]] exposure::EventId make_id(std::int64_t time_ms);

    // What only the loop uses. The sink goes first: it is told to call nothing any more while all it might call lives.
    exposure::EventQueue& queue_;
    std::shared_ptr<const Clock> clock_;
    Logger logger_;
    std::string project_;
    std::string sdk_;
    std::size_t batch_events_;
    std::int64_t batch_age_ms_;
    exposure::Batcher batcher_;
    Outage outage_;
    Seldom seldom_;
    std::mt19937_64 random_;
    std::uint64_t logged_refused_ = 0;
    std::int64_t overflow_logged_at_ms_ = 0;
    std::uint64_t next_ = 1;                // the number of the next event out of the queue
    Parcels parcels_;                       // in memory, oldest first
    std::map<std::string, Stored> stored_;  // in the spool alone, by segment; oldest first
    std::int64_t spool_retry_at_ms_ = 0;
    std::vector<Fate> fates_;  // of the parcel that is settled
    std::unique_ptr<sinks::Spool> spool_;
    std::unique_ptr<sinks::DeadLetters> dead_letters_;
    std::unique_ptr<exposure::EventSink> sink_;
    bool disowned_ = false;

    mutable std::mutex mutex_;     // guards what others look at
    Counts counts_;                // but `totals` and what follows from them
    std::uint64_t unspooled_ = 0;  // in parcels that are in memory alone
    bool adopting_ = false;        // the spool has segments that were not counted yet
    std::uint64_t unsettled_ =
        1;  // the number of the first event without a last fate, as of the last full step
    bool abandoned_ = false;
};

}  // namespace expplat::runtime
