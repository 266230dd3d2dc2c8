// What the three clients are asked: the ruleset and the users of `bench/workload.hpp`, read so that another vendor's format
// can be written from them, and what expplat answers, which the others are held to.
//
// Used by `launchdarkly.cpp`, `configcat.cpp` and `expplat.cpp`, each of which has its client, its check and its benchmarks.
// Everything is made once, on first use, and only read afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/expplat.hpp"

namespace expplat::bench {

constexpr std::size_t flag_count = 1'000;
constexpr std::size_t checked_questions = 4'096;

/// The flag and the user of the measured question: no rule takes that user.
constexpr std::size_t asked_flag = 500;
constexpr std::size_t asked_user = 7;

/// What every call gives as its fallback. No flag has this value, so an answer that is it is no answer.
constexpr std::string_view no_answer = "no answer";

/// The members `flags` of the ruleset document.
[[nodiscard]] const nlohmann::json& flags();

/// expplat's client of that ruleset; exposures are off.
[[nodiscard]] const Client& client();

/// A user's key and six attributes, as any client can take them.
struct Person {
    std::string key;
    std::string country;
    std::string plan;
    std::string app_version;
    std::string email;
    std::int64_t level = 0;
    bool beta = false;
};
[[nodiscard]] Person person_of(const User& user);

/// One question of the check, and what expplat answers: the value where a rule takes the user, else nothing, as every vendor
/// hashes in its own way whom a split gives what.
struct Checked {
    std::string flag;
    Person person;
    std::string value_by_rule;
};

/// The measured question, and random flags with random users.
[[nodiscard]] const std::vector<Checked>& checked();

/// The first `digits` hexadecimal digits (at most 15) of a text's SHA-1, which both peers split by.
[[nodiscard]] std::uint64_t leading_sha1(std::string_view text, unsigned digits);

/// Ends the program with the message where `held` is false.
void require(bool held, const std::string& message);

// The checks; each ends the program where an answer is wrong, and gives how many answers a rule and a split gave.
struct Answers {
    std::size_t by_rule = 0;
    std::size_t by_split = 0;
};
[[nodiscard]] Answers check_launchdarkly();
[[nodiscard]] Answers check_configcat();

}  // namespace expplat::bench
