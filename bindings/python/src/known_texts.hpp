// The Python texts that answers are made of: names, and variants and rules of rulesets that were met before.
//
// An answer's texts are bytes in an image. Making Python objects of them costs more than the evaluation, so the last ones are
// kept, by the place in the image that they came from; the number of the ruleset tells a place of another image apart.
// With the GIL, which guards all of it. Nothing here runs Python code. Next: `variant.cpp`.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string_view>

#include "expplat/eval/evaluate.hpp"

namespace expplat::python {

/// Immortal texts, made with the module.
struct KnownTexts {
    PyObject* key;
    PyObject* attributes;
    PyObject* reasons[11];  // by `Reason`
    PyObject* errors[7];    // by `EvaluationError`; None for none
};
[[nodiscard]] const KnownTexts& known_texts() noexcept;
/// False with an error.
[[nodiscard]] bool make_known_texts();

/// A variant as Python objects, borrowed; `value` is an object's JSON text. Valid until the next call.
struct KnownVariant {
    PyObject* key;
    PyObject* value;
};

/// Only for an answer with a variant, under the guard of its ruleset. Null members, and an error, where memory ran out.
[[nodiscard]] KnownVariant known_variant(std::uint32_t ruleset_serial, const eval::Answer& answer) noexcept;
/// The id of a rule, borrowed; null, and an error, where memory ran out. Under the guard of its ruleset.
[[nodiscard]] PyObject* known_rule(std::uint32_t ruleset_serial, std::string_view rule) noexcept;

}  // namespace expplat::python
