#include "bindings/python/src/records.hpp"

#include <array>
#include <cstddef>
#include <string_view>

#include "bindings/python/src/held.hpp"

namespace expplat::python {

namespace {

PyTypeObject* status_type = nullptr;
PyTypeObject* stats_type = nullptr;
PyTypeObject* change_type = nullptr;
PyTypeObject* detail_type = nullptr;

PyStructSequence_Field status_fields[] = {
    {"state", "'CONNECTING', 'READY', 'STALE', 'UNAUTHORIZED' or 'CLOSED'"},
    {"origin", "where the ruleset came from: 'none', 'text', 'file', 'cache' or 'server'"},
    {"following", "how a server is followed: 'none', 'streaming' or 'polling'"},
    {"ruleset_version", "0: there is none"},
    {"since_ms", "when the state began, in Unix milliseconds"},
    {"unsupported", "entities of the ruleset that this library does not support"},
    {"environment", "of the ruleset"},
    {"error", "the last one that has not been mended since; empty where all is well"},
    {nullptr, nullptr},
};
PyStructSequence_Desc status_description = {"expplat.Status", "How current a client's ruleset is.",
                                            status_fields, 8};

PyStructSequence_Field stats_fields[] = {
    {"recorded", "exposures that must be counted, and track events"},
    {"adopted", "found in the spools of processes that died"},
    {"deduplicated", "recorded within the window before"},
    {"acknowledged", "the sink has them"},
    {"spooled", "on disk, not yet acknowledged"},
    {"dead_lettered", "can never be delivered"},
    {"dropped_queue_full", "the newest, when the queue was full"},
    {"dropped_shutdown", "left when shutdown_timeout_ms was up, and not spooled"},
    {"dropped_spool", "were on disk, and could not be read back"},
    {"in_flight", "in memory: queued, or handed to the sink"},
    {"batches", "handed to the sink, repeats included"},
    {"failed_deliveries", "batches of which something had to be offered again"},
    {"ruleset_version", "of the current one"},
    {"rulesets_adopted", nullptr},
    {"rulesets_refused", nullptr},
    {"unsupported_entities", "of the current ruleset"},
    {"live_images", "the current one, and older ones that somebody still holds"},
    {"image_bytes", "of the current one"},
    {"stream_connections", "opened to the server, the first included"},
    {nullptr, nullptr},
};
PyStructSequence_Desc stats_description = {
    "expplat.Stats",
    "What a client has counted since it was opened. At any moment recorded + adopted = deduplicated + "
    "acknowledged"
    " + spooled + dead_lettered + dropped_queue_full + dropped_shutdown + dropped_spool + in_flight.",
    stats_fields, 19};

PyStructSequence_Field change_fields[] = {
    {"version", nullptr},
    {"origin", "where the ruleset came from"},
    {"everything", "a client's first ruleset: keys is empty"},
    {"keys", "flags and experiments that are new, gone or evaluate by other rules"},
    {nullptr, nullptr},
};
PyStructSequence_Desc change_description = {"expplat.RulesetChange", "A ruleset that was adopted.",
                                            change_fields, 4};

PyStructSequence_Field detail_fields[] = {
    {"value", "the value, or the caller's default"},
    {"variant", "the Variant that it came from"},
    {nullptr, nullptr},
};
PyStructSequence_Desc detail_description = {"expplat.Detail", "A value with the Variant that it came from.",
                                            detail_fields, 2};

bool add(PyObject* module, const char* name, PyTypeObject*& type, PyStructSequence_Desc& description) {
    if (type == nullptr) type = PyStructSequence_NewType(&description);
    return type != nullptr && PyModule_AddObjectRef(module, name, reinterpret_cast<PyObject*>(type)) == 0;
}

PyObject* text(std::string_view bytes) {
    return PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "replace");
}
PyObject* text(const expplat_text& bytes) {
    return bytes.data == nullptr ? text(std::string_view{}) : text(std::string_view(bytes.data, bytes.size));
}

/// A record of members that are new references; null where one of them is.
template <std::size_t count>
PyObject* record(PyTypeObject* type, const std::array<PyObject*, count>& members) {
    Held made(PyStructSequence_New(type));
    bool whole = made != nullptr;
    for (std::size_t i = 0; i < count; ++i) {
        if (members[i] == nullptr) whole = false;
        else if (made != nullptr)
            PyStructSequence_SetItem(made.get(), static_cast<Py_ssize_t>(i), members[i]);
        else Py_DECREF(members[i]);
    }
    return whole ? made.release() : nullptr;
}

}  // namespace

bool add_record_types(PyObject* module) {
    return add(module, "Status", status_type, status_description) &&
           add(module, "Stats", stats_type, stats_description) &&
           add(module, "RulesetChange", change_type, change_description) &&
           add(module, "Detail", detail_type, detail_description);
}

PyObject* new_status(const expplat_status& status) {
    return record<8>(status_type, {
                                      text(expplat_state_name(status.state)),
                                      text(expplat_origin_name(status.origin)),
                                      text(expplat_following_name(status.following)),
                                      PyLong_FromUnsignedLongLong(status.ruleset_version),
                                      PyLong_FromLongLong(status.since_ms),
                                      PyLong_FromUnsignedLongLong(status.unsupported),
                                      text(status.environment),
                                      text(status.error),
                                  });
}

PyObject* new_stats(const expplat_stats& stats) {
    const std::array counts{stats.recorded,
                            stats.adopted,
                            stats.deduplicated,
                            stats.acknowledged,
                            stats.spooled,
                            stats.dead_lettered,
                            stats.dropped_queue_full,
                            stats.dropped_shutdown,
                            stats.dropped_spool,
                            stats.in_flight,
                            stats.batches,
                            stats.failed_deliveries,
                            stats.ruleset_version,
                            stats.rulesets_adopted,
                            stats.rulesets_refused,
                            stats.unsupported_entities,
                            stats.live_images,
                            stats.image_bytes,
                            stats.stream_connections};
    std::array<PyObject*, counts.size()> members;
    for (std::size_t i = 0; i < counts.size(); ++i) members[i] = PyLong_FromUnsignedLongLong(counts[i]);
    return record(stats_type, members);
}

PyObject* new_ruleset_change(std::uint64_t version, std::int32_t origin, bool everything,
                             const std::vector<std::string>& keys) {
    Held names(PyTuple_New(static_cast<Py_ssize_t>(keys.size())));
    for (std::size_t i = 0; i < keys.size() && !(names == nullptr); ++i) {
        PyObject* const key = text(keys[i]);
        if (key == nullptr) names = Held();
        else PyTuple_SetItem(names.get(), static_cast<Py_ssize_t>(i), key);
    }
    return record<4>(change_type, {PyLong_FromUnsignedLongLong(version), text(expplat_origin_name(origin)),
                                   PyBool_FromLong(everything ? 1 : 0), names.release()});
}

PyObject* new_detail(PyObject* value, PyObject* variant) {
    return record<2>(detail_type, {Py_NewRef(value), Py_NewRef(variant)});
}

}  // namespace expplat::python
