// The questions: `variant` and the typed values of clients and handles. They never raise for what a user or a key is: the
// caller's default comes back, with a reason. A call with too few or too many arguments is a TypeError as everywhere.
#include <bit>
#include <optional>
#include <string_view>

#include "bindings/python/src/arguments.hpp"
#include "bindings/python/src/asked_user.hpp"
#include "bindings/python/src/client.hpp"
#include "bindings/python/src/held.hpp"
#include "bindings/python/src/known_texts.hpp"
#include "bindings/python/src/records.hpp"
#include "bindings/python/src/variant.hpp"
#include "src/client/answering.hpp"
#include "src/ruleset/answer_json.hpp"

namespace expplat::python {

namespace {

using runtime::Published;
using runtime::ReadGuard;
using runtime::Runtime;

/// The answer to a question whose key or user cannot be read. It is of the current ruleset, as every other.
[[gnu::noinline]] PyObject* unreadable(const Runtime& runtime) noexcept {
    const ReadGuard guard;
    const Published& ruleset = *runtime.publication().current();
    return new_variant(ruleset::unreadable_user(), ruleset.serial, ruleset.view.version());
}

/// Records what must be counted, and makes the Variant.
struct Making {
    const Runtime& runtime;
    const User& user;

    EXPPLAT_INLINE PyObject* operator()(const Published& ruleset, const eval::Answer& answer,
                                        const ReadGuard& guard) const noexcept {
        runtime::record_if_counted(runtime, ruleset, answer, user, guard);
        return new_variant(answer, ruleset.serial, ruleset.view.version());
    }
};

// ---- variant ----

constexpr Signature<2> variant_signature{"variant", {"key", "user"}};
constexpr Signature<1> handle_variant_signature{"variant", {"user"}};

PyObject* client_variant(PyObject* self, PyObject* const* given, Py_ssize_t count, PyObject* kwnames) {
    const Client* const client = ready<Client>(self);
    Arguments<2> arguments;
    if (client == nullptr || !arguments.match(variant_signature, given, count, kwnames)) return nullptr;
    const Runtime& runtime = client->client->runtime;
    const auto key = text_of(arguments[0]);
    const AskedUser asked(arguments[1]);
    const User* const user = asked.get();
    if (!key || user == nullptr) [[unlikely]]
        return unreadable(runtime);
    return runtime::with_answer(runtime, *key, *user, Making{runtime, *user});
}

PyObject* handle_variant(PyObject* self, PyObject* const* given, Py_ssize_t count, PyObject* kwnames) {
    const Handle* const handle = ready<Handle>(self);
    Arguments<1> arguments;
    if (handle == nullptr || !arguments.match(handle_variant_signature, given, count, kwnames))
        return nullptr;
    const Runtime& runtime = handle->handle->runtime;
    const AskedUser asked(arguments[0]);
    const User* const user = asked.get();
    if (user == nullptr) [[unlikely]]
        return unreadable(runtime);
    return runtime::with_answer_at(runtime, handle->handle->place, *user, Making{runtime, *user});
}

// ---- typed values ----

constexpr std::array<const char*, 3> typed_names{"key", "user", "default"};

/// A typed answer: `value` null where the caller's default applies. Both are new references.
struct Typed {
    Held value;
    Held variant;
};

/// Makes the value, and the Variant only for who asked for details.
struct MakingTyped {
    const Runtime& runtime;
    const User& user;
    ValueKind kind;
    bool detail;

