// `Intake`: a server of `POST /api/v1/events` (docs/PROTOCOL.md) that costs little, so that the client is what is measured.
//
// Binds 127.0.0.1 at a free port; a thread accepts and each connection has a thread that blocks. A body is inflated, its ids
// are found by their place in the text, and every event is answered `accepted`. It keeps nothing and trusts its client: no
// server for anything but a benchmark. Ends with its destructor, after the client's end.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace expplat::bench {

class Intake {
public:
    Intake();
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;
    ~Intake();

    /// `http://127.0.0.1:PORT`; empty where no port could be bound.
    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_; }

private:
    void accept();
    void serve(int connection);

    int listener_ = -1;
    std::string url_;
    std::atomic<std::uint64_t> accepted_{0};
    std::atomic<bool> ending_{false};
    std::mutex mutex_;  // guards the two below
    std::vector<int> connections_;
    std::vector<std::thread> servers_;
    std::thread acceptor_;
};

}  // namespace expplat::bench
