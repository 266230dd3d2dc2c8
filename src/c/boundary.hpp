// What every function of the C face does at its border: reads texts, makes owned ones and errors, and lets nothing be
// thrown through it.
//
// Used by `src/c` alone. Pure but for the allocations. Next: `objects.hpp`.
#pragma once

#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "expplat/base/error.hpp"
#include "expplat/c/expplat.h"

/// A code and a message, as `expplat::Error`.
struct expplat_error {
    expplat_code code = EXPPLAT_OK;
    std::string message;
};

namespace expplat::c {

[[nodiscard]] inline std::string_view view(expplat_str text) noexcept {
    return text.data == nullptr ? std::string_view{} : std::string_view(text.data, text.size);
}
[[nodiscard]] inline expplat_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// A copy that the caller owns; without data where memory runs out.
[[nodiscard]] expplat_text owned(std::string_view text) noexcept;

/// Fills `*error` where the caller wants it; returns the error's code.
expplat_code fail(expplat_error** error, expplat_code code, std::string_view message) noexcept;
inline expplat_code fail(expplat_error** error, const Error& failed) noexcept {
    return fail(error, static_cast<expplat_code>(failed.code), failed.message);
}
/// What is being thrown, as an error. Only in a `catch`.
expplat_code fail_with_exception(expplat_error** error) noexcept;

/// The result of `act`, or `otherwise` where it throws.
template <class T, class Act>
[[nodiscard]] T contained(T otherwise, Act&& act) noexcept {
    try {
        return std::forward<Act>(act)();
    } catch (...) { return otherwise; }
}

/// The code that `act` returns, or that of what it throws.
template <class Act>
expplat_code contained_code(expplat_error** error, Act&& act) noexcept {
    try {
        return std::forward<Act>(act)();
    } catch (...) { return fail_with_exception(error); }
}

}  // namespace expplat::c
