// `EventLoop`: what runs a transport: sockets that became ready, timers that are due, work that was put off.
//
// Asio's `io_context` behind a face without Asio, so that few files compile it. One thread polls it and uses all that
// hangs on it; `wake` alone is for any thread. It starts no thread and handles no signal. Next: `connection.hpp` and
// `resolver.hpp`, which open descriptors on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "src/net/descriptor_table.hpp"

namespace boost::asio {
class io_context;
}

namespace expplat::net {

class EventLoop {
public:
    /// Handlers that one `poll` runs at most, so that a peer that never pauses cannot keep it: some milliseconds.
    static constexpr std::size_t handlers_per_poll = 256;

    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Runs what is ready; where nothing is, waits for at most `wait_ms` until something is.
    void poll(std::int64_t wait_ms);
    /// Ends a poll that waits, or the wait of the next one. From any thread; takes no lock.
    void wake() noexcept;
    /// Runs `work` in a later `poll` or later in this one, never at once.
    void post(std::function<void()> work);
    /// In a forked child: closes this process's copies of the loop's and the table's descriptors, and changes nothing
    /// that the parent shares. Afterwards the loop may not be touched, not even be destroyed.
    void abandon_after_fork() noexcept;

    [[nodiscard]] boost::asio::io_context& context() noexcept;
    [[nodiscard]] DescriptorTable& descriptors() noexcept;

    /// One deadline. It fires once, from `poll`, unless it was stopped, armed anew or destroyed before.
    class Timer {
    public:
        explicit Timer(EventLoop& loop);
        ~Timer();
        Timer(const Timer&) = delete;
        Timer& operator=(const Timer&) = delete;

        void arm(std::int64_t after_ms, std::function<void()> fire);
        /// Moves the deadline of an armed timer; nothing for one that is not. Cheap: for each piece of a body.
        void extend(std::int64_t after_ms);
        void stop() noexcept;

    private:
        struct State;
        std::shared_ptr<State> state_;
    };

private:
    struct Core;
    std::unique_ptr<Core> core_;
};

}  // namespace expplat::net
