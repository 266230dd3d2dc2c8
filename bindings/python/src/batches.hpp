// `Batches`: events for the program's own sinks (`Sink.custom`), on their way to Python and their answers on the way back.
//
// A client's thread leaves a batch here and goes on; like `Notices` it never waits for the GIL, in `fork`, in `close` or anywhere.
// One Python thread (`expplat/_sinks.py`) takes batches out and answers each. Bounded by what clients have under way at once, and
// nothing is dropped: what is not answered is still the client's. Thread-safe. A forked child starts with an empty one.
// Next: `client.cpp`.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "expplat/exposure/sink.hpp"
#include "src/c/objects.hpp"

namespace expplat::python {

struct Batch {
    std::uint64_t client = 0;         // its number
    std::uint64_t number = 0;         // by which it is answered
    std::vector<std::string> events;  // each as JSON
};

class Batches {
public:
    /// Those of the process.
    [[nodiscard]] static Batches& instance() noexcept;
    /// In a forked child, before it has threads: what the parent's threads were doing here is nobody's now.
    static void renew();

    void add(Batch batch, exposure::Answer answer);
    /// Waits for one without the GIL: nothing when `stop` was called.
    [[nodiscard]] std::optional<Batch> take();
    void stop();
    [[nodiscard]] bool is_stopped();
    void answer(std::uint64_t number, exposure::Delivery delivery);

private:
    std::mutex mutex_;  // guards all of it
    std::condition_variable changed_;
    std::deque<Batch> waiting_;
    std::map<std::uint64_t, exposure::Answer> answers_;  // by number
    std::uint64_t last_ = 0;
    bool stopped_ = false;
};

/// Makes a configuration's client leave its batches here, under its number.
void deliver_to_python(expplat_config& config, std::uint64_t client_number);

}  // namespace expplat::python
