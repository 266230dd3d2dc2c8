// `Problem`: why a call of the control plane was refused, in words that the interface passes on.
//
// Everything of `server/domain` answers with `Outcome<T>`. Within a transaction a refusal is thrown as `Refusal`, because it
// must undo what was done: `Store` catches it, rolls back and hands the problem on. Nothing leaves the layer as an exception.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace expplat::server::domain {

/// Stable: `name` is the end of a problem document's `type` (RFC 9457).
enum class ProblemType : std::uint8_t {
    invalid,               // a member of the request; `violations` has the pointers
    not_found,             // the thing that the request names
    already_exists,        // its key is taken
    precondition_failed,   // `If-Match` is of another revision
    conflict,              // the thing is in a state that does not allow it
    in_use,                // others name it; `violations` has where
    frozen,                // a running experiment's salt, variants or split
    approval_required,     // the environment takes changes by change request alone
    unauthorized,          // nobody that is known, or a log-in that failed
    too_many,              // comes again too soon
    forbidden,             // the caller may not
    idempotency_conflict,  // the same key with another request, or one that is still running
    too_large,             // a bound of `bounds.hpp`
    unavailable,           // the database cannot be reached, or is too busy; worth another try
    internal,              // a fault of ours; the detail is for the log
};

[[nodiscard]] constexpr std::string_view name(ProblemType type) noexcept {
    switch (type) {
        case ProblemType::invalid: return "invalid";
        case ProblemType::not_found: return "not-found";
        case ProblemType::already_exists: return "already-exists";
        case ProblemType::precondition_failed: return "precondition-failed";
        case ProblemType::conflict: return "conflict";
        case ProblemType::in_use: return "in-use";
        case ProblemType::frozen: return "frozen";
        case ProblemType::approval_required: return "approval-required";
        case ProblemType::unauthorized: return "unauthorized";
        case ProblemType::too_many: return "too-many-requests";
        case ProblemType::forbidden: return "forbidden";
        case ProblemType::idempotency_conflict: return "idempotency-conflict";
        case ProblemType::too_large: return "too-large";
        case ProblemType::unavailable: return "unavailable";
        case ProblemType::internal: return "internal";
    }
    return "internal";
}

/// One thing that is wrong, or one place that is meant.
struct Violation {
    /// RFC 6901, from the root of what the caller sent; empty where it lies elsewhere.
    std::string pointer;
    std::string message;
    /// The same place in the environment's whole ruleset (`/flags/new-ui/default`); empty where it is not in one.
    std::string ruleset_pointer = {};
};

struct Problem {
    ProblemType type = ProblemType::internal;
    std::string detail;
    std::vector<Violation> violations = {};
    std::int64_t retry_after_ms = 0;  // of `too_many`: when it is worth another try
};

/// A problem on its way out of a transaction.
class Refusal final : public std::exception {
public:
    explicit Refusal(Problem problem) : problem_(std::move(problem)) {}
    Refusal(ProblemType type, std::string detail) : problem_{type, std::move(detail)} {}
    [[nodiscard]] const Problem& problem() const noexcept { return problem_; }
    [[nodiscard]] const char* what() const noexcept override { return problem_.detail.c_str(); }

private:
    Problem problem_;
};

/// Throws `invalid` with one violation.
[[noreturn]] inline void refuse_member(std::string pointer, std::string message) {
    std::string detail = pointer.empty() ? message : pointer + ": " + message;
    throw Refusal({ProblemType::invalid, std::move(detail), {{std::move(pointer), std::move(message)}}});
}

}  // namespace expplat::server::domain