    Typed operator()(const Published& ruleset, const eval::Answer& answer,
                     const ReadGuard& guard) const noexcept {
        Typed typed;
        Verdict verdict{answer.reason, answer.error, answer.exposure};
        if (answer.has_variant() && answer.value_kind() != kind) {
            verdict = {Reason::error, EvaluationError::type_mismatch, false};
        } else if (answer.has_variant()) {
            typed.value = Held::borrowed(known_variant(ruleset.serial, answer).value);
            runtime::record_if_counted(runtime, ruleset, answer, user, guard);
        }
        if (detail)
            typed.variant = Held(new_variant(answer, verdict, ruleset.serial, ruleset.view.version()));
        return typed;
    }
};

template <ValueKind kind, bool detail>
PyObject* client_typed(PyObject* self, PyObject* const* given, Py_ssize_t count, PyObject* kwnames,
                       const char* name) {
    const Client* const client = ready<Client>(self);
    Arguments<3> arguments;
    if (client == nullptr || !arguments.match({name, typed_names}, given, count, kwnames)) return nullptr;
    const Runtime& runtime = client->client->runtime;
    const auto key = text_of(arguments[0]);
    const AskedUser asked(arguments[1]);
    const User* const user = asked.get();
    Typed typed;
    if (key && user != nullptr) [[likely]] {
        typed = runtime::with_answer(runtime, *key, *user, MakingTyped{runtime, *user, kind, detail});
    } else if (detail) {
        typed.variant = Held(unreadable(runtime));
    }
    if (typed.value == nullptr) {
        if (PyErr_Occurred() != nullptr) PyErr_Clear();  // memory ran out: the default, too
        typed.value = Held::borrowed(arguments[2]);
    } else if (kind == ValueKind::object) {
        typed.value = Held(parsed_json(typed.value.get()));
        if (typed.value == nullptr) return nullptr;
    }
    if (!detail) return typed.value.release();
    if (typed.variant == nullptr) return PyErr_NoMemory();
    return new_detail(typed.value.get(), typed.variant.get());
}

#define EXPPLAT_TYPED(name, kind)                                                                          \
    PyObject* client_##name(PyObject* self, PyObject* const* given, Py_ssize_t count, PyObject* kwnames) { \
        return client_typed<ValueKind::kind, false>(self, given, count, kwnames, #name);                   \
    }                                                                                                      \
    PyObject* client_##name##_detail(PyObject* self, PyObject* const* given, Py_ssize_t count,             \
                                     PyObject* kwnames) {                                                  \
        return client_typed<ValueKind::kind, true>(self, given, count, kwnames, #name "_detail");          \
    }
EXPPLAT_TYPED(boolean, boolean)
EXPPLAT_TYPED(integer, integer)
EXPPLAT_TYPED(number, number)
EXPPLAT_TYPED(string, string)
EXPPLAT_TYPED(object, object)
#undef EXPPLAT_TYPED

// ---- all of them, and cases ----

PyObject* client_evaluate_all(PyObject* self, PyObject* const* given, Py_ssize_t count, PyObject* kwnames) {
    const Client* const client = ready<Client>(self);
    Arguments<1> arguments;
    if (client == nullptr || !arguments.match(Signature<1>{"evaluate_all", {"user"}}, given, count, kwnames))
        return nullptr;
    const AskedUser asked(arguments[0]);
    const User* const user = asked.get();
    Held answers(PyDict_New());
    if (answers == nullptr) return nullptr;
    const ReadGuard guard;
    const Published& ruleset = *client->client->runtime.publication().current();
    for (const image::Offset offset : ruleset.view.entities()) {
        const image::Entity& entity = ruleset.view.entity(offset);
        const eval::Answer answer = user == nullptr
                                        ? ruleset::unreadable_user()
                                        : eval::evaluate(ruleset.view, entity, *user, ruleset.patterns);
        const std::string_view key = image::key_of(entity);
        const Held name(PyUnicode_DecodeUTF8(key.data(), static_cast<Py_ssize_t>(key.size()), nullptr));
        const Held variant(new_variant(answer, ruleset.serial, ruleset.view.version()));
        if (name == nullptr || variant == nullptr ||
            PyDict_SetItem(answers.get(), name.get(), variant.get()) != 0)
            return nullptr;
    }
    return answers.release();
}

PyObject* client_evaluate_case(PyObject* self, PyObject* const* given, Py_ssize_t count, PyObject* kwnames) {
    const Client* const client = ready<Client>(self);
    Arguments<1> arguments;
    if (client == nullptr || !arguments.match(Signature<1>{"evaluate_case", {"line"}}, given, count, kwnames))
        return nullptr;
    std::string_view line;
    char* bytes = nullptr;
    Py_ssize_t size = 0;
    if (PyBytes_Check(arguments[0])) {
        if (PyBytes_AsStringAndSize(arguments[0], &bytes, &size) != 0) return nullptr;
        line = {bytes, static_cast<std::size_t>(size)};
    } else if (!read_text(arguments[0], "line", line)) {
        return nullptr;
    }
    const expplat_text answer = expplat_evaluate_case(client->client, str(line));
    if (answer.data == nullptr) return PyErr_NoMemory();
    PyObject* const text = PyUnicode_DecodeUTF8(answer.data, static_cast<Py_ssize_t>(answer.size), nullptr);
    expplat_text_free(answer);
    return text;
}

/// A flag without targets, prerequisites, rules or a split: OpenFeature tells it apart.
PyObject* client_is_static(PyObject* self, PyObject* key) {
    const Client* const client = ready<Client>(self);
    if (client == nullptr) return nullptr;
    const auto name = text_of(key);
    if (!name) Py_RETURN_FALSE;
    const ReadGuard guard;
    const image::View& ruleset = client->client->runtime.publication().current()->view;
    const image::Entity* const entity = ruleset.find(*name);
    const bool fixed = entity != nullptr && entity->kind == image::EntityKind::flag && entity->targets == 0 &&
                       entity->prerequisite_count == 0 && entity->outcome_count == 1;
    return Py_NewRef(fixed ? Py_True : Py_False);
}

template <class Function>
PyMethodDef method(const char* name, Function* function, const char* doc) noexcept {
    return {name, reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(function)),
            METH_FASTCALL | METH_KEYWORDS, doc};
}

#define EXPPLAT_TYPED_METHODS(name, returns)                                                                \
    method(#name, client_##name,                                                                            \
           #name "($self, /, key, user, default)\n--\n\n" returns                                           \
                 ", or `default` where there is no variant or it has another type. Records the exposure."), \
        method(#name "_detail", client_##name##_detail,                                                     \
               #name                                                                                        \
               "_detail($self, /, key, user, default)\n--\n\nThe same as a Detail: the value with"          \
               " the Variant that it came from.")

PyMethodDef client_methods[] = {
    method("variant", client_variant,
           "variant($self, /, key, user)\n--\n\nThe Variant of a flag or experiment for the user, a User or"
           " a dict {'key': …, 'attributes': {…}}. Records the exposure."),
    EXPPLAT_TYPED_METHODS(boolean, "The value of a boolean flag"),
    EXPPLAT_TYPED_METHODS(integer, "The value of an integer flag"),
    EXPPLAT_TYPED_METHODS(number, "The value of a flag of type double"),
    EXPPLAT_TYPED_METHODS(string, "The value of a string flag"),
    EXPPLAT_TYPED_METHODS(object, "The value of an object flag, as a dict"),
    method("evaluate_all", client_evaluate_all,
           "evaluate_all($self, /, user)\n--\n\nEvery flag's Variant, then every experiment's, by key; all"
           " from one ruleset. Records nothing."),
    method("evaluate_case", client_evaluate_case,
           "evaluate_case($self, /, line)\n--\n\nThe answer, as JSON, to one line of a file of cases:"
           " {\"key\": …, \"user\": {…}}. Records nothing."),
    {"_is_static", client_is_static, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyMethodDef handle_methods[] = {
    method("variant", handle_variant,
           "variant($self, /, user)\n--\n\nThe Variant for the user, as Client.variant gives it."),
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

PyMethodDef* client_answer_methods() noexcept { return client_methods; }
PyMethodDef* handle_answer_methods() noexcept { return handle_methods; }

}  // namespace expplat::python
