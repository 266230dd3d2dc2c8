// `eval::evaluate`: which variant a user gets, and why (RULESET.md, sections 4 to 7).
//
// It reads a verified image in place and a prepared user: no allocation, no lock, no clock, no exception, and
// nothing in it can fail. Prerequisites nested beyond sight cost no stack: see `gives`. Called by the client, the
// command line, every binding and the server; pure, so safe from any thread. The same code with a trace is
// `eval/explain.hpp`.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "expplat/base/bytes.hpp"
#include "expplat/base/inline.hpp"
#include "expplat/base/reason.hpp"
#include "expplat/base/user.hpp"
#include "expplat/eval/bucket.hpp"
#include "expplat/eval/condition.hpp"
#include "expplat/eval/pattern.hpp"
#include "expplat/eval/trace.hpp"
#include "expplat/image/view.hpp"

namespace expplat::eval {

/// 16 bytes each, as every text of an image may be read 16 bytes at a time.
inline constexpr char targets_rule_bytes[16] = "targets";
inline constexpr char no_rule_bytes[16] = "";
inline constexpr std::string_view targets_rule{targets_rule_bytes, 7};
inline constexpr std::string_view no_rule{no_rule_bytes, 0};

/// An answer as places in the image; `Answer`'s functions read them. Valid as long as the image.
struct Answer {
    const image::Entity* entity = nullptr;  // null where the key is unknown
    std::uint32_t variant = image::none;    // position; none: the caller's default
    Reason reason = Reason::error;
    EvaluationError error = EvaluationError::none;
    bool exposure = false;              // this evaluation must be counted
    std::string_view rule = no_rule;    // the rule's id, `targets`, or empty for none; 16 bytes can be read
    const image::Unit* unit = nullptr;  // whose value was bucketed, where the reason is `split`

    [[nodiscard]] bool has_variant() const noexcept { return variant != image::none; }
    /// The variant's key; empty where there is none.
    [[nodiscard]] std::string_view variant_key() const noexcept {
        return has_variant() ? image::text_at(image::base_of(*entity), record().key) : std::string_view{};
    }
    [[nodiscard]] ValueKind value_kind() const noexcept {
        return entity == nullptr ? ValueKind::null : static_cast<ValueKind>(entity->value_kind);
    }
    /// The value's record; only where `has_variant()`.
    [[nodiscard]] const image::VariantRecord& record() const noexcept {
        return image::variant_of(*entity, variant);
    }
    /// A string's content; an integer's, number's or object's JSON; empty for a boolean or no variant.
    [[nodiscard]] std::string_view text() const noexcept {
        return has_variant() ? image::optional_text_at(image::base_of(*entity), record().text)
                             : std::string_view{};
    }
};

template <class Trace>
class Evaluation : private Conditions<Trace> {
public:
    using Conditions<Trace>::Conditions;

    EXPPLAT_INLINE Answer answer(const image::Entity& entity) const noexcept {
        using namespace image::entity_flags;
        if ((entity.flags & (special | needs_patterns)) == 0) [[likely]]
            return flag_with_prerequisites(entity);
        // Member by member: so the compiler keeps the usual answer in registers, whatever the call does with memory.
        const Answer other = any_answer(view_, entity, user_, patterns_, trace_);
        return {other.entity,   other.variant, other.reason, other.error,
                other.exposure, other.rule,    other.unit};
    }

private:
    using Entity = image::Entity;
    using Conditions<Trace>::view_;
    using Conditions<Trace>::user_;
    using Conditions<Trace>::patterns_;
    using Conditions<Trace>::trace_;
    using Conditions<Trace>::run;
    using Conditions<Trace>::unit_name;

    EXPPLAT_NOINLINE static Answer any_answer(const image::View& view, const Entity& entity, const User& user,
                                              const Patterns& patterns, Trace& trace) noexcept {
        const Evaluation self(view, user, patterns, trace);
        if (!self.is_supported(entity))
            return result(entity, image::none, Reason::error, EvaluationError::general);
        return entity.kind == image::EntityKind::flag ? self.flag(entity) : self.experiment(entity);
    }

    [[nodiscard]] bool is_supported(const Entity& entity) const noexcept {
        if (entity.flags == 0) return true;
        return (entity.flags & image::entity_flags::unsupported) == 0 &&
               ((entity.flags & image::entity_flags::needs_patterns) == 0 || patterns_);
    }

    [[nodiscard]] static Answer result(const Entity& entity, std::uint32_t variant, Reason reason,
                                       EvaluationError error = EvaluationError::none,
                                       std::string_view rule = no_rule) noexcept {
        return {&entity, variant, reason, error, false, rule, nullptr};
    }

    // ---- flags (section 4) ----

