// From a commit to the streams: hub and publisher over a real control plane.
#include "server/publish/hub.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "server/publish/publisher.hpp"
#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

using server::publish::Audience;
using server::publish::EnvironmentName;
using server::publish::Hub;
using server::publish::Publisher;
using server::publish::SharedText;

const EnvironmentName production{"game", "production"};

/// A stream: what it was sent, until it is told to want no more.
struct Reader {
    std::vector<std::string> pieces;
    bool wants_more = true;
    bool is_ended = false;

    [[nodiscard]] server::publish::Send send() {
        return [this](const SharedText& piece) {
            if (piece == nullptr) return is_ended = true, false;
            pieces.push_back(*piece);
            return wants_more;
        };
    }
};

class HubTest : public PlaneTest {
protected:
    Hub hub_;
    std::vector<std::string> logged_;
    Publisher publisher_{*database_, hub_, [this] { return now_ms_.load(); },
                         [this](const std::string& line) { logged_.push_back(line); }};

    void TearDown() override { EXPECT_TRUE(logged_.empty()) << logged_.front(); }
};

TEST_F(HubTest, ACommitReachesEvaluationAndStreams) {
    ASSERT_TRUE(publisher_.publish_now());
    ASSERT_NE(hub_.current(production, Audience::server), nullptr);
    EXPECT_EQ(hub_.current({"game", "nowhere"}, Audience::server), nullptr);
    Reader reader;
    hub_.follow(production, Audience::server, std::nullopt, reader.send());
    ASSERT_EQ(reader.pieces.size(), 1u);
    EXPECT_NE(reader.pieces[0].find("event: put\n"), std::string::npos);

    create(flag("f"), a_flag);
    ASSERT_TRUE(publisher_.publish_now());
    ASSERT_EQ(reader.pieces.size(), 2u);
    EXPECT_NE(reader.pieces[1].find(a_flag), std::string::npos);
    EXPECT_NE(hub_.current(production, Audience::server)->image.view().find("f", hash64("f")), nullptr);
    EXPECT_EQ(hub_.version(production), static_cast<std::uint64_t>(version()));

    ASSERT_TRUE(publisher_.publish_now());
    EXPECT_EQ(reader.pieces.size(), 2u) << "nothing is said twice";
}

TEST_F(HubTest, ClientsSeeWhatIsMarkedForThem) {
    must(entities_.create(ann_, flag("seen"), {.name = "seen", .client_visible = true},
                          {{"production", a_flag}}));
    create(flag("hidden"), a_flag);
    ASSERT_TRUE(publisher_.publish_now());
    const auto release = hub_.current(production, Audience::client);
    EXPECT_NE(release->image.view().find("seen", hash64("seen")), nullptr);
    EXPECT_EQ(release->image.view().find("hidden", hash64("hidden")), nullptr);
    Reader reader;
    hub_.follow(production, Audience::client, std::nullopt, reader.send());
    create(flag("more"), a_flag);
    ASSERT_TRUE(publisher_.publish_now());
    for (const std::string& piece : reader.pieces) {
        EXPECT_EQ(piece.find("hidden"), std::string::npos);
        EXPECT_EQ(piece.find("more"), std::string::npos);
    }
}

TEST_F(HubTest, AStreamThatWantsNoMoreIsForgotten) {
    ASSERT_TRUE(publisher_.publish_now());
    Reader stays;
    Reader leaves;
    hub_.follow(production, Audience::server, hub_.version(production), stays.send());
    hub_.follow(production, Audience::server, hub_.version(production), leaves.send());
    EXPECT_EQ(stays.pieces, std::vector<std::string>{": heartbeat\n\n"}) << "it is up to date, and hears so";
    EXPECT_EQ(hub_.streams(), 2u);
    leaves.wants_more = false;
    hub_.beat();
    EXPECT_EQ(hub_.streams(), 1u);
    hub_.beat();
    EXPECT_EQ(stays.pieces.size(), 3u);
    EXPECT_EQ(leaves.pieces.size(), 2u);
}

