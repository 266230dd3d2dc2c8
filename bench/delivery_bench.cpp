// The sending half: events as JSON, compressed, on disk, and whole through queue, `Delivery` and HTTP sink to an intake
// that answers at once. Rates are events; the budget is 100,000 a second of one core.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/client/delivery.hpp"
#include "src/net/gzip.hpp"
#include "src/sinks/event_json.hpp"
#include "src/sinks/http_sink.hpp"
#include "src/sinks/spool.hpp"

namespace expplat {
namespace {

constexpr int batch_events = 500;

struct Batch {
    std::vector<std::string> users;
    std::vector<exposure::Event> events;

    Batch() {
        users.reserve(batch_events);
        for (int i = 0; i < batch_events; ++i) {
            users.push_back("user-" + std::to_string(i * 7'919));
            exposure::Event event;
            for (std::size_t byte = 0; byte < event.id.size(); ++byte)
                event.id[byte] = static_cast<std::uint8_t>((static_cast<std::size_t>(i) * 2'654'435'761u) >>
                                                           (byte % 4 * 8));
            event.time_ms = 1'763'902'800'000 + i;
            event.ruleset_version = 1'763'902'800'123;
            event.project = "game";
            event.environment = "production";
            event.name = "checkout-cta";
            event.variant = "green";
            event.unit = "key";
            event.unit_id = users.back();
            event.attributes = R"({"country":"DE"})";
            events.push_back(event);
        }
    }
};

void rate(benchmark::State& state, std::size_t bytes_a_batch) {
    state.SetItemsProcessed(state.iterations() * batch_events);
    state.counters["bytes/event"] = static_cast<double>(bytes_a_batch) / batch_events;
}

void events_json(benchmark::State& state) {
    const Batch batch;
    std::string json;
    for (auto step : state) {
        json.clear();
        for (const exposure::Event& event : batch.events) sinks::append_event_json(json, event);
        benchmark::DoNotOptimize(json.data());
    }
    rate(state, json.size());
}
BENCHMARK(events_json);

void events_gzip(benchmark::State& state) {
    const Batch batch;
    std::string json;
    for (const exposure::Event& event : batch.events) sinks::append_event_json(json, event);
    std::size_t size = 0;
    for (auto step : state) size = net::gzip(json)->size();
    rate(state, size);
}
BENCHMARK(events_gzip);

/// One batch written, synced, read back and removed; what the loop is blocked for is the time of one iteration.
void events_spool(benchmark::State& state) {
    const Batch batch;
    const auto folder =
        std::filesystem::temp_directory_path() / ("expplat-bench-" + std::to_string(::getpid()));
    auto spool =
        sinks::Spool::open(folder.string(), limits::spool_bytes, std::make_shared<const SystemClock>());
    if (!spool) return state.SkipWithError(spool.error().message.c_str());
    std::uint64_t size = 0;
    std::vector<double> stores_ms;
    for (auto step : state) {
        const auto begin = std::chrono::steady_clock::now();
        auto segment = (*spool)->store(batch.events);
        stores_ms.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
        if (!segment) return state.SkipWithError(segment.error().message.c_str());
        size = (*spool)->bytes();
        exposure::Batch read;
        benchmark::DoNotOptimize((*spool)->load(*segment, read).ok());
        (*spool)->remove(*segment);
    }
    rate(state, size);
    std::sort(stores_ms.begin(), stores_ms.end());
    state.counters["store_p50_ms"] = stores_ms[stores_ms.size() / 2];
    state.counters["store_p99_ms"] = stores_ms[stores_ms.size() * 99 / 100];
    state.counters["store_max_ms"] = stores_ms.back();
    spool->reset();
    std::filesystem::remove_all(folder);
}
BENCHMARK(events_spool);

/// Accepts everything, when it is told to; the ids are read out of what a batch was made of, not out of the body.
class Intake final : public net::Transport {
public:
    net::ExchangeId start(net::Request request, net::Handlers handlers) override {
        bytes += request.body.size();
        waiting_.push_back(std::move(handlers));
        return ++last_;
    }
    void cancel(net::ExchangeId) override {}
    void answer(const std::vector<std::string>& bodies) {
        std::size_t number = 0;
        while (!waiting_.empty()) {
            const net::Handlers handlers = std::move(waiting_.front());
            waiting_.pop_front();
            handlers.head({200, {}});
            handlers.body(bodies[number++ % bodies.size()]);
            handlers.end({});
        }
    }
    std::size_t bytes = 0;

private:
    std::deque<net::Handlers> waiting_;
    net::ExchangeId last_ = 0;
};

/// A sink in front of the HTTP sink that notes the ids, so that the intake can answer for them.
class Noting final : public exposure::EventSink {
public:
    Noting(std::unique_ptr<exposure::EventSink> sink, std::vector<std::string>& bodies)
        : sink_(std::move(sink)), bodies_(bodies) {}
    void send(std::span<const exposure::Event> batch, Done done) override {
        std::string body = "{\"outcomes\":[";
        for (const exposure::Event& event : batch) {
            if (body.back() != '[') body += ',';
            body += "{\"id\":\"" + sinks::to_string(event.id) + "\",\"status\":\"accepted\"}";
        }
        bodies_.push_back(body + "]}");
        sink_->send(batch, std::move(done));
    }

private:
    std::unique_ptr<exposure::EventSink> sink_;
    std::vector<std::string>& bodies_;
};

/// Push, take, ids, JSON, gzip, post, outcomes, books. The intake's own work (about 0.1 µs an event) is in it.
void events_to_intake(benchmark::State& state) {
    const Batch batch;
    Intake intake;
    std::vector<std::string> bodies;
    const auto clock = std::make_shared<const SystemClock>();
    auto sink = sinks::HttpSink::open(intake, {"http://127.0.0.1:1", "key"}, clock);
    if (!sink) return state.SkipWithError(sink.error().message.c_str());
    exposure::EventQueue queue(limits::queue_events, std::size_t{4} << 20);
    runtime::Delivery delivery(std::make_unique<Noting>(std::move(*sink), bodies), queue, Config{}, clock);
    for (auto step : state) {
        bodies.clear();
        for (int i = 0; i < 4; ++i) {
            for (const exposure::Event& event : batch.events) {
                std::size_t depth = 0;
                queue.push(event, depth);
            }
        }
        (void)delivery.step(true);
        intake.answer(bodies);
        (void)delivery.step(true);
        if (!delivery.idle()) return state.SkipWithError("an event was not settled");
    }
    state.SetItemsProcessed(state.iterations() * 4 * batch_events);
    state.counters["bytes/event"] =
        static_cast<double>(intake.bytes) / static_cast<double>(state.iterations() * 4 * batch_events);
}
BENCHMARK(events_to_intake);

}  // namespace
}  // namespace expplat
