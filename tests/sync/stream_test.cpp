// Following over the stream: what is adopted, what is resumed, when a connection is given up, and what comes after it.
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
using testing::IsEmpty;

TEST(StreamRequest, AsksForAnUnboundedUncompressedEventStream) {
    Followed followed;
    EXPECT_EQ(followed.until_next(), 0) << "at once";
    const net::Request& request = followed.transport.last().request;
    EXPECT_TRUE(Followed::is_stream(followed.transport.last()));
    EXPECT_EQ(followed.transport.last().header("Accept"), "text/event-stream");
    EXPECT_EQ(followed.transport.last().header("Last-Event-ID"), "") << "nothing is held";
    EXPECT_EQ(request.timeouts.total_ms, 0);
    EXPECT_EQ(request.timeouts.idle_ms, 0);
    EXPECT_EQ(request.body_limit, 0u);
    EXPECT_FALSE(request.accept_encoded);
    EXPECT_EQ(followed.status().state, FollowerState::connecting);
    EXPECT_EQ(followed.status().contact, Contact::unknown);
}

TEST(Stream, AdoptsThePutAndThePatchesAfterIt) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.connect();
    EXPECT_EQ(followed.status().state, FollowerState::connecting);
    stream.body(put_event(1) + patch_event(1, 2));
    EXPECT_EQ(followed.held, 2u) << "adopted where it is read, before any step";
    followed.step();
    EXPECT_EQ(followed.status().state, FollowerState::streaming);
    EXPECT_EQ(followed.status().contact, Contact::current);
    EXPECT_EQ(followed.status().contact_at_ms, Followed::unix_start_ms + followed.now_ms);
    EXPECT_EQ(followed.status().connections, 1u);
    EXPECT_EQ(followed.status().error, "");
    stream.body(patch_event(2, 3));
    EXPECT_THAT(followed.puts, ElementsAre(1));
    EXPECT_THAT(followed.patches, ElementsAre(2, 3));
}

TEST(Stream, ReadsEventsSplitAtEveryByte) {
    const std::string bytes = put_event(1) + std::string(heartbeat) + patch_event(1, 2) + patch_event(2, 3);
    Followed followed;
    FakeTransport::Exchange& stream = followed.connect();
    for (const char byte : bytes) {
        stream.body({&byte, 1});
        followed.step();
    }
    EXPECT_THAT(followed.puts, ElementsAre(1));
    EXPECT_THAT(followed.patches, ElementsAre(2, 3));
}

TEST(Stream, IgnoresEventsOfOtherNames) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.streaming();
    stream.body("event: delete\ndata: {}\n\ndata: message\n\n" + patch_event(1, 2));
    EXPECT_EQ(followed.held, 2u);
    EXPECT_TRUE(stream.is_open());
}

TEST(Stream, AnEqualVersionCountsAsContactAndIsNotAdoptedAgain) {
    Followed followed(Followed::settings_of(), 5);
    FakeTransport::Exchange& stream = followed.connect();
    stream.body(put_event(5));
    followed.step();
    EXPECT_THAT(followed.puts, IsEmpty());
    EXPECT_EQ(followed.status().state, FollowerState::streaming);
    EXPECT_EQ(followed.status().contact, Contact::current);
    stream.body(patch_event(4, 5));
    EXPECT_TRUE(stream.is_open()) << "a patch to what is held already is none to miss";
}

TEST(StreamRefusal, KeepsTheLastGoodOneAndTheConnection) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.streaming();
    stream.body(put_event(2, R"("broken":true)"));
    followed.step();
    EXPECT_EQ(followed.held, 1u);
    EXPECT_TRUE(stream.is_open());
    EXPECT_EQ(followed.status().refused, 1u);
    EXPECT_EQ(followed.status().error, "the ruleset is refused: /broken: an unknown member");
    EXPECT_EQ(followed.status().state, FollowerState::streaming);
    EXPECT_EQ(followed.status().contact, Contact::current) << "the source answers";
    stream.body(heartbeat);
    followed.step();
    EXPECT_THAT(followed.status().error, HasSubstr("refused")) << "not mended by a heartbeat";
    stream.body(put_event(3));
    followed.step();
    EXPECT_EQ(followed.held, 3u);
    EXPECT_EQ(followed.status().error, "");
    EXPECT_EQ(followed.status().refused, 1u);
}

TEST(StreamRefusal, IsNotMendedByAHeartbeatOfAResumedStream) {
    Followed followed(Followed::settings_of(), 1);
    FakeTransport::Exchange& stream = followed.connect();
    stream.body(heartbeat);
    stream.body(put_event(2, R"("broken":true)"));
    followed.step();
    for (int i = 0; i < 2; ++i) {
        stream.body(heartbeat);
        followed.step();
        EXPECT_THAT(followed.status().error, HasSubstr("refused"));
    }
}

