#include "src/net/exchange.hpp"

#include <algorithm>
#include <utility>

namespace expplat::net {

namespace {

/// What empty gzip members and the like may add to an encoded body of a limited one.
constexpr std::uint64_t encoding_overhead_bytes = 64 * 1024;

constexpr std::string_view methods_with_body[] = {"POST", "PUT", "PATCH"};

}  // namespace

Exchange::Exchange(const Surroundings& around, Request request, Handlers handlers,
                   std::function<void()> on_end)
    : around_(around),
      request_(std::move(request)),
      handlers_(std::move(handlers)),
      on_end_(std::move(on_end)),
      phase_timer_(around.loop),
      total_timer_(around.loop) {}

void Exchange::cancel() noexcept {
    has_ended_ = true;
    phase_timer_.stop();
    total_timer_.stop();
    if (connection_) connection_->close();
    connection_.reset();
}

void Exchange::start() {
    if (has_ended_) return;
    auto url = parse_url(request_.url);
    if (!url) return end(url.error());
    if (auto checked = check_head(request_); !checked) return end(checked.error());
    url_ = std::move(*url);
    if (request_.timeouts.total_ms > 0) {
        total_timer_.arm(request_.timeouts.total_ms, [this] {
            const auto self = shared_from_this();
            fail(ErrorCode::timeout, "not done within " + std::to_string(request_.timeouts.total_ms) + " ms");
        });
    }
    connect(false);
}

// --- time and errors -------------------------------------------------------------------------------------

void Exchange::expect_within(std::int64_t limit_ms, std::string_view what) {
    if (limit_ms <= 0) return phase_timer_.stop();
    phase_timer_.arm(limit_ms, [this, limit_ms, what] {
        const auto self = shared_from_this();
        fail(ErrorCode::timeout, std::string(what) + " within " + std::to_string(limit_ms) + " ms");
    });
}

Error Exchange::with_host(ErrorCode code, std::string_view why) const {
    return {code, url_.authority() + ": " + std::string(why)};
}

void Exchange::fail(ErrorCode code, std::string_view why) { end(with_host(code, why)); }

void Exchange::end(const Result<void>& result) {
    if (has_ended_) return;
    const auto self = shared_from_this();  // its owner lets go in `on_end_`
    cancel();
    on_end_();
    if (handlers_.end) handlers_.end(result);
    handlers_ = {};
}

/// The connection broke. Where it had waited in the pool and the server has not begun to answer, the server has most
/// likely closed it before it read anything: the request goes out once more, on a new one.
void Exchange::lose(const Error& error) {
    if (!is_reused_ || is_replaced_ || (parser_ && parser_->is_begun())) return end(error);
    is_replaced_ = true;
    connection_->close();
    connection_.reset();
    connect(true);
}

// --- the request -----------------------------------------------------------------------------------------

void Exchange::connect(bool fresh) {
    auto taken = around_.pool.take(Route(url_, around_.proxies.find(url_)), fresh);
    connection_ = std::move(taken.connection);
    is_reused_ = taken.is_reused;
    if (is_reused_) return begin_request();
    expect_within(request_.timeouts.connect_ms, "not connected");
    connection_->connect([self = shared_from_this()](const Result<void>& connected) {
        if (self->has_ended_) return;
        if (connected) self->begin_request();
        else self->end(connected.error());
    });
}

std::string Exchange::write_head(bool through_plain_proxy) const {
    std::string head = request_.method + " ";
    const std::string host = url_.host_header();
    if (through_plain_proxy) head += "http://" + host;
    head += url_.target + " HTTP/1.1\r\nHost: " + host + "\r\n";
    bool has_agent = false;
    for (const Header& header : request_.headers) {
        has_agent = has_agent || same_letters(header.name, "User-Agent");
        head.append(header.name).append(": ").append(header.value).append("\r\n");
    }
    if (!has_agent && !around_.user_agent.empty()) head += "User-Agent: " + around_.user_agent + "\r\n";
    if (request_.accept_encoded) head += "Accept-Encoding: gzip, zstd\r\n";
    const auto* const with_body =
        std::find(std::begin(methods_with_body), std::end(methods_with_body), request_.method);
    if (!request_.body.empty() || with_body != std::end(methods_with_body)) {
        head += "Content-Length: " + std::to_string(request_.body.size()) + "\r\n";
    }
    if (through_plain_proxy && !connection_->route().proxy->authorization.empty()) {
        head += "Proxy-Authorization: " + connection_->route().proxy->authorization + "\r\n";
    }
    return head + "\r\n";
}

void Exchange::begin_request() {
    head_ = write_head(!url_.tls && connection_->route().proxy);
    written_ = 0;
    is_written_ = false;
    write_end_ = {};
    AnswerParser::Events events;
    events.head = [this](const Head& head, std::optional<std::uint64_t> length) {
        return take_head(head, length);
    };
    events.body = [this](std::string_view bytes) { return take_body(bytes); };
    parser_.emplace(request_.method == "HEAD", std::move(events));
    expect_within(request_.timeouts.first_byte_ms, "no head of an answer");
    write();
    read();
}

void Exchange::write() {
    const std::string_view head = head_;
    const std::string_view body = request_.body;
    const std::size_t of_head = std::min(written_, head.size());
    connection_->write_some(
        head.substr(of_head), body.substr(written_ - of_head),
        [self = shared_from_this(), connection = connection_](const Result<std::size_t>& bytes) {
            if (self->has_ended_ || self->connection_ != connection) return;
            if (!bytes) {
                self->write_end_ = bytes.error();  // an answer may be there all the same: reading says
                return;
            }
            self->written_ += *bytes;
            if (!self->parser_->is_head_done())
                self->phase_timer_.extend(self->request_.timeouts.first_byte_ms);
            self->is_written_ = self->written_ == self->head_.size() + self->request_.body.size();
            if (!self->is_written_) self->write();
        });
}

// --- the answer ------------------------------------------------------------------------------------------

void Exchange::read() {
    connection_->read_some(
        [self = shared_from_this(), connection = connection_](const Result<std::string_view>& bytes) {
            if (self->has_ended_ || self->connection_ != connection) return;
            if (!bytes) self->lose(self->write_end_ ? bytes.error() : self->write_end_.error());
            else if (bytes->empty()) self->take_close();
            else self->take(*bytes);
        });
}

void Exchange::take(std::string_view bytes) {
    const bool was_head_done = parser_->is_head_done();
    const auto fed = parser_->feed(bytes);
    if (has_ended_) return;  // a handler cancelled
    if (!fed) return fail(fed.error().code, fed.error().message);
    if (!*fed) return fail(refusal_.error().code, refusal_.error().message);
    if (parser_->is_done()) return complete();
    if (parser_->is_head_done()) {
        if (was_head_done) phase_timer_.extend(request_.timeouts.idle_ms);
        else expect_within(request_.timeouts.idle_ms, "no further byte of the body");
    }
    read();
}

void Exchange::take_close() {
    const auto finished = parser_->finish();
    if (finished) return complete();
    lose(with_host(ErrorCode::network, finished.error().message));
}

bool Exchange::take_head(const Head& head, std::optional<std::uint64_t> content_length) {
    auto decoder = ContentDecoder::open(request_.method == "HEAD" ? "" : head.find("Content-Encoding"));
    if (!decoder) {
        refusal_ = decoder.error();
        return false;
    }
    decoder_ = std::move(*decoder);
    const std::uint64_t overhead = head.find("Content-Encoding").empty() ? 0 : encoding_overhead_bytes;
    const bool is_too_large = request_.body_limit > 0 && request_.method != "HEAD" && content_length &&
                              *content_length > request_.body_limit + overhead;
    if (handlers_.head) handlers_.head(head);
    if (has_ended_) return false;
    if (is_too_large) {
        refusal_ = Error{ErrorCode::too_large, "a body of " + std::to_string(*content_length) +
                                                   " bytes, over the limit of " +
                                                   std::to_string(request_.body_limit)};
    }
    return !is_too_large;
}

bool Exchange::take_body(std::string_view bytes) {
    encoded_bytes_ += bytes.size();
    if (request_.body_limit > 0 && encoded_bytes_ > request_.body_limit + encoding_overhead_bytes) {
        refusal_ = Error{ErrorCode::too_large,
                         "a body over the limit of " + std::to_string(request_.body_limit) + " bytes"};
        return false;
    }
    const auto fed =
        decoder_->feed(bytes, [this](std::string_view decoded) { return take_decoded(decoded); });
    if (!fed) refusal_ = fed.error();
    return fed && *fed;
}

bool Exchange::take_decoded(std::string_view bytes) {
    body_bytes_ += bytes.size();
    if (request_.body_limit > 0 && body_bytes_ > request_.body_limit) {
        refusal_ = Error{ErrorCode::too_large,
                         "a body over the limit of " + std::to_string(request_.body_limit) + " bytes"};
        return false;
    }
    if (handlers_.body) handlers_.body(bytes);
    return !has_ended_;
}

void Exchange::complete() {
    if (const auto finished = decoder_->finish(); !finished) {
        return fail(finished.error().code, finished.error().message);
    }
    // A server that answered before it had the whole request may take its rest for the next one.
    if (is_written_ && parser_->can_reuse()) around_.pool.give_back(std::move(connection_));
    end({});
}

}  // namespace expplat::net
