// Load on an HTTP server: keep-alive connections that each ask, wait for the answer, and ask again.
//
// With a rate, requests fall due at even times whatever the server does, and an answer's time counts from when its request
// was due: what waited for a free connection is not forgotten. One thread and epoll; it reads answers with a Content-Length,
// or without a body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace expplat::bench {

struct Load {
    std::uint16_t port = 0;
    std::size_t connections = 64;
    double seconds = 5;
    double rate = 0;        // requests a second; 0: as many as are answered
    unsigned status = 200;  // any other answer ends the program
    std::string request;    // head and body
};

struct Figures {
    double seconds = 0;
    double requests_per_second = 0;
    double p50_us = 0;
    double p99_us = 0;
    double p999_us = 0;
};

[[nodiscard]] Figures run(const Load& load);

}  // namespace expplat::bench
