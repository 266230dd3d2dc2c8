// The answers of the C face. Each is written from the ruleset straight into the caller's struct.
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "expplat/base/inline.hpp"
#include "expplat/base/limits.hpp"
#include "src/c/boundary.hpp"
#include "src/c/objects.hpp"
#include "src/client/answering.hpp"
#include "src/ruleset/answer_json.hpp"
#include "src/ruleset/case_json.hpp"

namespace expplat::c {
namespace {

using runtime::Published;
using runtime::ReadGuard;
using runtime::Runtime;

constexpr std::size_t block = image::tail_bytes;

/// Copies a text of an image, at most `limits::key_bytes` of it, cut off between two characters; returns the size.
EXPPLAT_INLINE std::uint8_t copy(char* to, std::string_view text) noexcept {
    std::size_t size = text.size();
    if (size > block) [[unlikely]] {
        if (size > limits::key_bytes) {
            size = limits::key_bytes;
            while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
        }
        std::memcpy(to, text.data(), size);
    } else if (size > 0) {
        std::memcpy(to, text.data(), block);  // a text of an image has so many bytes after its begin
    }
    to[size] = '\0';
    return static_cast<std::uint8_t>(size);
}

EXPPLAT_INLINE void fill(expplat_answer& out, const eval::Answer& answer, std::uint64_t version) noexcept {
    out.version = version;
    out.value.bits = 0;
    out.kind = EXPPLAT_KIND_NULL;
    out.reason = static_cast<std::uint8_t>(answer.reason);
    out.error = static_cast<std::uint8_t>(answer.error);
    out.exposure = answer.exposure;
    out.variant_size = 0;
    out.variant[0] = '\0';
    out.reserved[0] = out.reserved[1] = 0;
    if (answer.has_variant()) {
        out.kind = static_cast<std::uint8_t>(answer.value_kind());
        if (out.kind <= EXPPLAT_KIND_NUMBER) out.value.bits = answer.record().bits;
        out.variant_size = copy(out.variant, answer.variant_key());
    }
    out.rule_size = copy(out.rule, answer.rule);
}

/// The answer to a question without a client or without a user.
EXPPLAT_NOINLINE void refuse(expplat_answer& out, bool has_client) noexcept {
    eval::Answer answer;
    answer.error = has_client ? EvaluationError::parse_error : EvaluationError::provider_not_ready;
    fill(out, answer, 0);
}

/// What is not in `expplat_answer`: a string, or an object as JSON.
[[nodiscard]] expplat_text text_of(const eval::Answer& answer) noexcept {
    const ValueKind kind = answer.has_variant() ? answer.value_kind() : ValueKind::null;
    if (kind != ValueKind::string && kind != ValueKind::object) return {nullptr, 0};
    return owned(answer.text());
}

/// Records what must be counted, and fills the caller's struct.
struct Filling {
    const Runtime& client;
    const User& user;
    expplat_answer& out;
    expplat_text* text = nullptr;

    EXPPLAT_INLINE void operator()(const Published& ruleset, const eval::Answer& answer,
                                   const ReadGuard& guard) const noexcept {
        runtime::record_if_counted(client, ruleset, answer, user, guard);
        fill(out, answer, ruleset.view.version());
        if (text != nullptr) *text = text_of(answer);
    }
};

/// A value of one type. An answer of another is none, and is not counted.
EXPPLAT_NOINLINE bool ask_typed(expplat_client* client, expplat_str key, const expplat_user* user,
                                ValueKind kind, expplat_answer& out, expplat_text* text) noexcept {
    if (client == nullptr || user == nullptr) {
        refuse(out, client != nullptr);
        return false;
    }
    return runtime::with_answer(
        client->runtime, view(key), user->user,
        [&](const Published& ruleset, const eval::Answer& answer, const ReadGuard& guard) {
            fill(out, answer, ruleset.view.version());
            if (!answer.has_variant()) return false;
            if (answer.value_kind() != kind) {
                out.reason = EXPPLAT_REASON_ERROR;
                out.error = EXPPLAT_EVALUATION_TYPE_MISMATCH;
                out.exposure = false;
                return false;
            }
            if (text != nullptr) *text = owned(answer.text());
            runtime::record_if_counted(client->runtime, ruleset, answer, user->user, guard);
            return true;
        });
}

expplat_text ask_text(expplat_client* client, expplat_str key, const expplat_user* user, ValueKind kind,
                      expplat_str fallback, expplat_answer* answer) noexcept {
    expplat_answer own;
    expplat_text text{nullptr, 0};
    const bool given = ask_typed(client, key, user, kind, answer == nullptr ? own : *answer, &text);
    return given ? text : owned(view(fallback));
}

/// Without recording. Without a user: one that could not be read.
expplat_text answer_json(const expplat_client* client, std::optional<std::string_view> key,
                         const User* user) noexcept {
    return contained(expplat_text{nullptr, 0}, [&] {
        std::string text;
        eval::Answer answer = ruleset::unreadable_user();
        if (client == nullptr) {
            answer.error = EvaluationError::provider_not_ready;
            ruleset::append_answer_json(text, key, answer, 0);
            return owned(text);
        }
        const ReadGuard guard;
        const Published& current = *client->runtime.publication().current();
        if (user != nullptr && key) answer = runtime::answer_of(current, *key, *user);
        ruleset::append_answer_json(text, key, answer, current.view.version());
        return owned(text);
    });
}

}  // namespace
}  // namespace expplat::c

