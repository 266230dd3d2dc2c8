// The library's errors as Python exceptions, which `expplat/errors.py` defines.
//
// With the GIL.
#pragma once

#include <Python.h>

#include <string_view>

#include "expplat/c/expplat.h"

namespace expplat::python {

/// Raises the exception of the code.
void raise(expplat_code code, std::string_view message);
/// The same for an error, which is freed.
void raise(expplat_error* error);

}  // namespace expplat::python
