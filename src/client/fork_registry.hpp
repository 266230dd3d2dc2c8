// The living runtimes of the process, so that `fork` finds their locks in order.
//
// A runtime is in the registry from its opening to its end. Together with the readers' slots (`epoch.hpp`) this is all that
// the clients of a process share.
#pragma once

namespace expplat::runtime {

class Runtime;

namespace fork_registry {
void add(Runtime& runtime);
void remove(Runtime& runtime);
}  // namespace fork_registry

}  // namespace expplat::runtime
