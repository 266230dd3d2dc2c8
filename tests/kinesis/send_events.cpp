// Sends events to a Kinesis through the library's sink and transport, as a client's loop does, and says what became of
// them as one JSON object. Run by `kinesis_test.py` against servers that play AWS, well and badly.
//
//   expplat_kinesis_send stream=S endpoint=URL [events=N] [batch=N] [aggregate=0|1] [ids=FILE] [unit=KEY]
//                        [clock_offset_ms=N] [speed=N] [limit_s=N] [describe=1]
//
// `speed` makes the steady clock run faster, so that waits between tries are short. Keys come from the environment.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <fstream>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/json_text.hpp"
#include "src/net/backoff.hpp"
#include "src/net/http_transport.hpp"
#include "src/sinks/event_json.hpp"
#include "src/sinks/kinesis_sink.hpp"
#include "tests/sinks/event_batch.hpp"

namespace {

using namespace expplat;

class Arguments {
public:
    Arguments(int count, char** words) {
        for (int i = 1; i < count; ++i) {
            const std::string_view word = words[i];
            const std::size_t equals = word.find('=');
            if (equals != std::string_view::npos)
                values_[std::string(word.substr(0, equals))] = word.substr(equals + 1);
        }
    }
    [[nodiscard]] std::string text(const std::string& name) const {
        const auto value = values_.find(name);
        return value == values_.end() ? std::string() : value->second;
    }
    [[nodiscard]] std::int64_t number(const std::string& name, std::int64_t otherwise) const {
        const std::string value = text(name);
        return value.empty() ? otherwise : std::atoll(value.c_str());
    }

private:
    std::map<std::string, std::string> values_;
};

class FastClock final : public Clock {
public:
    FastClock(std::int64_t offset_ms, std::int64_t speed) : offset_ms_(offset_ms), speed_(speed) {}
    [[nodiscard]] std::int64_t unix_ms() const noexcept override { return system_.unix_ms() + offset_ms_; }
    [[nodiscard]] std::int64_t steady_ms() const noexcept override { return system_.steady_ms() * speed_; }

private:
    SystemClock system_;
    std::int64_t offset_ms_, speed_;
};

/// A batch, which stays where it is until the sink has reported.
struct Parcel {
    std::vector<exposure::Event> events;
    net::Backoff backoff;
    std::int64_t due_ms = 0;
    bool sent = false;
};

struct Run {
    explicit Run(const Arguments& arguments)
        : clock(std::make_shared<FastClock>(arguments.number("clock_offset_ms", 0),
                                            arguments.number("speed", 1))) {}

    /// Sends what is due; at most four parcels are under way.
    void step(exposure::EventSink& sink) {
        std::size_t under_way = 0;
        for (const Parcel& parcel : parcels) under_way += parcel.sent ? 1 : 0;
        for (auto parcel = parcels.begin(); parcel != parcels.end() && under_way < 4;) {
            const auto current = parcel++;
            if (current->sent || current->due_ms > clock->steady_ms()) continue;
            current->sent = true;
            ++under_way;
            ++offered;
            sink.send(current->events,
                      [this, current](const exposure::Report& report) { settle(current, report); });
        }
    }
    void settle(std::list<Parcel>::iterator parcel, const exposure::Report& report) {
        acknowledged += parcel->events.size() - report.retry.size() - report.rejected.size();
        for (const auto& reject : report.rejected)
            rejected.push_back(sinks::to_string(parcel->events[reject.index].id));
        if (!report.message.empty()) last_message = report.message;
        most_wait_ms = std::max(most_wait_ms, report.retry_after_ms);
        retried += report.retry.size();
        if (report.retry.empty()) {
            parcels.erase(parcel);
            return;
        }
        std::vector<exposure::Event> again;
        for (const std::size_t index : report.retry) again.push_back(parcel->events[index]);
        parcel->events = std::move(again);
        parcel->due_ms = clock->steady_ms() + parcel->backoff.next_ms(random, report.retry_after_ms);
        parcel->sent = false;
    }

