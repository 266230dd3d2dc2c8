#include "examples/demo/shares.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "examples/demo/page.hpp"
#include "src/ruleset/json.hpp"

namespace demo {

namespace {

using expplat::ruleset::Member;
using expplat::ruleset::Node;

/// Fewer than about nine expected on either side make a standard error a bad measure.
constexpr double least_variance = 9;
/// Five standard errors come by chance once in 1.7 million.
constexpr double most_deviation = 5;

Split read_split(std::string_view flag, std::string_view rule, const Node& entries) {
    Split split{std::string(flag), std::string(rule), {}, 0};
    double total = 0;
    for (const Node& entry : entries.items()) total += entry.find("weight")->real();
    for (const Node& entry : entries.items()) {
        split.groups.push_back(
            {std::string(entry.find("variant")->text()), entry.find("weight")->real() / total, 0});
    }
    return split;
}

double variance(const Split& split, const Group& group) {
    return static_cast<double>(split.users) * group.asked * (1 - group.asked);
}

void print_group(const Split& split, const Group& group) {
    const double share =
        static_cast<double>(group.landed) / static_cast<double>(std::max<std::uint64_t>(split.users, 1));
    std::printf("     %-29s %s %6s  %5.1f %%  %4.3g %%  %+5.1f\n", group.variant.c_str(),
                inked(Ink::green, bar(share, 14)).c_str(), grouped(group.landed).c_str(), share * 100,
                group.asked * 100, split.deviation(group));
}

}  // namespace

bool Split::is_certain() const {
    return std::any_of(groups.begin(), groups.end(), [](const Group& group) { return group.asked >= 1; });
}

double Split::deviation(const Group& group) const {
    const double spread = std::sqrt(variance(*this, group));
    return spread > 0
               ? (static_cast<double>(group.landed) - static_cast<double>(users) * group.asked) / spread
               : 0;
}

expplat::Result<Shares> Shares::read(std::string_view ruleset_json) {
    const expplat::Result<expplat::ruleset::Document> document = expplat::ruleset::parse_json(ruleset_json);
    if (!document) return document.error();
    Shares shares;
    const Node* const flags = document->root().find("flags");
    if (flags == nullptr) return shares;
    for (const Member& flag : flags->members()) {
        shares.flags_.emplace_back(flag.name);
        shares.first_.push_back(shares.splits_.size());
        const Node* const rules = flag.value.find("rules");
        if (rules == nullptr) continue;
        for (const Node& rule : rules->items()) {
            const Node* const id = rule.find("id");
            const Node* const entries = rule.find("serve")->find("split");
            if (id != nullptr && entries != nullptr) {
                shares.splits_.push_back(read_split(flag.name, id->text(), *entries));
            }
        }
    }
    shares.first_.push_back(shares.splits_.size());
    return shares;
}

void Shares::count(std::size_t flag, const expplat::Variant& answer) {
    if (answer.reason() != expplat::Reason::split) return;
    for (std::size_t i = first_[flag]; i < first_[flag + 1]; ++i) {
        if (splits_[i].rule != answer.rule()) continue;
        for (Group& group : splits_[i].groups) {
            if (answer != group.variant) continue;
            ++group.landed;
            ++splits_[i].users;
            return;
        }
    }
    ++strangers_;
}

std::uint64_t Shares::landed(std::string_view flag, std::string_view variant) const {
    std::uint64_t sum = 0;
    for (const Split& split : splits_) {
        for (const Group& group : split.groups) {
            if (split.flag == flag && group.variant == variant) sum += group.landed;
        }
    }
    return sum;
}

void Shares::print_divided() const {
    std::printf("     %s\n",
                inked(Ink::dim,
                      "group                                        landed    share  asked   off by, in"
                      " standard errors")
                    .c_str());
    for (const Split& split : splits_) {
        if (split.is_certain()) continue;
        std::printf("  %s%s\n", inked(Ink::bold, split.flag).c_str(),
                    inked(Ink::dim, ", " + split.rule + ": " + grouped(split.users) + " users").c_str());
        for (const Group& group : split.groups) print_group(split, group);
    }
}

bool Shares::print_summary() const {
    std::size_t groups = 0, certain = 0, reached = 0, judged = 0, near = 0, wrong = 0;
    double largest = 0;
    const Split* where = nullptr;
    const Group* which = nullptr;
    for (const Split& split : splits_) {
        reached += split.users > 0;
        certain += split.is_certain();
        for (const Group& group : split.groups) {
            ++groups;
            if (group.asked <= 0) wrong += group.landed > 0;
            if (group.asked >= 1) wrong += group.landed != split.users;
            if (variance(split, group) < least_variance) continue;
            const double deviation = split.deviation(group);
            ++judged;
            near += std::abs(deviation) <= 2;
            if (std::abs(deviation) <= std::abs(largest)) continue;
            largest = deviation;
            where = &split;
            which = &group;
        }
    }
    const bool right = wrong == 0 && strangers_ == 0 && std::abs(largest) < most_deviation;
    std::printf(
        "\n  All %zu groups of %zu rules (%zu rules reached): %zu rules give all their users one group,\n"
        "  and %s of their groups differs; of the %zu other groups with users enough, %zu lie within\n"
        "  2 standard errors (95 %% are expected to).",
        groups, splits_.size(), reached, certain, wrong == 0 ? "none" : std::to_string(wrong).c_str(), judged,
        near);
    if (where != nullptr) {
        std::printf(" The largest deviation is %+.2f, %s of\n  %s.", largest, which->variant.c_str(),
                    where->flag.c_str());
    }
    std::printf(" %s\n",
                right ? inked(Ink::green, "As asked.").c_str() : inked(Ink::red, "NOT as asked.").c_str());
    return right;
}

}  // namespace demo
