// The records that Python is given: Status, Stats, RulesetChange and Detail, as named tuples of CPython's own making.
//
// With the GIL. Each function gives a new reference, or null with an error.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string>
#include <vector>

#include "expplat/c/expplat.h"

namespace expplat::python {

/// Adds the types to the module. False with an error.
[[nodiscard]] bool add_record_types(PyObject* module);

[[nodiscard]] PyObject* new_status(const expplat_status& status);
[[nodiscard]] PyObject* new_stats(const expplat_stats& stats);
[[nodiscard]] PyObject* new_ruleset_change(std::uint64_t version, std::int32_t origin, bool everything,
                                           const std::vector<std::string>& keys);
/// Both are borrowed.
[[nodiscard]] PyObject* new_detail(PyObject* value, PyObject* variant);

}  // namespace expplat::python
