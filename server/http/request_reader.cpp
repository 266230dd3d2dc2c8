#include "server/http/request_reader.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "server/http/field.hpp"
#include "server/http/target.hpp"
#include "src/net/content_decoder.hpp"

namespace expplat::server::http {

RequestReader::RequestReader(const ListenerLimits& limits) noexcept : limits_(&limits) {}

RequestReader::~RequestReader() = default;

std::size_t RequestReader::feed(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && state_ != State::done && state_ != State::failed) {
        const std::string_view rest = bytes.substr(used);
        if (state_ != State::body) {
            used += feed_head(rest);
        } else if (chunked_) {
            used += feed_chunked(rest);
        } else {
            const std::string_view piece = rest.substr(0, std::min<std::uint64_t>(rest.size(), remaining_));
            used += piece.size();
            remaining_ -= piece.size();
            if (append(piece) && remaining_ == 0) end_body();
        }
    }
    return used;
}

bool RequestReader::take_expectation() noexcept { return std::exchange(expects_continue_, false); }

std::shared_ptr<Request> RequestReader::take() {
    state_ = State::none;
    searched_ = 0;
    text_ = {};
    decoder_.reset();
    return std::move(request_);
}

bool RequestReader::fail(unsigned status, std::string detail) {
    state_ = State::failed;
    keep_alive_ = false;
    expects_continue_ = false;
    fault_ = {status, std::move(detail)};
    return false;
}

// --- the head ---------------------------------------------------------------------------------------

std::size_t RequestReader::feed_head(std::string_view bytes) {
    if (state_ == State::none) {
        state_ = State::head;
        began_ = std::chrono::steady_clock::now();
        keep_alive_ = true;
        expects_continue_ = false;
        minor_version_ = 1;
        searched_ = 0;
    }
    if (text_.empty()) {  // mostly all of it is in the first bytes, and read where it lies
        if (const std::size_t length = find_head_end(bytes); length > 0) {
            read_head(bytes.substr(0, length));
            return length;
        }
        if (state_ != State::failed) text_ = bytes;
        return bytes.size();
    }
    const std::size_t before = text_.size();
    text_ += bytes;
    const std::size_t length = find_head_end(text_);
    if (length == 0) return bytes.size();
    const std::string head = std::exchange(text_, {});
    read_head(std::string_view(head).substr(0, length));
    return length - before;
}

std::size_t RequestReader::find_head_end(std::string_view text) {
    if (text.starts_with("\r\n") && searched_ == 0)
        searched_ = 2;  // one empty line before a request: RFC 9112 (2.2)
    const std::size_t begin = text.starts_with("\r\n") ? 2 : 0;
    if (begin == 0 && !is_token_byte(text.front()) && text != "\r") {
        fail(400, "this is no HTTP request");
        return 0;
    }
    for (;;) {
        const std::size_t end = text.find('\n', searched_);
        if (std::min(end, text.size()) >= limits_->head_bytes + begin) {
            if (searched_ == begin) {
                fail(414, "the request line is too long");
            } else {
                fail(431, "the head is longer than " + std::to_string(limits_->head_bytes) + " bytes");
            }
            return 0;
        }
        if (end == std::string_view::npos) return 0;
        if (end == 0 || text[end - 1] != '\r') {
            fail(400, "a line of the head ends without CR");
            return 0;
        }
        const bool is_empty = end - searched_ == 1;
        if (is_empty && searched_ == begin) {
            fail(400, "the request line is empty");
            return 0;
        }
        searched_ = end + 1;
        if (is_empty) return searched_;
    }
}

void RequestReader::read_head(std::string_view head) {
    if (head.starts_with("\r\n")) head.remove_prefix(2);
    request_ = std::make_shared<Request>();
    request_->received = began_;
    body_sent_ = 0;
    chunk_extra_ = 0;
    chunk_ = Chunk::size;
    bool first = true;
    while (head.size() > 2) {  // the empty line
        const std::size_t end = head.find("\r\n");
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (!(std::exchange(first, false) ? read_request_line(line) : read_field(line))) return;
    }
    if (!read_framing() || !read_coding()) return;
    state_ = State::body;
    if (!chunked_ && remaining_ == 0) end_body();
}

