#include "src/net/answer_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <string>
#include <utility>

namespace expplat::net {

namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using View = boost::beast::string_view;

std::string_view text_of(View view) { return {view.data(), view.size()}; }

/// Beast's parser, whose events are kept until `AnswerParser` asks.
class OneHead final : public http::basic_parser<false> {
public:
    explicit OneHead(const std::function<bool(std::string_view)>& body) : body_(body) {
        header_limit(answer_head_bytes);
        body_limit(boost::none);
    }

    Head head;
    bool stopped = false;

private:
    void on_request_impl(http::verb, View, View, int, error_code&) override {}
    void on_response_impl(int code, View, int, error_code&) override { head.status = code; }
    void on_field_impl(http::field, View name, View value, error_code&) override {
        if (in_body_) return;  // a trailer
        head.headers.push_back({std::string(text_of(name)), std::string(text_of(value))});
    }
    void on_header_impl(error_code&) override { in_body_ = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(View piece, error_code& error) override { return give(piece, error); }
    void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View piece, error_code& error) override {
        return give(piece, error);
    }
    void on_finish_impl(error_code&) override {}

    std::size_t give(View piece, error_code& error) {
        if (!piece.empty() && !body_(text_of(piece))) {
            stopped = true;
            error = http::error::end_of_stream;
        }
        return piece.size();
    }

    const std::function<bool(std::string_view)>& body_;
    bool in_body_ = false;
};

Error broken(std::string_view what) { return {ErrorCode::network, "the answer " + std::string(what)}; }

}  // namespace

class AnswerParser::Parser {
public:
    Parser(bool without_body, Events events) : events_(std::move(events)), without_body_(without_body) {
        reset();
    }

    Result<bool> feed(std::string_view bytes) {
        begun_ = begun_ || !bytes.empty();
        if (pending_.empty()) {
            auto parsed = parse(bytes);
            pending_ = bytes;
            return parsed;
        }
        pending_ += bytes;
        std::string_view rest = pending_;
        auto parsed = parse(rest);
        pending_.erase(0, pending_.size() - rest.size());
        return parsed;
    }

    Result<void> finish() {
        if (head_done_ && one_->is_done()) return {};
        if (!one_->got_some()) return broken(begun_ ? "ended after an interim one" : "did not come");
        error_code error;
        one_->put_eof(error);
        if (error) return broken(head_done_ ? "ended in mid-body" : "ended in mid-head");
        return {};
    }

    bool is_done() const noexcept { return head_done_ && one_->is_done(); }
    bool is_head_done() const noexcept { return head_done_; }
    bool is_begun() const noexcept { return begun_; }
    bool can_reuse() const noexcept { return is_done() && pending_.empty() && one_->keep_alive(); }

private:
    void reset() {
        at_begin_ = true;
        one_.emplace(events_.body);
        one_->skip(without_body_);
    }

    /// Takes bytes from the front of `bytes`.
    Result<bool> parse(std::string_view& bytes) {
        while (!bytes.empty() && !is_done()) {
            // Beast waits for the end of the line; what speaks another protocol may never send one.
            constexpr std::string_view begin = "HTTP/1.";
            if (at_begin_ && bytes.substr(0, begin.size()) != begin.substr(0, bytes.size())) {
                return broken("is no HTTP/1.1");
            }
            error_code error;
            const std::size_t size = one_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
            bytes.remove_prefix(size);
            at_begin_ = at_begin_ && size == 0;
            if (!head_done_) head_bytes_ += size;
            if (one_->stopped) return false;
            if (error == http::error::need_more) {
                if ((head_done_ ? 0 : head_bytes_) + bytes.size() <= answer_head_bytes) return true;
                error = http::error::header_limit;
            }
            if (error == http::error::header_limit || (!head_done_ && head_bytes_ > answer_head_bytes)) {
                return broken(head_done_ ? "has a chunk's head or a trailer over 64 KiB"
                                         : "has a head over 64 KiB");
            }
            if (error) return broken("is no HTTP/1.1 (" + error.message() + ")");
            if (!head_done_ && one_->is_header_done()) {
                auto went_on = end_head();
                if (!went_on || !*went_on) return went_on;
            }
        }
        return true;
    }

    Result<bool> end_head() {
        const int status = one_->head.status;
        if (status == 101) return broken("switches protocols, which was not asked for");
        if (status < 200) {
            reset();
            return true;
        }
        head_done_ = true;
        const auto length = one_->content_length();
        return events_.head(std::move(one_->head),
                            length ? std::optional<std::uint64_t>(*length) : std::nullopt);
    }

    Events events_;
    std::optional<OneHead> one_;
    std::string pending_;  // what has come and could not be parsed yet
    std::size_t head_bytes_ = 0;
    bool without_body_;
    bool at_begin_ = true;  // no byte of this head has been taken
    bool head_done_ = false;
    bool begun_ = false;
};

AnswerParser::AnswerParser(bool without_body, Events events)
    : parser_(std::make_unique<Parser>(without_body, std::move(events))) {}
AnswerParser::~AnswerParser() = default;

Result<bool> AnswerParser::feed(std::string_view bytes) { return parser_->feed(bytes); }
Result<void> AnswerParser::finish() { return parser_->finish(); }
bool AnswerParser::is_done() const noexcept { return parser_->is_done(); }
bool AnswerParser::is_head_done() const noexcept { return parser_->is_head_done(); }
bool AnswerParser::is_begun() const noexcept { return parser_->is_begun(); }
bool AnswerParser::can_reuse() const noexcept { return parser_->can_reuse(); }

}  // namespace expplat::net
