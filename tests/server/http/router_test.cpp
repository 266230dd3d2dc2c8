// Routes: which handler a path finds, and what is said where there is none.
#include "server/http/router.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace expplat::server::http {
namespace {

Request asked(std::string method, std::vector<std::string> segments) {
    Request request;
    request.method = std::move(method);
    request.segments = std::move(segments);
    return request;
}

Router router_of(const std::vector<std::pair<std::string, std::string>>& routes) {
    Router router;
    for (const auto& [method, pattern] : routes) router.add(method, pattern, [](auto, auto) {});
    return router;
}

const Router& usual() {
    static const Router router = router_of({{"GET", "/"},
                                            {"GET", "/flags"},
                                            {"POST", "/flags"},
                                            {"GET", "/flags/{key}"},
                                            {"PUT", "/flags/{key}"},
                                            {"GET", "/flags/stale"},
                                            {"GET", "/flags/{key}/history"},
                                            {"POST", "/flags/{key}/revert/{revision}"}});
    return router;
}

TEST(Router, FindsTheRouteAndItsParameters) {
    Request request = asked("POST", {"flags", "new ui", "revert", "12"});
    ASSERT_NE(usual().match(request).handler, nullptr);
    EXPECT_EQ(request.pattern, "/flags/{key}/revert/{revision}");
    EXPECT_EQ(request.parameter("key"), "new ui");
    EXPECT_EQ(request.parameter("revision"), "12");
    EXPECT_EQ(request.parameter("other"), "");
}

TEST(Router, PrefersALiteralAndGoesBackWhereItLeadsNowhere) {
    Request stale = asked("GET", {"flags", "stale"});
    ASSERT_NE(usual().match(stale).handler, nullptr);
    EXPECT_EQ(stale.pattern, "/flags/stale");
    EXPECT_TRUE(stale.parameters.empty());
    Request history = asked("GET", {"flags", "stale", "history"});
    ASSERT_NE(usual().match(history).handler, nullptr);
    EXPECT_EQ(history.pattern, "/flags/{key}/history");
    EXPECT_EQ(history.parameter("key"), "stale");
}

TEST(Router, TheRootIsAPath) {
    Request request = asked("GET", {});
    EXPECT_NE(usual().match(request).handler, nullptr);
    EXPECT_EQ(request.pattern, "/");
}

TEST(Router, TellsNoPathFromNoMethod) {
    Request unknown = asked("GET", {"flags", "a", "b"});
    const Router::Match none = usual().match(unknown);
    EXPECT_EQ(none.handler, nullptr);
    EXPECT_TRUE(none.allowed.empty());
    EXPECT_TRUE(unknown.pattern.empty());
    EXPECT_TRUE(unknown.parameters.empty());
    Request method = asked("DELETE", {"flags"});
    const Router::Match other = usual().match(method);
    EXPECT_EQ(other.handler, nullptr);
    EXPECT_EQ(other.allowed, (std::vector<std::string_view>{"GET", "POST", "HEAD", "OPTIONS"}));
    Request lower = asked("get", {"flags"});
    EXPECT_EQ(usual().match(lower).handler, nullptr) << "methods have case";
}

TEST(Router, AnswersHeadAsGet) {
    Request request = asked("HEAD", {"flags"});
    EXPECT_NE(usual().match(request).handler, nullptr);
}

TEST(Router, RefusesWhatItsAuthorGotWrong) {
    EXPECT_THROW((void)router_of({{"GET", "flags"}}), std::logic_error);
    EXPECT_THROW((void)router_of({{"GET", "/a//b"}}), std::logic_error);
    EXPECT_THROW((void)router_of({{"GET", "/{}"}}), std::logic_error);
    EXPECT_THROW((void)router_of({{"GET", "/{key"}}), std::logic_error);
    EXPECT_THROW((void)router_of({{"GET", "/a"}, {"GET", "/a"}}), std::logic_error);
}

TEST(Router, ListsItsRoutes) {
    EXPECT_EQ(router_of({{"POST", "/b"}, {"GET", "/b"}, {"GET", "/a/{x}"}}).routes(),
              (std::vector<std::string>{"GET /a/{x}", "GET /b", "POST /b"}));
}

}  // namespace
}  // namespace expplat::server::http