bool RequestReader::read_request_line(std::string_view line) {
    const std::size_t method_end = line.find(' ');
    const std::size_t target_end = line.rfind(' ');
    if (method_end == std::string_view::npos || target_end == method_end) {
        return fail(400, "the request line is not `method target version`");
    }
    const std::string_view method = line.substr(0, method_end);
    const std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
    const std::string_view version = line.substr(target_end + 1);
    if (!is_token(method) || method.size() > method_bytes) return fail(400, "the method is no token");
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return fail(400, "the version is neither HTTP/1.1 nor HTTP/1.0");
    }
    minor_version_ = version.back() == '1' ? 1 : 0;
    Result<Target> parsed = parse_target(method, target);
    if (!parsed) return fail(400, parsed.error().message);
    request_->method = method;
    request_->target = target;
    request_->segments = std::move(parsed->segments);
    request_->query = std::move(parsed->query);
    return true;
}

bool RequestReader::read_field(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') return fail(400, "a header field is folded");
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        return fail(400, "a header field has no name that is a token before a colon");
    }
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_field_value(value)) return fail(400, "a header field has a control byte");
    if (request_->headers.fields().size() == header_fields) {
        return fail(431, "more than " + std::to_string(header_fields) + " header fields");
    }
    request_->headers.add(std::string(line.substr(0, colon)), std::string(value));
    return true;
}

/// Where the body ends, and whether the connection stays: RFC 9112 (6.3, 9.3).
bool RequestReader::read_framing() {
    std::size_t hosts = 0, lengths = 0, codings = 0, expectations = 0;
    std::string_view host, length, coding, expectation;
    bool says_close = false, says_keep = false;
    for (const auto& [name, value] : request_->headers.fields()) {
        if (same_without_case(name, "host")) {
            ++hosts, host = value;
        } else if (same_without_case(name, "content-length")) {
            ++lengths, length = value;
        } else if (same_without_case(name, "transfer-encoding")) {
            ++codings, coding = value;
        } else if (same_without_case(name, "expect")) {
            ++expectations, expectation = value;
        } else if (same_without_case(name, "connection")) {
            says_close = says_close || list_contains(value, "close");
            says_keep = says_keep || list_contains(value, "keep-alive");
        }
    }
    if (hosts > 1 || (hosts == 0 && minor_version_ == 1)) return fail(400, "there must be one Host");
    if (!is_host(host)) return fail(400, "the Host is none");
    keep_alive_ = !says_close && (minor_version_ == 1 || says_keep);

    chunked_ = codings > 0;
    remaining_ = 0;
    if (codings > 0 && lengths > 0) return fail(400, "both Content-Length and Transfer-Encoding");
    if (codings > 1 || (codings == 1 && !same_without_case(coding, "chunked"))) {
        return fail(400, "the one Transfer-Encoding known is `chunked`");
    }
    if (codings == 1 && minor_version_ == 0) return fail(400, "Transfer-Encoding in HTTP/1.0");
    if (lengths > 1) return fail(400, "more than one Content-Length");
    if (lengths == 1) {
        const char* const end = length.data() + length.size();
        const auto [stop, error] = std::from_chars(length.data(), end, remaining_);
        if (length.empty() || length.find_first_not_of("0123456789") != std::string_view::npos ||
            stop != end) {
            return fail(400, "the Content-Length is no number");
        }
        if (error != std::errc() || remaining_ > limits_->body_bytes) {
            return fail(413, "the body is longer than " + std::to_string(limits_->body_bytes) + " bytes");
        }
    }
    if (expectations > 0 && minor_version_ == 1) {
        if (expectations > 1 || !same_without_case(expectation, "100-continue")) {
            return fail(417, "the one Expect known is `100-continue`");
        }
        expects_continue_ = chunked_ || remaining_ > 0;
    }
    return true;
}

bool RequestReader::read_coding() {
    const std::string coding = request_->headers.all("Content-Encoding");
    if (coding.empty() || same_without_case(coding, "identity")) return true;
    if (!same_without_case(coding, "gzip") && !same_without_case(coding, "x-gzip")) {
        return fail(415, "the one Content-Encoding known is `gzip`");
    }
    Result<std::unique_ptr<net::ContentDecoder>> decoder = net::ContentDecoder::open("gzip");
    if (!decoder) return fail(415, decoder.error().message);
    decoder_ = std::move(*decoder);
    return true;
}

