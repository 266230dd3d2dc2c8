// Shared by the tests of `Delivery`: a sink that answers when the test says so, and a whole sending half around it.
//
// `Rig` is a client's life between its opening and its end or crash; the sink's memory (`Receiver`) outlives it, as a
// server outlives its clients. Not thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "src/client/delivery.hpp"
#include "src/sinks/spool_record.hpp"
#include "tests/sinks/event_fixture.hpp"

namespace expplat::tests {

/// What reached the other side, and what it will answer.
struct Receiver {
    struct Offer {
        std::vector<std::string> names;
        std::vector<exposure::EventId> ids;
        exposure::EventSink::Done done;
        [[nodiscard]] std::size_t size() const { return names.size(); }
    };
    std::vector<Offer> waiting;  // unanswered, oldest first
    std::vector<Offer> offers;   // all, without `done`
    std::map<std::string, exposure::EventId> ids;
    std::set<exposure::EventId> settled;  // acknowledged or rejected; nothing is settled twice
    std::size_t acknowledged = 0;
    std::size_t rejected = 0;
    std::function<void()> on_send;

    void answer(std::size_t number, exposure::Report report) {
        const Offer offer = waiting.at(number);
        waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(number));
        std::set<std::size_t> left(report.retry.begin(), report.retry.end());
        for (std::size_t i = 0; i < offer.size(); ++i) {
            if (left.count(i) > 0) continue;
            EXPECT_TRUE(settled.insert(offer.ids[i]).second) << offer.names[i];
        }
        rejected += report.rejected.size();
        acknowledged += offer.size() - report.rejected.size() - report.retry.size();
        offer.done(std::move(report));
    }
    void accept(std::size_t number = 0) { answer(number, {}); }
    void accept_all() {
        while (!waiting.empty()) accept();
    }
    void refuse(std::size_t number = 0, const std::string& message = "away",
                std::int64_t retry_after_ms = 0) {
        exposure::Report report;
        for (std::size_t i = 0; i < waiting.at(number).size(); ++i) report.retry.push_back(i);
        report.message = message;
        report.retry_after_ms = retry_after_ms;
        answer(number, std::move(report));
    }
};

class WaitingSink final : public exposure::EventSink {
public:
    explicit WaitingSink(std::shared_ptr<Receiver> receiver) : receiver_(std::move(receiver)) {}
    ~WaitingSink() override { receiver_->waiting.clear(); }
    void send(std::span<const exposure::Event> batch, Done done) override {
        Receiver::Offer offer;
        for (const exposure::Event& event : batch) {
            offer.names.emplace_back(event.name);
            offer.ids.push_back(event.id);
            const auto [known, added] = receiver_->ids.emplace(std::string(event.name), event.id);
            EXPECT_TRUE(added || known->second == event.id) << "an event has one id for ever";
            EXPECT_EQ(event.project, "game");
        }
        receiver_->offers.push_back(offer);
        offer.done = std::move(done);
        receiver_->waiting.push_back(std::move(offer));
        if (receiver_->on_send) receiver_->on_send();
    }

private:
    std::shared_ptr<Receiver> receiver_;
};

struct Rig {
    Config config;
    std::shared_ptr<HandClock> clock = std::make_shared<HandClock>();
    std::shared_ptr<Receiver> receiver = std::make_shared<Receiver>();
    std::vector<std::string> logged;
    std::unique_ptr<exposure::EventQueue> queue;
    std::unique_ptr<runtime::Delivery> delivery;
    std::string own_folder;
    std::uint64_t pushed = 0;  // of this life
    int named = 0;             // of all lives

    Rig() {
        config.project = "game";
        config.batch_events = 10;
        config.batch_age_ms = 1'000;
        config.logger = [this](LogLevel, std::string_view line) { logged.emplace_back(line); };
    }
    void open() {
        pushed = 0;
        queue = std::make_unique<exposure::EventQueue>(200, std::size_t{8} << 20);
        std::unique_ptr<sinks::Spool> spool;
        if (!config.spool.empty()) {
            auto opened = sinks::Spool::open(config.spool, config.spool_bytes, clock);
            ASSERT_TRUE(opened) << opened.error().message;
            spool = std::move(*opened);
            own_folder = spool->own_folder();
        }
        std::unique_ptr<sinks::DeadLetters> dead_letters;
        if (!config.dead_letters.empty()) {
            auto opened = sinks::DeadLetters::open(config.dead_letters);
            ASSERT_TRUE(opened) << opened.error().message;
            dead_letters = std::move(*opened);
        }
        delivery =
            std::make_unique<runtime::Delivery>(std::make_unique<WaitingSink>(receiver), *queue, config,
                                                clock, std::move(spool), std::move(dead_letters));
    }
    void push(int count) {
        for (int i = 0; i < count; ++i) {
            const std::string name = "e" + std::to_string(named++);
            exposure::Event event;
            event.type = exposure::EventType::track;
            event.time_ms = clock->unix_ms();
            event.name = name;
            std::size_t depth = 0;
            (void)queue->push(event, depth);
            ++pushed;
        }
    }
    std::int64_t step(bool everything = false) {
        const std::int64_t wait_ms = delivery->step(everything);
        check_books();
        return wait_ms;
    }
    /// The equation of `Stats`, without what the recorder counts.
    void check_books() const {
        const runtime::Delivery::Counts counts = delivery->counts();
        ASSERT_EQ(counts.totals.accepted + counts.totals.refused, pushed);
        ASSERT_EQ(pushed + counts.adopted, counts.acknowledged + counts.spooled + counts.dead_lettered +
                                               counts.totals.refused + counts.dropped_shutdown +
                                               counts.dropped_spool + counts.in_flight);
    }
    /// Ids on disk, in the folder of this life.
    [[nodiscard]] std::set<exposure::EventId> on_disk() const {
        std::set<exposure::EventId> ids;
        if (own_folder.empty() || !std::filesystem::exists(own_folder)) return ids;
        for (const auto& entry : std::filesystem::directory_iterator(own_folder)) {
            if (entry.path().extension() != ".seg") continue;
            const std::string bytes = content_of(entry.path().string());
            exposure::Batch batch;
            const auto* const begin = reinterpret_cast<const std::byte*>(bytes.data());
            batch.bytes.assign(begin, begin + bytes.size());
            (void)sinks::read_spool_records(batch);
            for (const exposure::Event& event : batch.events) ids.insert(event.id);
        }
        return ids;
    }
};

}  // namespace expplat::tests
