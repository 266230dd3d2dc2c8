// What every part of `expplat_http_load` does with sockets. A load generator has nothing to save: it ends where one fails.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace expplat::bench {

/// Prints errno's words, and ends the program.
[[noreturn]] void give_up(const char* what);

/// Blocking, to 127.0.0.1, without Nagle's delay.
[[nodiscard]] int connect_to(std::uint16_t port);

void send_all(int descriptor, std::string_view text);

/// Reports that it can be read come with `context`.
void watch(int poll, int descriptor, void* context);

}  // namespace expplat::bench
