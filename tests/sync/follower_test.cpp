// The follower as a whole: what it reports, that it can be stopped from anywhere, and that no order of events makes it
// spin, hang or hold the wrong ruleset.
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sync/followed.hpp"

namespace expplat::tests {
namespace {

using sync::Contact;
using sync::FollowerState;

TEST(FollowerReport, OnlyWhatHasChanged) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.streaming();
    const int changes = followed.changes;
    for (int i = 0; i < 100; ++i) {
        followed.advance(10'000);
        stream.body(i % 2 == 0 ? std::string(heartbeat) : patch_event(*followed.held, *followed.held + 1));
        followed.step();
    }
    EXPECT_EQ(followed.changes, changes) << "patches and heartbeats are no change of status";
    stream.end();
    followed.step();
    EXPECT_EQ(followed.changes, changes + 1);
}

TEST(FollowerReport, AShortGapIsNoLossOfContact) {
    Followed followed;
    followed.streaming().end();
    followed.step();
    EXPECT_EQ(followed.status().state, FollowerState::backing_off);
    EXPECT_EQ(followed.status().contact, Contact::current);
    for (int i = 0; i < 100 && followed.status().contact == Contact::current; ++i) {
        followed.until_next();
        followed.transport.last().fail(ErrorCode::network, "away");
        followed.step();
    }
    EXPECT_EQ(followed.status().contact, Contact::lost);
    EXPECT_GT(Followed::unix_start_ms + followed.now_ms - followed.status().contact_at_ms,
              limits::stream_silence_ms);
}

TEST(FollowerReport, ContactIsLostAtOnceWhereTheFirstConnectionFails) {
    Followed followed(Followed::settings_of(), 3);
    followed.until_next();
    EXPECT_EQ(followed.status().contact, Contact::unknown);
    followed.transport.last().fail(ErrorCode::network, "no such host");
    followed.step();
    EXPECT_EQ(followed.status().contact, Contact::lost);
    EXPECT_EQ(followed.status().contact_at_ms, 0);
}

TEST(FollowerStop, CancelsWhatIsUnderWayAndStaysQuiet) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.streaming();
    const int changes = followed.changes;
    followed.follower.stop();
    EXPECT_TRUE(stream.is_cancelled());
    EXPECT_EQ(followed.status().state, FollowerState::stopped);
    EXPECT_EQ(followed.advance(10'000'000), 3'600'000);
    EXPECT_EQ(followed.transport.started(), 1u);
    EXPECT_EQ(followed.changes, changes);
    followed.follower.stop();
}

TEST(FollowerStop, FromWithinAnAdoption) {
    Followed followed;
    followed.in_put = [&] { followed.follower.stop(); };
    FakeTransport::Exchange& stream = followed.connect();
    stream.body(put_event(1) + put_event(2) + patch_event(2, 3));
    EXPECT_THAT(followed.puts, testing::ElementsAre(1)) << "what came in the same piece is not read";
    EXPECT_TRUE(stream.is_cancelled());
    followed.step();
    EXPECT_EQ(followed.status().state, FollowerState::stopped);
}

TEST(FollowerStop, FromWithinAPollsAdoption) {
    Followed followed(Followed::polling_settings());
    followed.in_put = [&] { followed.follower.stop(); };
    followed.until_next();
    followed.transport.last().answer(200, document(1));
    followed.advance(1'000'000);
    EXPECT_EQ(followed.transport.started(), 1u);
}

TEST(FollowerStop, FromWithinAReport) {
    Followed followed;
    followed.in_change = [&](const sync::FollowerStatus&) { followed.follower.stop(); };
    followed.until_next();
    followed.transport.last().fail(ErrorCode::network, "away");
    EXPECT_EQ(followed.step(), 3'600'000);
    EXPECT_EQ(followed.transport.started(), 1u);
}

TEST(FollowerStop, ADestroyedFollowerLeavesNothingOpen) {
    FakeTransport transport;
    sync::Adopter adopter{[](std::string_view) { return Result<void>{}; },
                          [](std::string_view) { return Result<void>{}; }, [] { return std::nullopt; }};
    {
        sync::Follower follower(Followed::settings_of(), transport, adopter, 1);
        follower.step(0, 0);
        ASSERT_EQ(transport.open(), 1u);
    }
    EXPECT_EQ(transport.open(), 0u);
}

TEST(FollowerStop, AForkedChildLeavesItsParentsExchangesAlone) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.streaming();
    followed.follower.forget();
    EXPECT_TRUE(stream.is_open());
    EXPECT_EQ(followed.advance(1'000'000), 3'600'000);
    EXPECT_EQ(followed.transport.started(), 1u);
}

