// Answering from a client's current ruleset: what the C++ face, the C face and the command line have in common.
//
// An answer's views are valid only while its ruleset is guarded, so it is handed on under the guard to a function that
// makes of it what its face gives out. Wait-free; called by any thread. Next: `client.cpp`, `src/c/answer.cpp`.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

#include "expplat/base/inline.hpp"
#include "expplat/base/user.hpp"
#include "expplat/eval/evaluate.hpp"
#include "src/client/epoch.hpp"
#include "src/client/published.hpp"
#include "src/client/recorder.hpp"
#include "src/client/runtime.hpp"

namespace expplat::runtime {

/// Takes note of an answer that must be counted. It is made again here from what the recorder reads: so an answer that
/// need not be counted never has to be in memory.
EXPPLAT_NOINLINE inline void record(const Runtime& client, const Published& ruleset,
                                    const image::Entity& entity, std::uint32_t variant,
                                    const image::Unit* unit, const User& user, std::uint32_t slot) noexcept {
    Recorder* const recorder = client.recorder();
    if (recorder == nullptr) return;
    eval::Answer answer;
    answer.entity = &entity;
    answer.variant = variant;
    answer.unit = unit;
    if (recorder->exposure(ruleset.view, answer, user, slot)) client.wake();
}

EXPPLAT_INLINE void record_if_counted(const Runtime& client, const Published& ruleset,
                                      const eval::Answer& answer, const User& user,
                                      const ReadGuard& guard) noexcept {
    if (answer.exposure)
        record(client, ruleset, *answer.entity, answer.variant, answer.unit, user, guard.slot_number());
}

/// Answers from a ruleset; from the one that stands in before there is any, that the client is not ready.
EXPPLAT_INLINE eval::Answer answer_of(const Published& ruleset, std::string_view key,
                                      const User& user) noexcept {
    eval::Answer answer = eval::evaluate(ruleset.view, key, user, ruleset.patterns);
    if (answer.error == EvaluationError::flag_not_found && !ruleset.ready) [[unlikely]]
        answer.error = EvaluationError::provider_not_ready;
    return answer;
}

/// `use(ruleset, answer, guard)`, and what that returns.
template <class Use>
EXPPLAT_INLINE auto with_answer(const Runtime& client, std::string_view key, const User& user, Use&& use) {
    user.prefetch();
    const ReadGuard guard;
    const Published& ruleset = *client.publication().current();
    return std::forward<Use>(use)(ruleset, answer_of(ruleset, key, user), guard);
}

/// The first call on this ruleset: looks the key up. What `KeyPlace::place` is then.
EXPPLAT_NOINLINE inline std::uint64_t look_up(const KeyPlace& key, const Published& ruleset) noexcept {
    const image::Entity* const found = ruleset.view.find(key.key, key.key_hash);
    const image::Offset offset = found == nullptr ? 0 : ruleset.view.offset_of(*found);
    const std::uint64_t place = (std::uint64_t{ruleset.serial} << 32) | offset;
    key.place.store(place, std::memory_order_relaxed);
    return place;
}

/// The same for a key that is looked up once for each ruleset.
template <class Use>
EXPPLAT_INLINE auto with_answer_at(const Runtime& client, const KeyPlace& key, const User& user, Use&& use) {
    user.prefetch();
    const ReadGuard guard;
    const Published& ruleset = *client.publication().current();
    std::uint64_t place = key.place.load(std::memory_order_relaxed);
    if ((place >> 32) != ruleset.serial) [[unlikely]]
        place = look_up(key, ruleset);
    const auto offset = static_cast<image::Offset>(place);
    if (offset == 0) [[unlikely]] {
        eval::Answer unknown;
        unknown.error = ruleset.ready ? EvaluationError::flag_not_found : EvaluationError::provider_not_ready;
        return std::forward<Use>(use)(ruleset, unknown, guard);
    }
    return std::forward<Use>(use)(
        ruleset, eval::evaluate(ruleset.view, ruleset.view.entity(offset), user, ruleset.patterns), guard);
}

}  // namespace expplat::runtime
