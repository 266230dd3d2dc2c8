#include "server/publish/resp_parser.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace expplat::server::publish {
namespace {

[[nodiscard]] std::optional<std::int64_t> number_of(std::string_view text) noexcept {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) return std::nullopt;
    }
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

std::optional<RespValue> RespParser::next(std::string_view& bytes) {
    while (state_ == State::open && !bytes.empty()) {
        std::optional<RespValue> value;
        if (string_left_) {
            if (!take_string(bytes)) continue;
            value = place({RespValue::Kind::string, std::exchange(string_, {}), 0, {}});
        } else {
            if (!take_line(bytes)) continue;
            value = end_line();
            line_.clear();
        }
        if (!value) continue;
        bytes_ = items_ = 0;
        return value;
    }
    return std::nullopt;
}

/// True where the line is whole.
bool RespParser::take_line(std::string_view& bytes) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    // One byte more for the CR.
    if (piece.size() > limits_.line_bytes + 1 - std::min(line_.size(), limits_.line_bytes + 1)) {
        fail(State::too_large);
        return false;
    }
    line_ += piece;
    bytes.remove_prefix(end == std::string_view::npos ? piece.size() : piece.size() + 1);
    constexpr std::string_view kinds = "+-:$*";
    if (!line_.empty() && kinds.find(line_.front()) == std::string_view::npos) fail(State::malformed);
    const std::size_t cr = line_.find('\r');
    if (end == std::string_view::npos) {
        if (cr != std::string::npos && cr + 1 < line_.size()) fail(State::malformed);
        return false;
    }
    // A line ends with CRLF and has neither inside; its first byte says what it is.
    if (cr == std::string::npos || cr + 1 != line_.size() || cr == 0) {
        fail(State::malformed);
        return false;
    }
    line_.pop_back();
    return state_ == State::open;
}

/// True where the string is whole.
bool RespParser::take_string(std::string_view& bytes) {
    constexpr std::size_t ending = 2;
    if (*string_left_ > ending) {
        const std::string_view piece = bytes.substr(0, *string_left_ - ending);
        string_ += piece;
        *string_left_ -= piece.size();
        bytes.remove_prefix(piece.size());
        return false;
    }
    if (bytes.front() != (*string_left_ == ending ? '\r' : '\n')) {
        fail(State::malformed);
        return false;
    }
    bytes.remove_prefix(1);
    if (--*string_left_ > 0) return false;
    string_left_.reset();
    return true;
}

std::optional<RespValue> RespParser::end_line() {
    const std::string_view rest = std::string_view(line_).substr(1);
    switch (line_.front()) {
        case '$': return begin_string(rest);
        case '*': return begin_list(rest);
        case ':': {
            const auto number = number_of(rest);
            if (!number) return fail(State::malformed);
            return place({RespValue::Kind::integer, {}, *number, {}});
        }
        default: break;
    }
    bytes_ += rest.size();
    if (bytes_ > limits_.value_bytes) return fail(State::too_large);
    const auto kind = line_.front() == '-' ? RespValue::Kind::error : RespValue::Kind::status;
    return place({kind, std::string(rest), 0, {}});
}

std::optional<RespValue> RespParser::begin_string(std::string_view length) {
    const auto number = number_of(length);
    if (!number || *number < -1) return fail(State::malformed);
    if (*number == -1) return place({});
    const auto size = static_cast<std::uint64_t>(*number);
    if (size > limits_.string_bytes || size > limits_.value_bytes - bytes_) return fail(State::too_large);
    bytes_ += size;
    string_left_ = size + 2;
    return std::nullopt;
}

std::optional<RespValue> RespParser::begin_list(std::string_view length) {
    const auto number = number_of(length);
    if (!number || *number < -1) return fail(State::malformed);
    if (*number == -1) return place({});
    RespValue list{RespValue::Kind::list, {}, 0, {}};
    if (*number == 0) return place(std::move(list));
    const auto size = static_cast<std::uint64_t>(*number);
    if (size > limits_.value_items - std::min(items_, limits_.value_items) || lists_.size() >= limits_.depth)
        return fail(State::too_large);
    items_ += size;
    lists_.push_back({std::move(list), size});
    return std::nullopt;
}

std::optional<RespValue> RespParser::place(RespValue value) {
    while (!lists_.empty()) {
        OpenList& open = lists_.back();
        open.list.items.push_back(std::move(value));
        if (--open.left > 0) return std::nullopt;
        value = std::move(open.list);
        lists_.pop_back();
    }
    return value;
}

std::optional<RespValue> RespParser::fail(State state) noexcept {
    if (state_ == State::open) state_ = state;
    return std::nullopt;
}

std::string resp_command(const std::vector<std::string_view>& words) {
    std::string command = '*' + std::to_string(words.size()) + "\r\n";
    for (const std::string_view word : words) {
        command += '$' + std::to_string(word.size()) + "\r\n";
        command += word;
        command += "\r\n";
    }
    return command;
}

}  // namespace expplat::server::publish
