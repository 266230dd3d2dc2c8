// `UserReader`: a user from Python objects, by the rules that a user in JSON has (RULESET.md, section 2).
//
// Used where a `User` is made and for each question that brings a dict. Nothing that it walks through can change under it:
// reading attributes runs no Python code. It raises nothing: it says what was wrong, for who wants to raise it. With the GIL.
#pragma once

#include <Python.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "expplat/base/user.hpp"

namespace expplat::python {

class UserReader {
public:
    enum class Fault { none, type, value, too_large };

    explicit UserReader(User& user) noexcept : user_(user) {}

    /// Sets what a dict of attributes holds, nested ones flattened with dots. False at the first fault.
    [[nodiscard]] bool add_all(PyObject* attributes);
    /// Sets one attribute. False at a fault; a name that no attribute can have is none.
    [[nodiscard]] bool add(std::string_view name, PyObject* value);

    /// Raises what the fault is: TypeError or ValueError.
    void raise() const;

private:
    [[nodiscard]] bool add_nested(const std::string& prefix, PyObject* dict, int level);
    [[nodiscard]] bool add_value(std::string_view name, PyObject* value, int level);
    [[nodiscard]] bool add_list(std::string_view name, PyObject* list, int level);
    /// What is ignored, inside a list: it must be no worse than what is not.
    [[nodiscard]] bool look_through(PyObject* object, int level);
    template <class Visit>
    [[nodiscard]] bool each_of_list(PyObject* list, int level, Visit&& visit);
    [[nodiscard]] bool set(std::string_view name, const Value& value);
    [[nodiscard]] bool fail(Fault fault, PyObject* object = nullptr) noexcept;

    User& user_;
    std::size_t seen_ = 0;
    Fault fault_ = Fault::none;
    PyObject* type_ = nullptr;  // borrowed: of the object that has the fault
};

/// A text, boolean, integer or double. False, and no error, for what is none of them or cannot be read.
[[nodiscard]] bool read_scalar(PyObject* object, Value& value) noexcept;

}  // namespace expplat::python
