// `expplat.User`: a user that is made once and asked for often.
#include <new>
#include <string>

#include "bindings/python/src/arguments.hpp"
#include "bindings/python/src/client.hpp"
#include "bindings/python/src/errors.hpp"
#include "bindings/python/src/user_reader.hpp"
#include "expplat/base/limits.hpp"
#include "src/ruleset/user_json.hpp"

namespace expplat::python {

PyTypeObject* user_type = nullptr;

namespace {

/// A user is set up once: what evaluates may hold on to it.
void refuse_second_init(nb::handle self) {
    if (nb::inst_ready(self)) throw nb::type_error("__init__ was called before");
}

void init(nb::pointer_and_handle<User> self, nb::object key, nb::object attributes) {
    refuse_second_init(self.h);
    std::string_view text;
    if (!read_text(key.ptr(), "key", text)) throw nb::python_error();
    if (text.size() > limits::user_bytes) throw nb::value_error("the key is too long");
    if (!attributes.is_none() && !PyDict_Check(attributes.ptr()))
        throw nb::type_error("attributes must be a dict");
    User user(text);
    if (!attributes.is_none()) {
        UserReader reader(user);
        if (!reader.add_all(attributes.ptr())) {
            reader.raise();
            throw nb::python_error();
        }
    }
    new (self.p) User(std::move(user));
}

User from_json(nb::object text) {
    std::string_view json;
    char* bytes = nullptr;
    Py_ssize_t size = 0;
    if (PyBytes_Check(text.ptr())) {
        if (PyBytes_AsStringAndSize(text.ptr(), &bytes, &size) != 0) throw nb::python_error();
        json = {bytes, static_cast<std::size_t>(size)};
    } else if (!read_text(text.ptr(), "text", json)) {
        throw nb::python_error();
    }
    Result<User> user = ruleset::parse_user(json);
    if (!user) {
        raise(static_cast<expplat_code>(user.error().code), user.error().message);
        throw nb::python_error();
    }
    return std::move(*user);
}

void set(User& user, nb::object name, nb::object value) {
    std::string_view text;
    if (!read_text(name.ptr(), "name", text)) throw nb::python_error();
    if (text.empty() || text == "key")
        throw nb::value_error("an attribute cannot be named '' or 'key', which is the user's key");
    if (value.is_none()) {
        user.set(text, {});
        return;
    }
    UserReader reader(user);
    if (reader.add(text, value.ptr())) return;
    reader.raise();
    throw nb::python_error();
}

nb::object python_of(const User& user, const User::Stored& value) {
    switch (value.kind) {
        case ValueKind::boolean: return nb::bool_(value.bits != 0);
        case ValueKind::integer: return nb::int_(static_cast<std::int64_t>(value.bits));
        case ValueKind::number: return nb::float_(std::bit_cast<double>(value.bits));
        case ValueKind::string: {
            const std::string_view text = user.text(value);
            return nb::str(text.data(), text.size());
        }
        case ValueKind::list: {
            nb::list list;
            for (const User::Stored& element : user.elements(value)) list.append(python_of(user, element));
            return list;
        }
        case ValueKind::null:
        case ValueKind::object: break;
    }
    return nb::none();
}

nb::dict attributes(const User& user) {
    nb::dict result;
    user.for_each([&](std::string_view name, const User::Stored& value) {
        if (name != "key") result[nb::str(name.data(), name.size())] = python_of(user, value);
    });
    return result;
}

nb::str key(const User& user) { return nb::str(user.key().data(), user.key().size()); }

}  // namespace

const User* user_of(PyObject* object) noexcept {
    PyTypeObject* const type = Py_TYPE(object);
    if (type != user_type && !PyType_IsSubtype(type, user_type)) return nullptr;
    return nb::inst_ready(object) ? nb::inst_ptr<User>(object) : nullptr;
}

void add_user_type(nb::module_& module) {
    nb::class_<User> type(module, "User",
                          "Whom a question is about: a key and attributes, prepared once.\n\nMay be used by "
                          "all threads at once while"
                          " none sets an attribute. Attributes are str, bool, int, float, a list of those, "
                          "or a dict of attributes,"
                          " which is flattened with dots; None is absent.");
    type.def("__init__", &init, nb::arg("key") = "", nb::arg("attributes") = nb::none())
        .def_static(
            "from_json", &from_json, nb::arg("text"),
            "The user of a JSON text: {\"key\": …, \"attributes\": {…}}. A ValueError for what is none.")
        .def("set", &set, nb::arg("name"), nb::arg("value").none(),
             "Sets an attribute; None takes it away. No other thread may use the user meanwhile.")
        .def_prop_ro("key", &key, "The key; empty for a user without one.")
        .def_prop_ro("attributes", &attributes, "A dict of the attributes, flattened.")
        .def("__copy__", [](const User& user) { return User(user); })
        .def(
            "__deepcopy__", [](const User& user, nb::handle) { return User(user); }, nb::arg("memo"))
        .def("__reduce__",
             [](nb::handle self) {
                 const User& user = nb::cast<const User&>(self);
                 return nb::make_tuple(self.type(), nb::make_tuple(key(user), attributes(user)));
             })
        .def("__repr__", [](nb::handle self) {
            const User& user = nb::cast<const User&>(self);
            return nb::str("User({!r}, {!r})").format(key(user), attributes(user));
        });
    user_type = reinterpret_cast<PyTypeObject*>(type.ptr());
}

}  // namespace expplat::python
