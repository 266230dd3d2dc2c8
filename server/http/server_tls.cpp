#include "server/http/server_tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace expplat::server::http {

namespace {

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes,
                    const unsigned char* offered, unsigned offered_bytes, void*) {
    static constexpr unsigned char known[] = "\x08http/1.1";  // OpenSSL reads the choice after this returns
    unsigned char* found = nullptr;
    if (SSL_select_next_proto(&found, chosen_bytes, known, sizeof(known) - 1, offered, offered_bytes) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

Error refuse(std::string words) {
    ERR_clear_error();
    return {ErrorCode::invalid_argument, std::move(words)};
}

}  // namespace

Result<std::shared_ptr<ssl_ctx_st>> open_server_tls(const std::string& certificate_file,
                                                    const std::string& private_key_file) {
    const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
        return refuse("OpenSSL of this machine gives no TLS 1.2");
    }
    SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
        return refuse("the certificate file " + certificate_file +
                      " cannot be read or holds no PEM certificate");
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), private_key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1) {
        return refuse("the key file " + private_key_file + " cannot be read or is not of the certificate");
    }
    return context;
}

}  // namespace expplat::server::http
