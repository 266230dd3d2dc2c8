// A JSON Web Key Set (RFC 7517, 5) as the RS256 keys in it, by their ids.
//
// Read from what the issuer's address answers, kept by `JwksCache`. A key that is not fit (of another type, for another use,
// too small) is left out and counted; a set that nobody sane publishes (a symmetric key in it, two keys of one id) is
// refused whole. Immutable; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"
#include "server/auth/rsa_key.hpp"

namespace expplat::server::auth {

class Jwks {
public:
    /// Fails with `too_large` or `invalid_argument`, also where no key is left.
    [[nodiscard]] static Result<Jwks> read(std::string_view text);

    /// Null where there is none; lives as long as the set.
    [[nodiscard]] const RsaKey* find(std::string_view key_id) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
    /// Keys of the text that are not fit.
    [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }

private:
    struct Entry {
        std::string id;
        RsaKey key;
    };
    std::vector<Entry> keys_;
    std::size_t left_out_ = 0;
};

}  // namespace expplat::server::auth
