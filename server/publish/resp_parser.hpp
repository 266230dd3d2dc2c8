// `RespParser`: the answers of a Redis server, cut into values, whatever way the bytes arrive.
//
// A state machine without I/O or clock: `redis_link.hpp` hands it what it read and gets values back. It believes no length
// before the bytes are there, and bounds lines, strings, lists, their depth and the whole of a value; what is malformed or
// longer fails the connection for good. Not thread-safe. Source: "Redis serialization protocol specification", RESP2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace expplat::server::publish {

struct RespLimits {
    std::size_t line_bytes = 4 * 1024;
    std::size_t string_bytes = 64 * 1024;
    std::size_t value_bytes = 256 * 1024;  // all strings of a value
    std::size_t value_items = 1'024;       // all items of a value, its lists' own too
    std::size_t depth = 8;                 // of lists in lists
};

struct RespValue {
    enum class Kind : std::uint8_t { status, error, integer, string, list, null };

    Kind kind = Kind::null;
    std::string text;  // of a status, an error and a string
    std::int64_t integer = 0;
    std::vector<RespValue> items;  // of a list
};

class RespParser {
public:
    enum class State : std::uint8_t { open, malformed, too_large };

    explicit RespParser(RespLimits limits = {}) : limits_(limits) {}

    /// Takes bytes from the front of `bytes` up to the end of the next whole value. Nothing: all were taken, or the state
    /// is not `open` any more.
    [[nodiscard]] std::optional<RespValue> next(std::string_view& bytes);

    [[nodiscard]] State state() const noexcept { return state_; }

private:
    struct OpenList {
        RespValue list;
        std::size_t left = 0;
    };

    [[nodiscard]] bool take_line(std::string_view& bytes);
    [[nodiscard]] bool take_string(std::string_view& bytes);
    [[nodiscard]] std::optional<RespValue> end_line();
    [[nodiscard]] std::optional<RespValue> begin_string(std::string_view length);
    [[nodiscard]] std::optional<RespValue> begin_list(std::string_view length);
    /// A value is whole: the caller's, unless it stands in a list that is not.
    [[nodiscard]] std::optional<RespValue> place(RespValue value);
    std::optional<RespValue> fail(State state) noexcept;

    RespLimits limits_;
    State state_ = State::open;
    std::string line_;    // without its end, as far as it has come
    std::string string_;  // likewise
    std::optional<std::size_t>
        string_left_;  // bytes of `string_` and its CRLF that have not come; nothing: a line is read
    std::vector<OpenList> lists_;  // each is an item of the one before it
    std::size_t bytes_ = 0;        // of the value that is being read
    std::size_t items_ = 0;
};

/// A command as Redis reads it: a list of strings.
[[nodiscard]] std::string resp_command(const std::vector<std::string_view>& words);

}  // namespace expplat::server::publish
