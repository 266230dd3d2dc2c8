#include "bindings/python/src/known_texts.hpp"

#include <bit>
#include <cstddef>

#include "expplat/base/reason.hpp"
#include "expplat/base/value.hpp"

namespace expplat::python {

namespace {

KnownTexts texts;

constexpr std::size_t places = 2048;  // a power of two; 32 bytes each

struct VariantPlace {
    std::uint32_t serial = 0;  // 0: free
    const void* record = nullptr;
    KnownVariant objects{};
};
struct RulePlace {
    std::uint32_t serial = 0;
    const void* bytes = nullptr;
    PyObject* text = nullptr;
};
VariantPlace variants[places];
RulePlace rules[places];

std::size_t place_of(std::uint32_t serial, const void* address) noexcept {
    const auto mixed = (reinterpret_cast<std::uintptr_t>(address) >> 2) + serial;
    return (mixed * 0x9E3779B97F4A7C15u) >> (64 - std::bit_width(places - 1));
}

PyObject* text(std::string_view bytes) noexcept {
    return PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), nullptr);
}

PyObject* value_of(const eval::Answer& answer) noexcept {
    const std::uint64_t bits = answer.record().bits;
    switch (answer.value_kind()) {
        case ValueKind::boolean: return Py_NewRef(bits != 0 ? Py_True : Py_False);
        case ValueKind::integer: return PyLong_FromLongLong(static_cast<std::int64_t>(bits));
        case ValueKind::number: return PyFloat_FromDouble(std::bit_cast<double>(bits));
        case ValueKind::string:
        case ValueKind::object: return text(answer.text());
        case ValueKind::null:
        case ValueKind::list: break;
    }
    return Py_NewRef(Py_None);
}

PyObject* interned(std::string_view bytes) {
    PyObject* made = text(bytes);
    if (made != nullptr) PyUnicode_InternInPlace(&made);
    return made;
}

[[gnu::noinline]] KnownVariant make(VariantPlace& place, std::uint32_t serial,
                                    const eval::Answer& answer) noexcept {
    PyObject* const key = text(answer.variant_key());
    PyObject* const value = key == nullptr ? nullptr : value_of(answer);
    if (value == nullptr) {
        Py_XDECREF(key);
        return {nullptr, nullptr};
    }
    const KnownVariant old = place.objects;
    place = {serial, &answer.record(), {key, value}};
    Py_XDECREF(old.key);
    Py_XDECREF(old.value);
    return place.objects;
}

[[gnu::noinline]] PyObject* make(RulePlace& place, std::uint32_t serial, std::string_view rule) noexcept {
    PyObject* const made = text(rule);
    if (made == nullptr) return nullptr;
    PyObject* const old = place.text;
    place = {serial, rule.data(), made};
    Py_XDECREF(old);
    return made;
}

}  // namespace

const KnownTexts& known_texts() noexcept { return texts; }

bool make_known_texts() {
    if (texts.key != nullptr) return true;
    texts.attributes = interned("attributes");
    bool made = texts.attributes != nullptr;
    for (std::size_t i = 0; i < std::size(texts.reasons); ++i) {
        texts.reasons[i] = interned(name(static_cast<Reason>(i)));
        made = made && texts.reasons[i] != nullptr;
    }
    for (std::size_t i = 0; i < std::size(texts.errors); ++i) {
        texts.errors[i] = i == 0 ? Py_NewRef(Py_None) : interned(name(static_cast<EvaluationError>(i)));
        made = made && texts.errors[i] != nullptr;
    }
    texts.key = interned("key");
    return made && texts.key != nullptr;
}

KnownVariant known_variant(std::uint32_t ruleset_serial, const eval::Answer& answer) noexcept {
    const image::VariantRecord& record = answer.record();
    VariantPlace& place = variants[place_of(ruleset_serial, &record)];
    if (place.serial == ruleset_serial && place.record == &record) [[likely]]
        return place.objects;
    return make(place, ruleset_serial, answer);
}

PyObject* known_rule(std::uint32_t ruleset_serial, std::string_view rule) noexcept {
    if (rule.empty()) return Py_None;
    RulePlace& place = rules[place_of(ruleset_serial, rule.data())];
    if (place.serial == ruleset_serial && place.bytes == rule.data()) [[likely]]
        return place.text;
    return make(place, ruleset_serial, rule);
}

}  // namespace expplat::python
