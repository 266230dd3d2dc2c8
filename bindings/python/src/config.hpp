// `expplat._native.Config`: a client's configuration while it is written.
//
// Sources and sinks (`expplat/source.py`, `expplat/sink.py`) write themselves into it, and `Client` its settings. Mistakes
// are TypeError and ValueError. One thread, with the GIL.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>

#include "expplat/c/expplat.h"

namespace expplat::python {

namespace nb = nanobind;

class Config {
public:
    Config();

    void source_server(nb::object url, nb::object key);
    void source_file(nb::object path, std::int64_t watch_interval_ms);
    void source_text(nb::object json);
    void sink_file(nb::object path, std::uint64_t rotate_bytes);
    void sink_http(nb::object url, nb::object key);
    void sink_kinesis(nb::object stream);
    /// `deliver_to_python` says how.
    void sink_custom();
    /// By the type of the value: bool, int, str or a path; a list of str sets each.
    void set(nb::str name, nb::handle value);

    [[nodiscard]] expplat_config* get() const noexcept { return config_.get(); }

private:
    struct Destroy {
        void operator()(expplat_config* config) const noexcept { expplat_config_destroy(config); }
    };
    std::unique_ptr<expplat_config, Destroy> config_;
};

void add_config_type(nb::module_& module);

}  // namespace expplat::python
