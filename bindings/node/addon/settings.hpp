// A client's configuration from what `src/settings.ts` makes of the program's: a list of `[function, argument...]`.
//
// The names and types were checked there; what only the library can judge is refused here. Belongs to the environment's
// thread.
#pragma once

#include <napi.h>

#include <memory>

#include "bindings/node/addon/messenger.hpp"
#include "src/c/objects.hpp"

namespace expplat::node {

struct ConfigDeleter {
    void operator()(expplat_config* config) const noexcept { expplat_config_destroy(config); }
};
using ConfigPointer = std::unique_ptr<expplat_config, ConfigDeleter>;

/// Throws Napi::Error with a `code`.
[[nodiscard]] ConfigPointer read_settings(const Napi::Array& settings, std::shared_ptr<Messenger> messenger);

}  // namespace expplat::node
