// `Held`: a counted reference to a Python object. With the GIL.
//
// What nanobind has of this kind is not used on the path of an answer, where the handwritten methods stand. Next: `variant.cpp`.
#pragma once

#include <Python.h>

#include <cstddef>
#include <utility>

namespace expplat::python {

class Held {
public:
    Held() noexcept = default;
    /// Takes a new reference over; null stays null.
    explicit Held(PyObject* object) noexcept : object_(object) {}
    [[nodiscard]] static Held borrowed(PyObject* object) noexcept {
        Py_XINCREF(object);
        return Held(object);
    }
    Held(Held&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Held& operator=(Held other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Held() { Py_XDECREF(object_); }

    [[nodiscard]] PyObject* get() const noexcept { return object_; }
    [[nodiscard]] PyObject* release() noexcept { return std::exchange(object_, nullptr); }
    [[nodiscard]] bool operator==(std::nullptr_t) const noexcept { return object_ == nullptr; }

private:
    PyObject* object_ = nullptr;
};

}  // namespace expplat::python
