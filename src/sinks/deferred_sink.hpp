// `DeferredSink`: a sink that is a program's own function, which answers when it can (`Sink::deferred`).
//
// `send` and `collect` are called by the client's loop, which never waits here. An answer may come from any thread: it is left in
// an inbox, the loop is woken and collects it. Who answers may outlive the sink, and is then not heard; so is who answers in a
// forked child, where the parent's inbox may be locked for ever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>

#include "expplat/exposure/sink.hpp"

namespace expplat::sinks {

class DeferredSink final : public exposure::EventSink {
public:
    using Callback = std::function<void(std::span<const exposure::Event>, exposure::Answer)>;
    /// Makes the loop call `collect` soon. From any thread; not after the sink was destroyed.
    using Wake = std::function<void()>;

    DeferredSink(Callback callback, Wake wake);
    ~DeferredSink() override;
    DeferredSink(const DeferredSink&) = delete;
    DeferredSink& operator=(const DeferredSink&) = delete;

    void send(std::span<const exposure::Event> batch, Done done) override;
    void collect() override;

private:
    struct Inbox;
    class Reply;
    struct UnderWay {
        std::size_t events = 0;
        Done done;
    };

    Callback callback_;
    std::shared_ptr<Inbox> inbox_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, UnderWay> under_way_;  // by number, at most `limits::batches_under_way`
};

}  // namespace expplat::sinks
