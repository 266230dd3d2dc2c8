#include "server/http/problem.hpp"

#include <gtest/gtest.h>

#include "server/http/access_log.hpp"
#include "server/http/metrics.hpp"

namespace expplat::server::http {
namespace {

TEST(Problem, IsADocumentThatNamesEachFault) {
    const Problem problem{.status = 422,
                          .type = "invalid-ruleset",
                          .detail = "The flag \"a\" cannot be used.",
                          .faults = {{"/variants", "must not be empty"}, {"", "too \"large\""}}};
    const Response response = problem.response();
    EXPECT_EQ(response.status, 422u);
    EXPECT_EQ(response.headers.find("content-type"), "application/problem+json");
    EXPECT_EQ(
        *response.body,
        R"({"type":"/problems/invalid-ruleset","title":"Unprocessable Content","status":422,)"
        R"("detail":"The flag \"a\" cannot be used.","errors":[{"pointer":"/variants","detail":"must not be empty"},)"
        R"({"pointer":"","detail":"too \"large\""}]})"
        "\n");
}

TEST(Problem, SaysWhenToComeAgainAndHowToLogIn) {
    EXPECT_EQ(Problem({.status = 429, .retry_after_s = 7}).response().headers.find("Retry-After"), "7");
    EXPECT_FALSE(Problem({.status = 404}).response().headers.contains("Retry-After"));
    EXPECT_EQ(Problem({.status = 401}).response().headers.find("WWW-Authenticate"), "Bearer");
    EXPECT_NE(Problem({.status = 404}).response().body->find(R"("type":"about:blank")"), std::string::npos);
}

TEST(AccessLine, HoldsNoSecret) {
    Request request;
    request.method = "GET";
    request.target = "/flags/a%22b?token=hunter2";
    request.query = {{"token", "hunter2"}};
    request.headers.add("Authorization", "Bearer hunter2");
    request.pattern = "/flags/{key}";
    request.id = "r1";
    const std::string line = access_line({.request = &request,
                                          .remote = "127.0.0.1",
                                          .status = 200,
                                          .body_bytes = 5,
                                          .took = std::chrono::microseconds(17),
                                          .stream = false},
                                         1'700'000'000'000);
    EXPECT_EQ(
        line,
        R"({"time":1700000000000,"log":"access","remote":"127.0.0.1","method":"GET","path":"/flags/a%22b",)"
        R"("query":["token"],"route":"/flags/{key}","request":"r1","status":200,"bytes":5,"us":17})");
}

TEST(Metrics, AreWrittenAsPrometheusReadsThem) {
    Metrics metrics;
    metrics.counter("requests_total", "Requests.", {{"method", "GET"}, {"route", "/a\"b\\"}}).add(3);
    EXPECT_EQ(&metrics.counter("requests_total", "", {{"method", "GET"}, {"route", "x"}}),
              &metrics.counter("requests_total", "", {{"method", "GET"}, {"route", "x"}}));
    metrics.gauge("streams", "Open streams.", [] { return 2.5; });
    Histogram& histogram = metrics.histogram("seconds", "Durations.");
    histogram.observe(250);
    histogram.observe(251);
    histogram.observe(9'000'000);
    EXPECT_EQ(metrics.text(),
              "# HELP requests_total Requests.\n"
              "# TYPE requests_total counter\n"
              "requests_total{method=\"GET\",route=\"/a\\\"b\\\\\"} 3\n"
              "requests_total{method=\"GET\",route=\"x\"} 0\n"
              "# HELP streams Open streams.\n"
              "# TYPE streams gauge\n"
              "streams 2.5\n"
              "# HELP seconds Durations.\n"
              "# TYPE seconds histogram\n"
              "seconds_bucket{le=\"0.00025\"} 1\n"
              "seconds_bucket{le=\"5e-04\"} 2\n"
              "seconds_bucket{le=\"0.001\"} 2\n"
              "seconds_bucket{le=\"0.0025\"} 2\n"
              "seconds_bucket{le=\"0.005\"} 2\n"
              "seconds_bucket{le=\"0.01\"} 2\n"
              "seconds_bucket{le=\"0.025\"} 2\n"
              "seconds_bucket{le=\"0.05\"} 2\n"
              "seconds_bucket{le=\"0.1\"} 2\n"
              "seconds_bucket{le=\"0.25\"} 2\n"
              "seconds_bucket{le=\"0.5\"} 2\n"
              "seconds_bucket{le=\"1.0\"} 2\n"
              "seconds_bucket{le=\"5.0\"} 2\n"
              "seconds_bucket{le=\"+Inf\"} 3\n"
              "seconds_sum 9.000501\n"
              "seconds_count 3\n");
}

TEST(Metrics, AreBoundedWhateverIsCounted) {
    Metrics metrics;
    for (std::size_t i = 0; i < Metrics::series_most + 500; ++i)
        metrics.counter("c", "", {{"path", std::to_string(i)}}).add();
    EXPECT_EQ(metrics.counter("c", "", {{"path", "other"}}).value(), 500u);
}

}  // namespace
}  // namespace expplat::server::http
