// Opening, waiting and closing. The methods that may wait are CPython's own: where a daemon thread must end while it
// waits for the GIL, CPython unwinds its stack, and nothing of ours on that stack may stand in the way.
#include "bindings/python/src/client.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "bindings/python/src/arguments.hpp"
#include "bindings/python/src/asked_user.hpp"
#include "bindings/python/src/batches.hpp"
#include "bindings/python/src/config.hpp"
#include "bindings/python/src/errors.hpp"
#include "bindings/python/src/held.hpp"
#include "bindings/python/src/living.hpp"
#include "bindings/python/src/notices.hpp"
#include "bindings/python/src/records.hpp"

namespace expplat::python {

namespace {

void init(nb::pointer_and_handle<Client> self, nb::object source, nb::object sink, nb::object logger,
          nb::object on_status, nb::object on_ruleset, nb::kwargs settings) {
    static std::uint64_t last_number = 0;
    if (nb::inst_ready(self.h)) throw nb::type_error("__init__ was called before");
    Config config;
    const nb::object writing = nb::cast(&config, nb::rv_policy::reference);
    nb::module_::import_("expplat._notices").attr("configure")(writing, source, sink);
    for (const auto& [name, value] : settings) config.set(nb::cast<nb::str>(name), value);
    const nb::object listeners =
        nb::module_::import_("expplat._notices").attr("listeners")(logger, on_status, on_ruleset, sink);

    const std::uint64_t number = ++last_number;
    if (const expplat_code code = listen(config.get(), number); code != EXPPLAT_OK) {
        raise(code, "the listeners could not be set");
        throw nb::python_error();
    }
    deliver_to_python(*config.get(), number);
    living()[number] = {nullptr, listeners.ptr()};
    expplat_error* error = nullptr;
    expplat_client* client = nullptr;
    Py_BEGIN_ALLOW_THREADS;
    client = expplat_open(config.get(), &error);
    Py_END_ALLOW_THREADS;
    if (client == nullptr) {
        living().erase(number);
        raise(error);
        throw nb::python_error();
    }
    if (nb::inst_ready(self.h)) {  // another thread has called it meanwhile, or what was given here did
        living().erase(number);
        Py_BEGIN_ALLOW_THREADS;
        expplat_destroy(client);
        Py_END_ALLOW_THREADS;
        throw nb::type_error("__init__ was called before");
    }
    new (self.p) Client;
    self.p->client = client;
    self.p->number = number;
    self.p->listeners = listeners;
    living()[number].client = self.h.ptr();
}

Handle* new_handle(nb::handle self, nb::object key) {
    std::string_view text;
    if (!read_text(key.ptr(), "key", text)) throw nb::python_error();
    expplat_handle* const made = expplat_handle_create(nb::cast<Client&>(self).client, str(text));
    if (made == nullptr) throw std::bad_alloc();
    auto* const handle = new Handle;
    handle->handle = made;
    handle->client = nb::borrow(self);
    return handle;
}

// ---- waiting ----

constexpr std::int64_t slice_ms = 500;  // so that Ctrl-C is heard

/// Calls `wait(milliseconds)` without the GIL until it is true or the time is up. -1 with an error.
template <class Wait>
int wait_in_slices(std::int64_t timeout_ms, Wait&& wait) {
    for (;;) {
        const std::int64_t slice = std::min(timeout_ms, slice_ms);
        bool done = false;
        Py_BEGIN_ALLOW_THREADS;
        done = wait(slice);
        Py_END_ALLOW_THREADS;
        if (done) return 1;
        if (PyErr_CheckSignals() != 0) return -1;
        timeout_ms -= slice;
        if (timeout_ms <= 0) return 0;
    }
}

PyObject* truth(int value) { return value < 0 ? nullptr : PyBool_FromLong(value); }

PyObject* flush(PyObject* self, PyObject* const* given, Py_ssize_t count, PyObject* kwnames) {
    const Client* const client = ready<Client>(self);
    Arguments<1> arguments;
    std::int64_t timeout_ms = 5'000;
    if (client == nullptr || !arguments.match(Signature<1>{"flush", {"timeout"}, 0}, given, count, kwnames))
        return nullptr;
    if (arguments[0] != nullptr && !read_timeout(arguments[0], timeout_ms)) return nullptr;
    return truth(
        wait_in_slices(timeout_ms, [&](std::int64_t ms) { return expplat_flush(client->client, ms); }));
}

PyObject* wait_ready(PyObject* self, PyObject* const* given, Py_ssize_t count, PyObject* kwnames) {
    const Client* const client = ready<Client>(self);
    Arguments<1> arguments;
    std::int64_t timeout_ms = 5'000;
    if (client == nullptr ||
        !arguments.match(Signature<1>{"wait_ready", {"timeout"}, 0}, given, count, kwnames))
        return nullptr;
    if (arguments[0] != nullptr && !read_timeout(arguments[0], timeout_ms)) return nullptr;
    return truth(
        wait_in_slices(timeout_ms, [&](std::int64_t ms) { return expplat_wait_ready(client->client, ms); }));
}

PyObject* close(PyObject* self, PyObject*) {
    const Client* const client = ready<Client>(self);
    if (client == nullptr) return nullptr;
    Py_BEGIN_ALLOW_THREADS;
    expplat_close(client->client);
    Py_END_ALLOW_THREADS;
    Py_RETURN_NONE;
}

PyObject* reload(PyObject* self, PyObject*) {
    const Client* const client = ready<Client>(self);
    if (client == nullptr) return nullptr;
    expplat_error* error = nullptr;
    expplat_code code = EXPPLAT_OK;
    Py_BEGIN_ALLOW_THREADS;
    code = expplat_reload(client->client, &error);
    Py_END_ALLOW_THREADS;
    if (code == EXPPLAT_OK) Py_RETURN_NONE;
    raise(error);
    return nullptr;
}

PyObject* poll(PyObject* self, PyObject*) {
    const Client* const client = ready<Client>(self);
    if (client == nullptr) return nullptr;
    std::int64_t next_ms = 0;
    Py_BEGIN_ALLOW_THREADS;
    next_ms = expplat_poll(client->client);
    Py_END_ALLOW_THREADS;
    return PyFloat_FromDouble(static_cast<double>(next_ms) / 1e3);
}

PyObject* status(PyObject* self, PyObject*) {
    const Client* const client = ready<Client>(self);
    if (client == nullptr) return nullptr;
    expplat_status now;
    now.struct_size = sizeof now;
    expplat_code code = EXPPLAT_OK;
    Py_BEGIN_ALLOW_THREADS;
    code = expplat_get_status(client->client, &now);
    Py_END_ALLOW_THREADS;
    if (code != EXPPLAT_OK) return PyErr_NoMemory();
    PyObject* const made = new_status(now);
    expplat_status_free(&now);
    return made;
}

PyObject* stats(PyObject* self, PyObject*) {
    const Client* const client = ready<Client>(self);
    if (client == nullptr) return nullptr;
    expplat_stats counts;
    counts.struct_size = sizeof counts;
    expplat_code code = EXPPLAT_OK;
    Py_BEGIN_ALLOW_THREADS;
    code = expplat_get_stats(client->client, &counts);
    Py_END_ALLOW_THREADS;
    return code == EXPPLAT_OK ? new_stats(counts) : PyErr_NoMemory();
}

// ---- track ----

/// A dict as JSON; a text is taken as it is, None is none. Null with an error.
Held properties_text(PyObject* properties) {
    if (properties == nullptr || properties == Py_None) return Held(PyUnicode_FromString(""));
    if (PyUnicode_Check(properties)) return Held::borrowed(properties);
    if (!PyDict_Check(properties)) {
        PyErr_SetString(PyExc_TypeError, "properties must be a dict, or a str that holds a JSON object");
        return {};
    }
    const Held json(PyImport_ImportModule("json"));
    if (json == nullptr) return {};
    const Held dumps(PyObject_GetAttrString(json.get(), "dumps"));
    const Held given(PyTuple_Pack(1, properties));
    // What JSON has no word for is an error here and not a set of properties that is left out later.
    const Held strictly(Py_BuildValue("{s:O,s:O}", "allow_nan", Py_False, "ensure_ascii", Py_False));
    if (dumps == nullptr || given == nullptr || strictly == nullptr) return {};
    return Held(PyObject_Call(dumps.get(), given.get(), strictly.get()));
}

PyObject* track(PyObject* self, PyObject* const* given, Py_ssize_t count, PyObject* kwnames) {
    const Client* const client = ready<Client>(self);
    Arguments<4> arguments;
    if (client == nullptr ||
        !arguments.match(Signature<4>{"track", {"event", "user", "value", "properties"}, 2}, given, count,
                         kwnames))
        return nullptr;
    std::string_view event;
    if (!read_text(arguments[0], "event", event)) return nullptr;
    if (event.empty()) {
        PyErr_SetString(PyExc_ValueError, "an event must have a name");
        return nullptr;
    }
    std::optional<double> value;
    if (arguments[2] != nullptr && arguments[2] != Py_None) {
        value = PyFloat_AsDouble(arguments[2]);
        if (*value == -1.0 && PyErr_Occurred() != nullptr) {
            if (PyErr_ExceptionMatches(PyExc_OverflowError) != 0)
                PyErr_SetString(PyExc_ValueError, "value is an int too large for a double");
            return nullptr;
        }
    }
    const Held properties = properties_text(arguments[3]);
    std::string_view json;
    if (properties == nullptr || !read_text(properties.get(), "properties", json)) return nullptr;
    const AskedUser asked(arguments[1]);
    const User* const user = asked.get();
    if (user == nullptr) {
        PyErr_SetString(PyExc_TypeError, "user must be a User or a dict {'key': …, 'attributes': {…}}");
        return nullptr;
    }
    client->client->client.track(event, *user, value, json);
    Py_RETURN_NONE;
}

// ---- the types ----

template <class Function>
PyMethodDef method(const char* name, Function* function, int flags, const char* doc) noexcept {
    return {name, reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(function)), flags, doc};
}
constexpr int with_names = METH_FASTCALL | METH_KEYWORDS;

PyMethodDef other_methods[] = {
    method(
        "track", track, with_names,
        "track($self, /, event, user, value=None, properties=None)\n--\n\nRecords that something happened to"
        " the user."),
    method(
        "flush", flush, with_names,
        "flush($self, /, timeout=5.0)\n--\n\nSends what was recorded until now. False where that took longer"
        " than `timeout` seconds (None: however long); the rest stays queued."),
    method(
        "wait_ready", wait_ready, with_names,
        "wait_ready($self, /, timeout=5.0)\n--\n\nWaits until there is a ruleset to answer from. False where"
        " `timeout` seconds passed first."),
    method("reload", reload, METH_NOARGS,
           "reload($self, /)\n--\n\nReads a file's ruleset again. On an error the last good one stays."),
    method("poll", poll, METH_NOARGS,
           "poll($self, /)\n--\n\nDoes what is due; only with manual_poll=True, from one thread at a time."
           " Returns in how many seconds it should be called again at the latest."),
    method("status", status, METH_NOARGS, "status($self, /)\n--\n\nA Status: how current the ruleset is."),
    method("stats", stats, METH_NOARGS,
           "stats($self, /)\n--\n\nStats: what was counted since the client was opened."),
    method("close", close, METH_NOARGS,
           "close($self, /)\n--\n\nFlushes for at most shutdown_timeout_ms and stops. Later calls answer "
           "from the"
           " last ruleset and record nothing."),
};

/// Those of `answers.cpp` and the above, with an end.
PyMethodDef* client_methods() {
    static std::vector<PyMethodDef> methods;
    if (methods.empty()) {
        for (const PyMethodDef* answer = client_answer_methods(); answer->ml_name != nullptr; ++answer)
            methods.push_back(*answer);
        methods.insert(methods.end(), std::begin(other_methods), std::end(other_methods));
        methods.push_back({nullptr, nullptr, 0, nullptr});
    }
    return methods.data();
}

int traverse_client(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    if (nb::inst_ready(self)) Py_VISIT(nb::inst_ptr<Client>(self)->listeners.ptr());
    return 0;
}

/// A listener that holds its client makes a ring, which this opens.
int clear_client(PyObject* self) {
    if (!nb::inst_ready(self)) return 0;
    Client& client = *nb::inst_ptr<Client>(self);
    if (const auto found = living().find(client.number); found != living().end())
        found->second.listeners = nullptr;
    client.listeners = nb::object();
    return 0;
}

int traverse_handle(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    if (nb::inst_ready(self)) Py_VISIT(nb::inst_ptr<Handle>(self)->client.ptr());
    return 0;
}

}  // namespace

