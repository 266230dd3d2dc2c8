// TLS with certificates that the test makes: whom the transport believes, and the words for whom it does not.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "src/net/http_transport.hpp"
#include "tests/net/loopback_server.hpp"

namespace expplat::net {
namespace {

template <auto free>
struct Free {
    template <class T>
    void operator()(T* object) const {
        free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

struct Identity {
    Key key;
    Certificate certificate;
};

void add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    ASSERT_NE(extension, nullptr) << value;
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/// Valid from `from_s` to `to_s` seconds from now; signed by `by`, or by itself.
Identity make(const std::string& name, const char* names, const Identity* by, long from_s = -3600,
              long to_s = 3600) {
    Identity made{Key(EVP_EC_gen("P-256")), Certificate(X509_new())};
    X509* const certificate = made.certificate.get();
    static std::atomic<long> serial{1};
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), to_s);
    X509_set_pubkey(certificate, made.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509* const issuer = by == nullptr ? certificate : by->certificate.get();
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    if (names == nullptr) add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
    else add_extension(certificate, issuer, NID_subject_alt_name, names);
    EXPECT_NE(X509_sign(certificate, by == nullptr ? made.key.get() : by->key.get(), EVP_sha256()), 0);
    return made;
}

/// An authority, and its certificate in a file.
class Authority {
public:
    Authority() : identity_(make("Test authority", nullptr, nullptr)) {
        path_ = (std::filesystem::temp_directory_path() /
                 ("expplat-ca-" + std::to_string(::getpid()) + "-" +
                  std::to_string(reinterpret_cast<std::uintptr_t>(this))))
                    .string();
        std::FILE* const file = std::fopen(path_.c_str(), "w");
        PEM_write_X509(file, identity_.certificate.get());
        std::fclose(file);
    }
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;
    ~Authority() { std::filesystem::remove(path_); }
    const std::string& path() const { return path_; }
    const Identity* identity() const { return &identity_; }

private:
    Identity identity_;
    std::string path_;
};

/// Speaks TLS on an accepted socket: reads requests, answers each with the name that the client asked for by SNI.
class TlsScript {
public:
    explicit TlsScript(const Identity& identity, int newest = TLS1_3_VERSION) {
        context_.reset(SSL_CTX_new(TLS_server_method()));
        SSL_CTX_use_certificate(context_.get(), identity.certificate.get());
        SSL_CTX_use_PrivateKey(context_.get(), identity.key.get());
        SSL_CTX_set_security_level(context_.get(), 0);
        SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context_.get(), newest);
    }

    void operator()(const Peer& peer, std::string_view cut = "") const {
        const std::unique_ptr<SSL, Free<SSL_free>> ssl(SSL_new(context_.get()));
        SSL_set_fd(ssl.get(), peer.socket());
        if (SSL_accept(ssl.get()) != 1) return ERR_clear_error();
        const char* const name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
        std::string request;
        char bytes[65'536];
        for (int got = 0; (got = SSL_read(ssl.get(), bytes, sizeof(bytes))) > 0;) {
            request.append(bytes, static_cast<std::size_t>(got));
            const std::size_t end = request.find("\r\n\r\n");
            if (end == std::string::npos) continue;
            const std::size_t at = request.find("Content-Length: ");
            const auto length =
                at < end ? static_cast<std::size_t>(std::atoll(request.c_str() + at + 16)) : 0;
            if (request.size() < end + 4 + length) continue;
            request.clear();
            const std::string text =
                cut.empty() ? answer(name == nullptr ? "no name" : name) : std::string(cut);
            SSL_write(ssl.get(), text.data(), static_cast<int>(text.size()));
            if (!cut.empty()) return ERR_clear_error();  // closes without saying so in TLS
        }
        ERR_clear_error();
    }

private:
    std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context_;
};

LoopbackServer::Script serve(const Identity& identity, int newest = TLS1_3_VERSION) {
    return [script = std::make_shared<TlsScript>(identity, newest)](Peer& peer, int) { (*script)(peer); };
}

class HttpTls : public ::testing::Test {
protected:
    void SetUp() override {
        ::signal(SIGPIPE, SIG_IGN);
    }  // of the server's SSL_write; the transport needs none
    void TearDown() override { ::signal(SIGPIPE, SIG_DFL); }

