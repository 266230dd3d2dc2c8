// The demo's users: generated, the same on every machine, spread about as a browser's users are.
//
// Used by demo.cpp. Platforms, channels, countries and versions are those that brave-studies.json asks about; the
// weights are made up.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "expplat/base/user.hpp"

namespace demo {

struct Person {
    expplat::User user;
    std::string json;  // the same user as the command line takes it
};

[[nodiscard]] std::vector<Person> make_people(std::size_t count);

}  // namespace demo