TEST_F(HubTest, WhoFollowsChangesHearsThatThereAreSomeAndNothingOfThem) {
    ASSERT_TRUE(publisher_.publish_now());
    const std::string before = hub_.current(production, Audience::server)->etag;
    Reader fresh;
    Reader known;
    hub_.follow_changes(production, Audience::server, std::nullopt, fresh.send());
    hub_.follow_changes(production, Audience::server, hub_.version(production), known.send());
    ASSERT_EQ(fresh.pieces.size(), 1u) << "what was asked before the stream began may be older than it";
    EXPECT_NE(fresh.pieces[0].find(R"("type":"refetchEvaluation")"), std::string::npos);
    EXPECT_EQ(known.pieces, std::vector<std::string>{": heartbeat\n\n"});

    create(flag("f"), a_flag);
    ASSERT_TRUE(publisher_.publish_now());
    ASSERT_EQ(known.pieces.size(), 2u);
    const auto release = hub_.current(production, Audience::server);
    const std::string seconds = std::to_string(release->version / 1'000);
    const std::string quoted = "\\" + release->etag.substr(0, release->etag.size() - 1) + "\\\"";
    EXPECT_NE(release->etag, before);
    EXPECT_EQ(known.pieces[1], "id: " + std::to_string(release->version) +
                                   "\nevent: message\ndata: {\"type\":\"refetchEvaluation\",\"etag\":\"" +
                                   quoted + "\",\"lastModified\":" + seconds + "}\n\n");
    EXPECT_EQ(fresh.pieces.back(), known.pieces.back());
    EXPECT_EQ(hub_.streams(), 2u);
    fresh.wants_more = false;
    hub_.beat();
    EXPECT_EQ(hub_.streams(), 1u);
    EXPECT_EQ(known.pieces.back(), ": heartbeat\n\n");
}

TEST_F(HubTest, AnEnvironmentMayBeFollowedBeforeItIsThere) {
    Reader reader;
    hub_.follow(production, Audience::server, std::nullopt, reader.send());
    EXPECT_EQ(reader.pieces.size(), 1u);
    ASSERT_TRUE(publisher_.publish_now());
    ASSERT_EQ(reader.pieces.size(), 2u);
    EXPECT_NE(reader.pieces[1].find("event: put\n"), std::string::npos);
}

/// A second server on the same store, which looks for itself.
TEST_F(HubTest, WhatAnotherServerCommitsIsSeenByLooking) {
    Hub other;
    Publisher looking(
        *database_, other, [this] { return now_ms_.load(); }, [](const std::string&) {});
    looking.start(std::chrono::milliseconds(1));
    create(flag("f"), a_flag);
    const auto wanted = static_cast<std::uint64_t>(version());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (other.version(production) < wanted && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    EXPECT_EQ(other.version(production), wanted);
}

TEST_F(HubTest, ThePublisherEmptiesTheOutbox) {
    create(flag("f"), a_flag);
    EXPECT_GT(must(database_->read([](Transaction& t) { return tables::count_outbox(t); })), 0);
    ASSERT_TRUE(publisher_.publish_now());
    EXPECT_EQ(must(database_->read([](Transaction& t) { return tables::count_outbox(t); })), 0);
}

TEST_F(HubTest, AnArchivedEnvironmentIsServedNoMore) {
    ASSERT_TRUE(publisher_.publish_now());
    Reader reader;
    hub_.follow(production, Audience::client, std::nullopt, reader.send());
    must(projects_.update_environment(ann_, "game", "production", {.archived = true}));
    ASSERT_TRUE(publisher_.publish_now());
    EXPECT_EQ(hub_.current(production, Audience::server), nullptr);
    EXPECT_EQ(hub_.current(production, Audience::client), nullptr);
    EXPECT_NE(hub_.current({"game", "staging"}, Audience::server), nullptr);
    EXPECT_TRUE(reader.is_ended);
    EXPECT_EQ(hub_.streams(), 0u);

    must(projects_.update_environment(ann_, "game", "production", {.archived = false}));
    ASSERT_TRUE(publisher_.publish_now());
    EXPECT_NE(hub_.current(production, Audience::server), nullptr);
    Reader again;
    hub_.follow(production, Audience::client, std::nullopt, again.send());
    EXPECT_NE(again.pieces.at(0).find("event: put\n"), std::string::npos);
}

TEST_F(HubTest, AnArchivedProjectIsServedNoMore) {
    create(flag("f"), a_flag);
    must(projects_.create(ann_, "other", "Other", ""));
    must(projects_.create_environment(ann_, "other", "production", "p", "", false));
    must(projects_.update_environment(ann_, "game", "staging", {.archived = true}));
    ASSERT_TRUE(publisher_.publish_now());
    Reader reader;
    hub_.follow(production, Audience::server, std::nullopt, reader.send());
    must(projects_.update(ann_, "game", {.archived = true}));
    const auto told = must(database_->read([](Transaction& t) { return tables::count_outbox(t); }));
    EXPECT_EQ(told, 1) << "of the environment that was served";
    ASSERT_TRUE(publisher_.publish_now());
    EXPECT_EQ(hub_.current(production, Audience::server), nullptr);
    EXPECT_EQ(hub_.current(production, Audience::client), nullptr);
    EXPECT_NE(hub_.current({"other", "production"}, Audience::server), nullptr);
    EXPECT_TRUE(reader.is_ended);

    must(projects_.update(ann_, "game", {.archived = false}));
    ASSERT_TRUE(publisher_.publish_now());
    EXPECT_NE(hub_.current(production, Audience::server), nullptr);
    EXPECT_EQ(hub_.current({"game", "staging"}, Audience::server), nullptr) << "it is archived itself";
}

}  // namespace
}  // namespace expplat::tests