    /// A client that believes the authority alone.
    Client client() const {
        HttpTransportSettings settings;
        settings.ca_file = authority_.path();
        return Client(settings);
    }
    static std::string by_name(const LoopbackServer& server) {
        return "https://localhost:" + std::to_string(server.port()) + "/";
    }
    void expect_refused(const Identity& identity, std::string_view words) const {
        LoopbackServer server(serve(identity));
        Client client = this->client();
        const auto seen = client.run(by_name(server));
        EXPECT_EQ(seen->code(), ErrorCode::network);
        EXPECT_NE(seen->message().find(words), std::string::npos) << seen->message();
        EXPECT_NE(seen->message().find("localhost:"), std::string::npos) << seen->message();
        EXPECT_EQ(seen->heads, 0);
    }

    Authority authority_;
};

TEST_F(HttpTls, AGoodCertificateOfANameOrAnAddressIsBelieved) {
    const Identity identity = make("x", "DNS:localhost,IP:127.0.0.1", authority_.identity());
    for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        LoopbackServer server(serve(identity, newest), true);
        Client client = this->client();
        for (int i = 0; i < 3; ++i) {
            const auto named = client.run(by_name(server));
            ASSERT_TRUE(named->is_success()) << named->message();
            EXPECT_EQ(named->body, "localhost") << "SNI";
            const auto addressed = client.run(server.url("/", "https"));
            ASSERT_TRUE(addressed->is_success()) << addressed->message();
            EXPECT_EQ(addressed->body, "no name") << "RFC 6066: no SNI for addresses";
        }
        EXPECT_EQ(server.connections(), 2) << "reused, but not for another name";
    }
}

TEST_F(HttpTls, LargeBodiesGoThrough) {
    const Identity identity = make("x", "DNS:localhost", authority_.identity());
    LoopbackServer server(serve(identity));
    Client client = this->client();
    Request request;
    request.method = "POST";
    request.url = by_name(server);
    request.body = std::string(3'000'000, 'x');
    for (int i = 0; i < 3; ++i) {
        const auto seen = client.run(request);
        ASSERT_TRUE(seen->is_success()) << seen->message();
        EXPECT_EQ(seen->body, "localhost");
    }
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpTls, AnExpiredCertificateIsRefused) {
    expect_refused(make("x", "DNS:localhost", authority_.identity(), -7200, -3600), "expired");
}

TEST_F(HttpTls, ACertificateOfTomorrowIsRefused) {
    expect_refused(make("x", "DNS:localhost", authority_.identity(), 3600, 7200), "not yet valid");
}

TEST_F(HttpTls, ACertificateOfAnotherHostIsRefused) {
    expect_refused(make("localhost", "DNS:other.example,IP:127.0.0.1", authority_.identity()),
                   "hostname mismatch");
}

TEST_F(HttpTls, ACertificateOfAnotherAddressIsRefused) {
    const Identity identity = make("127.0.0.1", "DNS:localhost,IP:127.0.0.2", authority_.identity());
    LoopbackServer server(serve(identity));
    Client client = this->client();
    const auto seen = client.run(server.url("/", "https"));
    EXPECT_EQ(seen->code(), ErrorCode::network);
    EXPECT_NE(seen->message().find("IP address mismatch"), std::string::npos) << seen->message();
}

TEST_F(HttpTls, ASelfSignedCertificateIsRefused) {
    expect_refused(make("localhost", "DNS:localhost", nullptr), "self-signed");
}

TEST_F(HttpTls, AnUnknownAuthoritysCertificateIsRefused) {
    const Identity other = make("Other authority", nullptr, nullptr);
    expect_refused(make("x", "DNS:localhost", &other), "unable to get local issuer certificate");
    const Identity identity = make("x", "DNS:localhost", authority_.identity());
    LoopbackServer server(serve(identity));
    Client with_system_store;
    const auto seen = with_system_store.run(by_name(server));
    EXPECT_EQ(seen->code(), ErrorCode::network);
    EXPECT_NE(seen->message().find("certificate"), std::string::npos) << seen->message();
}

TEST_F(HttpTls, AServerOfTls11IsRefused) {
    const Identity identity = make("x", "DNS:localhost", authority_.identity());
    LoopbackServer server(serve(identity, TLS1_1_VERSION));
    Client client = this->client();
    const auto seen = client.run(by_name(server));
    EXPECT_EQ(seen->code(), ErrorCode::network);
    EXPECT_NE(seen->message().find("TLS"), std::string::npos) << seen->message();
    EXPECT_NE(seen->message().find("protocol"), std::string::npos) << seen->message();
}

TEST_F(HttpTls, AServerWithoutTlsIsAnError) {
    LoopbackServer server([](Peer& peer, int) {
        peer.read_some();
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    Client client = this->client();
    const auto seen = client.run(by_name(server));
    EXPECT_EQ(seen->code(), ErrorCode::network);
    EXPECT_NE(seen->message().find("TLS"), std::string::npos) << seen->message();
}

TEST_F(HttpTls, ABodyCutOffWithoutTlsSayingSoIsAnError) {
    const Identity identity = make("x", "DNS:localhost", authority_.identity());
    const TlsScript script(identity);
    LoopbackServer server([&](Peer& peer, int) { script(peer, "HTTP/1.1 200 OK\r\n\r\nhalf of it"); });
    Client client = this->client();
    const auto seen = client.run(by_name(server));
    EXPECT_EQ(seen->code(), ErrorCode::network) << "anybody between the two can end a TCP connection";
}

TEST_F(HttpTls, AProxyTunnelsIt) {
    const Identity identity = make("x", "DNS:far.example", authority_.identity());
    const TlsScript script(identity);
    std::string asked;
    LoopbackServer proxy([&](Peer& peer, int) {
        asked = peer.read_request();
        peer.send_by_pieces("HTTP/1.1 200 Connection established\r\nContent-Length: 9\r\n\r\n", 7);
        script(peer);
    });
    HttpTransportSettings settings;
    settings.ca_file = authority_.path();
    settings.proxy = "127.0.0.1:" + std::to_string(proxy.port());
    {
        Client client(settings);
        for (int i = 0; i < 2; ++i) {
            const auto seen = client.run("https://far.example/");
            ASSERT_TRUE(seen->is_success()) << seen->message();
            EXPECT_EQ(seen->body, "far.example") << "the name is the proxy's to look up";
        }
        EXPECT_EQ(proxy.connections(), 1);
    }
    EXPECT_TRUE(asked.starts_with("CONNECT far.example:443 HTTP/1.1\r\n")) << asked;
}

TEST_F(HttpTls, ACaFileThatIsNoneIsSaidWhenTheTransportOpens) {
    HttpTransportSettings settings;
    settings.ca_file = authority_.path() + ".gone";
    const auto gone = HttpTransport::open(settings);
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, ErrorCode::not_found);
    EXPECT_NE(gone.error().message.find(settings.ca_file), std::string::npos);
    settings.ca_file = "/proc/self/status";
    EXPECT_EQ(HttpTransport::open(settings).error().code, ErrorCode::invalid_argument);
    settings.ca_file = "/";
    EXPECT_EQ(HttpTransport::open(settings).error().code, ErrorCode::invalid_argument);
}

TEST_F(HttpTls, CancelledInEveryStageLeavesNothing) {
    const Identity identity = make("x", "DNS:localhost", authority_.identity());
    LoopbackServer server(serve(identity), true);
    Client client = this->client();
    for (int polls = 0; polls < 25; ++polls) {
        const auto seen = client.get(by_name(server));
        for (int i = 0; i < polls; ++i) client.transport().poll(1);
        client.transport().cancel(seen->id);
    }
    client.poll_for(std::chrono::milliseconds(20));
    EXPECT_TRUE(client.run(by_name(server))->is_success());
}

}  // namespace
}  // namespace expplat::net
