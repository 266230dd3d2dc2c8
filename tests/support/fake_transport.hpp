// `FakeTransport`: a transport without sockets, where the test plays the server.
//
// Keeps every exchange that was started, with its request, in order; a test looks at them and answers piece by piece, from
// its own thread. As the real one, it calls no handler from within `start` or `cancel`, and none after `cancel`. Used by the
// tests of whatever speaks through `net::Transport`.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "src/net/transport.hpp"

namespace expplat::tests {

class FakeTransport final : public net::Transport {
public:
    class Exchange {
    public:
        Exchange(net::Request request, net::Handlers handlers)
            : request(std::move(request)), handlers_(std::move(handlers)) {}

        const net::Request request;

        /// Its owner has not cancelled it, and it has not ended.
        [[nodiscard]] bool is_open() const noexcept { return open_; }
        [[nodiscard]] bool is_cancelled() const noexcept { return cancelled_; }
        /// The request's header of that name; empty where it has none.
        [[nodiscard]] std::string header(std::string_view name) const {
            net::Head head;
            head.headers = request.headers;
            return std::string(head.find(name));
        }

        // What the server does. Nothing is delivered once the exchange is over.
        void head(int status, std::vector<net::Header> headers = {}) {
            net::Head head;
            head.status = status;
            head.headers = std::move(headers);
            call(handlers_.head, head);
        }
        void body(std::string_view bytes) { call(handlers_.body, bytes); }
        void end() { end(Result<void>{}); }
        void fail(ErrorCode code, std::string message) { end(Error{code, std::move(message)}); }
        void answer(int status, std::string_view text = {}, std::vector<net::Header> headers = {}) {
            head(status, std::move(headers));
            if (!text.empty()) body(text);
            end();
        }

    private:
        friend class FakeTransport;

        void end(const Result<void>& result) {
            if (!open_) return;
            open_ = false;
            const auto handler = handlers_.end;
            if (handler) handler(result);
        }
        template <class Handler, class Argument>
        void call(const Handler& handler, const Argument& argument) {
            if (!open_) return;
            const Handler kept = handler;  // the exchange may be cancelled from within
            if (kept) kept(argument);
        }

        net::Handlers handlers_;
        bool open_ = true;
        bool cancelled_ = false;
    };

    net::ExchangeId start(net::Request request, net::Handlers handlers) override {
        exchanges_.emplace_back(std::move(request), std::move(handlers));
        return exchanges_.size();
    }
    void cancel(net::ExchangeId id) override {
        ASSERT_GE(id, 1u);
        ASSERT_LE(id, exchanges_.size());
        Exchange& exchange = exchanges_[id - 1];
        if (!exchange.open_) return;
        exchange.open_ = false;
        exchange.cancelled_ = true;
    }

    [[nodiscard]] std::size_t started() const noexcept { return exchanges_.size(); }
    [[nodiscard]] std::size_t open() const noexcept {
        std::size_t count = 0;
        for (const Exchange& exchange : exchanges_) count += exchange.is_open() ? 1 : 0;
        return count;
    }
    /// From 0, in the order they were started.
    [[nodiscard]] Exchange& at(std::size_t number) { return exchanges_.at(number); }
    [[nodiscard]] Exchange& last() { return exchanges_.back(); }

private:
    std::deque<Exchange> exchanges_;  // addresses stay
};

}  // namespace expplat::tests
