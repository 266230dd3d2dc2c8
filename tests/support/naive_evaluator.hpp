// The second evaluator: RULESET.md read a second time, slowly and literally, from the JSON tree.
//
// The differential tests ask it and the compiled image the same questions. It shares no code with
// `expplat/eval` or `src/ruleset` but the JSON tree and the names of the reasons: a mistake in one
// evaluator shows as a difference, not as agreement. It assumes a ruleset that the strict checks
// accept. It never recurses along references: whatever a key rests on is evaluated first, in an
// order found with an explicit stack, so a chain of 30,000 segments or prerequisites is fine; only
// the nesting of one condition (at most 64 levels of JSON) is walked by recursion.
// Immutable after construction; safe to use from many threads.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "src/ruleset/json.hpp"

namespace expplat::tests {

class NaiveEvaluator {
public:
    /// `ruleset_root` is the document's object; its `Document` must outlive the evaluator.
    explicit NaiveEvaluator(const ruleset::Node& ruleset_root);

    /// The answer to `key` as one line of JSON without its newline (RULESET.md, section 7).
    /// `user` is the root of a user text; null stands for a text that is no JSON.
    [[nodiscard]] std::string answer(std::string_view key, const ruleset::Node* user) const;

    /// The answer to one line of a file of cases (RULESET.md, section 8); empty for a blank line.
    [[nodiscard]] std::string answer_case_line(std::string_view line) const;

private:
    friend class NaiveEvaluation;
    using Entities = std::map<std::string, const ruleset::Node*, std::less<>>;

    const ruleset::Node& root_;
    Entities segments_;
    Entities layers_;
    Entities holdouts_;
    Entities flags_;
    Entities experiments_;
};

}  // namespace expplat::tests