TEST(StreamRefusal, ThatIsMendedInTheSamePieceIsCountedAndNotShown) {
    Followed followed;
    followed.streaming().body(put_event(2, R"("broken":true)") + put_event(3));
    followed.step();
    EXPECT_EQ(followed.status().error, "");
    EXPECT_EQ(followed.status().refused, 1u);
    followed.transport.last().body(put_event(4) + put_event(5, R"("broken":true)"));
    followed.step();
    EXPECT_THAT(followed.status().error, HasSubstr("refused")) << "the last one counts";
    EXPECT_EQ(followed.held, 4u);
}

TEST(StreamRefusal, OfAVersionThatGoesBack) {
    Followed followed(Followed::settings_of(), 9);
    FakeTransport::Exchange& stream = followed.connect();
    stream.body(put_event(8));
    followed.step();
    EXPECT_EQ(followed.held, 9u);
    EXPECT_THAT(followed.puts, IsEmpty()) << "not even compiled";
    EXPECT_EQ(followed.status().refused, 1u);
    EXPECT_THAT(followed.status().error, HasSubstr("version 8 is older than version 9"));
    EXPECT_TRUE(stream.is_open());
}

TEST(StreamResume, SendsTheHeldVersion) {
    Followed followed(Followed::settings_of(), 41);
    FakeTransport::Exchange& stream = followed.connect();
    EXPECT_EQ(stream.header("Last-Event-ID"), "41");
    stream.body(": nothing new\n");
    followed.step();
    EXPECT_EQ(followed.status().state, FollowerState::streaming) << "a comment says that nothing has changed";
    EXPECT_EQ(followed.status().contact, Contact::current);
    stream.body(patch_event(41, 42));
    stream.end();
    EXPECT_EQ(followed.connect().header("Last-Event-ID"), "42");
}

TEST(StreamResume, ACommentBeforeThePutProvesNothingWhereNothingIsHeld) {
    Followed followed;
    followed.connect().body(heartbeat);
    followed.step();
    EXPECT_EQ(followed.status().state, FollowerState::connecting);
    EXPECT_EQ(followed.status().contact, Contact::unknown);
}

TEST(StreamResume, NotAfterAPatchOfAnotherBase) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.streaming();
    stream.body(patch_event(7, 8) + patch_event(8, 9));
    EXPECT_TRUE(stream.is_cancelled());
    EXPECT_THAT(followed.patches, IsEmpty()) << "nothing of a connection is read after a gap";
    followed.step();
    EXPECT_EQ(followed.status().state, FollowerState::backing_off);
    EXPECT_THAT(followed.status().error, HasSubstr("a patch does not apply"));
    EXPECT_EQ(followed.status().refused, 0u) << "a gap is nobody's fault";
    FakeTransport::Exchange& again = followed.connect(sync::reconnect_first_ms);
    EXPECT_EQ(again.header("Last-Event-ID"), "");
    again.body(put_event(9));
    followed.step();
    EXPECT_EQ(followed.held, 9u);
    EXPECT_EQ(followed.status().error, "");
    again.end();
    EXPECT_EQ(followed.connect().header("Last-Event-ID"), "9") << "the gap is closed";
}

TEST(StreamResume, NotAfterAPatchThatDoesNotApply) {
    Followed followed;
    followed.streaming().body(patch_event(1, 2, R"("broken":1)"));
    followed.step();
    EXPECT_EQ(followed.status().refused, 1u);
    EXPECT_EQ(followed.connect().header("Last-Event-ID"), "");
}

TEST(StreamResume, NotWhereWhatIsHeldTakesNoPatches) {
    // A ruleset that came from the cache's image: the adopter has no document.
    Followed followed(Followed::settings_of(), 5);
    followed.patch_error = Error{ErrorCode::not_ready, "a patch came before the first ruleset"};
    followed.connect().body(patch_event(5, 6));
    FakeTransport::Exchange& again = followed.connect();
    EXPECT_EQ(again.header("Last-Event-ID"), "");
    again.body(put_event(6));
    EXPECT_EQ(followed.held, 6u);
    EXPECT_EQ(followed.status().refused, 0u);
}

TEST(StreamWatchdog, GivesUpAfterSilenceAndComesBack) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.streaming();
    for (int i = 0; i < 10; ++i) {
        followed.advance(20'000);
        stream.body(heartbeat);
        followed.step();
    }
    ASSERT_TRUE(stream.is_open());
    EXPECT_EQ(followed.status().contact, Contact::current);
    followed.advance(limits::stream_silence_ms - 1);
    EXPECT_TRUE(stream.is_open());
    EXPECT_EQ(followed.advance(1) > 0, true);
    EXPECT_TRUE(stream.is_cancelled());
    EXPECT_EQ(followed.status().state, FollowerState::backing_off);
    EXPECT_THAT(followed.status().error, HasSubstr("nothing came over the stream for 60 s"));
    EXPECT_EQ(followed.connect(sync::reconnect_first_ms).header("Last-Event-ID"), "1");
}