    [[nodiscard]] Answer flag(const Entity& entity) const noexcept {
        if (entity.state != image::State::running) return result(entity, entity.off, Reason::disabled);
        if (entity.prerequisite_count > 0 && !prerequisites_hold(entity)) {
            return result(entity, entity.off, Reason::prerequisite_failed);
        }
        return flag_with_prerequisites(entity);
    }

    /// What a flag answers once its prerequisites hold.
    EXPPLAT_INLINE Answer flag_with_prerequisites(const Entity& entity) const noexcept {
        if (const image::SetEntry* target = targeted(entity)) {
            return result(entity, target->payload, Reason::targeting_match, EvaluationError::none,
                          targets_rule);
        }
        const std::byte* const base = image::base_of(entity);
        image::Jump jump = entity.entry;
        for (;;) {
            const image::Ref place = run(base, jump) & ~image::terminal;
            const image::Outcome& outcome = at<image::Outcome>(base, place);
            const bool is_default = outcome.otherwise == image::none;
            if constexpr (Trace::active) {
                const auto number =
                    static_cast<std::uint32_t>((place - entity.outcomes) / sizeof(image::Outcome));
                trace_.outcome(rule_of(base, outcome), number, is_default, outcome.split != 0);
            }
            if (outcome.split == 0) {
                return result(entity, outcome.variant,
                              is_default ? Reason::default_ : Reason::targeting_match, EvaluationError::none,
                              rule_of(base, outcome));
            }
            const std::uint32_t variant = split(entity, outcome.split);
            if (variant != image::none) {
                Answer answer =
                    result(entity, variant, Reason::split, EvaluationError::none, rule_of(base, outcome));
                answer.exposure = (entity.flags & image::entity_flags::exposures) != 0;
                answer.unit = &at<image::Split>(base, outcome.split).unit;
                return answer;
            }
            if constexpr (Trace::active) trace_.unit_absent(base, at<image::Split>(base, outcome.split).unit);
            if (is_default)
                return result(entity, entity.off, Reason::error, EvaluationError::targeting_key_missing);
            jump = outcome.otherwise;
        }
    }

    [[nodiscard]] static std::string_view rule_of(const std::byte* base,
                                                  const image::Outcome& outcome) noexcept {
        return text_at(base, outcome.rule);
    }

    // ---- experiments (section 5) ----

    [[nodiscard]] Answer experiment(const Entity& entity) const noexcept {
        if (entity.state == image::State::completed && entity.off != image::none) {
            return result(entity, entity.off, Reason::default_);
        }
        if (entity.state != image::State::running) return result(entity, image::none, Reason::disabled);
        if (const image::SetEntry* target = targeted(entity)) {
            return result(entity, target->payload, Reason::targeting_match, EvaluationError::none,
                          targets_rule);
        }
        if (entity.prerequisite_count > 0 && !prerequisites_hold(entity)) {
            return result(entity, image::none, Reason::prerequisite_failed);
        }
        return experiment_with_prerequisites(entity);
    }

    /// What a running experiment answers to a user who is not targeted once its prerequisites hold.
    [[nodiscard]] Answer experiment_with_prerequisites(const Entity& entity) const noexcept {
        const std::byte* const base = image::base_of(entity);
        const image::ExperimentRecord& record = at<image::ExperimentRecord>(base, entity.experiment);
        const UnitValue unit(base, record.unit, user_);
        if (!unit) {
            if constexpr (Trace::active) trace_.unit_absent(base, record.unit);
            return result(entity, image::none, Reason::error, EvaluationError::targeting_key_missing);
        }
        if (record.holdout != 0 && chosen(Choice::Kind::holdout, record.holdout, record.holdout_seed,
                                          record.holdout_below, record, base, unit)) {
            return result(entity, image::none, Reason::holdout);
        }
        if (run(base, entity.entry) != image::accept) {
            return result(entity, image::none, Reason::not_targeted);
        }
        if (record.layer != 0 && !in_layer(record, base, unit)) {
            return result(entity, image::none, Reason::not_enrolled);
        }
        if (record.traffic_below < point_range && !chosen(Choice::Kind::traffic, 0, record.traffic_seed,
                                                          record.traffic_below, record, base, unit)) {
            return result(entity, image::none, Reason::not_enrolled);
        }
        const std::uint32_t variant =
            pick(entity, at<image::Split>(base, record.split), record.split, unit.text());
        Answer answer = result(entity, variant, Reason::split);
        answer.exposure = true;
        answer.unit = &record.unit;
        return answer;
    }

