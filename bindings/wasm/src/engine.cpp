// What the WebAssembly module exports: images, users and answers as numbers and addresses in its memory.
//
// `js/engine.js` is the only caller and hands out no address, so nothing here checks one. No function takes or returns 64
// bits, which JavaScript would make a BigInt of. A text is the address of an `image::Text`: its size, then its bytes.
#include <cstdint>
#include <cstdlib>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "bindings/wasm/src/description.hpp"
#include "bindings/wasm/src/pattern_table.hpp"
#include "expplat/base/inline.hpp"
#include "expplat/eval/evaluate.hpp"
#include "expplat/image/verify.hpp"

#define EXPPLAT_EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace expplat::wasm {
namespace {

/// Owns the bytes, which begin at a multiple of 8 as all that `malloc` gives.
struct Ruleset {
    Ruleset(std::byte* bytes, const image::View& verified)
        : memory(bytes), view(verified), table(view), patterns(table.patterns()) {}
    ~Ruleset() { std::free(memory); }
    Ruleset(const Ruleset&) = delete;
    Ruleset& operator=(const Ruleset&) = delete;

    std::byte* memory;
    image::View view;
    PatternTable table;
    eval::Patterns patterns;
};

/// What an answer holds beside the number that is returned.
struct {
    std::uint32_t variant;  // position; `image::none` for none
    const char* rule;
    std::uint32_t rule_size;
} last_answer;

DescribedUser described_user;

/// The reason, the error shifted by 8 and the exposure by 16.
EXPPLAT_INLINE std::uint32_t keep(const eval::Answer& answer) noexcept {
    last_answer = {answer.variant, answer.rule.data(), answer.rule.size()};
    return static_cast<std::uint32_t>(answer.reason) | static_cast<std::uint32_t>(answer.error) << 8 |
           static_cast<std::uint32_t>(answer.exposure) << 16;
}

/// Not inlined: the evaluator would stand in the module twice.
EXPPLAT_NOINLINE std::uint32_t answer(const Ruleset& ruleset, const image::Entity& entity,
                                      const User& user) noexcept {
    return keep(eval::evaluate(ruleset.view, entity, user, ruleset.patterns));
}

/// No variant, and why.
EXPPLAT_NOINLINE std::uint32_t refuse(EvaluationError error) noexcept {
    eval::Answer answer;
    answer.error = error;
    return keep(answer);
}

const image::Text* text_at(const image::Entity* entity, image::Ref ref) noexcept {
    return ref == 0 ? nullptr : &image::at<image::Text>(image::base_of(*entity), ref);
}

}  // namespace
}  // namespace expplat::wasm

using namespace expplat;
using wasm::Description;
using wasm::Record;
using wasm::Ruleset;

// ---- memory ----

/// Null where there is not so much.
EXPPLAT_EXPORT(allocate) void* allocate(std::uint32_t size) { return std::malloc(size); }
EXPPLAT_EXPORT(release) void release(void* memory) { std::free(memory); }
/// Where an answer's variant, rule and rule's size stand.
EXPPLAT_EXPORT(last_answer) const void* last_answer() { return &wasm::last_answer; }

// ---- rulesets ----

