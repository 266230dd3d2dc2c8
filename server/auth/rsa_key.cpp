#include "server/auth/rsa_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <array>
#include <cstdint>
#include <string>

#include "server/auth/limits.hpp"

namespace expplat::server::auth {

namespace {

const unsigned char* octets(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

template <auto Free>
struct Freeing {
    template <class T>
    void operator()(T* pointer) const noexcept {
        Free(pointer);
    }
};
using Number = std::unique_ptr<BIGNUM, Freeing<BN_free>>;

/// A modulus whose remainder by each small prime is a power of 65537: one in 2^27 of the others looks like that.
/// Nemec, Sys, Svenda, Klinec, Matyas: The Return of Coppersmith's Attack (2017), 2.2.
bool is_of_roca_generator(const BIGNUM* modulus) noexcept {
    constexpr std::array<unsigned, 38> primes{3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
                                              47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
                                              107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
    for (const unsigned prime : primes) {
        const auto remainder = static_cast<unsigned>(BN_mod_word(modulus, prime));
        unsigned power = 1;
        do {
            if (power == remainder) break;
            power = power * (65537 % prime) % prime;
        } while (power != 1);
        if (power != remainder) return false;
    }
    return true;
}

bool is_fit_exponent(std::string_view exponent) noexcept {
    if (exponent.empty() || exponent.size() > limits::rsa_exponent_most_bytes) return false;
    std::uint64_t value = 0;
    for (const char c : exponent) value = value << 8 | static_cast<unsigned char>(c);
    return value >= limits::rsa_exponent_least && value % 2 == 1;
}

std::shared_ptr<void> public_key(const BIGNUM* modulus, const BIGNUM* exponent) {
    const std::unique_ptr<OSSL_PARAM_BLD, Freeing<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent) != 1) {
        return nullptr;
    }
    const std::unique_ptr<OSSL_PARAM, Freeing<OSSL_PARAM_free>> parameters(
        OSSL_PARAM_BLD_to_param(builder.get()));
    const std::unique_ptr<EVP_PKEY_CTX, Freeing<EVP_PKEY_CTX_free>> context(
        EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
        return nullptr;
    }
    return {key, [](void* held) { EVP_PKEY_free(static_cast<EVP_PKEY*>(held)); }};
}

}  // namespace

Result<RsaKey> RsaKey::make(std::string_view modulus, std::string_view exponent) {
    const auto unfit = [](std::string why) { return Error{ErrorCode::invalid_argument, "RSA key: " + why}; };
    if (modulus.size() > limits::rsa_modulus_most_bits / 8) return unfit("the modulus is too long");
    if (modulus.empty() || modulus.front() == '\0') return unfit("the modulus begins with a zero octet");
    if (exponent.empty() || exponent.front() == '\0') return unfit("the exponent begins with a zero octet");
    if (!is_fit_exponent(exponent)) return unfit("the exponent is not odd and from 65537 to 2^32");
    const Number n(BN_bin2bn(octets(modulus), static_cast<int>(modulus.size()), nullptr));
    const Number e(BN_bin2bn(octets(exponent), static_cast<int>(exponent.size()), nullptr));
    if (!n || !e) return Error{ErrorCode::unsupported, "OpenSSL has no memory for a number"};
    if (BN_num_bits(n.get()) < limits::rsa_modulus_least_bits) return unfit("fewer than 2048 bits");
    if (BN_is_odd(n.get()) != 1) return unfit("the modulus is even");
    if (is_of_roca_generator(n.get())) return unfit("made by a generator whose keys can be factored (ROCA)");
    std::shared_ptr<void> key = public_key(n.get(), e.get());
    if (key == nullptr) return Error{ErrorCode::unsupported, "OpenSSL refuses the RSA key"};
    return RsaKey(std::move(key));
}

bool RsaKey::verifies_rs256(std::string_view text, std::string_view signature) const noexcept {
    auto* const key = static_cast<EVP_PKEY*>(key_.get());
    if (signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key))) return false;
    const std::unique_ptr<EVP_MD_CTX, Freeing<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    // PKCS #1 v1.5 is what EVP takes for RSA where nothing else is set.
    return context != nullptr &&
           EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
           EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(text), text.size()) ==
               1;
}

}  // namespace expplat::server::auth