    std::shared_ptr<FastClock> clock;
    std::list<Parcel> parcels;
    std::mt19937_64 random{7};
    std::size_t acknowledged = 0, retried = 0, offered = 0;
    std::int64_t most_wait_ms = 0;
    std::vector<std::string> rejected;
    std::string last_message;
};

int fail(const std::string& message) {
    std::fprintf(stderr, "%s\n", message.c_str());
    return 1;
}

}  // namespace

int main(int count, char** words) {
    const Arguments arguments(count, words);
    net::HttpTransportSettings network;
    network.environment = [](const std::string&) { return std::nullopt; };  // no proxy
    auto transport = net::HttpTransport::open(network);
    if (!transport) return fail(transport.error().message);
    Run run(arguments);
    auto sink = sinks::KinesisSink::open({.stream = arguments.text("stream"),
                                          .endpoint_url = arguments.text("endpoint"),
                                          .aggregate = arguments.number("aggregate", 1) != 0},
                                         **transport, run.clock);
    if (!sink) return fail(sink.error().message);

    const auto begin = std::chrono::steady_clock::now();
    const auto seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    const double limit_s = static_cast<double>(arguments.number("limit_s", 60));
    if (arguments.number("describe", 0) != 0) {
        std::string said;
        (*sink)->describe([&](const Result<aws::StreamSummary>& summary) {
            said = summary ? summary->status + ' ' + std::to_string(summary->open_shards)
                           : std::string(name(summary.error().code)) + ": " + summary.error().message;
        });
        while (said.empty() && seconds() < limit_s) (*transport)->poll(100);
        std::string json = "{\"described\":";
        append_json_string(json, said);
        std::puts((json + '}').c_str());
        return 0;
    }

    tests::EventBatch events(1);
    const std::int64_t total = arguments.number("events", 1000);
    const std::string unit = arguments.text("unit");
    for (std::int64_t i = 0; i < total; ++i) {
        events.add(!unit.empty() && i == total / 3 ? unit : "user-" + std::to_string(i % 5000));
    }
    const auto batch = static_cast<std::size_t>(arguments.number("batch", 500));
    for (std::size_t first = 0; first < events.events().size(); first += batch) {
        const auto part = events.events().subspan(first, std::min(batch, events.events().size() - first));
        run.parcels.emplace_back().events.assign(part.begin(), part.end());
    }
    if (const std::string path = arguments.text("ids"); !path.empty()) {
        std::ofstream file(path);
        for (const exposure::Event& event : events.events()) file << sinks::to_string(event.id) << '\n';
    }
    const auto sending = std::chrono::steady_clock::now();
    const std::clock_t cpu_before = std::clock();
    while (!run.parcels.empty() && seconds() < limit_s) {
        run.step(**sink);
        (*transport)->poll(5);
    }
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - sending).count();
    std::string json = "{\"acknowledged\":" + std::to_string(run.acknowledged) +
                       ",\"left\":" + std::to_string(run.parcels.size()) +
                       ",\"retried\":" + std::to_string(run.retried) +
                       ",\"offered\":" + std::to_string(run.offered) +
                       ",\"most_wait_ms\":" + std::to_string(run.most_wait_ms) + ",\"seconds\":";
    append_json_number(json, took);
    json += ",\"cpu_seconds\":";
    append_json_number(json, static_cast<double>(std::clock() - cpu_before) / CLOCKS_PER_SEC);
    json += ",\"message\":";
    append_json_string(json, run.last_message);
    json += ",\"rejected\":[";
    for (std::size_t i = 0; i < run.rejected.size(); ++i)
        json += (i == 0 ? "\"" : ",\"") + run.rejected[i] + '"';
    std::puts((json + "]}").c_str());
    return 0;
}
