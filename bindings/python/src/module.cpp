// `expplat._native`: the module that the package `expplat` stands on.
#include <nanobind/nanobind.h>
#include <pthread.h>

#include "bindings/python/src/batches.hpp"
#include "bindings/python/src/client.hpp"
#include "bindings/python/src/config.hpp"
#include "bindings/python/src/known_texts.hpp"
#include "bindings/python/src/notices.hpp"
#include "bindings/python/src/records.hpp"
#include "bindings/python/src/variant.hpp"

NB_MODULE(_native, module) {
    using namespace expplat::python;
    // Before any client has its own such function: those of a child run in this order, and the clients' start threads.
    pthread_atfork(nullptr, nullptr, [] {
        Notices::renew();
        Batches::renew();
    });
    nb::set_leak_warnings(false);  // a client that lives until the interpreter ends is no mistake
    if (!make_known_texts() || !add_variant_type(module.ptr()) || !add_record_types(module.ptr()))
        throw nb::python_error();
    module.attr("__version__") = expplat_version();
    add_user_type(module);
    add_config_type(module);
    add_client_types(module);
    add_telling(module);
}
