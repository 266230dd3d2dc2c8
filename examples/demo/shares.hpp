// What a ruleset asks for, beside what its users got: the share of every group and how many landed in it.
//
// Asked is read from the weights in the JSON; landed is counted from a client's answers. So the table checks the
// compiler and the evaluator against the text. Used by demo.cpp; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"
#include "expplat/variant.hpp"

namespace demo {

struct Group {
    std::string variant;
    double asked = 0;  // share of 1
    std::uint64_t landed = 0;
};

/// One rule that serves a split.
struct Split {
    std::string flag;
    std::string rule;
    std::vector<Group> groups;
    std::uint64_t users = 0;  // who reached it: the sum of `landed`

    /// Everybody who reaches it gets one group.
    [[nodiscard]] bool is_certain() const;
    /// How far `landed` is from what is asked, in standard errors of a fair draw; 0 where the group is certain.
    [[nodiscard]] double deviation(const Group& group) const;
};

class Shares {
public:
    /// Reads the flags of a ruleset that is known to be good. Errors: those of the JSON reader.
    [[nodiscard]] static expplat::Result<Shares> read(std::string_view ruleset_json);

    /// All flags, in document order.
    [[nodiscard]] const std::vector<std::string>& flags() const noexcept { return flags_; }
    [[nodiscard]] const std::vector<Split>& splits() const noexcept { return splits_; }

    /// Counts the answer of the flag at that place. One that no rule's split gave is counted only as such.
    void count(std::size_t flag, const expplat::Variant& answer);
    /// How many got that variant of the flag from any of its splits.
    [[nodiscard]] std::uint64_t landed(std::string_view flag, std::string_view variant) const;

    /// The splits that really divide users, group by group.
    void print_divided() const;
    /// One line over all groups. False where an answer contradicts the ruleset.
    [[nodiscard]] bool print_summary() const;

private:
    std::vector<std::string> flags_;
    std::vector<Split> splits_;
    std::vector<std::size_t> first_;  // by flag: its first split; one more at the end
    std::uint64_t strangers_ = 0;     // answers that claim a split which the ruleset does not have
};

}  // namespace demo
