#include "src/sync/stream.hpp"

#include <algorithm>
#include <utility>

#include "src/net/backoff.hpp"

namespace expplat::sync {

void Stream::open(std::optional<std::uint64_t> resume_from, std::int64_t now_ms) {
    close();
    net::Request request = request_to(settings_, "/api/v1/sdk/stream");
    request.headers.push_back({"Accept", "text/event-stream"});
    if (resume_from) request.headers.push_back({"Last-Event-ID", std::to_string(*resume_from)});
    request.timeouts.idle_ms = 0;  // `step` watches, by the clock of its owner
    request.timeouts.total_ms = 0;
    request.body_limit = 0;
    request.accept_encoded = false;

    parser_.begin_stream();
    head_ = {};
    error_text_.clear();
    resumes_ = resume_from.has_value();
    speaks_ = false;
    stirred_ = false;
    delivers_ = false;
    opened_at_ms_ = heard_at_ms_ = now_ms;
    net::Handlers handlers;
    handlers.head = [this](const net::Head& head) { on_head(head); };
    handlers.body = [this](std::string_view bytes) { on_body(bytes); };
    handlers.end = [this](const Result<void>& end) { on_end(end); };
    exchange_ = transport_.start(std::move(request), std::move(handlers));
}

void Stream::close() {
    if (exchange_ != 0) transport_.cancel(std::exchange(exchange_, 0));
}

std::int64_t Stream::patience_ms() const noexcept {
    if (head_.status != 0 && head_.status != 200) return error_text_ms;
    // The server speaks at once. A head that nothing follows is a proxy that waits for the body's end.
    if (head_.status == 200 && !speaks_ && settings_.timeouts.first_byte_ms > 0) {
        return std::min(settings_.timeouts.first_byte_ms, limits::stream_silence_ms);
    }
    return limits::stream_silence_ms;
}

std::int64_t Stream::due_ms() const noexcept {
    const std::int64_t silent_ms = heard_at_ms_ + patience_ms();
    // A first event may take as long as the same ruleset by a poll, however lively the heartbeats are.
    if (delivers_ || settings_.timeouts.total_ms <= 0) return silent_ms;
    return std::min(silent_ms, opened_at_ms_ + settings_.timeouts.total_ms);
}

void Stream::step(std::int64_t now_ms) {
    if (!is_open()) return;
    if (std::exchange(stirred_, false)) heard_at_ms_ = now_ms;
    if (now_ms < due_ms()) return;
    if (head_.status != 0 && head_.status != 200) return finish(ending_of(head_, error_text_, settings_));
    Ending ending;
    ending.message = now_ms - heard_at_ms_ < patience_ms()
                         ? "no ruleset came over the stream"
                         : "nothing came over the stream for " + std::to_string(patience_ms() / 1000) + " s";
    ending.reached = true;
    finish(std::move(ending));
}

std::int64_t Stream::retry_ms() const noexcept {
    return std::min(parser_.retry_ms().value_or(0), net::retry_after_most_ms);
}

Tidings Stream::take_tidings() { return std::exchange(tidings_, {}); }

void Stream::finish(Ending ending) {
    close();
    tidings_.ending = std::move(ending);
}

void Stream::on_head(const net::Head& head) {
    head_ = head;
    stirred_ = true;
    if (head.status != 200 || has_media_type(head, "text/event-stream")) return;
    Ending ending;
    ending.kind = Ending::Kind::no_stream;
    ending.message = presentable(
        "the answer is no event stream but " +
            std::string(head.find("Content-Type").empty() ? "of no type" : head.find("Content-Type")),
        settings_.key);
    finish(std::move(ending));
}

void Stream::on_body(std::string_view bytes) {
    if (head_.status == 200) return read(bytes);
    // No `stirred_`: an answer that trickles is not waited for any longer.
    error_text_.append(bytes.substr(0, error_text_bytes - error_text_.size()));
    if (error_text_.size() == error_text_bytes) finish(ending_of(head_, error_text_, settings_));
}

void Stream::on_end(const Result<void>& end) {
    exchange_ = 0;
    if (head_.status != 0 && head_.status != 200) return finish(ending_of(head_, error_text_, settings_));
    Ending ending;
    if (end) {
        ending.kind = Ending::Kind::done;
        ending.message = "the server ended the stream";
    } else {
        ending = ending_of(end.error(), settings_);
    }
    ending.reached = ending.reached || head_.status == 200;
    finish(std::move(ending));
}

void Stream::read(std::string_view bytes) {
    speaks_ = stirred_ = tidings_.heard = true;
    const net::ExchangeId exchange = exchange_;
    while (exchange_ == exchange) {  // an event may end the stream, and what adopts it may close it
        switch (parser_.next(bytes)) {
            case net::SseItem::none: return;
            case net::SseItem::event: take_event(parser_.event()); break;
            case net::SseItem::comment:
                // A resumed stream that begins with a comment: nothing has changed.
                if (resumes_ && !delivers_) tidings_.delivered = delivers_ = tidings_.current = true;
                break;
            case net::SseItem::failed: {
                Ending ending;
                ending.message = "the stream is broken: " + std::string(name(parser_.status()));
                ending.reached = true;
                return finish(std::move(ending));
            }
        }
    }
}

void Stream::take_event(const net::SseEvent& event) {
    if (event.type == "put") take_put(event.data);
    else if (event.type == "patch") take_patch(event.data);
}

void Stream::take_put(std::string_view json) {
    tidings_.delivered = delivers_ = true;
    const Offer offer = offer_ruleset(adopter_, json);
    if (offer.adoption == Adoption::refused) {
        // A better one will come over this stream; connecting again would bring the same.
        ++tidings_.refused;
        tidings_.refusal = presentable("the ruleset is refused: " + offer.error.message, settings_.key);
        tidings_.current = false;
        return;
    }
    note_held(offer);
}

void Stream::take_patch(std::string_view json) {
    tidings_.delivered = delivers_ = true;
    const Offer offer = offer_patch(adopter_, json);
    if (offer.adoption == Adoption::refused) {
        if (offer.is_faulty()) ++tidings_.refused;
        Ending ending;
        ending.kind = Ending::Kind::not_followed;
        ending.message = presentable("a patch does not apply: " + offer.error.message, settings_.key);
        ending.reached = true;
        return finish(std::move(ending));
    }
    note_held(offer);
}

void Stream::note_held(const Offer& offer) {
    tidings_.current = true;
    tidings_.refusal.clear();  // mended since
    tidings_.adopted = tidings_.adopted || offer.adoption == Adoption::adopted;
}

}  // namespace expplat::sync
