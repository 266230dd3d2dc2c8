// What an answer means (docs/PROTOCOL.md, the table of statuses), and that messages are one line without the key.
#include "src/sync/attempt.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sync/followed.hpp"

namespace expplat::tests {
namespace {

using sync::Ending;
using sync::ending_of;
using sync::presentable;
using testing::HasSubstr;
using testing::Not;

net::Head head(int status, std::vector<net::Header> headers = {}) {
    net::Head head;
    head.status = status;
    head.headers = std::move(headers);
    return head;
}

TEST(Attempt, RequestsCarryTheKeyAndThePath) {
    const net::Request request = sync::request_to(Followed::settings_of(), "/api/v1/sdk/ruleset");
    EXPECT_EQ(request.url, "https://flags.test/api/v1/sdk/ruleset");
    net::Head headers;
    headers.headers = request.headers;
    EXPECT_EQ(headers.find("authorization"), "Bearer sdk-secret");
    EXPECT_EQ(headers.find("user-agent"), "expplat-cpp/test");
}

TEST(Attempt, StatusesAreThoseOfTheProtocol) {
    for (const int status : {401, 403, 404, 400, 405, 410, 422, 301, 302, 308}) {
        EXPECT_EQ(ending_of(head(status), "", Followed::settings_of()).kind, Ending::Kind::refused) << status;
    }
    for (const int status : {408, 425, 429, 500, 502, 503, 504, 599, 204}) {
        EXPECT_EQ(ending_of(head(status), "", Followed::settings_of()).kind, Ending::Kind::failed) << status;
    }
}

TEST(Attempt, ShowsTheProblemDocument) {
    const Ending ending = ending_of(head(403, {{"Retry-After", "9"}}),
                                    R"({"title": "Key revoked", "detail": "at\nnoon", "status": 403})",
                                    Followed::settings_of());
    EXPECT_EQ(ending.message, "the server answers 403 (the key is refused): Key revoked: at noon");
    EXPECT_EQ(ending.retry_after, "9");
    EXPECT_EQ(ending_of(head(500), "<html>oh</html>", Followed::settings_of()).message,
              "the server answers 500");
    EXPECT_EQ(ending_of(head(500), R"({"title": 7})", Followed::settings_of()).message,
              "the server answers 500");
    EXPECT_EQ(ending_of(head(500), R"(["title"])", Followed::settings_of()).message,
              "the server answers 500");
}

TEST(Attempt, SaysWhereARedirectionLeads) {
    EXPECT_EQ(
        ending_of(head(302, {{"Location", "https://login.test/"}}), "", Followed::settings_of()).message,
        "the server answers 302, to another URL: https://login.test/");
}

TEST(Attempt, ErrorsOfTheNetworkAreTriedAgainAndAWrongUrlIsNot) {
    const auto ending = [](ErrorCode code) { return ending_of(Error{code, "why"}, Followed::settings_of()); };
    EXPECT_EQ(ending(ErrorCode::network).kind, Ending::Kind::failed);
    EXPECT_FALSE(ending(ErrorCode::network).reached);
    EXPECT_EQ(ending(ErrorCode::timeout).kind, Ending::Kind::failed);
    EXPECT_TRUE(ending(ErrorCode::timeout).reached) << "something on the way may hold the answer back";
    EXPECT_EQ(ending(ErrorCode::too_large).kind, Ending::Kind::failed);
    EXPECT_EQ(ending(ErrorCode::invalid_argument).kind, Ending::Kind::refused);
}

TEST(Attempt, MessagesNeverHoldTheKey) {
    const Ending ending =
        ending_of(head(401), R"({"title": "no key sdk-secret", "detail": "sdk-secretsdk-secret"})",
                  Followed::settings_of());
    EXPECT_THAT(ending.message, Not(HasSubstr("secret")));
    EXPECT_THAT(ending.message, HasSubstr("no key ***: ******"));
    EXPECT_EQ(presentable("aa***aa", "a"), std::string(15, '*')) << "also where a mask stands beside it";
}

TEST(Attempt, MessagesAreOneBoundedLine) {
    EXPECT_EQ(presentable("a\r\nb\tc\x7f"
                          "d\x01",
                          "k"),
              "a  b c d ");
    const std::string line = presentable(std::string(3 * sync::message_bytes, 'x'), "");
    EXPECT_EQ(line.size(), sync::message_bytes + 3);
    std::string wide = "x";
    while (wide.size() < 2 * sync::message_bytes) wide += "\u00e9";
    const std::string cut = presentable(wide, "");
    EXPECT_EQ(cut.size() % 2, 0u) << "no character is cut in two: x, pairs of bytes, three dots";
}

TEST(Attempt, UnusableKeysAreSaid) {
    sync::FollowerSettings settings = Followed::settings_of();
    EXPECT_EQ(sync::unusable(settings), "");
    settings.key = "";
    EXPECT_THAT(sync::unusable(settings), HasSubstr("no SDK key"));
    for (const char* key : {"a b", "a\r\nX: y", "a\n", "\x80"}) {
        settings.key = key;
        EXPECT_THAT(sync::unusable(settings), HasSubstr("character")) << key;
    }
}

TEST(Attempt, MediaTypesAreComparedWithoutParameters) {
    EXPECT_TRUE(sync::has_media_type(head(200, {{"content-type", "Text/Event-Stream; charset=utf-8"}}),
                                     "text/event-stream"));
    EXPECT_TRUE(
        sync::has_media_type(head(200, {{"Content-Type", " text/event-stream "}}), "text/event-stream"));
    EXPECT_FALSE(
        sync::has_media_type(head(200, {{"Content-Type", "text/event-streams"}}), "text/event-stream"));
    EXPECT_FALSE(sync::has_media_type(head(200), "text/event-stream"));
}

}  // namespace
}  // namespace expplat::tests
