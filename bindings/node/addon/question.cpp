// Questions: what `Environment::ask` answers, on the path that has a budget of nanoseconds.
#include <cstdint>
#include <optional>
#include <string_view>

#include "bindings/node/addon/description.hpp"
#include "bindings/node/addon/environment.hpp"
#include "src/client/answering.hpp"
#include "src/ruleset/answer_json.hpp"

namespace expplat::node {
namespace {

using runtime::Published;
using runtime::ReadGuard;

constexpr std::int64_t most_exact = std::int64_t{1} << 53;

/// Whether the answer's value is of a kind that was asked for; what has no variant always is.
EXPPLAT_INLINE bool will_do(const eval::Answer& answer, std::uint32_t wanted) noexcept {
    if ((wanted & wanted_kinds) == 0 || !answer.has_variant()) return true;
    const ValueKind kind = answer.value_kind();
    if ((wanted >> static_cast<std::uint32_t>(kind) & 1) == 0) return false;
    if (kind != ValueKind::integer || (wanted & wanted_exact) == 0) return true;
    const auto value = static_cast<std::int64_t>(answer.record().bits);
    return value >= -most_exact && value <= most_exact;
}

/// The answer as it is given out; recorded where that was asked for and it counts.
EXPPLAT_INLINE eval::Answer given(const runtime::Runtime& client, const Published& ruleset,
                                  eval::Answer answer, const User& user, std::uint32_t wanted,
                                  const ReadGuard& guard) noexcept {
    if (!will_do(answer, wanted)) [[unlikely]] {
        answer.reason = Reason::error;
        answer.error = EvaluationError::type_mismatch;
        answer.exposure = false;
    } else if ((wanted & wanted_recorded) != 0) {
        runtime::record_if_counted(client, ruleset, answer, user, guard);
    }
    return answer;
}

/// Finds or makes the answer's number.
struct Numbering {
    napi_env env;
    Words& words;
    OpenClient& client;

    EXPPLAT_INLINE napi_value operator()(const Published& ruleset, const eval::Answer& answer) const {
        const AnswerTable::Mark mark(words.key, answer);
        const std::uint32_t number = client.answers().find(ruleset.serial, mark);
        if (number == AnswerTable::absent) [[unlikely]]
            return add(ruleset, answer, mark);
        words.outcome = outcome_known;
        words.answer = number;
        return nullptr;
    }

    EXPPLAT_NOINLINE napi_value add(const Published& ruleset, const eval::Answer& answer,
                                    const AnswerTable::Mark& mark) const {
        const napi_value description =
            describe(env, client.key(words.key)->key, answer, ruleset.view.version());
        if (description == nullptr) {
            words.outcome = outcome_failed;
            return nullptr;
        }
        words.outcome = client.answers().make_room(ruleset.serial) ? outcome_renewed : outcome_new;
        words.answer = client.answers().add(mark);
        return description;
    }
};

}  // namespace

napi_value Environment::ask(napi_env env) {
    OpenClient* const asked = client();
    const runtime::KeyPlace* const key = asked == nullptr ? nullptr : asked->key(words_->key);
    if (key == nullptr) [[unlikely]] {
        words_->outcome = outcome_failed;
        return nullptr;
    }
    if (!is_resident()) [[unlikely]] {
        words_->outcome = outcome_not_resident;
        return nullptr;
    }
    const runtime::Runtime& client = asked->runtime();
    const Numbering number{env, *words_, *asked};
    const User* const about = user();
    if (about == nullptr) [[unlikely]] {
        const ReadGuard guard;
        return number(*client.publication().current(), ruleset::unreadable_user());
    }
    return runtime::with_answer_at(
        client, *key, *about,
        [&](const Published& ruleset, const eval::Answer& answer, const ReadGuard& guard) {
            return number(ruleset, given(client, ruleset, answer, *about, words_->wanted, guard));
        });
}

napi_value Environment::ask_text(napi_env env, std::string_view key) {
    OpenClient* const asked = client();
    if (asked == nullptr || !is_resident()) return nullptr;
    const runtime::Runtime& client = asked->runtime();
    const User* const about = user();
    if (about == nullptr) {
        const ReadGuard guard;
        return describe(env, key, ruleset::unreadable_user(), client.publication().current()->view.version());
    }
    return runtime::with_answer(
        client, key, *about,
        [&](const Published& ruleset, const eval::Answer& answer, const ReadGuard& guard) {
            return describe(env, key, given(client, ruleset, answer, *about, words_->wanted, guard),
                            ruleset.view.version());
        });
}

}  // namespace expplat::node
