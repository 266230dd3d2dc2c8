// Following by polls: because it is asked for, or because streams do not get through; and the way back.
#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sync/followed.hpp"

namespace expplat::tests {
namespace {

using sync::Contact;
using sync::FollowerState;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Poll, AsksForTheWholeRuleset) {
    Followed followed(Followed::polling_settings());
    EXPECT_EQ(followed.until_next(), 0);
    FakeTransport::Exchange& poll = followed.transport.last();
    EXPECT_TRUE(Followed::is_poll(poll));
    EXPECT_EQ(poll.header("Accept"), "application/json");
    EXPECT_EQ(poll.header("If-None-Match"), "");
    EXPECT_EQ(poll.request.body_limit, limits::ruleset_bytes);
    EXPECT_TRUE(poll.request.accept_encoded);
    EXPECT_EQ(followed.status().state, FollowerState::connecting);
    poll.answer(200, document(1), {{"ETag", "\"a\""}});
    followed.step();
    EXPECT_EQ(followed.held, 1u);
    EXPECT_EQ(followed.status().state, FollowerState::polling);
    EXPECT_EQ(followed.status().contact, Contact::current);
    EXPECT_EQ(followed.status().polls, 1u);
    EXPECT_EQ(followed.status().connections, 0u) << "no stream is tried where none is wanted";
    EXPECT_EQ(followed.status().stream_error, "");
}

TEST(Poll, ComesAgainAfterAboutTheInterval) {
    Followed followed(Followed::polling_settings());
    followed.until_next();
    std::int64_t least_ms = limits::poll_interval_ms;
    std::int64_t most_ms = 0;
    for (int i = 0; i < 200; ++i) {
        followed.transport.last().answer(200, document(1));
        const std::int64_t wait_ms = followed.until_next();
        least_ms = std::min(least_ms, wait_ms);
        most_ms = std::max(most_ms, wait_ms);
    }
    EXPECT_GE(least_ms, limits::poll_interval_ms * 9 / 10);
    EXPECT_LE(most_ms, limits::poll_interval_ms * 11 / 10);
    EXPECT_LT(least_ms, limits::poll_interval_ms * 92 / 100);
    EXPECT_GT(most_ms, limits::poll_interval_ms * 108 / 100);
    EXPECT_EQ(followed.status().connections, 0u);
}

TEST(Poll, NotModifiedCountsAsContact) {
    Followed followed(Followed::polling_settings());
    followed.until_next();
    followed.transport.last().answer(200, document(1), {{"ETag", "\"a\""}});
    for (int i = 0; i < 10; ++i) {
        ASSERT_GE(followed.until_next(), 0);
        EXPECT_EQ(followed.transport.last().header("If-None-Match"), "\"a\"");
        followed.transport.last().answer(304);
        followed.step();
        EXPECT_EQ(followed.status().contact, Contact::current);
        EXPECT_EQ(followed.status().contact_at_ms, Followed::unix_start_ms + followed.now_ms);
    }
    EXPECT_THAT(followed.puts, ElementsAre(1));
}

TEST(Poll, TakesEachNewVersionWithItsTag) {
    Followed followed(Followed::polling_settings());
    followed.until_next();
    for (std::uint64_t version = 1; version <= 3; ++version) {
        followed.transport.last().answer(200, document(version),
                                         {{"ETag", '"' + std::to_string(version) + '"'}});
        followed.until_next();
        EXPECT_EQ(followed.held, version);
        EXPECT_EQ(followed.transport.last().header("If-None-Match"), '"' + std::to_string(version) + '"');
    }
}

TEST(Poll, ARefusedRulesetIsNotFetchedAgainAndItsErrorStays) {
    Followed followed(Followed::polling_settings());
    followed.until_next();
    followed.transport.last().answer(200, document(1), {{"ETag", "\"1\""}});
    followed.until_next();
    followed.transport.last().answer(200, document(2, R"("broken":1)"), {{"ETag", "\"2\""}});
    followed.until_next();
    EXPECT_EQ(followed.held, 1u);
    EXPECT_THAT(followed.status().error, HasSubstr("the ruleset is refused"));
    EXPECT_EQ(followed.status().refused, 1u);
    EXPECT_EQ(followed.status().state, FollowerState::polling);
    EXPECT_EQ(followed.transport.last().header("If-None-Match"), "\"2\"");
    followed.transport.last().answer(304);
    followed.until_next();
    EXPECT_THAT(followed.status().error, HasSubstr("the ruleset is refused"));
    EXPECT_EQ(followed.status().refused, 1u);
    followed.transport.last().answer(200, document(3), {{"ETag", "\"3\""}});
    followed.step();
    EXPECT_EQ(followed.status().error, "");
}

TEST(Poll, GarbageAndOlderVersionsAreRefused) {
    Followed followed(Followed::polling_settings(), 7);
    followed.until_next();
    followed.transport.last().answer(200, "<html>log in</html>", {{"Content-Type", "text/html"}});
    followed.until_next();
    followed.transport.last().answer(200, document(6));
    followed.step();
    EXPECT_EQ(followed.held, 7u);
    EXPECT_EQ(followed.status().refused, 2u);
    EXPECT_THAT(followed.status().error, HasSubstr("version 6 is older than version 7"));
}

TEST(Poll, FailuresBackOffAndAreMended) {
    Followed followed(Followed::polling_settings(), 7);
    followed.until_next();
    for (int i = 0; i < 20; ++i) {
        followed.transport.last().fail(i % 2 == 0 ? ErrorCode::network : ErrorCode::too_large, "away");
        const std::int64_t wait_ms = followed.until_next();
        EXPECT_LE(wait_ms, net::backoff_most_ms + 1);
        EXPECT_EQ(followed.status().state, FollowerState::backing_off);
        EXPECT_EQ(followed.status().contact, Contact::lost);
    }
    EXPECT_LE(followed.steps, 60);
    followed.transport.last().answer(200, document(7));
    followed.step();
    EXPECT_EQ(followed.status().state, FollowerState::polling);
    EXPECT_EQ(followed.status().error, "");
    EXPECT_EQ(followed.status().connections, 0u);
}

TEST(Poll, ContactIsLostAfterTwoIntervals) {
    Followed followed(Followed::polling_settings());
    followed.until_next();
    followed.transport.last().answer(200, document(1));
    followed.until_next();  // and no answer comes
    const std::int64_t begin_ms = followed.now_ms;
    while (followed.status().contact == Contact::current && followed.now_ms < begin_ms + 200'000) {
        followed.advance(followed.step());
    }
    EXPECT_EQ(followed.status().contact, Contact::lost);
    EXPECT_EQ(followed.now_ms - (followed.status().contact_at_ms - Followed::unix_start_ms),
              2 * limits::poll_interval_ms + 1);
}

TEST(Poll, ARefusedKeyIsAskedForRarely) {
    Followed followed(Followed::polling_settings(), 7);
    followed.until_next();
    followed.transport.last().answer(403, R"({"title":"revoked"})");
    followed.step();
    EXPECT_EQ(followed.status().state, FollowerState::unauthorized);
    EXPECT_GE(followed.until_next(), limits::unauthorized_retry_ms);
    followed.transport.last().answer(200, document(8));
    followed.step();
    EXPECT_EQ(followed.status().state, FollowerState::polling);
}

TEST(Fallback, AnAnswerThatIsNoEventStreamIsPolledFor) {
    for (const char* type : {"text/html", "application/json", ""}) {
        Followed followed;
        followed.until_next();
        FakeTransport::Exchange& stream = followed.transport.last();
        std::vector<net::Header> headers;
        if (*type != '\0') headers.push_back({"Content-Type", type});
        stream.head(200, std::move(headers));
        EXPECT_TRUE(stream.is_cancelled());
        followed.step();
        EXPECT_TRUE(Followed::is_poll(followed.transport.last())) << "at once";
        EXPECT_THAT(followed.status().stream_error, HasSubstr("no event stream"));
        EXPECT_EQ(followed.status().contact, Contact::lost);
        followed.transport.last().answer(200, document(1));
        followed.step();
        EXPECT_EQ(followed.status().state, FollowerState::polling);
        EXPECT_EQ(followed.status().contact, Contact::current);
        EXPECT_EQ(followed.status().error, "");
    }
}

TEST(Fallback, AfterThreeStreamsThatEndBeforeTheirFirstEvent) {
    Followed followed;
    for (int i = 0; i < sync::broken_streams; ++i) {
        EXPECT_EQ(followed.status().polls, 0u);
        FakeTransport::Exchange& stream = followed.connect();
        if (i == 1) stream.fail(ErrorCode::network, "reset");
        else stream.end();
        followed.step();
    }
    EXPECT_TRUE(Followed::is_poll(followed.transport.last()));
    EXPECT_EQ(followed.status().connections, 3u);
}

TEST(Fallback, AfterThreeStreamsWhoseBodyNeverComes) {
    Followed followed;
    for (int i = 0; i < sync::broken_streams; ++i) {
        followed.connect();
        while (followed.transport.open() > 0 && Followed::is_stream(followed.transport.last()) &&
               followed.transport.last().is_open()) {
            followed.advance(followed.step());
        }
    }
    EXPECT_TRUE(Followed::is_poll(followed.transport.last()));
    EXPECT_THAT(followed.status().stream_error, HasSubstr("nothing came over the stream for 20 s"));
}

TEST(Fallback, AfterThreeHeadsThatNeverCome) {
    Followed followed;
    for (int i = 0; i < sync::broken_streams; ++i) {
        followed.until_next();
        ASSERT_TRUE(Followed::is_stream(followed.transport.last()));
        followed.transport.last().fail(ErrorCode::timeout, "no first byte within 20 s");
        followed.step();
    }
    EXPECT_TRUE(Followed::is_poll(followed.transport.last()));
}

TEST(Fallback, NotWhereTheServerIsAwayOrAStreamHasDelivered) {
    Followed followed;
    for (int i = 0; i < 10; ++i) {
        followed.until_next();
        if (i % 3 == 0) followed.transport.last().answer(503);
        else followed.transport.last().fail(ErrorCode::network, "connection refused");
    }
    for (int i = 0; i < 10; ++i) {
        FakeTransport::Exchange& stream = followed.connect();
        stream.body(put_event(1));
        stream.end();
    }
    followed.step();
    EXPECT_EQ(followed.status().polls, 0u);
}

TEST(WayBack, AStreamIsTriedEveryTenMinutes) {
    Followed followed;
    followed.fallen_back();
    std::int64_t tried_ms = followed.now_ms;
    int trials = 0;
    for (int i = 0; i < 100; ++i) {
        FakeTransport::Exchange& last = followed.transport.last();
        if (Followed::is_poll(last)) {
            last.answer(200, document(1));
        } else {
            ++trials;
            EXPECT_GE(followed.now_ms - tried_ms, sync::stream_trial_interval_ms * 9 / 10);
            EXPECT_LE(followed.now_ms - tried_ms, sync::stream_trial_interval_ms * 11 / 10 + 1);
            tried_ms = followed.now_ms;
            last.head(200, {{"Content-Type", "text/event-stream"}});
            last.end();
            followed.step();
            EXPECT_EQ(followed.status().state, FollowerState::polling)
                << "a trial that fails disturbs nothing";
            EXPECT_EQ(followed.status().error, "");
            EXPECT_EQ(followed.status().contact, Contact::current);
        }
        followed.until_next();
    }
    EXPECT_GE(trials, 3);
}

TEST(WayBack, PollsGoOnUntilTheTrialDelivers) {
    sync::FollowerSettings settings = Followed::settings_of();
    settings.poll_interval_ms = 10'000;
    Followed followed(settings);
    followed.fallen_back().answer(200, document(1));
    while (!Followed::is_stream(followed.transport.last())) {
        if (followed.transport.last().is_open()) followed.transport.last().answer(200, document(1));
        ASSERT_GE(followed.until_next(), 0);
    }
    FakeTransport::Exchange& trial = followed.transport.last();
    EXPECT_EQ(trial.header("Last-Event-ID"), "1");
    trial.head(200, {{"Content-Type", "text/event-stream"}});
    // The body is held back: meanwhile a poll comes.
    ASSERT_GE(followed.until_next(), 0);
    FakeTransport::Exchange& poll = followed.transport.last();
    ASSERT_TRUE(Followed::is_poll(poll));
    ASSERT_TRUE(trial.is_open());
    trial.body(patch_event(1, 2));
    followed.step();
    EXPECT_TRUE(poll.is_cancelled());
    EXPECT_EQ(followed.held, 2u);
    EXPECT_EQ(followed.status().state, FollowerState::streaming);
    EXPECT_EQ(followed.status().stream_error, "");
    EXPECT_EQ(followed.step(), limits::stream_silence_ms) << "no poll is waited for any more";
}

TEST(WayBack, AtOnceWhenPollsSucceedAgain) {
    Followed followed;
    followed.fallen_back().fail(ErrorCode::network, "away");
    for (int i = 0; i < 5; ++i) {
        followed.until_next();
        ASSERT_TRUE(Followed::is_poll(followed.transport.last()));
        followed.transport.last().fail(ErrorCode::timeout, "away");
    }
    EXPECT_EQ(followed.status().state, FollowerState::backing_off);
    followed.until_next();
    followed.transport.last().answer(200, document(4));
    followed.step();
    FakeTransport::Exchange& trial = followed.transport.last();
    ASSERT_TRUE(Followed::is_stream(trial)) << "the way to the server has changed";
    trial.head(200, {{"Content-Type", "text/event-stream"}});
    trial.body(heartbeat);
    followed.step();
    EXPECT_EQ(followed.status().state, FollowerState::streaming);
}

TEST(WayBack, ATagOfBeforeTheStreamIsNotTrusted) {
    Followed followed;
    followed.fallen_back().answer(200, document(1), {{"ETag", "\"one\""}});
    followed.held = 2;  // a stream has brought it
    followed.until_next();
    ASSERT_TRUE(Followed::is_poll(followed.transport.last()));
    EXPECT_EQ(followed.transport.last().header("If-None-Match"), "");
}

}  // namespace
}  // namespace expplat::tests
