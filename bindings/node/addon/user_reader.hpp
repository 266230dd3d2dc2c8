// Users as JavaScript hands them over: `Item`s and the text that they point into.
//
// Names that occur again and again are given numbers once (`NameTable`), so that they cross the border as these. Belongs to
// one environment's thread. Next: `resident_users.hpp`. Source: RULESET.md, section 2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/node/addon/exchange.hpp"
#include "expplat/base/user.hpp"

namespace expplat::node {

class NameTable {
public:
    /// `unnamed` where there are enough: the name is then handed over each time.
    [[nodiscard]] std::uint32_t add(std::string name);
    [[nodiscard]] std::string_view at(std::uint32_t number) const noexcept { return names_[number]; }
    [[nodiscard]] bool has(std::uint32_t number) const noexcept { return number < names_.size(); }

private:
    static constexpr std::size_t capacity = 4'096;
    std::vector<std::string> names_;
};

/// Nothing where the user is past a limit of `expplat/base/limits.hpp`, or what was handed over is no user.
[[nodiscard]] std::optional<User> read_user(const NameTable& names, std::span<const Item> items,
                                            std::string_view text);

}  // namespace expplat::node
