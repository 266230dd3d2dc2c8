// URLs taken apart, everything refused that could become another request, and which proxy a URL goes through.
#include "src/net/url.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "src/net/proxy.hpp"

namespace expplat::net {
namespace {

TEST(Urls, AreTakenApart) {
    struct Case {
        const char *text, *authority, *host_header, *target;
        bool tls;
    };
    for (const Case& c : {
             Case{"http://example.com", "example.com:80", "example.com", "/", false},
             Case{"HTTPS://Example.COM/a/B?c=D#e", "example.com:443", "example.com", "/a/B?c=D", true},
             Case{"https://example.com:8443?x=1", "example.com:8443", "example.com:8443", "/?x=1", true},
             Case{"http://example.com:443/", "example.com:443", "example.com:443", "/", false},
             Case{"http://example.com:/#", "example.com:80", "example.com", "/", false},
             Case{"http://[::1]:8080/x", "[::1]:8080", "[::1]:8080", "/x", false},
             Case{"https://[2001:DB8::1]", "[2001:db8::1]:443", "[2001:db8::1]", "/", true},
             Case{"http://127.0.0.1/%20?a=/?b#c?d", "127.0.0.1:80", "127.0.0.1", "/%20?a=/?b", false},
             Case{"http://a_b.c-d./", "a_b.c-d.:80", "a_b.c-d.", "/", false},
         }) {
        const auto url = parse_url(c.text);
        ASSERT_TRUE(url) << c.text << ": " << url.error().message;
        EXPECT_EQ(url->authority(), c.authority);
        EXPECT_EQ(url->host_header(), c.host_header);
        EXPECT_EQ(url->target, c.target);
        EXPECT_EQ(url->tls, c.tls);
    }
}

TEST(Urls, WhatIsNoneIsRefusedWithoutRepeatingIt) {
    for (const std::string& text : {
             std::string(),
             std::string("example.com/secret"),
             std::string("ftp://example.com/secret"),
             std::string("http:///secret"),
             std::string("http://:80/secret"),
             std::string("https://user:secret@a/"),
             std::string("http://a:0/"),
             std::string("http://a:65536/"),
             std::string("http://a:8 0/"),
             std::string("http://a:-1/"),
             std::string("http://a b/secret"),
             std::string("http://a/secret\r\nX: y"),
             std::string("http://a\r\nX: y/"),
             std::string("http://a/\0secret", 16),
             std::string("http://a/\x7f"),
             std::string("http://a/\xc3\xa4secret"),
             std::string("http://[::1/"),
             std::string("http://[secret]/"),
             std::string("http://[::1]secret/"),
             std::string("http://::1/"),
             std::string("http://a..b/"),
             std::string("http://.a/"),
             std::string("http://a%41/"),
             "http://" + std::string(256, 'a') + "/",
             "http://a/" + std::string(url_bytes, 'a'),
             std::string("://a"),
             std::string("http:/a"),
         }) {
        const auto url = parse_url(text);
        ASSERT_FALSE(url) << text;
        EXPECT_EQ(url.error().code, ErrorCode::invalid_argument);
        EXPECT_EQ(url.error().message.find("secret"), std::string::npos) << url.error().message;
    }
}

TEST(Urls, HeadsThatWouldBecomeOtherRequestsAreRefused) {
    Request request;
    request.headers = {{"Authorization", "Bearer x"}, {"X-Empty", ""}, {"X-Bytes", "\xc3\xa4\t y"}};
    EXPECT_TRUE(check_head(request));
    for (const Header& bad :
         {Header{"", "x"}, Header{"A B", "x"}, Header{"A:", "x"}, Header{"A\r\nB", "x"},
          Header{"A", "x\r\nB: y"}, Header{"A", "x\n"}, Header{"A", std::string("x\0", 2)},
          Header{"A", "\x7f"}, Header{"host", "x"}, Header{"CONTENT-LENGTH", "1"},
          Header{"Transfer-Encoding", "chunked"}, Header{"Connection", "close"},
          Header{"Accept-Encoding", "br"}, Header{"A", std::string(request_head_bytes, 'x')}}) {
        Request spoilt;
        spoilt.headers = {bad};
        const auto checked = check_head(spoilt);
        ASSERT_FALSE(checked) << bad.name;
        EXPECT_EQ(checked.error().code, ErrorCode::invalid_argument);
    }
    for (const char* method : {"", "GE T", "GET\r\n", "CONNECT"}) {
        Request spoilt;
        spoilt.method = method;
        EXPECT_FALSE(check_head(spoilt)) << method;
    }
}

class Proxies : public ::testing::Test {
protected:
    std::map<std::string, std::string> environment_;

