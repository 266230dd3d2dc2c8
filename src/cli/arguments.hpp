// The command line's words, told apart: options with and without a value, and the rest in order.
//
// Used by every command of `expplat`. A command says which options it takes; anything else is a usage error.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"

namespace expplat::cli {

struct OptionRule {
    std::string_view name;  // with its dashes
    bool takes_value = false;
    bool repeats = false;  // may be given several times
};

class Arguments {
public:
    /// `--name VALUE`, `--name=VALUE` or a bare `--name`; `--` ends the options. Error: `invalid_argument`.
    [[nodiscard]] static Result<Arguments> parse(const std::vector<std::string_view>& words,
                                                 std::initializer_list<OptionRule> rules) {
        return parse(words, std::span<const OptionRule>(rules.begin(), rules.size()));
    }
    [[nodiscard]] static Result<Arguments> parse(const std::vector<std::string_view>& words,
                                                 std::span<const OptionRule> rules);

    [[nodiscard]] bool has(std::string_view option) const;
    [[nodiscard]] std::optional<std::string_view> value(std::string_view option) const;
    /// Of an option that repeats, in the order of the words.
    [[nodiscard]] std::vector<std::string> values(std::string_view option) const;
    /// The option's value as a number in [1, most], or `fallback` where it is not given. Error: `invalid_argument`.
    [[nodiscard]] Result<unsigned> count(std::string_view option, unsigned fallback, unsigned most) const;
    [[nodiscard]] const std::vector<std::string_view>& operands() const noexcept { return operands_; }

private:
    struct Given {
        std::string_view name;
        std::string_view value;
    };
    std::vector<Given> options_;
    std::vector<std::string_view> operands_;
};

}  // namespace expplat::cli
