#include "bench/peers/question.hpp"

#include <openssl/sha.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "bench/workload.hpp"

namespace expplat::bench {

namespace {

std::string text_of(const User& user, std::string_view attribute) {
    const User::Stored* const value = user.find(attribute);
    require(value != nullptr && value->kind == ValueKind::string, "a user has no string of an attribute");
    return std::string(user.text(*value));
}

std::uint64_t bits_of(const User& user, std::string_view attribute, ValueKind kind) {
    const User::Stored* const value = user.find(attribute);
    require(value != nullptr && value->kind == kind, "a user has no value of an attribute");
    return value->bits;
}

Checked checked_of(std::size_t flag, const User& user) {
    Checked question{flag_key(flag), person_of(user), {}};
    const Detail<std::string> answer = client().string_detail(question.flag, user, no_answer);
    require(answer.variant.error() == EvaluationError::none && answer.value != no_answer,
            "expplat gave no answer about " + question.flag);
    if (answer.variant.reason() == Reason::targeting_match) question.value_by_rule = answer.value;
    return question;
}

}  // namespace

const nlohmann::json& flags() {
    static const nlohmann::json instance = nlohmann::json::parse(ruleset_json(flag_count, false)).at("flags");
    return instance;
}

const Client& client() {
    static const Client instance = [] {
        Config config;
        config.source = Source::text(ruleset_json(flag_count, false));
        Result<Client> opened = Client::open(std::move(config));
        require(opened.ok(), "expplat's client did not open");
        return std::move(opened).value();
    }();
    return instance;
}

Person person_of(const User& user) {
    return {std::string(user.key()),
            text_of(user, "country"),
            text_of(user, "plan"),
            text_of(user, "app_version"),
            text_of(user, "email"),
            static_cast<std::int64_t>(bits_of(user, "level", ValueKind::integer)),
            bits_of(user, "beta", ValueKind::boolean) != 0};
}

const std::vector<Checked>& checked() {
    static const std::vector<Checked> instance = [] {
        std::vector<Checked> questions{checked_of(asked_flag, predictable_user(asked_user))};
        require(questions.front().value_by_rule.empty(), "a rule takes the user of the measured question");
        const std::vector<User> users = random_users(checked_questions);
        const std::vector<std::size_t> asked = random_flags(checked_questions, flag_count);
        for (std::size_t i = 0; i < checked_questions; ++i)
            questions.push_back(checked_of(asked[i], users[i]));
        return questions;
    }();
    return instance;
}

std::uint64_t leading_sha1(std::string_view text, unsigned digits) {
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::uint64_t leading = 0;
    for (std::size_t byte = 0; byte < sizeof leading; ++byte) leading = leading << 8 | digest[byte];
    return leading >> (64 - 4 * digits);
}

void require(bool held, const std::string& message) {
    if (held) return;
    std::fprintf(stderr, "expplat_peers: %s\n", message.c_str());
    std::exit(1);
}

}  // namespace expplat::bench
