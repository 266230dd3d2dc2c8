// An issuer of RS256 tokens for tests: a fresh RSA key, its JSON Web Key, and tokens signed with it.
//
// Used by the tests of Cognito's tokens and of the cache of key sets. A key takes some 100 ms to make: share one.
// Immutable; thread-safe.
#pragma once

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <string_view>

#include "server/auth/base64.hpp"

namespace expplat::server::auth {

class RsaIssuer {
public:
    explicit RsaIssuer(std::string key_id, unsigned bits = 2048)
        : key_id_(std::move(key_id)), key_(EVP_RSA_gen(bits), EVP_PKEY_free) {}

    [[nodiscard]] std::string jwk(std::string_view more = "") const {
        return R"({"kty":"RSA","alg":"RS256","use":"sig","kid":")" + key_id_ + R"(","n":")" + number("n") +
               R"(","e":")" + number("e") + "\"" + std::string(more) + "}";
    }
    [[nodiscard]] std::string jwks() const { return R"({"keys":[)" + jwk() + "]}"; }

    [[nodiscard]] std::string token(std::string_view payload) const {
        return sign(R"({"kid":")" + key_id_ + R"(","alg":"RS256"})", payload);
    }
    [[nodiscard]] std::string sign(std::string_view header, std::string_view payload) const {
        const std::string text = encode_base64(header) + '.' + encode_base64(payload);
        std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
        std::size_t size = signature.size();
        const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                              EVP_MD_CTX_free);
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size());
        return text + '.' + encode_base64(signature);
    }

private:
    [[nodiscard]] std::string number(const char* name) const {
        BIGNUM* value = nullptr;
        EVP_PKEY_get_bn_param(key_.get(), name, &value);
        std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
        BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
        BN_free(value);
        return encode_base64(bytes);
    }

    std::string key_id_;
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

}  // namespace expplat::server::auth
