#include "bindings/python/src/variant.hpp"

#include <structmember.h>

#include <cstddef>

#include "bindings/python/src/held.hpp"
#include "bindings/python/src/known_texts.hpp"

namespace expplat::python {

namespace {

struct Variant {
    PyObject_HEAD PyObject* key;
    PyObject* value;  // of an object: its JSON text
    PyObject* rule;
    PyObject* reason;  // immortal, as `error` is
    PyObject* error;
    unsigned long long ruleset_version;
    char exposure;
    bool is_object;
};

PyTypeObject* variant_type = nullptr;

const Variant& self_of(PyObject* object) noexcept { return *reinterpret_cast<Variant*>(object); }

void dealloc(PyObject* self) {
    auto* const variant = reinterpret_cast<Variant*>(self);
    Py_XDECREF(variant->key);
    Py_XDECREF(variant->value);
    Py_XDECREF(variant->rule);
    PyTypeObject* const type = Py_TYPE(self);
    PyObject_Free(self);
    Py_DECREF(type);
}

PyObject* value(PyObject* self, void*) {
    const Variant& variant = self_of(self);
    return variant.is_object ? parsed_json(variant.value) : Py_NewRef(variant.value);
}

int is_given(PyObject* self) { return self_of(self).key != Py_None; }

PyObject* repr(PyObject* self) {
    const Variant& variant = self_of(self);
    return PyUnicode_FromFormat(
        "Variant(key=%R, value=%R, reason=%R, rule=%R, error=%R, exposure=%s, ruleset_version=%llu)",
        variant.key, variant.value, variant.reason, variant.rule, variant.error,
        variant.exposure != 0 ? "True" : "False", variant.ruleset_version);
}

/// Two answers, or an answer and a variant's key. A hash goes with that: equal objects have equal ones.
PyObject* compare(PyObject* self, PyObject* other, int operation) {
    if (operation != Py_EQ && operation != Py_NE) Py_RETURN_NOTIMPLEMENTED;
    const Variant& left = self_of(self);
    if (PyUnicode_Check(other)) return PyObject_RichCompare(left.key, other, operation);
    if (Py_TYPE(other) != variant_type) Py_RETURN_NOTIMPLEMENTED;
    const Variant& right = self_of(other);
    bool same = left.reason == right.reason && left.error == right.error &&
                left.ruleset_version == right.ruleset_version && left.exposure == right.exposure &&
                left.is_object == right.is_object;
    const Held texts[][2] = {
        {Held::borrowed(left.key), Held::borrowed(right.key)},
        {Held::borrowed(left.value), Held::borrowed(right.value)},
        {Held::borrowed(left.rule), Held::borrowed(right.rule)},
    };
    for (const auto& [mine, yours] : texts) {
        if (!same) break;
        const int equal = PyObject_RichCompareBool(mine.get(), yours.get(), Py_EQ);
        if (equal < 0) return nullptr;
        same = equal == 1;
    }
    return Py_NewRef(same == (operation == Py_EQ) ? Py_True : Py_False);
}

Py_hash_t hash(PyObject* self) { return PyObject_Hash(self_of(self).key); }

PyMemberDef members[] = {
    {"key", T_OBJECT_EX, offsetof(Variant, key), READONLY,
     "The variant's key; None where the user gets none and the caller's default applies."},
    {"reason", T_OBJECT_EX, offsetof(Variant, reason), READONLY, "Why: 'SPLIT', 'TARGETING_MATCH', …"},
    {"rule", T_OBJECT_EX, offsetof(Variant, rule), READONLY,
     "The id of the rule that decided, 'targets', or None."},
    {"error", T_OBJECT_EX, offsetof(Variant, error), READONLY,
     "What went wrong, where reason is 'ERROR': 'FLAG_NOT_FOUND', 'PARSE_ERROR', …; else None."},
    {"exposure", T_BOOL, offsetof(Variant, exposure), READONLY, "This answer counts as an exposure."},
    {"ruleset_version", T_ULONGLONG, offsetof(Variant, ruleset_version), READONLY,
     "The version of the ruleset that it comes from; 0 where there was none."},
    {nullptr, 0, 0, 0, nullptr},
};

PyGetSetDef getters[] = {
    {"value", value, nullptr,
     "The variant's value: a bool, int, float, str or dict (a new one each time); None without a variant.",
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

template <class Function>
void* slot(Function function) noexcept {
    return reinterpret_cast<void*>(function);
}

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("A client's answer: which variant a user gets, and why.\n\nTrue where the"
                                  " user gets one; equal to a str that is the variant's key.")},
    {Py_tp_dealloc, slot(dealloc)},
    {Py_tp_repr, slot(repr)},
    {Py_tp_richcompare, slot(compare)},
    {Py_tp_hash, slot(hash)},
    {Py_tp_members, members},
    {Py_tp_getset, getters},
    {Py_nb_bool, slot(is_given)},
    {0, nullptr},
};

PyType_Spec spec = {"expplat.Variant", sizeof(Variant), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE, slots};

}  // namespace

bool add_variant_type(PyObject* module) {
    if (variant_type == nullptr) variant_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
    return variant_type != nullptr &&
           PyModule_AddObjectRef(module, "Variant", reinterpret_cast<PyObject*>(variant_type)) == 0;
}

PyObject* new_variant(const eval::Answer& answer, const Verdict& verdict, std::uint32_t ruleset_serial,
                      std::uint64_t ruleset_version) noexcept {
    KnownVariant known{Py_None, Py_None};
    if (answer.has_variant()) {
        known = known_variant(ruleset_serial, answer);
        if (known.key == nullptr) [[unlikely]]
            return nullptr;
    }
    PyObject* const rule = known_rule(ruleset_serial, answer.rule);
    if (rule == nullptr) [[unlikely]]
        return nullptr;
    Variant* const made = PyObject_New(Variant, variant_type);
    if (made == nullptr) [[unlikely]]
        return nullptr;
    made->key = Py_NewRef(known.key);
    made->value = Py_NewRef(known.value);
    made->rule = Py_NewRef(rule);
    made->reason = known_texts().reasons[static_cast<std::size_t>(verdict.reason)];
    made->error = known_texts().errors[static_cast<std::size_t>(verdict.error)];
    made->ruleset_version = ruleset_version;
    made->exposure = verdict.exposure ? 1 : 0;
    made->is_object = answer.has_variant() && answer.value_kind() == ValueKind::object;
    return reinterpret_cast<PyObject*>(made);
}

PyObject* parsed_json(PyObject* text) {
    static PyObject* loads = nullptr;
    if (loads == nullptr) {
        const Held json(PyImport_ImportModule("json"));
        if (json == nullptr) return nullptr;
        loads = PyObject_GetAttrString(json.get(), "loads");
        if (loads == nullptr) return nullptr;
    }
    return PyObject_CallFunctionObjArgs(loads, text, nullptr);
}

}  // namespace expplat::python