// --- the body ---------------------------------------------------------------------------------------

bool RequestReader::append(std::string_view bytes) {
    const auto too_long = [this] {
        return fail(413, "the body is longer than " + std::to_string(limits_->body_bytes) + " bytes");
    };
    body_sent_ += bytes.size();
    if (body_sent_ > limits_->body_bytes) return too_long();
    std::string& body = request_->body;
    if (decoder_ == nullptr) {
        body += bytes;
        return true;
    }
    const Result<bool> fed = decoder_->feed(bytes, [&](std::string_view piece) {
        if (piece.size() > limits_->body_bytes - body.size()) return false;
        body += piece;
        return true;
    });
    if (!fed) return fail(400, "the body is not of its Content-Encoding");
    return *fed || too_long();
}

void RequestReader::end_body() {
    if (decoder_ != nullptr && body_sent_ > 0) {
        if (!decoder_->finish()) {
            fail(400, "the body is not of its Content-Encoding");
            return;
        }
        request_->headers.remove("Content-Encoding");
    }
    state_ = State::done;
}

std::size_t RequestReader::feed_chunked(std::string_view bytes) {
    if (chunk_ != Chunk::data) return feed_line(bytes);
    const std::string_view piece = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), remaining_));
    remaining_ -= piece.size();
    if (append(piece) && remaining_ == 0) chunk_ = Chunk::data_end;
    return piece.size();
}

/// A line of the framing: gathered in `text_`, with its CRLF.
std::size_t RequestReader::feed_line(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    const std::size_t used = std::min(end, bytes.size() - 1) + 1;
    const std::size_t bound = chunk_ == Chunk::trailer ? chunk_extra_bytes : chunk_line_bytes;
    if (text_.size() + used > bound) {
        fail(chunk_ == Chunk::trailer ? 431 : 400, "a line of the chunked body is too long");
        return used;
    }
    text_ += bytes.substr(0, used);
    if (end == std::string_view::npos) return used;
    if (text_.ends_with("\r\n")) {
        text_.resize(text_.size() - 2);
        end_line();
    } else {
        fail(400, "a line of the chunked body ends without CR");
    }
    text_.clear();
    return used;
}

void RequestReader::end_line() {
    switch (chunk_) {
        case Chunk::size:
            if (!read_chunk_size(text_)) return;
            chunk_ = remaining_ == 0 ? Chunk::trailer : Chunk::data;
            return;
        case Chunk::data_end:
            if (!text_.empty()) fail(400, "a chunk is longer than its size");
            chunk_ = Chunk::size;
            return;
        case Chunk::trailer: {
            if (text_.empty()) return end_body();
            const std::size_t colon = text_.find(':');
            chunk_extra_ += text_.size();
            if (chunk_extra_ > chunk_extra_bytes) {
                fail(431, "the trailers are too long");
            } else if (colon == std::string::npos || !is_token(std::string_view(text_).substr(0, colon)) ||
                       !is_field_value(std::string_view(text_).substr(colon + 1))) {
                fail(400, "a trailer is no field");
            }
            return;
        }
        case Chunk::data: return;
    }
}

bool RequestReader::read_chunk_size(std::string_view line) {
    const std::size_t digits = std::min(line.find(';'), line.size());
    const std::string_view size = line.substr(0, digits);
    const auto [stop, error] = std::from_chars(size.data(), size.data() + size.size(), remaining_, 16);
    if (size.empty() || size.front() == '-' || stop != size.data() + size.size() ||
        !is_field_value(line.substr(digits))) {
        return fail(400, "the size of a chunk is no number");
    }
    if (error != std::errc() || remaining_ > limits_->body_bytes - body_sent_) {
        return fail(413, "the body is longer than " + std::to_string(limits_->body_bytes) + " bytes");
    }
    chunk_extra_ += line.size() - digits;
    if (chunk_extra_ > chunk_extra_bytes) return fail(400, "the extensions of the chunks are too long");
    return true;
}

}  // namespace expplat::server::http
