// Which pages of other origins may ask, and what they are told.
#include "server/http/cors.hpp"

#include <gtest/gtest.h>

#include <string>

namespace expplat::server::http {
namespace {

Cors allowing(std::string_view list) {
    const Result<Cors> cors = Cors::parse(list);
    EXPECT_TRUE(cors) << list;
    return cors ? *cors : Cors();
}

Request asking(std::string method, std::string origin, std::string wanted) {
    Request request;
    request.method = std::move(method);
    if (!origin.empty()) request.headers.add("Origin", std::move(origin));
    if (!wanted.empty()) request.headers.add("Access-Control-Request-Method", std::move(wanted));
    return request;
}

TEST(Cors, OriginsAreThemselvesAndNothingLikeThem) {
    const Cors cors = allowing("https://console.example.com, http://localhost:3000");
    EXPECT_TRUE(cors.allows("https://console.example.com"));
    EXPECT_TRUE(cors.allows("http://localhost:3000"));
    for (const char* const origin :
         {"", "null", "http://console.example.com", "https://console.example.com.evil.example",
          "https://console.example.co", "https://console.example.com:443", "http://localhost"})
        EXPECT_FALSE(cors.allows(origin)) << origin;
}

TEST(Cors, RefusesListsThatMeanNothing) {
    for (const char* const list :
         {"example.com", "https://", "https://Example.com", "https://a.example/", "https://*.example.com",
          "*,https://a.example", "null", "ftp://a.example", "https://a.example:443", "http://a.example:80",
          "https://a.example,,https://b.example", "https://a b"})
        EXPECT_FALSE(Cors::parse(list)) << list;
    EXPECT_TRUE(allowing("").is_empty());
    EXPECT_FALSE(allowing("*").is_empty());
}

TEST(Cors, AnswersWhatABrowserAsksBeforehand) {
    const Cors cors = allowing("https://a.example");
    const auto preflight = cors.preflight(asking("OPTIONS", "https://a.example", "PATCH"));
    ASSERT_TRUE(preflight);
    EXPECT_EQ(preflight->status, 204u);
    EXPECT_NE(preflight->headers.find("Access-Control-Allow-Methods").find("PATCH"), std::string_view::npos);
    const auto stranger = cors.preflight(asking("OPTIONS", "https://b.example", "PATCH"));
    ASSERT_TRUE(stranger);
    EXPECT_TRUE(stranger->headers.fields().empty());
    EXPECT_FALSE(cors.preflight(asking("OPTIONS", "https://a.example", "")));
    EXPECT_FALSE(cors.preflight(asking("OPTIONS", "", "PATCH")));
    EXPECT_FALSE(cors.preflight(asking("GET", "https://a.example", "PATCH")));
    EXPECT_FALSE(Cors().preflight(asking("OPTIONS", "https://a.example", "PATCH")));
}

TEST(Cors, SaysToCachesThatTheOriginMatters) {
    const Cors some = allowing("https://a.example");
    EXPECT_EQ(some.fields_for(""), "Vary: Origin\r\n");
    EXPECT_EQ(some.fields_for("https://b.example"), "Vary: Origin\r\n");
    EXPECT_TRUE(some.fields_for("https://a.example")
                    .starts_with("Vary: Origin\r\nAccess-Control-Allow-Origin: https://a.example\r\n"));
    EXPECT_TRUE(
        allowing("*").fields_for("https://b.example").starts_with("Access-Control-Allow-Origin: *\r\n"));
    EXPECT_EQ(allowing("*").fields_for(""), allowing("*").fields_for("https://b.example"));
    EXPECT_EQ(Cors().fields_for("https://a.example"), "");
}

}  // namespace
}  // namespace expplat::server::http
