// Endpoints against AWS's own rules as botocore evaluates them (tests/data/aws-endpoints), and what the program and the
// environment say about them.
#include "src/aws/endpoint.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "src/aws/partition.hpp"

namespace expplat::aws {
namespace {

using Variables = std::map<std::string, std::string>;

Environment environment(Variables variables) {
    return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
        const auto entry = variables.find(name);
        if (entry == variables.end()) return std::nullopt;
        return entry->second;
    };
}

const Service& service_of(std::string_view name) {
    for (const Service* const service : {&services::kinesis, &services::dynamodb, &services::s3,
                                         &services::secrets_manager, &services::sts}) {
        if (service->name == name) return *service;
    }
    ADD_FAILURE() << name;
    return services::kinesis;
}

TEST(Endpoint, AgreesWithTheRulesOfEveryService) {
    std::ifstream file(EXPPLAT_TEST_DATA "/aws-endpoints/endpoints.tsv");
    std::size_t rows = 0;
    for (std::string line; std::getline(file, line); ++rows) {
        SCOPED_TRACE(line);
        std::istringstream words(line);
        std::string service, region, fips, dual_stack, url;
        words >> service >> region >> fips >> dual_stack >> url;
        const Result<Endpoint> endpoint = resolve_endpoint(
            service_of(service),
            {.region = region, .use_fips = fips == "fips", .use_dual_stack = dual_stack == "dual"},
            environment({}));
        if (url == "-") {
            ASSERT_FALSE(endpoint.ok());
            EXPECT_EQ(endpoint.error().code, ErrorCode::unsupported);
            continue;
        }
        ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
        EXPECT_EQ(endpoint->url, url);
        EXPECT_EQ(endpoint->region, region);
        EXPECT_EQ(endpoint->signing_name, service);
    }
    EXPECT_EQ(rows, 260u);
}

static_assert(partition_of("us-east-1").name == "aws");
static_assert(partition_of("ap-southeast-7").name == "aws");
static_assert(partition_of("cn-northwest-1").name == "aws-cn");
static_assert(partition_of("us-gov-east-1").name == "aws-us-gov");
static_assert(partition_of("us-iso-west-1").name == "aws-iso");
static_assert(partition_of("eusc-de-east-1").name == "aws-eusc");
static_assert(partition_of("").name == "aws");
static_assert(partition_of("local").name == "aws");
static_assert(partition_of("-").name == "aws");
static_assert(partition_of("a-b").name == "aws");

// --- the region --------------------------------------------------------------------------------------

std::string region_of(const EndpointChoice& choice, const Variables& variables) {
    const Result<Endpoint> endpoint = resolve_endpoint(services::kinesis, choice, environment(variables));
    return endpoint.ok() ? endpoint->region : "error: " + endpoint.error().message;
}

TEST(Endpoint, TheProgramsRegionComesBeforeTheEnvironments) {
    const Variables both = {{"AWS_REGION", "eu-west-1"}, {"AWS_DEFAULT_REGION", "eu-west-2"}};
    EXPECT_EQ(region_of({.region = "us-east-1"}, both), "us-east-1");
    EXPECT_EQ(region_of({}, both), "eu-west-1");
    EXPECT_EQ(region_of({}, {{"AWS_REGION", ""}, {"AWS_DEFAULT_REGION", "eu-west-2"}}), "eu-west-2");
    const std::string none = region_of({}, {});
    EXPECT_NE(none.find("AWS_REGION"), std::string::npos) << none;
    EXPECT_NE(none.find("AWS_DEFAULT_REGION"), std::string::npos) << none;
    EXPECT_FALSE(resolve_endpoint(services::kinesis, {}, {}).ok()) << "no environment at all";
}

TEST(Endpoint, ARegionThatIsNoHostLabelIsRefused) {
    for (const char* const region : {"us-east-1/", "evil.com", "us-east-1.evil.com", "US-EAST-1", "us east 1",
                                     "a@b", "-a", "a-", "a:80", "a#", "\xC3\xA4"}) {
        EXPECT_TRUE(region_of({.region = region}, {}).starts_with("error: ")) << region;
        EXPECT_TRUE(region_of({}, {{"AWS_REGION", region}}).starts_with("error: ")) << region;
    }
    EXPECT_TRUE(region_of({.region = std::string(64, 'a')}, {}).starts_with("error: "));
}

// --- another URL -------------------------------------------------------------------------------------

std::string url_of(const Service& service, EndpointChoice choice, const Variables& variables) {
    choice.region = "us-gov-west-1";
    const Result<Endpoint> endpoint = resolve_endpoint(service, choice, environment(variables));
    if (!endpoint.ok()) return "error: " + endpoint.error().message;
    EXPECT_EQ(endpoint->region, "us-gov-west-1") << "a given URL is still signed for the region";
    EXPECT_EQ(endpoint->partition_name, "aws-us-gov");
    return endpoint->url;
}

TEST(Endpoint, AUrlIsTheProgramsThenTheServicesThenTheGeneralOne) {
    const Variables all = {{"AWS_ENDPOINT_URL_KINESIS", "http://127.0.0.1:4567/"},
                           {"AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://secrets"},
                           {"AWS_ENDPOINT_URL", "https://localstack:4566/base//"}};
    EXPECT_EQ(url_of(services::kinesis, {.url = "http://mine"}, all), "http://mine");
    EXPECT_EQ(url_of(services::kinesis, {}, all), "http://127.0.0.1:4567");
    EXPECT_EQ(url_of(services::secrets_manager, {}, all), "http://secrets");
    EXPECT_EQ(url_of(services::sts, {}, all), "https://localstack:4566/base");
    EXPECT_EQ(url_of(services::sts, {}, {{"AWS_ENDPOINT_URL", ""}}),
              "https://sts.us-gov-west-1.amazonaws.com");
    EXPECT_EQ(url_of(services::sts, {}, {{"AWS_ENDPOINT_URL_STS", ""}, {"AWS_ENDPOINT_URL", "http://all"}}),
              "http://all");
}

TEST(Endpoint, TheEnvironmentsUrlsCanBeIgnoredAndTheProgramsCannot) {
    const Variables ignoring = {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE"},
                                {"AWS_ENDPOINT_URL_KINESIS", "http://a"},
                                {"AWS_ENDPOINT_URL", "http://b"}};
    EXPECT_EQ(url_of(services::kinesis, {}, ignoring), "https://kinesis.us-gov-west-1.amazonaws.com");
    EXPECT_EQ(url_of(services::kinesis, {.url = "http://c"}, ignoring), "http://c");
}

TEST(Endpoint, WhatIsNoUrlIsRefusedAndItsSourceNamed) {
    for (const char* const url : {"localhost:4566", "ftp://host", "http:", "http://", "https:///path",
                                  "http://:80", "http://user:secret@host", "http://host?x", "http://host#x",
                                  "http://a b", "http://host\r\nX: y", "http://h\\x", "HTTP//host", "/"}) {
        const std::string from_environment =
            url_of(services::kinesis, {}, {{"AWS_ENDPOINT_URL_KINESIS", url}});
        EXPECT_TRUE(from_environment.starts_with("error: AWS_ENDPOINT_URL_KINESIS "))
            << url << ": " << from_environment;
        EXPECT_EQ(from_environment.find("secret"), std::string::npos);
        EXPECT_TRUE(
            url_of(services::kinesis, {.url = url}, {}).starts_with("error: the configured endpoint "))
            << url;
    }
    EXPECT_EQ(url_of(services::kinesis, {.url = "http://[::1]:4567/a/b"}, {}), "http://[::1]:4567/a/b");
}

// --- FIPS and dual-stack -----------------------------------------------------------------------------

TEST(Endpoint, SwitchesAreTheProgramsThenTheEnvironments) {
    const Variables fips = {{"AWS_USE_FIPS_ENDPOINT", "true"}};
    const Variables dual_stack = {{"AWS_USE_DUALSTACK_ENDPOINT", "True"}};
    const std::string fips_url = "https://secretsmanager-fips.us-gov-west-1.amazonaws.com";
    EXPECT_EQ(url_of(services::secrets_manager, {}, fips), fips_url);
    EXPECT_EQ(url_of(services::secrets_manager, {.use_fips = true}, {}), fips_url);
    EXPECT_EQ(url_of(services::kinesis, {.use_fips = false}, fips),
              "https://kinesis.us-gov-west-1.amazonaws.com");
    EXPECT_EQ(url_of(services::kinesis, {}, dual_stack), "https://kinesis.us-gov-west-1.api.aws");
    EXPECT_EQ(url_of(services::kinesis, {.use_dual_stack = false}, dual_stack),
              "https://kinesis.us-gov-west-1.amazonaws.com");
    for (const char* const name :
         {"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"}) {
        const std::string url = url_of(services::kinesis, {}, {{name, "yes"}});
        EXPECT_NE(url.find(name), std::string::npos) << url;
        EXPECT_EQ(url_of(services::kinesis, {}, {{name, ""}}), "https://kinesis.us-gov-west-1.amazonaws.com");
    }
}

TEST(Endpoint, AUrlAndASwitchContradictEachOther) {
    EXPECT_TRUE(url_of(services::kinesis, {.url = "http://a", .use_fips = true}, {}).starts_with("error: "));
    EXPECT_TRUE(url_of(services::kinesis, {.use_dual_stack = true}, {{"AWS_ENDPOINT_URL", "http://a"}})
                    .starts_with("error: AWS_ENDPOINT_URL "));
}

}  // namespace
}  // namespace expplat::aws
