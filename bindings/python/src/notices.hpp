// `Notices`: what clients have to say (a line of the log, a status, a new ruleset), on its way to Python.
//
// A client's thread leaves a notice here and goes on; it never waits for the GIL, so whoever holds the GIL may wait for that
// thread: in `fork`, in `close`, anywhere. One Python thread (`expplat/_notices.py`) takes them out. Thread-safe; bounded,
// the newest are dropped and counted. A forked child starts with an empty one. Next: `client.cpp`.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "expplat/c/expplat.h"

namespace expplat::python {

struct Notice {
    enum class Kind { log, status, ruleset };

    Kind kind = Kind::log;
    std::uint64_t client = 0;  // its number

    std::int32_t level = 0;
    std::string text;         // the line; of a status: the error
    std::string environment;  // of a status
    expplat_status status{};  // without texts
    std::uint64_t version = 0;
    std::int32_t origin = 0;
    bool everything = false;
    std::vector<std::string> keys;
};

class Notices {
public:
    /// Those of the process.
    [[nodiscard]] static Notices& instance() noexcept;
    /// In a forked child, before it has threads: what the parent's threads were doing here is nobody's now.
    static void renew();

    void add(Notice notice);
    /// Waits for one without the GIL: nothing when `stop` was called and none is left.
    [[nodiscard]] std::optional<Notice> take();
    void stop();

private:
    static constexpr std::size_t most = 1'000;

    std::mutex mutex_;  // guards all of it
    std::condition_variable changed_;
    std::deque<Notice> waiting_;
    std::uint64_t dropped_ = 0;
    bool stopped_ = false;
};

/// Makes a configuration's client tell its notices under that number.
[[nodiscard]] expplat_code listen(expplat_config* config, std::uint64_t client_number);

}  // namespace expplat::python
