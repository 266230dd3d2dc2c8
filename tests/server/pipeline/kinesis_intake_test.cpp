// The intake's way into a stream, with a server of the test's own that plays Kinesis: threads, room, and the end.
// `tests/server/program/event_stream.py` has the rest, over HTTP and against kinesalite.
#include "server/pipeline/kinesis_intake.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/net/loopback_server.hpp"

namespace expplat::server::pipeline {
namespace {

using domain::EventFate;
using domain::StreamedEvent;
using domain::StreamReport;

/// Takes in what comes, but for every third record of every other call.
class Stream {
public:
    void serve(net::Peer& peer) {
        for (;;) {
            const std::string request = peer.read_request();
            if (request.empty()) return;
            if (!peer.send(net::answer(take(request.substr(request.find("\r\n\r\n") + 4))))) return;
        }
    }

    [[nodiscard]] std::set<std::string> units() {
        const std::scoped_lock lock(mutex_);
        return units_;
    }
    [[nodiscard]] std::size_t records() {
        const std::scoped_lock lock(mutex_);
        return records_;
    }
    std::atomic<bool> fails{true};

private:
    std::string take(const std::string& body) {
        if (body.find("\"Records\"") == std::string::npos) {
            return R"({"StreamDescriptionSummary":{"StreamARN":"","StreamStatus":"ACTIVE","OpenShardCount":1}})";
        }
        const std::scoped_lock lock(mutex_);
        const bool all = !fails || ++calls_ % 2 == 0;
        nlohmann::json answers = nlohmann::json::array();
        int failed = 0;
        const nlohmann::json request = nlohmann::json::parse(body);
        for (const nlohmann::json& record : request.at("Records")) {
            if (!all && answers.size() % 3 == 0) {
                ++failed;
                answers.push_back({{"ErrorCode", "InternalFailure"}, {"ErrorMessage", "on purpose"}});
                continue;
            }
            ++records_;
            units_.insert(record.at("PartitionKey").get<std::string>());
            answers.push_back({{"SequenceNumber", "1"}, {"ShardId", "shardId-0"}});
        }
        return nlohmann::json{{"FailedRecordCount", failed}, {"Records", answers}}.dump();
    }

    std::mutex mutex_;  // guards what follows
    std::set<std::string> units_;
    std::size_t records_ = 0;
    int calls_ = 0;
};

/// Reports as they come, from the intake's thread.
class Reports {
public:
    [[nodiscard]] domain::EventStream::Done add() {
        return [this](StreamReport report) {
            const std::scoped_lock lock(mutex_);
            for (const EventFate& fate : report.fates) ++fates_[fate.kind];
            ++reports_;
            come_.notify_all();
        };
    }
    /// The number of events of each fate, once so many reports are there.
    [[nodiscard]] std::map<EventFate::Kind, int> wait_for(int reports) {
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(come_.wait_for(lock, std::chrono::seconds(30), [&] { return reports_ >= reports; }));
        EXPECT_EQ(reports_, reports);
        return fates_;
    }

private:
    std::mutex mutex_;  // guards what follows
    std::condition_variable come_;
    std::map<EventFate::Kind, int> fates_;
    int reports_ = 0;
};

std::unique_ptr<KinesisIntake> open(const net::LoopbackServer& server, bool aggregate) {
    KinesisIntake::Settings settings;
    settings.stream = "Events";
    settings.aggregate = aggregate;
    settings.surroundings.environment = [url = server.url()](const std::string& name) {
        const std::map<std::string, std::string> variables{{"AWS_ENDPOINT_URL_KINESIS", url},
                                                           {"AWS_REGION", "eu-west-1"},
                                                           {"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
                                                           {"AWS_SECRET_ACCESS_KEY", "secret"}};
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    settings.surroundings.read_file = [](const std::string&, std::size_t) {
        return Result<std::string>(Error{ErrorCode::not_found, "none"});
    };
    settings.log = [](std::string_view, const std::string&) {};
    settings.failed = [] {};
    auto intake = KinesisIntake::open(std::move(settings));
    EXPECT_TRUE(intake.ok()) << intake.error().message;
    return std::move(*intake);
}

std::vector<StreamedEvent> events(const std::string& name, int count) {
    std::vector<StreamedEvent> made;
    for (int i = 0; i < count; ++i) {
        const std::string unit = name + '-' + std::to_string(i);
        made.push_back({"id-" + unit, unit, "{\"unit_id\":\"" + unit + "\"}"});
    }
    return made;
}

TEST(KinesisIntake, AnswersEachOfManyThreadsWhenTheStreamHasItAll) {
    Stream stream;
    const net::LoopbackServer server([&](net::Peer& peer, int) { stream.serve(peer); }, true);
    Reports reports;
    const auto intake = open(server, false);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 25; ++i)
                EXPECT_TRUE(intake->put(events(std::to_string(thread) + '-' + std::to_string(i), i % 5),
                                        reports.add()));
        });
    }
    for (std::thread& thread : threads) thread.join();
    const auto fates = reports.wait_for(100);
    EXPECT_EQ(fates, (std::map<EventFate::Kind, int>{{EventFate::Kind::accepted, 200}}));
    EXPECT_EQ(stream.units().size(), 200u);
    EXPECT_EQ(intake->waiting(), 0u);
}

