// The typed client over a transport that the test plays: what it asks, whose token it sends, when it renews one, and what it
// makes of refusals.
#include "src/admin/admin_client.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <utility>
#include <vector>

#include "src/admin/problem.hpp"
#include "tests/support/fake_transport.hpp"

namespace expplat::tests {
namespace {

using namespace admin;

constexpr std::int64_t now_ms = 1'000'000;

class AdminClientTest : public testing::Test {
protected:
    /// What the server answers, a request after the other.
    struct Reply {
        int status = 200;
        std::string body = "{}";
    };

    FakeTransport transport_;
    std::vector<Reply> replies_;
    std::size_t answered_ = 0;
    Exchanger exchanger_{transport_, [this] {
                             if (answered_ >= replies_.size()) return false;
                             const Reply& reply = replies_[answered_++];
                             transport_.last().answer(reply.status, reply.body);
                             return true;
                         }};

    static std::string session_json(const std::string& access, std::int64_t expires_ms) {
        return R"({"access_token":")" + access + R"(","expires_ms":)" + std::to_string(expires_ms) +
               R"(,"refresh_token":"refresh-of-)" + access +
               R"(","refresh_expires_ms":9,"user":{"email":"ann@x.y"}})";
    }
    AdminClient client(std::optional<Session> session = {}, std::string key = {}) {
        return {exchanger_,
                {.url = "https://flags.example.com/",
                 .key = std::move(key),
                 .session = std::move(session),
                 .session_path = {},
                 .now_ms = [] { return now_ms; },
                 .user_agent = "test"}};
    }
    static Session session(std::int64_t expires_ms) {
        return *parse_session(session_json("old", expires_ms), "https://flags.example.com");
    }
    std::string asked(std::size_t number) {
        const net::Request& request = transport_.at(number).request;
        return request.method + " " + request.url.substr(std::string("https://flags.example.com").size());
    }
    std::string bearer(std::size_t number) { return transport_.at(number).header("Authorization"); }
};

TEST_F(AdminClientTest, NamesGoIntoPathsEncoded) {
    AdminClient admin = client({}, "xp_admin_k");
    replies_ = {{200, R"({"environment":"e","revision":4,"updated_ms":1,"body":{"a":1.50}})"}};
    const auto done = admin.configure("p", {.operation = "configure",
                                            .kind = EntityKind::flag,
                                            .key = "shop/cart v?",
                                            .environment = "e",
                                            .body = "{}",
                                            .if_revision = 3,
                                            .new_phase = "why & how"});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->body, R"({"a":1.50})");
    EXPECT_EQ(done->revision, 4);
    EXPECT_EQ(asked(0),
              "PUT /api/v1/projects/p/flags/shop%2Fcart%20v%3F/environments/e?new_phase=why%20%26%20how");
    EXPECT_EQ(transport_.at(0).header("If-Match"), "\"3\"");
    EXPECT_EQ(bearer(0), "Bearer xp_admin_k");
}

TEST_F(AdminClientTest, ListsAreFollowedToTheirEnd) {
    AdminClient admin = client({}, "k");
    replies_ = {{200, R"({"items":[{"key":"a"}],"next":"a/b"})"},
                {200, R"({"items":[{"key":"c"}],"next":null})"}};
    const auto flags = admin.entities("p", EntityKind::flag, false);
    ASSERT_TRUE(flags);
    EXPECT_EQ(flags->size(), 2u);
    EXPECT_EQ(asked(1), "GET /api/v1/projects/p/flags?limit=500&after=a%2Fb");
}

TEST_F(AdminClientTest, AListThatDoesNotGoOnIsNoShortList) {
    AdminClient admin = client({}, "k");
    replies_ = {{200, R"({"items":[{"key":"a"}],"next":"b"})"},
                {200, R"({"items":[{"key":"c"}],"next":"b"})"}};
    EXPECT_FALSE(admin.entities("p", EntityKind::flag, false));
}