Client::~Client() {
    // What it still sends to a sink of the program's, and says, is for its listeners.
    if (const auto found = living().find(number); found != living().end()) found->second.client = nullptr;
    Py_BEGIN_ALLOW_THREADS;
    expplat_destroy(client);
    Py_END_ALLOW_THREADS;
    living().erase(number);
}

void close_all() {
    std::vector<Held> clients;
    for (const auto& [number, one] : living()) clients.push_back(Held::borrowed(one.client));
    for (const Held& client : clients) {
        if (!(client == nullptr)) Py_XDECREF(close(client.get(), nullptr));
    }
}

void add_client_types(nb::module_& module) {
    static PyType_Slot client_slots[] = {
        {Py_tp_methods, client_methods()},
        {Py_tp_traverse, reinterpret_cast<void*>(traverse_client)},
        {Py_tp_clear, reinterpret_cast<void*>(clear_client)},
        {0, nullptr},
    };
    nb::class_<Client>(
        module, "Client", nb::type_slots(client_slots), nb::is_weak_referenceable(),
        "Keeps a ruleset current, answers from it in nanoseconds, and reports who saw what.\n\nMay be"
        " used by all threads at once, and after a fork.")
        .def("__init__", &init, nb::arg("source"), nb::kw_only(), nb::arg("sink") = nb::none(),
             nb::arg("logger") = nb::none(), nb::arg("on_status") = nb::none(),
             nb::arg("on_ruleset") = nb::none(), nb::arg("settings"))
        .def("handle", &new_handle, nb::arg("key"), nb::rv_policy::take_ownership,
             "A Handle: a key that is looked up once for each ruleset.")
        .def("__enter__", [](nb::handle self) { return nb::borrow(self); })
        .def(
            "__exit__",
            [](nb::handle self, nb::handle, nb::handle, nb::handle) {
                const nb::object closed = nb::steal(close(self.ptr(), nullptr));
                if (!closed.is_valid()) throw nb::python_error();
            },
            nb::arg("type").none(), nb::arg("value").none(), nb::arg("traceback").none());

    static PyType_Slot handle_slots[] = {
        {Py_tp_methods, handle_answer_methods()},
        {Py_tp_traverse, reinterpret_cast<void*>(traverse_handle)},
        {0, nullptr},
    };
    nb::class_<Handle>(
        module, "Handle", nb::type_slots(handle_slots),
        "A key that is looked up once for each ruleset. Holds its client; may be shared by threads.")
        .def_prop_ro("key", [](const Handle& handle) {
            return nb::str(handle.handle->place.key.data(), handle.handle->place.key.size());
        });

    module.def("close_all", &close_all, "Closes every client.");
    module.def("has_clients", [] { return !living().empty(); });
}

}  // namespace expplat::python
