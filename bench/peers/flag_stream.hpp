// `FlagStream`: a server of LaunchDarkly's streaming endpoint, as far as its client needs one: every connection gets one event.
//
// Binds 127.0.0.1 at a free port. A thread accepts, reads a request's head, whatever it asks for, sends the event `put` with all
// flags, and keeps the connection open, silent. No server for anything but a benchmark. Ends with its destructor, after the
// client's end.
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace expplat::bench {

class FlagStream {
public:
    /// `put` is the event's data, one line of JSON.
    explicit FlagStream(const std::string& put);
    FlagStream(const FlagStream&) = delete;
    FlagStream& operator=(const FlagStream&) = delete;
    ~FlagStream();

    /// `http://127.0.0.1:PORT`.
    [[nodiscard]] const std::string& url() const noexcept { return url_; }

private:
    void serve();

    std::string response_;
    std::string url_;
    int listener_ = -1;
    std::vector<int> connections_;  // of the thread alone, until it has ended
    std::thread server_;
};

}  // namespace expplat::bench
