#include "bindings/python/src/user_reader.hpp"

#include <optional>
#include <span>
#include <vector>

#include "bindings/python/src/arguments.hpp"
#include "expplat/base/limits.hpp"

namespace expplat::python {

namespace {

constexpr int attributes_level = 2;  // of the user's nesting: the user itself is level 1
/// A dict may hold itself: what is nested is counted, so that looking at it ends.
constexpr std::size_t most_seen = limits::list_entries;

/// An integer that fits 64 bits is one, every other a double, as in JSON. Nothing for one that no double can hold.
std::optional<Value> integer(PyObject* object) noexcept {
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow == 0) [[likely]]
        return Value(static_cast<std::int64_t>(value));
    const double rounded = PyLong_AsDouble(object);
    if (rounded == -1.0 && PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        return std::nullopt;
    }
    return Value(rounded);
}

enum class Shape { scalar, none, list, dict, unknown, unreadable };

Shape text_shape(PyObject* object, Value& value) noexcept {
    const auto text = text_of(object);
    if (!text) return Shape::unreadable;
    value = Value(*text);
    return Shape::scalar;
}

Shape integer_shape(PyObject* object, Value& value) noexcept {
    const auto number = integer(object);
    if (!number) return Shape::unreadable;
    value = *number;
    return Shape::scalar;
}

/// Of a type that inherits from one of those that an attribute can have, and of any other.
[[gnu::noinline]] Shape rare_shape(PyObject* object, Value& value) noexcept {
    if (PyUnicode_Check(object)) return text_shape(object, value);
    if (PyLong_Check(object)) return integer_shape(object, value);
    if (PyFloat_Check(object)) {
        value = Value(PyFloat_AsDouble(object));
        return Shape::scalar;
    }
    if (PyDict_Check(object)) return Shape::dict;
    return PyList_Check(object) || PyTuple_Check(object) ? Shape::list : Shape::unknown;
}

/// What a value is; a scalar is read into `value`. The type itself is looked at first: with the stable ABI every
/// `Py…_Check` is a call.
EXPPLAT_INLINE Shape shape_of(PyObject* object, Value& value) noexcept {
    const PyTypeObject* const type = Py_TYPE(object);
    if (type == &PyUnicode_Type) return text_shape(object, value);
    if (object == Py_True || object == Py_False) {
        value = Value(object == Py_True);
        return Shape::scalar;
    }
    if (type == &PyLong_Type) return integer_shape(object, value);
    if (type == &PyFloat_Type) {
        value = Value(PyFloat_AsDouble(object));
        return Shape::scalar;
    }
    if (object == Py_None) return Shape::none;
    if (type == &PyDict_Type) return Shape::dict;
    if (type == &PyList_Type || type == &PyTuple_Type) return Shape::list;
    return rare_shape(object, value);
}

}  // namespace

bool UserReader::fail(Fault fault, PyObject* object) noexcept {
    fault_ = fault;
    type_ = object == nullptr ? nullptr : reinterpret_cast<PyObject*>(Py_TYPE(object));
    return false;
}

bool UserReader::set(std::string_view name, const Value& value) {
    if (name.empty() || name == "key") return true;  // nobody can name the one, the other is the user's key
    return user_.set(name, value) || fail(Fault::too_large);
}

template <class Visit>
bool UserReader::each_of_list(PyObject* list, int level, Visit&& visit) {
    if (level > static_cast<int>(limits::json_depth)) return fail(Fault::too_large);
    const bool is_list = PyList_Check(list);
    const Py_ssize_t size = is_list ? PyList_Size(list) : PyTuple_Size(list);
    seen_ += static_cast<std::size_t>(size);
    if (seen_ > most_seen) return fail(Fault::too_large);
    for (Py_ssize_t i = 0; i < size; ++i) {
        if (!visit(is_list ? PyList_GetItem(list, i) : PyTuple_GetItem(list, i))) return false;
    }
    return true;
}