TEST(FollowerSeed, SpreadsAFleet) {
    std::set<std::int64_t> waits;
    for (std::uint32_t seed = 0; seed < 50; ++seed) {
        FakeTransport transport;
        sync::Adopter adopter{[](std::string_view) { return Result<void>{}; },
                              [](std::string_view) { return Result<void>{}; }, [] { return std::nullopt; }};
        sync::Follower follower(Followed::settings_of(), transport, adopter, seed);
        follower.step(0, 0);
        transport.last().fail(ErrorCode::network, "away");
        waits.insert(follower.step(0, 0));
    }
    EXPECT_GT(waits.size(), 40u);
}

TEST(FollowerStress, TenThousandPatches) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.streaming();
    for (std::uint64_t version = 1; version <= 10'000; ++version) {
        stream.body(patch_event(version, version + 1));
        if (version % 100 == 0) followed.advance(1);
    }
    EXPECT_EQ(followed.held, 10'001u);
    EXPECT_EQ(followed.transport.started(), 1u);
}

/// A server that does anything at all, in any order: whatever comes, versions never go back, at most one stream and one poll
/// are open, and the follower neither spins nor sleeps for ever.
TEST(FollowerStress, AnyOrderOfEvents) {
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
        std::mt19937 random(seed);
        sync::FollowerSettings settings = Followed::settings_of();
        settings.streaming = seed % 5 != 0;
        Followed followed(settings, seed % 2 == 0 ? std::optional<std::uint64_t>() : 3);
        std::uint64_t server_version = 3;
        const std::int64_t begin_ms = followed.now_ms;
        for (int i = 0; i < 400; ++i) {
            const std::uint64_t before = followed.held.value_or(0);
            std::vector<FakeTransport::Exchange*> open;
            for (std::size_t e = 0; e < followed.transport.started(); ++e) {
                if (followed.transport.at(e).is_open()) open.push_back(&followed.transport.at(e));
            }
            ASSERT_LE(open.size(), 2u);
            if (!open.empty() && random() % 3 != 0) {
                FakeTransport::Exchange& exchange = *open[random() % open.size()];
                switch (random() % 12) {
                    case 0: exchange.fail(ErrorCode::network, "reset"); break;
                    case 1: exchange.fail(ErrorCode::timeout, "slow"); break;
                    case 2: exchange.answer(503, "", {{"Retry-After", "2"}}); break;
                    case 3: exchange.answer(random() % 2 == 0 ? 401 : 304); break;
                    case 4: exchange.end(); break;
                    case 5: exchange.head(200, {{"Content-Type", "text/event-stream"}}); break;
                    case 6: exchange.body(put_event(server_version)); break;
                    case 7:
                        exchange.body(patch_event(server_version, server_version + 1));
                        ++server_version;
                        break;
                    case 8: exchange.body("data: {\nevent: put\n\n: x\n\nretry: 5\n\n"); break;
                    case 9: exchange.body(put_event(random() % 5)); break;
                    case 10: exchange.answer(200, document(++server_version), {{"ETag", "\"x\""}}); break;
                    default: exchange.body(put_event(server_version, R"("broken":1)")); break;
                }
            }
            const std::int64_t wait_ms = followed.step();
            ASSERT_GE(wait_ms, 1);
            ASSERT_LE(wait_ms, 3'600'000);
            ASSERT_GE(followed.held.value_or(0), before);
            followed.now_ms += random() % 2 == 0 ? wait_ms : static_cast<std::int64_t>(random() % 100);
        }
        EXPECT_LE(followed.transport.started(), 800u);
        EXPECT_GT(followed.now_ms, begin_ms);
        // And a server that is well again is followed again.
        for (int i = 0; i < 50 && followed.held != server_version + 1; ++i) {
            for (std::size_t e = 0; e < followed.transport.started(); ++e) {
                FakeTransport::Exchange& exchange = followed.transport.at(e);
                if (!exchange.is_open()) continue;
                if (Followed::is_poll(exchange)) exchange.answer(200, document(server_version + 1));
                else if (exchange.header("Last-Event-ID").empty())
                    exchange.answer(200, put_event(server_version + 1),
                                    {{"Content-Type", "text/event-stream"}});
                else
                    exchange.answer(200, "", {{"Content-Type", "text/event-stream"}});  // falls back to polls
            }
            followed.until_next();
        }
        EXPECT_EQ(followed.held, server_version + 1) << "seed " << seed;
    }
}

}  // namespace
}  // namespace expplat::tests
