// The grammar of header fields: tokens, values, lists, hosts, and the weights of `Accept-Encoding`.
//
// Used by whoever reads a request's head (`request_reader.cpp`) and by who chooses an answer's form (`answer.cpp`). Pure;
// safe on any bytes. Source: RFC 9110 (5.5, 5.6, 12.4, 12.5.3).
#pragma once

#include <string_view>

namespace expplat::server::http {

[[nodiscard]] bool is_token_byte(char c) noexcept;
/// Not empty, and of token bytes alone.
[[nodiscard]] bool is_token(std::string_view text) noexcept;
/// Without control bytes but the tab.
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;
/// A name or an address, with or without a port, by its characters; an empty one is allowed (RFC 9112, 3.2).
[[nodiscard]] bool is_host(std::string_view text) noexcept;
/// Without spaces and tabs around it.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;
[[nodiscard]] bool same_without_case(std::string_view a, std::string_view b) noexcept;
/// Whether a list `a, b, c` has `member`, without case.
[[nodiscard]] bool list_contains(std::string_view list, std::string_view member) noexcept;
/// Whether who sent this `Accept-Encoding` takes gzip, at a weight above 0.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding) noexcept;

}  // namespace expplat::server::http
