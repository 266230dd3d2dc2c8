// The arguments of a call: told apart by place or name, and read as texts and times.
//
// For the methods that CPython calls directly (METH_FASTCALL | METH_KEYWORDS). Nothing here runs Python code but the reading
// of a timeout. With the GIL. Next: `answers.cpp`.
#pragma once

#include <Python.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "expplat/c/expplat.h"

namespace expplat::python {

[[nodiscard]] inline expplat_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// A method's name and its parameters', in order; the first `required` of them must be given.
template <std::size_t count>
struct Signature {
    const char* method;
    std::array<const char*, count> names;
    std::size_t required = count;
};

/// The slow way, for named arguments and for mistakes. False with a TypeError.
[[nodiscard]] bool match_named(const char* method, const char* const* names, std::size_t count,
                               std::size_t required, PyObject* const* given, Py_ssize_t given_count,
                               PyObject* kwnames, PyObject** matched);

/// The arguments of one call; null where an optional one was not given.
template <std::size_t count>
struct Arguments {
    std::array<PyObject*, count> values{};

    /// False with a TypeError.
    [[nodiscard]] bool match(const Signature<count>& signature, PyObject* const* given,
                             Py_ssize_t given_count, PyObject* kwnames) {
        if (kwnames == nullptr && given_count == static_cast<Py_ssize_t>(count)) [[likely]] {
            for (std::size_t i = 0; i < count; ++i) values[i] = given[i];
            return true;
        }
        return match_named(signature.method, signature.names.data(), count, signature.required, given,
                           given_count, kwnames, values.data());
    }
    PyObject* operator[](std::size_t place) const { return values[place]; }
};

/// The bytes of a Python text, which live as long as it; nothing, and no error, for another object or lone surrogates.
[[nodiscard]] std::optional<std::string_view> text_of(PyObject* object) noexcept;
/// The same; false with a TypeError or ValueError that names `what`.
[[nodiscard]] bool read_text(PyObject* object, const char* what, std::string_view& text);
/// A text, or a path as `os.fspath` makes it one. `holder` is a new reference that keeps the bytes alive.
[[nodiscard]] bool read_path(PyObject* object, const char* what, std::string_view& text, PyObject*& holder);

/// Seconds as milliseconds: None is for ever, less than none is none. False with a TypeError or ValueError.
[[nodiscard]] bool read_timeout(PyObject* seconds, std::int64_t& milliseconds);

}  // namespace expplat::python
