#include "src/client/fork_registry.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "src/client/runtime.hpp"

namespace expplat::runtime::fork_registry {

namespace {

struct Registry {
    std::mutex mutex;  // guards `runtimes`; held over a fork
    std::vector<Runtime*> runtimes;
};

Registry& registry() {
    static auto* const instance = new Registry;  // outlives every client, whatever the order of exit
    return *instance;
}

#if !defined(_WIN32)
void before_fork() {
    registry().mutex.lock();
    for (Runtime* runtime : registry().runtimes) runtime->before_fork();
}
void after_fork_in_parent() {
    for (Runtime* runtime : registry().runtimes) runtime->after_fork_in_parent();
    registry().mutex.unlock();
}
void after_fork_in_child() {
    for (Runtime* runtime : registry().runtimes) runtime->after_fork_in_child();
    registry().mutex.unlock();
}
#endif

}  // namespace

void add(Runtime& runtime) {
#if !defined(_WIN32)
    static std::once_flag once;
    std::call_once(once, [] { pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child); });
#endif
    const std::scoped_lock lock(registry().mutex);
    registry().runtimes.push_back(&runtime);
}

void remove(Runtime& runtime) {
    const std::scoped_lock lock(registry().mutex);
    std::erase(registry().runtimes, &runtime);
}

}  // namespace expplat::runtime::fork_registry
