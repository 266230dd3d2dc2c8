#include "bindings/python/src/errors.hpp"

#include "bindings/python/src/held.hpp"

namespace expplat::python {

void raise(expplat_code code, std::string_view message) {
    if (code == EXPPLAT_OUT_OF_MEMORY) {
        PyErr_NoMemory();
        return;
    }
    const Held errors(PyImport_ImportModule("expplat.errors"));
    if (errors == nullptr) return;
    const Held text(PyUnicode_DecodeUTF8(message.data(), static_cast<Py_ssize_t>(message.size()), "replace"));
    if (text == nullptr) return;
    const Held made(PyObject_CallMethod(errors.get(), "of_code", "sO", expplat_code_name(code), text.get()));
    if (made == nullptr) return;
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made.get())), made.get());
}

void raise(expplat_error* error) {
    const expplat_str message = expplat_error_message(error);
    raise(expplat_error_code(error), {message.data, message.size});
    expplat_error_free(error);
}

}  // namespace expplat::python