TEST(StreamWatchdog, AsksToBeSteppedWhenItsTimeIsUp) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.streaming();
    EXPECT_EQ(followed.step(), limits::stream_silence_ms);
    EXPECT_EQ(followed.advance(10'000), limits::stream_silence_ms - 10'000);
    stream.body(heartbeat);
    EXPECT_EQ(followed.advance(5'000), limits::stream_silence_ms)
        << "what came is dated by the step after it";
}

TEST(StreamWatchdog, AHeadThatNothingFollowsIsGivenUpEarlier) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.connect();
    followed.step();
    followed.advance(19'999);
    EXPECT_TRUE(stream.is_open());
    followed.advance(1);
    EXPECT_TRUE(stream.is_cancelled());
    EXPECT_EQ(followed.status().contact, Contact::lost);
}

TEST(StreamWatchdog, HeartbeatsDoNotReplaceTheFirstRuleset) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.connect();
    for (int i = 0; i < 11; ++i) {
        followed.advance(5'000);
        stream.body(heartbeat);
        followed.step();
    }
    ASSERT_TRUE(stream.is_open());
    followed.advance(5'000);
    EXPECT_TRUE(stream.is_cancelled());
    EXPECT_THAT(followed.status().error, HasSubstr("no ruleset came"));
}

TEST(StreamLine, WithoutEndFailsAndIsConnectedAgain) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.streaming();
    const std::string megabyte(std::size_t{1} << 20, 'x');
    stream.body("data: ");
    for (int i = 0; i < 80 && stream.is_open(); ++i) stream.body(megabyte);
    EXPECT_TRUE(stream.is_cancelled());
    followed.step();
    EXPECT_EQ(followed.held, 1u);
    EXPECT_THAT(followed.status().error, HasSubstr("line_too_long"));
    FakeTransport::Exchange& again = followed.connect();
    again.body(patch_event(1, 2));
    EXPECT_EQ(followed.held, 2u) << "the parser begins anew";
}

TEST(StreamBackoff, GrowsAndIsJittered) {
    Followed followed;
    std::int64_t most_ms = 0;
    std::int64_t ceiling_ms = sync::reconnect_first_ms;
    ASSERT_EQ(followed.until_next(), 0);
    for (int i = 0; i < 40; ++i) {
        followed.transport.last().fail(ErrorCode::network, "connection refused");
        const std::int64_t wait_ms = followed.until_next();
        ASSERT_GE(wait_ms, 0);
        EXPECT_LE(wait_ms, ceiling_ms + 1);
        ceiling_ms = std::min(ceiling_ms * 2, net::backoff_most_ms);
        most_ms = std::max(most_ms, wait_ms);
    }
    EXPECT_GT(most_ms, 10'000);
    EXPECT_LE(followed.steps, 200) << "no busy loop";
    EXPECT_EQ(followed.status().connections, 41u);
    EXPECT_EQ(followed.status().state, FollowerState::backing_off)
        << "a server that is away is no broken stream";
    EXPECT_EQ(followed.status().contact, Contact::lost);
    EXPECT_EQ(followed.status().error, "connection refused");
}

TEST(StreamBackoff, IsNotForgottenByAConnectionThatBringsNothingNew) {
    Followed followed(Followed::settings_of(), 5);
    for (int i = 0; i < 12; ++i) {
        FakeTransport::Exchange& stream = followed.connect();
        stream.body(put_event(5));  // and then the way breaks, every time
        stream.fail(ErrorCode::network, "connection reset");
    }
    std::int64_t most_ms = 0;
    for (int i = 0; i < 12; ++i) {
        most_ms = std::max(most_ms, followed.until_next());
        followed.open_stream();
        followed.transport.last().body(put_event(5));
        followed.transport.last().fail(ErrorCode::network, "connection reset");
    }
    EXPECT_GT(most_ms, 5'000);
}

TEST(StreamBackoff, BeginsAnewAfterAnAdoptionOrAMinute) {
    for (const bool adopts : {true, false}) {
        Followed followed(Followed::settings_of(), 5);
        for (int i = 0; i < 12; ++i) {
            followed.until_next();
            followed.transport.last().fail(ErrorCode::network, "away");
        }
        FakeTransport::Exchange& stream = followed.connect();
        stream.body(adopts ? patch_event(5, 6) : std::string(heartbeat));
        followed.step();
        if (!adopts) {
            followed.advance(limits::stream_silence_ms / 2);
            stream.body(heartbeat);
            followed.step();
            followed.advance(limits::stream_silence_ms / 2);
        }
        stream.fail(ErrorCode::network, "connection reset");
        EXPECT_LE(followed.until_next(), sync::reconnect_first_ms) << adopts;
    }
}

TEST(StreamBackoff, WaitsAsTheServerAsks) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.streaming();
    stream.body("retry: 30000\n\n");
    stream.end();
    const std::int64_t wait_ms = followed.until_next();
    EXPECT_GE(wait_ms, 30'000);
    EXPECT_LE(wait_ms, 30'000 + sync::reconnect_first_ms);
    followed.transport.last().answer(503, "", {{"Retry-After", "45"}});
    EXPECT_GE(followed.until_next(), 45'000);
    // An HTTP date, seen from the wall clock of the step: 2025-11-23 13:00:00 is `unix_start_ms`.
    followed.transport.last().answer(429, "", {{"Retry-After", "Sun, 23 Nov 2025 14:00:00 GMT"}});
    EXPECT_GE(followed.until_next(), net::retry_after_most_ms) << "cut to the most that is granted";
}

TEST(StreamBackoff, AWishForAnHourIsCut) {
    Followed followed;
    FakeTransport::Exchange& stream = followed.streaming();
    stream.body("retry: 3600000\n\n");
    stream.end();
    EXPECT_LE(followed.until_next(), net::retry_after_most_ms + sync::reconnect_first_ms);
}

TEST(StreamErrors, OfTheKeyAreSaidAndNotRepeatedSoon) {
    for (const int status : {401, 403, 404}) {
        Followed followed(Followed::settings_of(), 5);
        followed.until_next();
        followed.transport.last().answer(status, R"({"title":"No such key"})",
                                         {{"Content-Type", "application/problem+json"}});
        followed.step();
        EXPECT_EQ(followed.status().state, FollowerState::unauthorized) << status;
        EXPECT_THAT(followed.status().error, HasSubstr("No such key"));
        EXPECT_EQ(followed.held, 5u) << "it goes on serving";
        const std::int64_t wait_ms = followed.until_next();
        EXPECT_GE(wait_ms, limits::unauthorized_retry_ms);
        EXPECT_LE(wait_ms, limits::unauthorized_retry_ms * 11 / 10);
        followed.open_stream();
        EXPECT_EQ(followed.status().state, FollowerState::unauthorized) << "until it is heard otherwise";
        followed.transport.last().body(heartbeat);
        followed.step();
        EXPECT_EQ(followed.status().state, FollowerState::streaming);
        EXPECT_EQ(followed.status().error, "");
    }
}

TEST(StreamErrors, KeyRevokedWhileStreaming) {
    Followed followed;
    followed.streaming().end();
    followed.until_next();
    followed.transport.last().answer(401);
    followed.step();
    EXPECT_EQ(followed.status().state, FollowerState::unauthorized);
    followed.advance(limits::stream_silence_ms + 1);
    EXPECT_EQ(followed.status().contact, Contact::lost);
}

TEST(StreamErrors, ABodyThatDoesNotEndIsNotWaitedFor) {
    Followed followed;
    followed.until_next();
    FakeTransport::Exchange& slow = followed.transport.last();
    slow.head(500);
    followed.step();
    for (int i = 0; i < 4; ++i) {
        slow.body("x");
        followed.advance(1'000);
    }
    EXPECT_TRUE(slow.is_open());
    followed.advance(1'000);
    EXPECT_TRUE(slow.is_cancelled());
    EXPECT_EQ(followed.status().error, "the server answers 500");

    followed.until_next();
    FakeTransport::Exchange& large = followed.transport.last();
    large.head(502);
    const std::string piece(3'000, 'x');
    for (int i = 0; i < 10; ++i) large.body(piece);
    EXPECT_TRUE(large.is_cancelled());
    followed.step();
    EXPECT_EQ(followed.status().error, "the server answers 502");
}

TEST(StreamErrors, AWrongUrlIsNotTriedInALoop) {
    Followed followed;
    followed.until_next();
    followed.transport.last().fail(ErrorCode::invalid_argument, "no URL: flags.test");
    followed.step();
    EXPECT_EQ(followed.status().error, "no URL: flags.test");
    EXPECT_GE(followed.until_next(), limits::unauthorized_retry_ms);
}

TEST(StreamErrors, AnUnusableKeyIsNeverSent) {
    sync::FollowerSettings settings = Followed::settings_of();
    settings.key = "a\r\nHost: elsewhere";
    Followed followed(settings);
    EXPECT_EQ(followed.until_next(10'000'000), -1);
    EXPECT_EQ(followed.status().state, FollowerState::unauthorized);
    EXPECT_EQ(followed.status().contact, Contact::lost);
    EXPECT_EQ(followed.transport.started(), 0u);
}

}  // namespace
}  // namespace expplat::tests
