// `Outcome<T>`: a value or a `Problem`; what every call of the control plane answers. (The store's drivers have their own
// kind of problem, `Fault`.)
//
// The shape of `expplat::Result`, whose `Error` has no place for a type of problem and pointers. Not thread-safe; it is
// handed over, not shared. Asking a refused one for its value is a bug in the caller: it asserts.
#pragma once

#include <cassert>
#include <optional>
#include <utility>
#include <variant>

#include "server/domain/problem.hpp"

namespace expplat::server::domain {

template <class T, class P = Problem>
class [[nodiscard]] Outcome {
public:
    Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Outcome(P problem) : state_(std::in_place_index<1>, std::move(problem)) {}

    [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    [[nodiscard]] T& value() & noexcept { return *checked(std::get_if<0>(&state_)); }
    [[nodiscard]] const T& value() const& noexcept { return *checked(std::get_if<0>(&state_)); }
    [[nodiscard]] T&& value() && noexcept { return std::move(*checked(std::get_if<0>(&state_))); }
    [[nodiscard]] const P& problem() const noexcept { return *checked(std::get_if<1>(&state_)); }

    T* operator->() noexcept { return &value(); }
    const T* operator->() const noexcept { return &value(); }
    T& operator*() & noexcept { return value(); }
    const T& operator*() const& noexcept { return value(); }
    T&& operator*() && noexcept { return std::move(*this).value(); }

private:
    template <class Pointer>
    static Pointer checked(Pointer pointer) noexcept {
        assert(pointer != nullptr);
        return pointer;
    }

    std::variant<T, P> state_;
};

/// Success without a value, or a problem.
template <class P>
class [[nodiscard]] Outcome<void, P> {
public:
    Outcome() = default;
    Outcome(P problem) : problem_(std::move(problem)) {}

    [[nodiscard]] bool ok() const noexcept { return !problem_.has_value(); }
    explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] const P& problem() const noexcept {
        assert(problem_.has_value());
        return *problem_;
    }

private:
    std::optional<P> problem_;
};

}  // namespace expplat::server::domain