    Result<ProxyRules> read(const std::string& setting = {}) {
        return ProxyRules::read(setting, [this](const std::string& name) -> std::optional<std::string> {
            const auto at = environment_.find(name);
            return at == environment_.end() ? std::nullopt : std::optional<std::string>(at->second);
        });
    }
    /// `host:port` of the proxy of a URL, empty where it is reached directly.
    std::string of(const std::string& url, const std::string& setting = {}) {
        const auto rules = read(setting);
        EXPECT_TRUE(rules) << rules.error().message;
        const Proxy* proxy = rules->find(*parse_url(url));
        return proxy == nullptr ? "" : proxy->host + ":" + std::to_string(proxy->port);
    }
};

TEST_F(Proxies, ComeFromTheSettingOrTheEnvironmentAsCurlReadsIt) {
    EXPECT_EQ(of("https://a/"), "");
    environment_ = {{"HTTP_PROXY", "http://evil:1"}, {"HTTPS_PROXY", "http://upper:2"}};
    EXPECT_EQ(of("http://a/"), "") << "a CGI host's client writes HTTP_PROXY";
    EXPECT_EQ(of("https://a/"), "upper:2");
    environment_["https_proxy"] = "lower:3";
    environment_["http_proxy"] = "[::1]:4/";
    EXPECT_EQ(of("https://a/"), "lower:3");
    EXPECT_EQ(of("http://a/"), "::1:4");
    EXPECT_EQ(of("http://a/", "none"), "");
    EXPECT_EQ(of("http://a/", "http://mine"), "mine:80");
    EXPECT_EQ(of("https://a/", "http://mine"), "mine:80");
}

TEST_F(Proxies, ExceptionsAreNamesDomainsAddressesAndNetworks) {
    environment_["NO_PROXY"] =
        "one, .two.org three.org,10.0.0.0/8,[2001:db8::]/32,2001:db8::/32,192.168.1.1,::2";
    for (const char* direct : {"http://one/", "http://x.one/", "http://two.org/", "http://x.two.org/",
                               "http://THREE.org/", "http://a.b.three.org/", "http://10.255.0.1/",
                               "http://192.168.1.1/", "http://[2001:db8::5]/", "http://[::2]/"}) {
        EXPECT_EQ(of(direct, "p:1"), "") << direct;
    }
    for (const char* through : {"http://xone/", "http://one.org/", "http://xtwo.org/", "http://11.0.0.1/",
                                "http://[2001:db9::5]/", "http://192.168.1.10/"}) {
        EXPECT_EQ(of(through, "p:1"), "p:1") << through;
    }
    environment_["no_proxy"] = "*";
    EXPECT_EQ(of("http://xone/", "p:1"), "");
}

TEST_F(Proxies, PasswordsBecomeAHeaderAndAreNeverInAMessage) {
    const auto rules = read("http://us%40er:pa%3Ass@p:1");
    ASSERT_TRUE(rules);
    EXPECT_EQ(rules->find(*parse_url("http://a/"))->authorization, "Basic " + base64("us@er:pa:ss"));
    for (const char* bad : {"http://u:secret@p:x", "http://u:secret@", "http://u:secret@p/path",
                            "https://u:secret@p", "socks5://u:secret@p:1"}) {
        const auto refused = read(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().message.find("secret"), std::string::npos) << refused.error().message;
    }
    environment_["https_proxy"] = "socks5://p:1";
    EXPECT_EQ(read().error().code, ErrorCode::unsupported);
    EXPECT_NE(read().error().message.find("https_proxy"), std::string::npos);
}

TEST(Base64, IsRfc4648) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foo"), "Zm9v");
    EXPECT_EQ(base64("foob"), "Zm9vYg==");
    EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

}  // namespace
}  // namespace expplat::net
