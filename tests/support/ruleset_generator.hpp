// Random rulesets that every check of RULESET.md accepts, and users that nearly or exactly meet them.
//
// The differential tests, the fuzzers' seeds and the benchmarks draw from it. Everything follows from
// the seed, on every platform: the same seed gives the same bytes. Operands, attributes, units, salts and
// keys come from the same small pools as the users, so conditions hold about as often as they do not.
// The texts are written in many spellings (escapes, spaces, member order, `1e2` for 100). Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace expplat::tests {

class RulesetGenerator {
public:
    explicit RulesetGenerator(std::uint64_t seed);

    /// The next ruleset, as JSON text.
    [[nodiscard]] std::string ruleset();

    /// The next user of the last ruleset, as JSON text; one in thirty is a text that section 2 refuses.
    [[nodiscard]] std::string user();

    /// The last ruleset's flags, then its experiments, in document order.
    [[nodiscard]] std::vector<std::string> keys() const { return keys_; }

    /// A comparison of the last ruleset: what users are drawn near to. `operands` are JSON literals.
    struct Comparison {
        std::string attribute;
        std::string operator_name;
        std::vector<std::string> operands;
    };

private:
    std::uint64_t state_;
    std::vector<std::string> keys_;
    std::vector<Comparison> comparisons_;
};

}  // namespace expplat::tests
