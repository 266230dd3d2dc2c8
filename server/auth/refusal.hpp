// Why a token or a key is refused, and `Judged<T>`: what was read from it, or that reason.
//
// Returned by everything here that judges what a stranger presents. The reason is for logs and counters; the stranger is
// told "unauthorized" and no more. Values; not shared.
#pragma once

#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "expplat/base/result.hpp"

namespace expplat::server::auth {

enum class Refusal : std::uint8_t {
    too_large,  // over a bound of limits.hpp
    malformed,  // not the form it must have: parts, base64url, JSON, types of members
    algorithm,  // a token of another algorithm than the pinned one
    header,  // a header member that asks for trust or for rules we do not follow: crit, b64, jwk, jku, x5c, x5u
    unknown_key,    // no key of that id
    signature,      // does not verify
    issuer,         // of somebody else
    audience,       // for somebody else
    use,            // another kind of token than the one asked for
    not_yet_valid,  // its time begins later
    expired,        // its time is over
    logged_out,     // the person logged out everywhere since
    mistyped,       // an API key whose checksum is wrong: a typing error, not a guess
    revoked,        // taken back
    unavailable,    // the cryptographic library refused to work
};
inline constexpr std::size_t refusals = 15;

[[nodiscard]] constexpr std::string_view name(Refusal refusal) noexcept {
    switch (refusal) {
        case Refusal::too_large: return "too_large";
        case Refusal::malformed: return "malformed";
        case Refusal::algorithm: return "algorithm";
        case Refusal::header: return "header";
        case Refusal::unknown_key: return "unknown_key";
        case Refusal::signature: return "signature";
        case Refusal::issuer: return "issuer";
        case Refusal::audience: return "audience";
        case Refusal::use: return "use";
        case Refusal::not_yet_valid: return "not_yet_valid";
        case Refusal::expired: return "expired";
        case Refusal::logged_out: return "logged_out";
        case Refusal::mistyped: return "mistyped";
        case Refusal::revoked: return "revoked";
        case Refusal::unavailable: return "unavailable";
    }
    return "unknown";
}

/// A value, or why there is none. Asking a refused one for its value is a bug in the caller.
template <class T>
class [[nodiscard]] Judged {
public:
    Judged(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Judged(Refusal refusal) : state_(std::in_place_index<1>, refusal) {}

    [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] const T& operator*() const noexcept { return *checked(std::get_if<0>(&state_)); }
    [[nodiscard]] T& operator*() noexcept { return *checked(std::get_if<0>(&state_)); }
    [[nodiscard]] const T* operator->() const noexcept { return &**this; }
    [[nodiscard]] Refusal refusal() const noexcept { return *checked(std::get_if<1>(&state_)); }

private:
    template <class P>
    static P checked(P pointer) noexcept {
        assert(pointer != nullptr);
        return pointer;
    }

    std::variant<T, Refusal> state_;
};

}  // namespace expplat::server::auth
