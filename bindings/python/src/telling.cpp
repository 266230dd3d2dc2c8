// What Python's two threads ask for: notices for listeners and logs, batches for the programs' own sinks.
//
// `next_batch` is CPython's own kind of function: its thread may be at work when the interpreter ends, and CPython then unwinds its
// stack where it asks for the GIL (`client.cpp`).
#include <optional>
#include <string>

#include "bindings/python/src/batches.hpp"
#include "bindings/python/src/client.hpp"
#include "bindings/python/src/held.hpp"
#include "bindings/python/src/living.hpp"
#include "bindings/python/src/notices.hpp"
#include "bindings/python/src/records.hpp"

namespace expplat::python {

namespace {

PyObject* listeners_of(std::uint64_t client) {
    const auto found = living().find(client);
    return found == living().end() || found->second.listeners == nullptr ? Py_None : found->second.listeners;
}

PyObject* shown_to_python(const Batch& batch) {
    const Held texts(PyList_New(0));
    if (texts == nullptr) return nullptr;
    for (const std::string& event : batch.events) {
        const Held text(PyUnicode_DecodeUTF8(event.data(), static_cast<Py_ssize_t>(event.size()), "replace"));
        if (text == nullptr || PyList_Append(texts.get(), text.get()) != 0) return nullptr;
    }
    return Py_BuildValue("OOK", listeners_of(batch.client), texts.get(),
                         static_cast<unsigned long long>(batch.number));
}

PyObject* next_batch(PyObject*, PyObject*) {
    Batches& batches = Batches::instance();
    std::optional<Batch> batch;
    if (batches.is_stopped()) Py_RETURN_NONE;
    Py_BEGIN_ALLOW_THREADS;
    batch = batches.take();
    Py_END_ALLOW_THREADS;
    if (!batch) Py_RETURN_NONE;
    PyObject* const shown = shown_to_python(*batch);
    if (shown == nullptr) batches.answer(batch->number, {0, 0, "no memory for a batch"});
    return shown;
}

void answer_batch(std::uint64_t number, std::uint64_t acknowledged, std::uint64_t rejected,
                  nb::bytes message) {
    Batches::instance().answer(number,
                               {acknowledged, rejected, std::string(message.c_str(), message.size())});
}

nb::object next_notice() {
    std::optional<Notice> notice;
    Notices& notices = Notices::instance();
    Py_BEGIN_ALLOW_THREADS;
    notice = notices.take();
    Py_END_ALLOW_THREADS;
    if (!notice) return nb::none();
    const nb::object listeners = nb::borrow(listeners_of(notice->client));
    PyObject* what = nullptr;
    switch (notice->kind) {
        case Notice::Kind::log:
            what = PyUnicode_DecodeUTF8(notice->text.data(), static_cast<Py_ssize_t>(notice->text.size()),
                                        "replace");
            break;
        case Notice::Kind::status:
            notice->status.environment = {notice->environment.data(), notice->environment.size()};
            notice->status.error = {notice->text.data(), notice->text.size()};
            what = new_status(notice->status);
            break;
        case Notice::Kind::ruleset:
            what = new_ruleset_change(notice->version, notice->origin, notice->everything, notice->keys);
            break;
    }
    if (what == nullptr) throw nb::python_error();
    constexpr const char* kinds[] = {"log", "status", "ruleset"};
    return nb::make_tuple(listeners, kinds[static_cast<int>(notice->kind)], notice->level, nb::steal(what));
}

}  // namespace

void add_telling(nb::module_& module) {
    module.def("next_notice", &next_notice, "Waits for what a client has to say; None when that is over.");
    module.def("stop_notices", [] { Notices::instance().stop(); });
    static PyMethodDef batch_methods[] = {
        {"next_batch", next_batch, METH_NOARGS,
         "Waits for a batch for a sink of the program's; None when that is over."},
        {nullptr, nullptr, 0, nullptr}};
    if (PyModule_AddFunctions(module.ptr(), batch_methods) != 0) throw nb::python_error();
    module.def("answer_batch", &answer_batch, nb::arg("number"), nb::arg("acknowledged"), nb::arg("rejected"),
               nb::arg("message"));
    module.def("stop_batches", [] { Batches::instance().stop(); });
}

}  // namespace expplat::python
