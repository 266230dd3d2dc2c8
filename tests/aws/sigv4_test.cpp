// Signatures against AWS's own suite (tests/data/sigv4: 38 requests in both forms), against botocore's signer
// (tests/data/sigv4-botocore), against the examples of the S3 guide; and what cannot be signed.
#include "src/aws/sigv4.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace expplat::aws {
namespace {

using nlohmann::json;
using std::string_literals::operator""s;

std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.good()) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

std::int64_t unix_seconds(const std::string& iso) {  // 2015-08-30T12:36:00Z
    using namespace std::chrono;
    const sys_days day{year{std::stoi(iso.substr(0, 4))} / std::stoi(iso.substr(5, 2)) /
                       std::stoi(iso.substr(8, 2))};
    return day.time_since_epoch().count() * 86'400LL + std::stoi(iso.substr(11, 2)) * 3'600 +
           std::stoi(iso.substr(14, 2)) * 60 + std::stoi(iso.substr(17, 2));
}

/// A case of the suite, as its files have it.
struct SuiteCase {
    explicit SuiteCase(const std::filesystem::path& folder)
        : folder(folder), settings(json::parse(read_text(folder / "context.json"), nullptr, false)) {
        const std::string text = read_text(folder / "request.txt");
        std::size_t at = text.find('\n');
        const std::string start_line = text.substr(0, at++);
        const std::size_t target = start_line.find(' ') + 1;
        const std::size_t version = start_line.rfind(" HTTP/1.1");
        method = start_line.substr(0, target - 1);
        path = start_line.substr(target, version - target);
        if (const std::size_t mark = path.find('?'); mark != std::string::npos) {
            query = path.substr(mark + 1);
            path.resize(mark);
        }
        while (at < text.size() && text[at] != '\n') {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            const std::string line = text.substr(at, end - at);
            at = end + 1;
            if (line.starts_with(' ')) {
                headers.back().value += '\n' + line;  // a folded header goes on
                continue;
            }
            const std::size_t colon = line.find(':');
            headers.push_back({line.substr(0, colon), line.substr(colon + 1)});
        }
        if (at < text.size()) body = text.substr(at + 1);
        for (const Header& header : headers) views.push_back({header.name, header.value});

        const json& credentials = settings["credentials"];
        access_key_id = credentials["access_key_id"];
        secret_access_key = credentials["secret_access_key"];
        session_token = credentials.value("token", "");
        region = settings["region"];
        service = settings["service"];
        body_hash = payload_hash(body).value();
    }

    [[nodiscard]] SignableRequest request() const { return {method, path, query, views, body_hash}; }
    [[nodiscard]] SigningContext context() const {
        return {.credentials = {access_key_id, secret_access_key, session_token},
                .region = region,
                .service = service,
                .unix_seconds = unix_seconds(settings["timestamp"]),
                .normalize_path = settings["normalize"],
                .sign_session_token = !settings.value("omit_session_token", false)};
    }
    /// The request on the wire, with what signing gave.
    [[nodiscard]] std::string text(const std::string& sent_query, const std::vector<Header>& added) const {
        std::string out = method + ' ' + path + (sent_query.empty() ? "" : '?' + sent_query) + " HTTP/1.1\n";
        for (const Header& header : headers) out += header.name + ':' + header.value + '\n';
        for (const Header& header : added) out += header.name + ':' + header.value + '\n';
        return out + '\n' + body;
    }
    void expect(const Signed& made, const std::string& form, const std::string& sent) const {
        EXPECT_EQ(made.canonical_request, read_text(folder / (form + "-canonical-request.txt")));
        EXPECT_EQ(made.string_to_sign, read_text(folder / (form + "-string-to-sign.txt")));
        EXPECT_EQ(made.signature, read_text(folder / (form + "-signature.txt")));
        EXPECT_EQ(sent, read_text(folder / (form + "-signed-request.txt")));
    }

    std::filesystem::path folder;
    json settings;
    std::string method, path, query, body, body_hash;
    std::vector<Header> headers;
    std::vector<HeaderView> views;
    std::string access_key_id, secret_access_key, session_token, region, service;
};

TEST(SigV4, AgreesWithEveryCaseOfTheSuite) {
    std::size_t cases = 0;
    for (const auto& folder : std::filesystem::directory_iterator(EXPPLAT_TEST_DATA "/sigv4/v4")) {
        SCOPED_TRACE(folder.path().filename());
        const SuiteCase suite_case(folder.path());
        const auto content_header =
            suite_case.settings["sign_body"] ? ContentHeader::present : ContentHeader::absent;
        const Result<Signed> in_header =
            sign_headers(suite_case.request(), suite_case.context(), content_header);
        ASSERT_TRUE(in_header.ok()) << in_header.error().message;
        suite_case.expect(*in_header, "header", suite_case.text(suite_case.query, in_header->headers));
        EXPECT_TRUE(in_header->query.empty());

        const Result<Signed> in_query = sign_query(suite_case.request(), suite_case.context(),
                                                   suite_case.settings["expiration_in_seconds"]);
        ASSERT_TRUE(in_query.ok()) << in_query.error().message;
        suite_case.expect(*in_query, "query", suite_case.text(in_query->query, {}));
        EXPECT_TRUE(in_query->headers.empty());
        ++cases;
    }
    EXPECT_EQ(cases, 38u);
}

