// The users that stand ready on this side of the border.
//
// A user of JavaScript keeps what it is made of and a number; here its prepared form is kept under that number in a table of
// fixed size, where a later user may take the place of an earlier one, which is then handed over again when it is asked
// about. So nothing depends on when the garbage collector runs, and memory has a bound. Belongs to one environment's thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "expplat/base/user.hpp"

namespace expplat::node {

class ResidentUsers {
public:
    /// Null where the user is not here (any more). Numbers count up from 1.
    [[nodiscard]] const User* find(double number) const noexcept {
        const Place& place = places_[static_cast<std::uint64_t>(number) % capacity];
        return place.number == number ? place.user.get() : nullptr;
    }
    void keep(double number, User user) {
        Place& place = places_[static_cast<std::uint64_t>(number) % capacity];
        if (place.user == nullptr) place.user = std::make_unique<User>(std::move(user));
        else *place.user = std::move(user);
        place.number = number;
    }

private:
    static constexpr std::size_t capacity = 16'384;
    struct Place {
        double number = 0;
        std::unique_ptr<User> user;
    };
    std::array<Place, capacity> places_;
};

}  // namespace expplat::node