    [[nodiscard]] bool chosen(Choice::Kind kind, image::Ref name, std::uint64_t seed, std::uint64_t below,
                              const image::ExperimentRecord& record, const std::byte* base,
                              const UnitValue& unit) const noexcept {
        const std::uint32_t where = point(seed, unit.text());
        if constexpr (Trace::active) {
            trace_.choice(Choice{.kind = kind,
                                 .name = image::optional_text_at(base, name),
                                 .unit_name = unit_name(base, record.unit),
                                 .unit = unit.text(),
                                 .point = where,
                                 .below = below,
                                 .inside = where < below,
                                 .variant = {}});
        }
        return where < below;
    }

    [[nodiscard]] bool in_layer(const image::ExperimentRecord& record, const std::byte* base,
                                const UnitValue& unit) const noexcept {
        const std::uint32_t where = point(record.layer_seed, unit.text());
        const std::uint32_t slot = layer_slot(where);
        const bool inside = record.layer_from <= slot && slot < record.layer_to;
        if constexpr (Trace::active) {
            trace_.choice(Choice{.kind = Choice::Kind::layer,
                                 .name = text_at(base, record.layer),
                                 .unit_name = unit_name(base, record.unit),
                                 .unit = unit.text(),
                                 .point = where,
                                 .from = record.layer_from,
                                 .below = record.layer_to,
                                 .slot = slot,
                                 .inside = inside,
                                 .variant = {}});
        }
        return inside;
    }

    // ---- what both have ----

    EXPPLAT_INLINE const image::SetEntry* targeted(const Entity& entity) const noexcept {
        if (entity.targets == 0) return nullptr;
        const std::byte* const base = image::base_of(entity);
        const image::SetEntry* const entry =
            user_.has_key()
                ? find_in(base, at<image::StringSet>(base, entity.targets), user_.key(), user_.key_hash())
                : nullptr;
        if constexpr (Trace::active) trace_.targets(entry != nullptr);
        return entry;
    }

    /// The split's variant, or none where its unit is absent.
    EXPPLAT_INLINE std::uint32_t split(const Entity& entity, image::Ref ref) const noexcept {
        const std::byte* const base = image::base_of(entity);
        const image::Split& split = at<image::Split>(base, ref);
        if (split.unit.name == 0)
            return user_.has_key() ? pick(entity, split, ref, user_.key()) : image::none;
        return split_by_attribute(view_, entity, user_, patterns_, trace_, ref);
    }
    EXPPLAT_NOINLINE static std::uint32_t split_by_attribute(const image::View& view, const Entity& entity,
                                                             const User& user, const Patterns& patterns,
                                                             Trace& trace, image::Ref ref) noexcept {
        const image::Split& split = at<image::Split>(image::base_of(entity), ref);
        const UnitValue unit(image::base_of(entity), split.unit, user);
        const Evaluation self(view, user, patterns, trace);
        return unit ? self.pick(entity, split, ref, unit.text()) : image::none;
    }

    EXPPLAT_INLINE std::uint32_t pick(const Entity& entity, const image::Split& split, image::Ref ref,
                                      std::string_view unit) const noexcept {
        const std::byte* const base = image::base_of(entity);
        const auto* const ranges =
            reinterpret_cast<const image::SplitRange*>(base + ref + sizeof(image::Split));
        const std::uint32_t where = point(split.seed, unit);
        std::uint32_t chosen = 0;
        if (split.count == image::least_ranges) [[likely]] {
            // Counted without a branch: the point is random, so a branch would be guessed wrong.
            static_assert(image::least_ranges == 4);
            chosen = static_cast<std::uint32_t>(where >= ranges[0].below) +
                     static_cast<std::uint32_t>(where >= ranges[1].below) +
                     static_cast<std::uint32_t>(where >= ranges[2].below);
        } else {
            std::uint32_t high = split.count - 1;
            while (chosen < high) {
                const std::uint32_t middle = chosen + (high - chosen) / 2;
                if (where >= ranges[middle].below) chosen = middle + 1;
                else high = middle;
            }
        }
        const std::uint32_t variant = ranges[chosen].variant;
        if constexpr (Trace::active) {
            trace_.choice(Choice{.kind = Choice::Kind::split,
                                 .name = {},
                                 .unit_name = unit_name(base, split.unit),
                                 .unit = unit,
                                 .point = where,
                                 .from = chosen == 0 ? 0 : ranges[chosen - 1].below,
                                 .below = ranges[chosen].below,
                                 .inside = true,
                                 .variant = text_at(base, image::variant_of(entity, variant).key)});
        }
        return variant;
    }

    // ---- prerequisites ----

    [[nodiscard]] static std::span<const image::PrerequisiteRecord> prerequisites_of(
        const Entity& entity) noexcept {
        return array_at<image::PrerequisiteRecord>(image::base_of(entity), entity.prerequisites,
                                                   entity.prerequisite_count);
    }

