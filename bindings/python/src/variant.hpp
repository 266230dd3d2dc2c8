// `expplat.Variant`: an answer as a Python object, immutable, with no reference to the client or its ruleset.
//
// A type of its own, without nanobind, since making one is most of what a question costs. Made by `answers.cpp` under the
// guard of the ruleset: making one runs no Python code. With the GIL.
#pragma once

#include <Python.h>

#include <cstdint>

#include "expplat/base/reason.hpp"
#include "expplat/eval/evaluate.hpp"

namespace expplat::python {

/// Adds the type to the module. False with an error.
[[nodiscard]] bool add_variant_type(PyObject* module);

/// How an answer differs from what the ruleset gives.
struct Verdict {
    Reason reason;
    EvaluationError error;
    bool exposure;
};

/// A new Variant; null, and an error, where memory ran out.
[[nodiscard]] PyObject* new_variant(const eval::Answer& answer, const Verdict& verdict,
                                    std::uint32_t ruleset_serial, std::uint64_t ruleset_version) noexcept;
[[nodiscard]] inline PyObject* new_variant(const eval::Answer& answer, std::uint32_t ruleset_serial,
                                           std::uint64_t ruleset_version) noexcept {
    return new_variant(answer, {answer.reason, answer.error, answer.exposure}, ruleset_serial,
                       ruleset_version);
}

/// An object's value: its JSON text as Python objects, new ones each time. Null with an error.
[[nodiscard]] PyObject* parsed_json(PyObject* text);

}  // namespace expplat::python
