#include "src/net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "src/net/url.hpp"

namespace expplat::net {

void TlsContext::Free::operator()(ssl_ctx_st* context) const noexcept { SSL_CTX_free(context); }

Result<TlsContext> TlsContext::open(const std::string& ca_file, Alpn alpn) {
    TlsContext tls;
    tls.context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* const context = tls.context_.get();
    if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
        ERR_clear_error();
        return Error{ErrorCode::unsupported, "OpenSSL of this machine gives no TLS 1.2"};
    }
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    constexpr unsigned char protocols[] = "\x08http/1.1";
    if (alpn == Alpn::http) SSL_CTX_set_alpn_protos(context, protocols, sizeof(protocols) - 1);
    if (ca_file.empty()) {
        SSL_CTX_set_default_verify_paths(
            context);  // without a store every certificate is refused later, with words
        ERR_clear_error();
        return tls;
    }
    struct stat status {};
    if (::stat(ca_file.c_str(), &status) != 0) {
        return Error{ErrorCode::not_found, "the CA file " + ca_file + " is not there or cannot be reached"};
    }
    if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
        ERR_clear_error();
        return Error{ErrorCode::invalid_argument,
                     "the CA file " + ca_file + " cannot be read or holds no PEM certificate"};
    }
    return tls;
}

bool TlsContext::expect_host(ssl_st* ssl, const std::string& host) noexcept {
    X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl);
    if (is_ip_literal(host)) return X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1;
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    return X509_VERIFY_PARAM_set1_host(expected, name.c_str(), name.size()) == 1 &&
           SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

std::string TlsContext::refusal(const ssl_st* ssl) {
    const long result = SSL_get_verify_result(ssl);
    return result == X509_V_OK ? std::string() : X509_verify_cert_error_string(result);
}

}  // namespace expplat::net
