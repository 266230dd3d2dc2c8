// The listener over TLS: the same answers, the same streams, and what is not taken.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "server/http/listener.hpp"
#include "tests/server/http/raw_client.hpp"

namespace expplat::server::http {
namespace {

template <auto free>
struct Free {
    template <class T>
    void operator()(T* object) const {
        free(object);
    }
};

class Tls : public testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::path(testing::TempDir()) / ("expplat-tls-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
        settings_.certificate_file = folder_ / "certificate.pem";
        settings_.private_key_file = folder_ / "key.pem";
        settings_.threads = 1;
        write_identity();
        context_.reset(SSL_CTX_new(TLS_client_method()));
    }
    void TearDown() override {
        listener_.reset();
        std::filesystem::remove_all(folder_);
    }
    void start() {
        auto started =
            Listener::start(settings_, [this](const std::shared_ptr<Request>& request, Responder responder) {
                if (request->target == "/stream") {
                    const Stream stream = responder.open({});
                    stream.send(std::make_shared<const std::string>("first"));
                    stream.send(large_);
                    stream.close();
                    return;
                }
                Response response = Response::text(200, "image/png", request->body);
                if (request->target == "/large") response.body = large_;
                if (!request->secure) response.status = 500;
                responder.send(std::move(response));
            });
        ASSERT_TRUE(started.ok()) << started.error().message;
        listener_ = std::move(*started);
    }
    /// A self-signed certificate of a minute.
    void write_identity() const {
        const std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>> key(EVP_EC_gen("P-256"));
        const std::unique_ptr<X509, Free<X509_free>> certificate(X509_new());
        X509_set_version(certificate.get(), 2);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 60);
        X509_set_pubkey(certificate.get(), key.get());
        ASSERT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
        std::FILE* file = std::fopen(settings_.certificate_file.c_str(), "w");
        PEM_write_X509(file, certificate.get());
        std::fclose(file);
        file = std::fopen(settings_.private_key_file.c_str(), "w");
        PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(file);
    }

    using Session = std::unique_ptr<SSL, Free<SSL_free>>;
    /// Null where no handshake was had.
    Session shake_hands(const RawClient& client, int version = 0) {
        timeval bound{};
        bound.tv_sec = patience.count() / 1000;
        ::setsockopt(client.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
        Session session(SSL_new(context_.get()));
        if (version != 0) {
            SSL_set_security_level(session.get(), 0);
            SSL_set_min_proto_version(session.get(), version);
            SSL_set_max_proto_version(session.get(), version);
        }
        SSL_set_fd(session.get(), client.descriptor());
        return SSL_connect(session.get()) == 1 ? std::move(session) : nullptr;
    }
    static void say(const Session& session, std::string_view text) {
        std::size_t sent = 0;
        ASSERT_EQ(SSL_write_ex(session.get(), text.data(), text.size(), &sent), 1);
    }
    /// Until the listener says that it has ended.
    static std::string hear(const Session& session) {
        std::string heard;
        std::array<char, 16384> room{};
        std::size_t bytes = 0;
        while (SSL_read_ex(session.get(), room.data(), room.size(), &bytes) == 1)
            heard.append(room.data(), bytes);
        EXPECT_EQ(SSL_get_shutdown(session.get()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
        return heard;
    }

    std::filesystem::path folder_;
    ListenerSettings settings_;
    const SharedText large_ = std::make_shared<const std::string>(std::string(3 << 20, 'l'));
    std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context_;
    std::unique_ptr<Listener> listener_;
};

constexpr const char* closing = " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST_F(Tls, AnswersByBothVersions) {
    start();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        RawClient client(listener_->port());
        const Session session = shake_hands(client, version);
        ASSERT_NE(session, nullptr);
        const std::string body(100'000, 'b');
        say(session,
            "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + body + "GET /large" + closing);
        const std::string heard = hear(session);
        EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 OK\r\n"));
        EXPECT_NE(heard.find("\r\n\r\n" + body + "HTTP/1.1 200 OK\r\n"), std::string::npos);
        EXPECT_TRUE(heard.ends_with("\r\n\r\n" + *large_));
    }
}

/// Its choice was once of memory that was gone when it was sent: no client that offers protocols could shake hands.
TEST_F(Tls, AgreesOnHttpWithWhoOffersProtocols) {
    start();
    constexpr unsigned char offered[] = "\x02h2\x08http/1.1";
    ASSERT_EQ(SSL_CTX_set_alpn_protos(context_.get(), offered, sizeof(offered) - 1), 0);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        RawClient client(listener_->port());
        const Session session = shake_hands(client, version);
        ASSERT_NE(session, nullptr);
        const unsigned char* chosen = nullptr;
        unsigned bytes = 0;
        SSL_get0_alpn_selected(session.get(), &chosen, &bytes);
        EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(chosen), bytes), "http/1.1");
    }
    constexpr unsigned char another[] = "\x02h2";
    ASSERT_EQ(SSL_CTX_set_alpn_protos(context_.get(), another, sizeof(another) - 1), 0);
    RawClient client(listener_->port());
    EXPECT_EQ(shake_hands(client), nullptr);
}

TEST_F(Tls, Streams) {
    start();
    RawClient client(listener_->port());
    const Session session = shake_hands(client);
    ASSERT_NE(session, nullptr);
    say(session, std::string("GET /stream") + closing);
    EXPECT_TRUE(hear(session).ends_with("\r\n\r\n5\r\nfirst\r\n300000\r\n" + *large_ + "\r\n0\r\n\r\n"));
}

TEST_F(Tls, TakesNoOldVersion) {
    start();
    RawClient client(listener_->port());
    EXPECT_EQ(shake_hands(client, TLS1_1_VERSION), nullptr);
}

TEST_F(Tls, EndsConnectionsThatShakeNoHands) {
    settings_.limits.head_time = std::chrono::milliseconds(60);
    start();
    RawClient silent(listener_->port());
    EXPECT_EQ(silent.read_to_end(), "");
    EXPECT_TRUE(silent.is_ended());
    RawClient plain(listener_->port());
    plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    plain.read_to_end();
    EXPECT_TRUE(plain.is_ended());
}

TEST_F(Tls, WantsTheKeyOfItsCertificate) {
    settings_.private_key_file = settings_.certificate_file;
    EXPECT_EQ(Listener::start(settings_, {}).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace expplat::server::http
