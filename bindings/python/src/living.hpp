// The clients of the process, by number: whom what they say, and their batches, are for.
//
// Written by `client.cpp`, read by `telling.cpp`. Guarded by the GIL.
#pragma once

#include <Python.h>

#include <cstdint>
#include <map>

namespace expplat::python {

struct Living {
    PyObject* client;     // borrowed: it takes itself away; null while it is opened and while it ends
    PyObject* listeners;  // borrowed: the client has it
};

[[nodiscard]] inline std::map<std::uint64_t, Living>& living() {
    static auto* const instance = new std::map<std::uint64_t, Living>;  // outlives every client
    return *instance;
}

}  // namespace expplat::python
