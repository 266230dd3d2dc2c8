#include "src/cli/interruption.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace expplat::cli {

namespace {

std::atomic<bool> was_requested{false};
std::atomic<int> wake_descriptor{-1};  // a signal's handler has no other way to what it wakes

void write_byte(int descriptor) noexcept {
    const char byte = 0;
    // A full pipe wakes as well.
    while (::write(descriptor, &byte, 1) < 0 && errno == EINTR) {}
}

void on_signal(int) {
    const int before = errno;
    was_requested.store(true);
    if (const int descriptor = wake_descriptor.load(); descriptor >= 0) write_byte(descriptor);
    errno = before;
}

}  // namespace

Interruption::Interruption() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
        read_end_ = ends[0];
        write_end_ = ends[1];
    }
    was_requested.store(false);
    wake_descriptor.store(write_end_);
    struct sigaction action {};
    action.sa_handler = &on_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the program
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

Interruption::~Interruption() {
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGTERM, SIG_DFL);
    wake_descriptor.store(-1);
    if (read_end_ >= 0) ::close(read_end_);
    if (write_end_ >= 0) ::close(write_end_);
}

bool Interruption::requested() const noexcept { return was_requested.load(); }

void Interruption::notify() const noexcept {
    if (write_end_ >= 0) write_byte(write_end_);
}

void Interruption::wait(std::chrono::milliseconds most) {
    pollfd waited{read_end_, POLLIN, 0};
    (void)::poll(&waited, 1, static_cast<int>(most.count()));
    drain();
}

bool Interruption::wait_readable(int descriptor) {
    pollfd waited[] = {{read_end_, POLLIN, 0}, {descriptor, POLLIN, 0}};
    while (::poll(waited, 2, -1) < 0 && errno == EINTR && !requested()) {}
    const bool woken = requested() || (waited[0].revents & POLLIN) != 0;
    if (woken) drain();
    return !woken;
}

void Interruption::drain() noexcept {
    char bytes[64];
    while (::read(read_end_, bytes, sizeof(bytes)) > 0) {}
}

}  // namespace expplat::cli
