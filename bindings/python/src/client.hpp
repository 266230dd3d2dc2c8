// `expplat.Client` and `expplat.Handle`: what is behind the Python objects.
//
// Both are nanobind's types; the methods that are called often, and those that may wait, are CPython's own
// (METH_FASTCALL): `answers.cpp` and `client.cpp` have them. A handle holds its client. With the GIL, which is given up
// around whatever may wait. Next: `config.hpp`, `notices.hpp`.
#pragma once

#include <Python.h>
#include <nanobind/nanobind.h>

#include <cstdint>

#include "expplat/base/user.hpp"
#include "src/c/objects.hpp"

namespace expplat::python {

namespace nb = nanobind;

struct Client {
    Client() = default;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    /// Closes, without the GIL.
    ~Client();

    expplat_client* client = nullptr;  // null: `__init__` has not been through
    std::uint64_t number = 0;          // of all clients of the process, for its notices
    nb::object listeners;              // what its notices are for: `_notices.Listeners`
};

struct Handle {
    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { expplat_handle_destroy(handle); }

    expplat_handle* handle = nullptr;
    nb::object client;
};

void add_client_types(nb::module_& module);
/// The module's functions for notices and batches.
void add_telling(nb::module_& module);
/// Closes every client of the process.
void close_all();

/// The methods that CPython calls directly, for the types' slots.
[[nodiscard]] PyMethodDef* client_answer_methods() noexcept;
[[nodiscard]] PyMethodDef* handle_answer_methods() noexcept;

/// The C++ object of a method's `self`; null with an error where `__init__` has not been through.
template <class T>
[[nodiscard]] T* ready(PyObject* self) noexcept {
    if (nb::inst_ready(self)) [[likely]]
        return nb::inst_ptr<T>(self);
    PyErr_Format(PyExc_RuntimeError, "%R is not initialised", Py_TYPE(self));
    return nullptr;
}

/// The type `expplat.User`, for a check without a search.
extern PyTypeObject* user_type;
/// The user of a `User`; null, and no error, for anything else.
[[nodiscard]] const User* user_of(PyObject* object) noexcept;
void add_user_type(nb::module_& module);

}  // namespace expplat::python