/// Takes over allocated bytes: a ruleset, or an `ErrorCode` where they are no image, and then they are released.
EXPPLAT_EXPORT(ruleset_load) std::uintptr_t ruleset_load(std::byte* bytes, std::uint32_t size) {
    const Result<image::View> view = image::verify({bytes, size});
    if (!view) {
        std::free(bytes);
        return static_cast<std::uintptr_t>(view.error().code);
    }
    return reinterpret_cast<std::uintptr_t>(new Ruleset(bytes, *view));
}
EXPPLAT_EXPORT(ruleset_free) void ruleset_free(Ruleset* ruleset) { delete ruleset; }
EXPPLAT_EXPORT(ruleset_version) double ruleset_version(const Ruleset* ruleset) {
    return static_cast<double>(ruleset->view.version());  // at most 2^53 - 1
}
EXPPLAT_EXPORT(ruleset_environment) const void* ruleset_environment(const Ruleset* ruleset) {
    return ruleset->view.environment().data() - sizeof(image::Text);
}
EXPPLAT_EXPORT(ruleset_size) std::uint32_t ruleset_size(const Ruleset* ruleset) {
    return ruleset->view.header().entity_count;
}
EXPPLAT_EXPORT(ruleset_unsupported) std::uint32_t ruleset_unsupported(const Ruleset* ruleset) {
    std::uint32_t count = 0;
    for (const image::Offset offset : ruleset->view.entities()) {
        const std::uint8_t flags = ruleset->view.entity(offset).flags;
        const bool unsupported = (flags & image::entity_flags::unsupported) != 0;
        const bool unmatched = (flags & image::entity_flags::needs_patterns) != 0 && !ruleset->patterns;
        count += static_cast<std::uint32_t>(unsupported || unmatched);
    }
    return count;
}
/// Flags, then experiments, in document order.
EXPPLAT_EXPORT(ruleset_entity)
const image::Entity* ruleset_entity(const Ruleset* ruleset, std::uint32_t position) {
    return &ruleset->view.entity(ruleset->view.entities()[position]);
}
/// Null for an unknown key.
EXPPLAT_EXPORT(ruleset_find)
const image::Entity* ruleset_find(const Ruleset* ruleset, const char* key, std::uint32_t size) {
    return ruleset->view.find({key, size});
}

// ---- flags and experiments ----

EXPPLAT_EXPORT(entity_key) const void* entity_key(const image::Entity* entity) {
    return wasm::text_at(entity, entity->key);
}
EXPPLAT_EXPORT(entity_kind) std::uint32_t entity_kind(const image::Entity* entity) {
    return entity->value_kind;
}
EXPPLAT_EXPORT(variant_key) const void* variant_key(const image::Entity* entity, std::uint32_t variant) {
    return wasm::text_at(entity, image::variant_of(*entity, variant).key);
}
/// A string, or the JSON of an integer, a number or an object; null for a boolean.
EXPPLAT_EXPORT(variant_text) const void* variant_text(const image::Entity* entity, std::uint32_t variant) {
    return wasm::text_at(entity, image::variant_of(*entity, variant).text);
}
EXPPLAT_EXPORT(variant_boolean)
std::uint32_t variant_boolean(const image::Entity* entity, std::uint32_t variant) {
    return static_cast<std::uint32_t>(image::variant_of(*entity, variant).bits);
}

// ---- users and answers ----

/// Null for a user that is larger than one may be.
EXPPLAT_EXPORT(user_create)
const User* user_create(const Record* records, std::uint32_t count, const char* texts,
                        std::uint32_t key_size) {
    const Description description{records, count, texts, key_size};
    User* const user = new User(description.key());
    if (description.fill(*user, false)) return user;
    delete user;
    return nullptr;
}
EXPPLAT_EXPORT(user_free) void user_free(const User* user) { delete user; }

// An entity that is null is an unknown key.

EXPPLAT_EXPORT(evaluate)
std::uint32_t evaluate(const Ruleset* ruleset, const image::Entity* entity, const User* user) {
    if (entity == nullptr) return wasm::refuse(EvaluationError::flag_not_found);
    return wasm::answer(*ruleset, *entity, *user);
}
/// For a user who is described for this one question; `same_names` as in the question before.
EXPPLAT_EXPORT(evaluate_described)
std::uint32_t evaluate_described(const Ruleset* ruleset, const image::Entity* entity, const Record* records,
                                 std::uint32_t count, const char* texts, std::uint32_t key_size,
                                 std::uint32_t same_names) {
    const Description description{records, count, texts, key_size};
    const User* const user = wasm::described_user.set(description, same_names != 0);
    if (user == nullptr) return wasm::refuse(EvaluationError::parse_error);
    return evaluate(ruleset, entity, user);
}