using namespace expplat::c;
using expplat::ValueKind;

extern "C" {

void expplat_variant(expplat_client* client, expplat_str key, const expplat_user* user,
                     expplat_answer* answer) {
    if (answer == nullptr) return;
    if (client == nullptr || user == nullptr) [[unlikely]]
        return refuse(*answer, client != nullptr);
    expplat::runtime::with_answer(client->runtime, view(key), user->user,
                                  Filling{client->runtime, user->user, *answer});
}

void expplat_variant_with_text(expplat_client* client, expplat_str key, const expplat_user* user,
                               expplat_answer* answer, expplat_text* text) {
    if (text != nullptr) *text = {nullptr, 0};
    if (answer == nullptr) return;
    if (client == nullptr || user == nullptr) return refuse(*answer, client != nullptr);
    expplat::runtime::with_answer(client->runtime, view(key), user->user,
                                  Filling{client->runtime, user->user, *answer, text});
}

// ---- handles ----

expplat_handle* expplat_handle_create(expplat_client* client, expplat_str key) {
    if (client == nullptr) return nullptr;
    return contained<expplat_handle*>(nullptr,
                                      [&] { return new expplat_handle(client->runtime, view(key)); });
}

void expplat_handle_destroy(expplat_handle* handle) { delete handle; }

void expplat_handle_variant(const expplat_handle* handle, const expplat_user* user, expplat_answer* answer) {
    if (answer == nullptr) return;
    if (handle == nullptr || user == nullptr) [[unlikely]]
        return refuse(*answer, handle != nullptr);
    expplat::runtime::with_answer_at(handle->runtime, handle->place, user->user,
                                     Filling{handle->runtime, user->user, *answer});
}

void expplat_handle_variant_with_text(const expplat_handle* handle, const expplat_user* user,
                                      expplat_answer* answer, expplat_text* text) {
    if (text != nullptr) *text = {nullptr, 0};
    if (answer == nullptr) return;
    if (handle == nullptr || user == nullptr) return refuse(*answer, handle != nullptr);
    expplat::runtime::with_answer_at(handle->runtime, handle->place, user->user,
                                     Filling{handle->runtime, user->user, *answer, text});
}

// ---- typed values ----

bool expplat_boolean(expplat_client* client, expplat_str key, const expplat_user* user, bool fallback,
                     expplat_answer* answer) {
    expplat_answer own;
    expplat_answer& out = answer == nullptr ? own : *answer;
    return ask_typed(client, key, user, ValueKind::boolean, out, nullptr) ? out.value.bits != 0 : fallback;
}

int64_t expplat_integer(expplat_client* client, expplat_str key, const expplat_user* user, int64_t fallback,
                        expplat_answer* answer) {
    expplat_answer own;
    expplat_answer& out = answer == nullptr ? own : *answer;
    return ask_typed(client, key, user, ValueKind::integer, out, nullptr) ? out.value.integer : fallback;
}

double expplat_number(expplat_client* client, expplat_str key, const expplat_user* user, double fallback,
                      expplat_answer* answer) {
    expplat_answer own;
    expplat_answer& out = answer == nullptr ? own : *answer;
    return ask_typed(client, key, user, ValueKind::number, out, nullptr) ? out.value.number : fallback;
}

expplat_text expplat_string(expplat_client* client, expplat_str key, const expplat_user* user,
                            expplat_str fallback, expplat_answer* answer) {
    return ask_text(client, key, user, ValueKind::string, fallback, answer);
}

expplat_text expplat_object(expplat_client* client, expplat_str key, const expplat_user* user,
                            expplat_str fallback, expplat_answer* answer) {
    return ask_text(client, key, user, ValueKind::object, fallback, answer);
}

// ---- as JSON ----

expplat_text expplat_evaluate_json(expplat_client* client, expplat_str key, const expplat_user* user) {
    return answer_json(client, view(key), user == nullptr ? nullptr : &user->user);
}

expplat_text expplat_evaluate_case(expplat_client* client, expplat_str line) {
    return contained(expplat_text{nullptr, 0}, [&] {
        const expplat::ruleset::Case question = expplat::ruleset::parse_case(view(line));
        return answer_json(client, question.key, question.key && question.user ? &*question.user : nullptr);
    });
}

expplat_text expplat_evaluate_all(expplat_client* client, const expplat_user* user) {
    if (client == nullptr) return owned({});
    return contained(expplat_text{nullptr, 0}, [&] {
        std::string text;
        const expplat::Snapshot snapshot = client->client.snapshot();
        const expplat::image::View ruleset = snapshot.view();
        for (const expplat::image::Offset offset : ruleset.entities()) {
            const expplat::image::Entity& entity = ruleset.entity(offset);
            expplat::ruleset::append_answer_json(
                text, expplat::image::key_of(entity),
                user == nullptr ? expplat::ruleset::unreadable_user()
                                : expplat::eval::evaluate(ruleset, entity, user->user, snapshot.patterns()),
                ruleset.version());
            text += '\n';
        }
        return owned(text);
    });
}

}  // extern "C"
