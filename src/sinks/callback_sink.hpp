// `CallbackSink`: a sink that is a program's own function (`Sink::custom`).
//
// Called by the client's loop and answered at once. The function may do what it likes, but throw: where it does all the
// same, nothing was delivered, and the batch is offered again.
#pragma once

#include <functional>
#include <span>
#include <utility>

#include "expplat/exposure/sink.hpp"
#include "src/sinks/prefix_report.hpp"

namespace expplat::sinks {

class CallbackSink final : public exposure::EventSink {
public:
    using Callback = std::function<exposure::Delivery(std::span<const exposure::Event>)>;

    explicit CallbackSink(Callback callback) : callback_(std::move(callback)) {}

    void send(std::span<const exposure::Event> batch, Done done) override {
        done(report_of(call(batch), batch.size()));
    }

private:
    [[nodiscard]] exposure::Delivery call(std::span<const exposure::Event> batch) const {
        try {
            return callback_(batch);
        } catch (...) { return {0, 0, "the program's own sink threw an exception"}; }
    }

    Callback callback_;
};

}  // namespace expplat::sinks