    EXPPLAT_NOINLINE bool prerequisites_hold(const Entity& entity) const noexcept {
        for (const image::PrerequisiteRecord& prerequisite : prerequisites_of(entity)) {
            if constexpr (Trace::active)
                trace_.enter_prerequisite(text_at(image::base_of(entity), prerequisite.key));
            const bool given = gives(entity, prerequisite);
            if constexpr (Trace::active)
                trace_.leave_prerequisite(text_at(image::base_of(entity), prerequisite.key), given);
            if (!given) return false;
        }
        return true;
    }

    /// What an entity gives where its own prerequisites hold, and where they fail.
    struct Alternatives {
        std::uint32_t held;
        std::uint32_t failed;
    };

    EXPPLAT_NOINLINE Alternatives alternatives(const Entity& entity) const noexcept {
        const bool flag = entity.kind == image::EntityKind::flag;
        if (entity.state != image::State::running) {
            const bool gives_off = flag || entity.state == image::State::completed;
            return settled(entity, gives_off ? entity.off : image::none);
        }
        if (flag) return {flag_with_prerequisites(entity).variant, entity.off};
        if (const image::SetEntry* target = targeted(entity)) return {target->payload, target->payload};
        return {experiment_with_prerequisites(entity).variant, image::none};
    }

    /// An entity that is not running gives the same whatever its prerequisites say.
    [[nodiscard]] Alternatives settled(const Entity& entity, std::uint32_t variant) const noexcept {
        if constexpr (Trace::active) {
            trace_.settled(entity, variant == image::none ? std::string_view{}
                                                          : text_at(image::base_of(entity),
                                                                    image::variant_of(entity, variant).key));
        }
        return {variant, variant};
    }

    /// The prerequisite names that variant.
    [[nodiscard]] bool accepts(const Entity& owner, const image::PrerequisiteRecord& prerequisite,
                               const Entity& target, std::uint32_t variant) const noexcept {
        if (variant == image::none) return false;
        const std::string_view key = text_at(image::base_of(target), image::variant_of(target, variant).key);
        for (const image::Ref accepted :
             array_at<image::Ref>(image::base_of(owner), prerequisite.variants, prerequisite.variant_count)) {
            if (same_bytes(text_at(image::base_of(owner), accepted), key)) return true;
        }
        return false;
    }

    /// The prerequisite's entity gives one of its variants. Nothing here has an effect, so the order is free: an
    /// entity's own choice is made first, then its prerequisites are looked at, the heaviest last and in this
    /// loop. `held` and `failed` are the final verdict as a function of that last question. So the calls that are
    /// open at once halve the work each time, and a chain of any length is walked in constant stack.
    [[nodiscard]] bool gives(const Entity& owner,
                             const image::PrerequisiteRecord& prerequisite) const noexcept {
        const Entity* entity = &view_.entity(prerequisite.entity);
        Alternatives choice = alternatives(*entity);
        bool held = accepts(owner, prerequisite, *entity, choice.held);
        bool failed = accepts(owner, prerequisite, *entity, choice.failed);
        while (held != failed && entity->prerequisite_count > 0) {
            const auto prerequisites = prerequisites_of(*entity);
            for (std::uint32_t i = 0; i < prerequisites.size(); ++i) {
                if (i != entity->heaviest && !gives(*entity, prerequisites[i])) return failed;
            }
            const image::PrerequisiteRecord& last = prerequisites[entity->heaviest];
            const Entity& target = view_.entity(last.entity);
            if constexpr (Trace::active)
                trace_.follow_prerequisite(text_at(image::base_of(*entity), last.key));
            choice = alternatives(target);
            const bool next_held = accepts(*entity, last, target, choice.held) ? held : failed;
            const bool next_failed = accepts(*entity, last, target, choice.failed) ? held : failed;
            held = next_held;
            failed = next_failed;
            entity = &target;
        }
        return held;
    }
};

/// The answer of one flag or experiment of the image.
EXPPLAT_INLINE Answer evaluate(const image::View& view, const image::Entity& entity, const User& user,
                               const Patterns& patterns = {}) noexcept {
    NoTrace trace;
    return Evaluation<NoTrace>(view, user, patterns, trace).answer(entity);
}

/// The answer for a key; an unknown one is `ERROR` / `FLAG_NOT_FOUND`.
[[nodiscard]] inline Answer evaluate(const image::View& view, std::string_view key, const User& user,
                                     const Patterns& patterns = {}) noexcept {
    const image::Entity* const entity = view.find(key);
    if (entity == nullptr) {
        Answer unknown;
        unknown.error = EvaluationError::flag_not_found;
        return unknown;
    }
    return evaluate(view, *entity, user, patterns);
}

}  // namespace expplat::eval