TEST_F(AdminClientTest, ATokenThatIsOverIsRenewedFirstAndOneThatIsRefusedAfterwards) {
    AdminClient early = client(session(now_ms + renew_before_ms - 1));
    replies_ = {{200, session_json("new", now_ms + 900'000)}, {200, R"({"items":[],"next":null})"}};
    ASSERT_TRUE(early.projects());
    EXPECT_EQ(asked(0), "POST /api/v1/sessions/refresh");
    EXPECT_EQ(bearer(0), "");
    EXPECT_EQ(transport_.at(0).request.body, R"({"refresh_token":"refresh-of-old"})");
    EXPECT_EQ(bearer(1), "Bearer new");

    AdminClient late = client(session(now_ms + 900'000));
    replies_.insert(
        replies_.end(),
        {{401, "{}"}, {200, session_json("newer", now_ms + 900'000)}, {401, R"({"detail":"no"})"}});
    const auto refused = late.projects();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unauthorized);
    EXPECT_EQ(bearer(2), "Bearer old");
    EXPECT_EQ(bearer(4), "Bearer newer");
    EXPECT_EQ(transport_.started(), 5u) << "a second time is of no use";
}

TEST_F(AdminClientTest, ALogInThatIsOverSaysHowToBeginAgain) {
    AdminClient admin = client(session(0));
    replies_ = {{401, "{}"}};
    const auto refused = admin.projects();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("expplat login https://flags.example.com"), std::string::npos);
}

TEST_F(AdminClientTest, ARefusalIsInTheServersWordsWithEachPlace) {
    AdminClient admin = client({}, "k");
    replies_ = {{422, R"({"type":"/problems/invalid","detail":"two things\u001b[2J","errors":[)"
                      R"({"pointer":"/a","detail":"x"},{"pointer":"","detail":"y"}]})"},
                {412, R"({"type":"/problems/precondition-failed","detail":"is at 4"})"},
                {200, "<html>"},
                {302, ""}};
    Result<std::vector<std::string>> refused = admin.projects();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "two things?[2J\n  /a: x\n  y");
    refused = admin.projects();
    EXPECT_EQ(refused.error().code, ErrorCode::not_ready);
    refused = admin.projects();
    EXPECT_EQ(refused.error().code, ErrorCode::network);
    refused = admin.projects();
    EXPECT_NE(refused.error().message.find("302"), std::string::npos);
    // Nobody is there any more.
    refused = admin.projects();
    EXPECT_EQ(refused.error().code, ErrorCode::closed);
    EXPECT_TRUE(transport_.last().is_cancelled());
}

TEST_F(AdminClientTest, AnExportComesInPiecesAndARefusalDoesNot) {
    AdminClient admin = client({}, "k");
    std::string text;
    replies_ = {{200, "the file"}, {403, R"({"detail":"audit.export: no"})"}, {200, "more"}};
    ASSERT_TRUE(
        admin.export_audit("format=csv", [&](std::string_view piece) { return (text += piece, true); }));
    EXPECT_EQ(text, "the file");
    const auto refused =
        admin.export_audit("format=csv", [&](std::string_view piece) { return (text += piece, true); });
    EXPECT_EQ(refused.error().message, "audit.export: no");
    EXPECT_EQ(text, "the file");
    EXPECT_EQ(admin.export_audit("", [](std::string_view) { return false; }).error().code, ErrorCode::io);
}

TEST(SessionTest, IsKeptForItsOwnerAndFoundAgain) {
    std::string pattern = (std::filesystem::temp_directory_path() / "expplat-session-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    const std::string path = pattern + "/a/b/session.json";
    EXPECT_FALSE(*load_session(path));
    const Session session{"http://x", "ann@\"x\"", "access", 5, "refresh", 6};
    ASSERT_TRUE(save_session(path, session));
    const auto found = load_session(path);
    ASSERT_TRUE(found);
    ASSERT_TRUE(*found);
    EXPECT_EQ((*found)->email, session.email);
    EXPECT_EQ((*found)->refresh_token, "refresh");
    EXPECT_EQ((*found)->expires_ms, 5);
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_read | perms::owner_write);
    EXPECT_TRUE(remove_session(path));
    EXPECT_TRUE(remove_session(path));
    EXPECT_FALSE(*load_session(path));
    std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace expplat::tests
