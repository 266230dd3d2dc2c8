// STS: what is asked, and what is read of its XML: four texts, or a code.
#include "src/aws/sts.hpp"

#include <gtest/gtest.h>

#include <string>

namespace expplat::aws {
namespace {

const Endpoint sts{"https://sts.eu-west-1.amazonaws.com", "eu-west-1", "sts", "aws"};

std::string answer(const std::string& credentials) {
    return "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"
           "<AssumedRoleUser><Arn>arn</Arn></AssumedRoleUser><Credentials>" +
           credentials + "</Credentials></AssumeRoleResult></AssumeRoleResponse>";
}

constexpr const char* whole =
    "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>se&amp;cret</SecretAccessKey>"
    "<SessionToken>tok&lt;en</SessionToken><Expiration>2025-11-23T13:00:00Z</Expiration>";

TEST(Sts, AsksForARoleWithASignature) {
    const AssumedRole role{"arn:aws:iam::1:role/a b", "session", "e/1", "900"};
    const Result<net::Request> request =
        assume_role(sts, role, {"AKID", "secret", "token"}, 1'763'902'800'000);
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->method, "POST");
    EXPECT_EQ(request->url, "https://sts.eu-west-1.amazonaws.com/");
    EXPECT_EQ(request->body,
              "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b"
              "&RoleSessionName=session&ExternalId=e%2F1&DurationSeconds=900");
    net::Head head;
    head.headers = request->headers;
    EXPECT_TRUE(head.find("Authorization")
                    .starts_with("AWS4-HMAC-SHA256 Credential=AKID/20251123/eu-west-1/sts/aws4_request, "
                                 "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "));
    EXPECT_EQ(head.find("X-Amz-Security-Token"), "token");
}

TEST(Sts, AsksWithATokenAndNoSignature) {
    const net::Request request =
        assume_role_with_web_identity(sts, {"/t", "arn", ""}, "to+ken", 1'763'902'800'000);
    EXPECT_EQ(request.body,
              "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn"
              "&RoleSessionName=expplat-1763902800000&WebIdentityToken=to%2Bken");
    ASSERT_EQ(request.headers.size(), 1u);
    EXPECT_EQ(request.headers[0].name, "Content-Type");
}

TEST(Sts, ReadsCredentials) {
    const Result<Credentials> read = read_sts_answer(200, answer(whole), "R");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->access_key_id, "ASIA");
    EXPECT_EQ(read->secret_access_key, "se&cret");
    EXPECT_EQ(read->session_token, "tok<en");
    EXPECT_EQ(read->expires_unix_ms, 1'763'902'800'000);
    EXPECT_EQ(read->source, "STS for R");
}

TEST(Sts, ReadsNothingElse) {
    const std::string text = whole;
    for (const std::string& body :
         {std::string(), std::string("{}"), answer(""), text, answer("<AccessKeyId>A</AccessKeyId>"),
          answer(text.substr(0, text.size() - 1)),
          answer("<AccessKeyId><b/>A</AccessKeyId>" + text.substr(30)),
          answer("<AccessKeyId>&hunter;</AccessKeyId>" + text.substr(30)), "<Credentials>" + text,
          answer(text).substr(0, 300)}) {
        const Result<Credentials> read = read_sts_answer(200, body, "R");
        ASSERT_FALSE(read.ok()) << body;
        EXPECT_EQ(read.error().message, "STS, asked for the role R, sent no credentials");
        EXPECT_EQ(read.error().code, ErrorCode::network);
    }
}

TEST(Sts, ReadsTheCodeOfAnError) {
    const auto error = [](int status, const std::string& body) {
        return read_sts_answer(status, body, "R").error();
    };
    const std::string denied =
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>hunter2</Message></"
        "Error></ErrorResponse>";
    EXPECT_EQ(error(403, denied).message, "STS, asked for the role R, answered 403 AccessDenied");
    EXPECT_EQ(error(403, denied).code, ErrorCode::unauthorized);
    EXPECT_EQ(error(400, "<Code>IDPCommunicationError</Code>").code, ErrorCode::network);
    EXPECT_EQ(error(503, "").message, "STS, asked for the role R, answered 503");
    EXPECT_EQ(error(503, "").code, ErrorCode::network);
    EXPECT_EQ(error(400, "<Code>" + std::string(65, 'x') + "</Code>").message,
              "STS, asked for the role R, answered 400");
    EXPECT_EQ(error(400, "<Code>a\nb</Code>").message, "STS, asked for the role R, answered 400");
}

}  // namespace
}  // namespace expplat::aws
