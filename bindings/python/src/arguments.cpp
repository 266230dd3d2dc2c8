#include "bindings/python/src/arguments.hpp"

#include <algorithm>
#include <cmath>

namespace expplat::python {

namespace {

constexpr std::int64_t for_ever_ms = std::int64_t{365} * 24 * 3'600'000;

/// The place of a name among the parameters; -1 for one that is none.
Py_ssize_t place_of(PyObject* name, const char* const* names, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (PyUnicode_CompareWithASCIIString(name, names[i]) == 0) return static_cast<Py_ssize_t>(i);
    }
    return -1;
}

}  // namespace

bool match_named(const char* method, const char* const* names, std::size_t count, std::size_t required,
                 PyObject* const* given, Py_ssize_t given_count, PyObject* kwnames, PyObject** matched) {
    if (given_count > static_cast<Py_ssize_t>(count)) {
        PyErr_Format(PyExc_TypeError, "%s() takes at most %zu arguments (%zd given)", method, count,
                     given_count);
        return false;
    }
    std::fill_n(matched, count, nullptr);
    std::copy_n(given, given_count, matched);
    const Py_ssize_t named = kwnames == nullptr ? 0 : PyTuple_Size(kwnames);
    for (Py_ssize_t i = 0; i < named; ++i) {
        PyObject* const name = PyTuple_GetItem(kwnames, i);
        const Py_ssize_t place = place_of(name, names, count);
        if (place < 0) {
            PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", method, name);
            return false;
        }
        if (matched[place] != nullptr) {
            PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%s'", method, names[place]);
            return false;
        }
        matched[place] = given[given_count + i];
    }
    for (std::size_t i = 0; i < required; ++i) {
        if (matched[i] != nullptr) continue;
        PyErr_Format(PyExc_TypeError, "%s() missing required argument '%s'", method, names[i]);
        return false;
    }
    return true;
}

std::optional<std::string_view> text_of(PyObject* object) noexcept {
    if (Py_TYPE(object) != &PyUnicode_Type && !PyUnicode_Check(object)) return std::nullopt;
    Py_ssize_t size = 0;
    const char* const data = PyUnicode_AsUTF8AndSize(object, &size);
    if (data == nullptr) [[unlikely]] {
        PyErr_Clear();
        return std::nullopt;
    }
    return std::string_view(data, static_cast<std::size_t>(size));
}

bool read_text(PyObject* object, const char* what, std::string_view& text) {
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be str, not %R", what, Py_TYPE(object));
        return false;
    }
    Py_ssize_t size = 0;
    const char* const data = PyUnicode_AsUTF8AndSize(object, &size);
    if (data == nullptr) {
        if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) != 0) {
            PyErr_Clear();
            PyErr_Format(PyExc_ValueError, "%s holds lone surrogates, which UTF-8 has no bytes for", what);
        }
        return false;
    }
    text = {data, static_cast<std::size_t>(size)};
    return true;
}

bool read_path(PyObject* object, const char* what, std::string_view& text, PyObject*& holder) {
    holder = PyOS_FSPath(object);
    if (holder == nullptr) return false;
    if (PyBytes_Check(holder)) {
        PyErr_Format(PyExc_TypeError, "%s must be a path as str, not as bytes", what);
        return false;
    }
    if (!read_text(holder, what, text)) return false;
    if (text.find('\0') == std::string_view::npos) return true;
    PyErr_Format(PyExc_ValueError, "%s holds a null character", what);
    return false;
}

bool read_timeout(PyObject* seconds, std::int64_t& milliseconds) {
    milliseconds = for_ever_ms;
    if (seconds == Py_None) return true;
    const double value = PyFloat_AsDouble(seconds);
    if (value == -1.0 && PyErr_Occurred() != nullptr) return false;
    if (std::isnan(value)) {
        PyErr_SetString(PyExc_ValueError, "a timeout must be a number of seconds");
        return false;
    }
    milliseconds =
        static_cast<std::int64_t>(std::ceil(std::clamp(value * 1e3, 0.0, static_cast<double>(for_ever_ms))));
    return true;
}

}  // namespace expplat::python