TEST(SigV4, AgreesWithBotocore) {
    std::ifstream file(EXPPLAT_TEST_DATA "/sigv4-botocore/requests.jsonl");
    std::size_t rows = 0;
    for (std::string line; std::getline(file, line); ++rows) {
        SCOPED_TRACE(rows);
        const json row = json::parse(line, nullptr, false);
        const auto text = [&row](const char* name) { return row[name].get_ref<const std::string&>(); };
        std::vector<Header> headers;
        for (const json& header : row["headers"]) headers.push_back({header[0], header[1]});
        std::vector<HeaderView> views;
        for (const Header& header : headers) views.push_back({header.name, header.value});
        const std::string method = text("method"), path = text("path"), query = text("query"),
                          hash = text("payload_hash"), key = text("access_key_id"),
                          secret = text("secret_access_key"), token = text("session_token"),
                          region = text("region"), service = text("service");
        const bool s3 = row["s3"];
        const SignableRequest request{method, path, query, views, hash};
        const SigningContext context{.credentials = {key, secret, token},
                                     .region = region,
                                     .service = service,
                                     .unix_seconds = row["unix_seconds"],
                                     .normalize_path = !s3,
                                     .double_encode_path = !s3};
        const Result<Signed> made =
            row["form"] == "query"
                ? sign_query(request, context, row["expires_seconds"])
                : sign_headers(request, context, s3 ? ContentHeader::present : ContentHeader::absent);
        ASSERT_TRUE(made.ok()) << made.error().message;
        EXPECT_EQ(made->canonical_request, text("canonical_request"));
        EXPECT_EQ(made->signature, text("signature"));
        if (hash != unsigned_payload) { EXPECT_EQ(payload_hash(text("body")).value(), hash); }
    }
    EXPECT_EQ(rows, 60u);
}

// --- the examples of the S3 guide ("Authenticating Requests: Using the Authorization Header", "... Query Parameters")

const SigningContext s3_example{
    .credentials = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""},
    .region = "us-east-1",
    .service = "s3",
    .unix_seconds = 1'369'353'600,
    .normalize_path = false,
    .double_encode_path = false};

