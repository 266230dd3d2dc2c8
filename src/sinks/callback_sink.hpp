// `CallbackSink`: a program's own function as a sink (`Sink::custom`).
//
// Called by the client's loop, with no lock held: the function may ask the client, and fork. It must not throw.
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
        done(report_of(callback_(batch), batch.size()));
    }

private:
    Callback callback_;
};

}  // namespace expplat::sinks