TEST(KinesisIntake, PutsManyEventsIntoARecord) {
    Stream stream;
    stream.fails = false;
    const net::LoopbackServer server([&](net::Peer& peer, int) { stream.serve(peer); }, true);
    Reports reports;
    const auto intake = open(server, true);
    EXPECT_TRUE(intake->put(events("u", 500), reports.add()));
    EXPECT_EQ(reports.wait_for(1).at(EventFate::Kind::accepted), 500);
    EXPECT_LE(stream.records(), 4u);
}

TEST(KinesisIntake, HasRoomForSoManyAndAnswersThemWhenItEnds) {
    std::atomic<int> asked{0};
    const net::LoopbackServer server(
        [&](net::Peer& peer, int) {
            if (!peer.read_request().empty()) ++asked;
            (void)peer.wait_for_close();
        },
        true);
    Reports reports;
    const auto intake = open(server, true);
    constexpr int most = static_cast<int>(intake_waiting_events) / 500;
    for (int i = 0; i < most; ++i) EXPECT_TRUE(intake->put(events(std::to_string(i), 500), reports.add()));
    EXPECT_EQ(intake->waiting(), intake_waiting_events);
    EXPECT_FALSE(intake->put(events("more", 1), reports.add()));
    intake->stop();
    EXPECT_EQ(reports.wait_for(most).at(EventFate::Kind::retry), most * 500);
    EXPECT_EQ(intake->waiting(), 0u);
    EXPECT_FALSE(intake->put(events("late", 1), reports.add()));
    EXPECT_LE(asked, static_cast<int>(intake_calls_at_once) + 1)
        << "and the look whether the stream is there";
}

TEST(KinesisIntake, KnowsWhatItCannotBe) {
    aws::Surroundings surroundings;
    surroundings.environment = [](const std::string&) { return std::nullopt; };
    surroundings.read_file = [](const std::string&, std::size_t) {
        return Result<std::string>(Error{ErrorCode::not_found, "none"});
    };
    EXPECT_FALSE(KinesisIntake::check("no stream", surroundings).ok());
    EXPECT_FALSE(KinesisIntake::check("Events", surroundings).ok());  // no region
    const auto place =
        KinesisIntake::check("arn:aws:kinesis:eu-west-1:123456789012:stream/Events", surroundings);
    ASSERT_TRUE(place.ok());
    EXPECT_EQ(place->endpoint.region, "eu-west-1");
}

}  // namespace
}  // namespace expplat::server::pipeline
