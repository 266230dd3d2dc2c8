// `Result<T>`: a value or an `Error`, for code that must not throw.
//
// Returned by everything at set-up. Not thread-safe; a Result is handed over, not shared.
// Asking a failed Result for its value is a bug in the caller: it asserts in debug builds.
#pragma once

#include <cassert>
#include <optional>
#include <utility>
#include <variant>

#include "expplat/base/error.hpp"

namespace expplat {

template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    [[nodiscard]] T& value() & noexcept { return *checked(std::get_if<0>(&state_)); }
    [[nodiscard]] const T& value() const& noexcept { return *checked(std::get_if<0>(&state_)); }
    [[nodiscard]] T&& value() && noexcept { return std::move(*checked(std::get_if<0>(&state_))); }
    [[nodiscard]] const Error& error() const noexcept { return *checked(std::get_if<1>(&state_)); }

    T* operator->() noexcept { return &value(); }
    const T* operator->() const noexcept { return &value(); }
    T& operator*() & noexcept { return value(); }
    const T& operator*() const& noexcept { return value(); }
    T&& operator*() && noexcept { return std::move(*this).value(); }

private:
    template <class P>
    static P checked(P pointer) noexcept {
        assert(pointer != nullptr);
        return pointer;
    }

    std::variant<T, Error> state_;
};

/// Success without a value, or an `Error`.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] const Error& error() const noexcept {
        assert(error_.has_value());
        return *error_;
    }

private:
    std::optional<Error> error_;
};

}  // namespace expplat
