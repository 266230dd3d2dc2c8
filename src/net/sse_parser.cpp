#include "src/net/sse_parser.hpp"

#include <algorithm>

namespace expplat::net {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
/// A larger buffer is given back after its event.
constexpr std::size_t kept_buffer_bytes = std::size_t{64} << 10;

/// Where the first CR or LF is, or the size. (`find_first_of` takes ten times as long.)
[[nodiscard]] std::size_t find_line_end(std::string_view bytes) noexcept {
    const auto end = std::find_if(bytes.begin(), bytes.end(), [](char c) { return c == '\n' || c == '\r'; });
    return static_cast<std::size_t>(end - bytes.begin());
}

void empty(std::string& buffer) noexcept {
    if (buffer.capacity() > kept_buffer_bytes) std::string().swap(buffer);
    else buffer.clear();
}

}  // namespace

SseItem SseParser::next(std::string_view& bytes) {
    drop_reported();
    if (status_ != SseStatus::open) {
        bytes = {};
        return SseItem::failed;
    }
    while (!bytes.empty()) {
        if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
            bytes.remove_prefix(1);
            continue;
        }
        const std::size_t size = find_line_end(bytes);
        if (line_.size() + size > limits_.line_bytes) return fail(SseStatus::line_too_long);
        const std::string_view piece = bytes.substr(0, size);
        if (size == bytes.size()) {
            line_ += piece;
            bytes = {};
            break;
        }
        after_cr_ = bytes[size] == '\r';
        bytes.remove_prefix(size + 1);
        std::string_view line = piece;
        if (!line_.empty()) line = line_ += piece;
        const SseItem item = end_line(line);
        if (item != SseItem::none) return item;
        empty(line_);
    }
    return SseItem::none;
}

void SseParser::begin_stream() {
    drop_reported();
    empty(line_);
    empty(data_);
    empty(type_);
    pending_id_ = last_event_id_;
    status_ = SseStatus::open;
    first_line_ = true;
    after_cr_ = false;
}

SseItem SseParser::end_line(std::string_view line) {
    if (std::exchange(first_line_, false) && line.starts_with(byte_order_mark)) {
        line.remove_prefix(byte_order_mark.size());
    }
    if (line.empty()) return end_event();
    const std::size_t colon = line.find(':');
    if (colon == 0) {
        comment_ = line.substr(1);
        ++comment_count_;
        return reported_ = SseItem::comment;
    }
    if (colon == std::string_view::npos) return take_field(line, {});
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    return take_field(line.substr(0, colon), value);
}

SseItem SseParser::end_event() {
    last_event_id_ = pending_id_;
    if (data_.empty()) {
        type_.clear();
        return SseItem::none;
    }
    event_.type = type_.empty() ? std::string_view("message") : std::string_view(type_);
    event_.data = std::string_view(data_).substr(0, data_.size() - 1);
    event_.id = last_event_id_;
    event_.retry_ms = retry_ms_;
    ++event_count_;
    return reported_ = SseItem::event;
}

SseItem SseParser::take_field(std::string_view field, std::string_view value) {
    if (field == "data") return take_data(value);
    if (field == "event") {
        if (data_.size() + value.size() > limits_.event_bytes) return fail(SseStatus::event_too_long);
        type_ = value;
    } else if (field == "id") {
        const bool can_be_sent =
            value.find('\0') == std::string_view::npos && value.size() <= limits_.id_bytes;
        if (can_be_sent) pending_id_ = value;
    } else if (field == "retry") {
        take_retry(value);
    }
    return SseItem::none;
}

SseItem SseParser::take_data(std::string_view value) {
    const std::size_t size = type_.size() + data_.size() + value.size() + 1;
    if (size > limits_.event_bytes) return fail(SseStatus::event_too_long);
    if (data_.empty() && line_.size() > kept_buffer_bytes) {
        // The value is the end of the buffered line: a large one is moved, not copied.
        const std::size_t before = line_.size() - value.size();
        data_ = std::exchange(line_, {});
        data_.erase(0, before);
    } else {
        data_ += value;
    }
    data_ += '\n';
    return SseItem::none;
}

void SseParser::take_retry(std::string_view value) noexcept {
    if (value.empty()) return;
    std::int64_t wait_ms = 0;
    for (const char c : value) {
        if (c < '0' || c > '9') return;
        const std::int64_t digit = c - '0';
        wait_ms = wait_ms > (limits_.retry_ms - digit) / 10 ? limits_.retry_ms : wait_ms * 10 + digit;
    }
    retry_ms_ = wait_ms;
}

SseItem SseParser::fail(SseStatus status) noexcept {
    empty(line_);
    empty(data_);
    empty(type_);
    status_ = status;
    return SseItem::failed;
}

void SseParser::drop_reported() noexcept {
    if (reported_ == SseItem::event) {
        empty(data_);
        empty(type_);
        event_ = {};
    } else if (reported_ == SseItem::comment) {
        empty(line_);
        comment_ = {};
    }
    reported_ = SseItem::none;
}

}  // namespace expplat::net
