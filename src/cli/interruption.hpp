// Ending on a signal: SIGINT and SIGTERM ask a command to come to its end, and a closed standard output no longer kills it.
//
// One at a time, made by the commands that run for long. The second signal ends the program at once. `notify` and
// `requested` may be called from any thread; the others belong to the command's.
#pragma once

#include <chrono>

namespace expplat::cli {

class Interruption {
public:
    Interruption();
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    [[nodiscard]] bool requested() const noexcept;
    /// Ends a wait that is under way, or the next one.
    void notify() const noexcept;

    /// Waits for a signal or `notify`, at most so long.
    void wait(std::chrono::milliseconds most);
    /// Waits until `descriptor` can be read. False where a signal or `notify` came first.
    [[nodiscard]] bool wait_readable(int descriptor);

private:
    void drain() noexcept;

    int read_end_ = -1;
    int write_end_ = -1;
};

}  // namespace expplat::cli
