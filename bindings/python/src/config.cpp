#include "bindings/python/src/config.hpp"

#include <string>
#include <string_view>

#include "bindings/python/src/arguments.hpp"
#include "bindings/python/src/errors.hpp"
#include "bindings/python/src/held.hpp"
#include "src/c/objects.hpp"

namespace expplat::python {

namespace {

[[noreturn]] void throw_raised() { throw nb::python_error(); }

/// A text that the object has, as long as it lives.
expplat_str text(const nb::object& object, const char* what) {
    std::string_view bytes;
    if (!read_text(object.ptr(), what, bytes)) throw_raised();
    return str(bytes);
}

void check(expplat_code code, const char* what) {
    if (code == EXPPLAT_OK) return;
    raise(code, std::string(what) + " cannot be that");
    throw_raised();
}

/// `network_proxy` is the library's `network.proxy`.
std::string setting_name(std::string_view name) {
    std::string setting(name);
    for (const std::string_view group : {"network", "kinesis", "file"}) {
        if (setting.size() > group.size() && setting.starts_with(group) && setting[group.size()] == '_')
            setting[group.size()] = '.';
    }
    return setting;
}

}  // namespace

Config::Config() : config_(expplat_config_create()) {
    if (config_ == nullptr ||
        expplat_config_set_string(get(), str("sdk"), str("expplat-python")) != EXPPLAT_OK)
        throw std::bad_alloc();
}

void Config::source_server(nb::object url, nb::object key) {
    check(expplat_config_source_server(get(), text(url, "url"), text(key, "key")), "the server");
}

void Config::source_file(nb::object path, std::int64_t watch_interval_ms) {
    std::string_view bytes;
    PyObject* holder = nullptr;
    const bool read = read_path(path.ptr(), "path", bytes, holder);
    const Held held(holder);
    if (!read) throw_raised();
    check(expplat_config_source_file(get(), str(bytes), watch_interval_ms), "watch_interval_ms");
}

void Config::source_text(nb::object json) {
    check(expplat_config_source_text(get(), text(json, "json")), "the text");
}

void Config::sink_file(nb::object path, std::uint64_t rotate_bytes) {
    std::string_view bytes;
    PyObject* holder = nullptr;
    const bool read = read_path(path.ptr(), "path", bytes, holder);
    const Held held(holder);
    if (!read) throw_raised();
    check(expplat_config_sink_file(get(), str(bytes), rotate_bytes), "the file");
}

void Config::sink_http(nb::object url, nb::object key) {
    check(expplat_config_sink_http(get(), text(url, "url"), text(key, "key")), "the intake");
}

void Config::sink_kinesis(nb::object stream) {
    check(expplat_config_sink_kinesis(get(), text(stream, "stream")), "the stream");
}

void Config::sink_custom() { get()->sink = Sink::Kind::deferred; }

void Config::set(nb::str name, nb::handle value) {
    std::string_view given;
    if (!read_text(name.ptr(), "a setting's name", given)) throw_raised();
    const std::string setting = setting_name(given);
    expplat_code code = EXPPLAT_OK;
    if (PyBool_Check(value.ptr())) {
        code = expplat_config_set_bool(get(), str(setting), value.ptr() == Py_True);
    } else if (PyLong_Check(value.ptr())) {
        const long long number = PyLong_AsLongLong(value.ptr());
        if (number == -1 && PyErr_Occurred() != nullptr) {
            PyErr_Clear();
            code = EXPPLAT_INVALID_ARGUMENT;
        } else {
            code = expplat_config_set_int(get(), str(setting), number);
        }
    } else if (PyList_Check(value.ptr()) || PyTuple_Check(value.ptr())) {
        for (nb::handle item : nb::iter(value)) {
            if (!PyUnicode_Check(item.ptr())) {
                PyErr_Format(PyExc_TypeError, "%U must be a list of str", name.ptr());
                throw_raised();
            }
            set(name, item);
        }
        return;
    } else if (!PyUnicode_Check(value.ptr()) && !PyObject_HasAttrString(value.ptr(), "__fspath__")) {
        PyErr_Format(PyExc_TypeError, "%U must be a str, a path, an int, a bool or a list of str, not %R",
                     name.ptr(), Py_TYPE(value.ptr()));
        throw_raised();
    } else {
        std::string_view bytes;
        PyObject* holder = nullptr;
        const bool read = read_path(value.ptr(), setting.c_str(), bytes, holder);
        const Held held(holder);
        if (!read) throw_raised();
        code = expplat_config_set_string(get(), str(setting), str(bytes));
    }
    if (code == EXPPLAT_NOT_FOUND) {
        PyErr_Format(PyExc_TypeError, "there is no setting %U that is a %s", name.ptr(),
                     PyBool_Check(value.ptr())   ? "bool"
                     : PyLong_Check(value.ptr()) ? "int"
                                                 : "str");
        throw_raised();
    }
    if (code != EXPPLAT_OK) {
        raise(code, std::string(given) + " cannot have that value");
        throw_raised();
    }
}

void add_config_type(nb::module_& module) {
    nb::class_<Config>(module, "Config", "A client's configuration while it is written.")
        .def(nb::init<>())
        .def("source_server", &Config::source_server, nb::arg("url"), nb::arg("key"))
        .def("source_file", &Config::source_file, nb::arg("path"), nb::arg("watch_interval_ms"))
        .def("source_text", &Config::source_text, nb::arg("json"))
        .def("sink_file", &Config::sink_file, nb::arg("path"), nb::arg("rotate_bytes"))
        .def("sink_http", &Config::sink_http, nb::arg("url"), nb::arg("key"))
        .def("sink_kinesis", &Config::sink_kinesis, nb::arg("stream"))
        .def("sink_custom", &Config::sink_custom)
        .def("set", &Config::set, nb::arg("name"), nb::arg("value").none());
}

}  // namespace expplat::python