TEST(SigV4, SignsTheExamplesOfTheS3Guide) {
    const HeaderView range[] = {{"Host", "examplebucket.s3.amazonaws.com"}, {"Range", "bytes=0-9"}};
    EXPECT_EQ(sign_headers({"GET", "/test.txt", "", range}, s3_example, ContentHeader::present)->signature,
              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");

    const HeaderView put[] = {{"Host", "examplebucket.s3.amazonaws.com"},
                              {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                              {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
    const std::string hash = payload_hash("Welcome to Amazon S3.").value();
    EXPECT_EQ(sign_headers({"PUT", "/test%24file.text", "", put, hash}, s3_example, ContentHeader::present)
                  ->signature,
              "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");

    const HeaderView host[] = {{"Host", "examplebucket.s3.amazonaws.com"}};
    EXPECT_EQ(sign_headers({"GET", "/", "lifecycle", host}, s3_example, ContentHeader::present)->signature,
              "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    EXPECT_EQ(sign_headers({"GET", "/", "max-keys=2&prefix=J", host}, s3_example, ContentHeader::present)
                  ->signature,
              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");

    const Result<Signed> url =
        sign_query({"GET", "/test.txt", "", host, unsigned_payload}, s3_example, 86'400);
    EXPECT_EQ(url->signature, "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    EXPECT_TRUE(url->query.ends_with("&X-Amz-Signature=" + url->signature));
}

// --- rules of our own --------------------------------------------------------------------------------

TEST(SigV4, HeadersThatAProxyChangesAreNotSigned) {
    const HeaderView plain[] = {{"Host", "h"}};
    const HeaderView busy[] = {{"Connection", "keep-alive"},    {"Host", "h"},      {"User-Agent", "x"},
                               {"Expect", "100-continue"},      {"Upgrade", "h2c"}, {"X-Amzn-Trace-Id", "x"},
                               {"Transfer-Encoding", "chunked"}};
    EXPECT_EQ(sign_headers({"GET", "/", "", busy}, s3_example)->signature,
              sign_headers({"GET", "/", "", plain}, s3_example)->signature);
}

TEST(SigV4, OneQueryHasOneSignatureHoweverItIsEscaped) {
    const HeaderView host[] = {{"Host", "h"}};
    const std::string plain = sign_headers({"GET", "/", "a=%C3%A4&b=~&c=", host}, s3_example)->signature;
    for (const char* const query : {"a=%c3%a4&b=%7E&c", "c=&b=~&a=\xC3\xA4", "&&b=~&c&a=%C3%A4&"}) {
        EXPECT_EQ(sign_headers({"GET", "/", query, host}, s3_example)->signature, plain) << query;
    }
    EXPECT_NE(sign_headers({"GET", "/", "a=%C3%A4&b=~&c=+", host}, s3_example)->signature, plain);
}

TEST(SigV4, WhatCannotBeSignedIsRefusedWithAReason) {
    const HeaderView host[] = {{"Host", "h"}};
    const SigningContext good = s3_example;
    const auto refusal = [](const SignableRequest& request, const SigningContext& context) {
        const Result<Signed> in_header = sign_headers(request, context);
        const Result<Signed> in_query = sign_query(request, context, 60);
        EXPECT_FALSE(in_header.ok());
        EXPECT_FALSE(in_query.ok());
        if (in_header.ok() || in_query.ok()) return ""s;
        EXPECT_EQ(in_header.error().code, ErrorCode::invalid_argument);
        EXPECT_EQ(in_header.error().message, in_query.error().message);
        return in_header.error().message;
    };
    const auto expect_refusal = [&](const SignableRequest& request, const SigningContext& context,
                                    std::string_view words) {
        EXPECT_NE(refusal(request, context).find(words), std::string::npos) << words;
    };
    EXPECT_TRUE(sign_headers({"GET", "/", "", host}, good).ok());
    expect_refusal({"", "/", "", host}, good, "method");
    expect_refusal({"GET /", "/", "", host}, good, "method");
    expect_refusal({"GET", "", "", host}, good, "path");
    expect_refusal({"GET", "a", "", host}, good, "path");
    expect_refusal({"GET", "/?a", "", host}, good, "path");
    expect_refusal({"GET", "/", "a=%", host}, good, "%");
    expect_refusal({"GET", "/", "a=%4", host}, good, "%");
    expect_refusal({"GET", "/", "%zz", host}, good, "%");
    expect_refusal({"GET", "/", "X-Amz-Date=1", host}, good, "X-Amz-Date");
    expect_refusal({"GET", "/", "X%2DAmz-Signature=1", host}, good, "X-Amz-Signature");
    expect_refusal({"GET", "/", "", host, ""}, good, "payload");
    expect_refusal({"GET", "/", "", host, "a\nb"}, good, "payload");

    const HeaderView no_host[] = {{"Accept", "*/*"}};
    const HeaderView signed_before[] = {{"Host", "h"}, {"authorization", "AWS4"}};
    const HeaderView dated[] = {{"Host", "h"}, {"X-AMZ-DATE", "x"}};
    const HeaderView no_name[] = {{"Host", "h"}, {"", "x"}};
    const HeaderView two_lines[] = {{"Host", "h"}, {"a\nb", "x"}};
    const HeaderView nul[] = {{"Host", "h"}, {"a", std::string_view("\0", 1)}};
    expect_refusal({"GET", "/", "", {}}, good, "Host");
    expect_refusal({"GET", "/", "", no_host}, good, "Host");
    expect_refusal({"GET", "/", "", signed_before}, good, "authorization");
    expect_refusal({"GET", "/", "", dated}, good, "x-amz-date");
    expect_refusal({"GET", "/", "", no_name}, good, "name");
    expect_refusal({"GET", "/", "", two_lines}, good, "name");
    expect_refusal({"GET", "/", "", nul}, good, "NUL");

    const auto changed = [&](auto&& change) {
        SigningContext context = good;
        change(context);
        return context;
    };
    const SignableRequest request{"GET", "/", "", host};
    expect_refusal(request, changed([](SigningContext& c) { c.credentials.access_key_id = ""; }),
                   "access key id");
    expect_refusal(request, changed([](SigningContext& c) { c.credentials.access_key_id = "AKID\r"; }),
                   "access key id");
    expect_refusal(request, changed([](SigningContext& c) { c.credentials.secret_access_key = ""; }),
                   "secret");
    expect_refusal(request, changed([](SigningContext& c) { c.credentials.session_token = "a\r\nX: y"; }),
                   "token");
    expect_refusal(request, changed([](SigningContext& c) { c.region = ""; }), "region");
    expect_refusal(request, changed([](SigningContext& c) { c.service = "a b"; }), "service");
    expect_refusal(request, changed([](SigningContext& c) { c.unix_seconds = -1; }), "time");
    expect_refusal(request, changed([](SigningContext& c) { c.unix_seconds = INT64_MAX; }), "time");

    for (const std::int64_t seconds :
         {std::int64_t{0}, std::int64_t{-1}, longest_signed_url_seconds + 1, INT64_MAX}) {
        EXPECT_FALSE(sign_query(request, good, seconds).ok()) << seconds;
    }
    EXPECT_TRUE(sign_query(request, good, longest_signed_url_seconds).ok());
}

TEST(SigV4, ARefusalNeverTellsTheSecret) {
    const HeaderView host[] = {{"Host", "h"}};
    SigningContext context = s3_example;
    context.credentials.access_key_id = "AK ID";
    context.credentials.session_token = "to ken";
    const std::string message = sign_headers({"GET", "/", "", host}, context).error().message;
    for (const char* const word : {"wJalr", "AK ID", "to ken"})
        EXPECT_EQ(message.find(word), std::string::npos);
}

}  // namespace
}  // namespace expplat::aws