bool UserReader::look_through(PyObject* object, int level) {
    Value value;
    switch (shape_of(object, value)) {
        case Shape::scalar:
        case Shape::none: return true;
        case Shape::list:
            return each_of_list(object, level, [&](PyObject* item) { return look_through(item, level + 1); });
        case Shape::dict: {
            if (level > static_cast<int>(limits::json_depth)) return fail(Fault::too_large);
            Py_ssize_t place = 0;
            PyObject* key = nullptr;
            PyObject* member = nullptr;
            while (PyDict_Next(object, &place, &key, &member)) {
                if (++seen_ > most_seen) return fail(Fault::too_large);
                if (!text_of(key)) return fail(PyUnicode_Check(key) ? Fault::value : Fault::type, key);
                if (!look_through(member, level + 1)) return false;
            }
            return true;
        }
        case Shape::unknown: return fail(Fault::type, object);
        case Shape::unreadable: break;
    }
    return fail(Fault::value, object);
}

bool UserReader::add_list(std::string_view name, PyObject* list, int level) {
    std::vector<Value> values;
    const auto take = [&](PyObject* item) {
        Value value;
        if (shape_of(item, value) != Shape::scalar) return look_through(item, level + 1);
        values.push_back(value);
        return true;
    };
    return each_of_list(list, level, take) && set(name, Value(std::span<const Value>(values)));
}

EXPPLAT_INLINE bool UserReader::add_value(std::string_view name, PyObject* object, int level) {
    Value value;
    switch (shape_of(object, value)) {
        case Shape::scalar: return set(name, value);
        case Shape::none: return true;
        case Shape::list: return add_list(name, object, level + 1);
        case Shape::dict: return add_nested(std::string(name) + '.', object, level + 1);
        case Shape::unknown: return fail(Fault::type, object);
        case Shape::unreadable: break;
    }
    return fail(Fault::value, object);
}

bool UserReader::add_nested(const std::string& prefix, PyObject* dict, int level) {
    if (level > static_cast<int>(limits::json_depth)) return fail(Fault::too_large);
    std::string name;
    Py_ssize_t place = 0;
    PyObject* key = nullptr;
    PyObject* value = nullptr;
    while (PyDict_Next(dict, &place, &key, &value)) {
        if (++seen_ > most_seen) return fail(Fault::too_large);
        const auto member = text_of(key);
        if (!member) return fail(PyUnicode_Check(key) ? Fault::value : Fault::type, key);
        if (prefix.size() + member->size() > limits::user_bytes) return fail(Fault::too_large);
        name.assign(prefix).append(*member);
        if (!add_value(name, value, level)) return false;
    }
    return true;
}

bool UserReader::add_all(PyObject* attributes) {
    Py_ssize_t place = 0;
    PyObject* key = nullptr;
    PyObject* value = nullptr;
    while (PyDict_Next(attributes, &place, &key, &value)) {
        const auto name = text_of(key);
        if (!name) return fail(PyUnicode_Check(key) ? Fault::value : Fault::type, key);
        if (!add_value(*name, value, attributes_level)) return false;
    }
    return true;
}

bool UserReader::add(std::string_view name, PyObject* value) {
    return add_value(name, value, attributes_level);
}

bool read_scalar(PyObject* object, Value& value) noexcept { return shape_of(object, value) == Shape::scalar; }

void UserReader::raise() const {
    switch (fault_) {
        case Fault::none: break;
        case Fault::type:
            PyErr_Format(PyExc_TypeError,
                         "an attribute has a str as its name and is a str, bool, int, float, None, a list of"
                         " those or a dict of attributes, not %R",
                         type_);
            break;
        case Fault::value:
            PyErr_SetString(PyExc_ValueError,
                            "an attribute holds lone surrogates, or an int too large for a double");
            break;
        case Fault::too_large:
            PyErr_SetString(PyExc_ValueError,
                            "more attributes than a user may have, nested too deep, or names or strings that"
                            " are too long");
            break;
    }
}

}  // namespace expplat::python
