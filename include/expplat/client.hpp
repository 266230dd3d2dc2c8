// `Client`: the object most programs use. It keeps a ruleset current, answers from it in nanoseconds, and reports who
// saw what.
//
// Opened once, shared by all threads: every function is thread-safe. The answering functions are wait-free and never
// allocate, block, throw or read a clock, but for what they record (an exposure reads the coarse clock) and for patterns
// (RE2 may allocate). A ruleset that is replaced stays alive for as long as a call or a `Snapshot` uses it. Errors at set-up
// come as `Result`; an answer that cannot be given is the caller's default with a reason. Next: `variant.hpp`, `config.hpp`.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "expplat/base/user.hpp"
#include "expplat/config.hpp"
#include "expplat/stats.hpp"
#include "expplat/status.hpp"
#include "expplat/variant.hpp"

namespace expplat {

class Client;
namespace runtime {
class Runtime;
struct Published;
/// What is behind a client: for faces that make answers of their own (`src/c`). It lives as long as the client.
[[nodiscard]] const Runtime& runtime_of(const Client& client) noexcept;

/// A key that is looked up once for each ruleset (`src/client/answering.hpp`). May be shared by threads.
struct KeyPlace {
    explicit KeyPlace(std::string_view name);
    KeyPlace(const KeyPlace& other) : key_hash(other.key_hash), key(other.key) {}
    KeyPlace& operator=(const KeyPlace&) = delete;

    mutable std::atomic<std::uint64_t> place{
        0};  // upper 32 bits: in which ruleset; lower: the entity's offset; first: all that an answer mostly reads
    std::uint64_t key_hash;
    std::string key;
};
}  // namespace runtime

/// A ruleset held on purpose: its views stay valid, and its answers the same, until it is let go. Copying is cheap.
class Snapshot {
public:
    Snapshot(const Snapshot& other) noexcept;
    Snapshot(Snapshot&& other) noexcept;
    Snapshot& operator=(Snapshot other) noexcept;
    ~Snapshot();

    /// False where the client had no ruleset yet.
    explicit operator bool() const noexcept { return published_ != nullptr; }
    /// Only where there is a ruleset.
    [[nodiscard]] image::View view() const noexcept;
    [[nodiscard]] std::uint64_t version() const noexcept;
    /// The engine for `matches` that goes with the view.
    [[nodiscard]] eval::Patterns patterns() const noexcept;
    /// Evaluates without recording. The answer's views live as long as this snapshot.
    [[nodiscard]] eval::Answer evaluate(std::string_view key, const User& user) const noexcept;

private:
    friend class Client;
    explicit Snapshot(const runtime::Published* published) noexcept : published_(published) {}
    const runtime::Published* published_;
};

class Client {
public:
    /// Opens a client. A file or a text is adopted before this returns; a server is not waited for: `wait_ready`. Errors:
    /// what the source or the sink cannot give (`not_found`, `io`, `invalid_ruleset`, `invalid_image`, `image_version`,
    /// `too_large`, `invalid_argument`). A server that is away is none. Never throws.
    [[nodiscard]] static Result<Client> open(Config config);

    Client(Client&& other) noexcept;
    Client& operator=(Client&& other) noexcept;
    /// Closes. No other call may be under way.
    ~Client();

    /// The variant for the user; records the exposure.
    [[nodiscard]] Variant variant(std::string_view key, const User& user) const noexcept;

    /// The value, or `fallback` where there is no variant or it has another type.
    [[nodiscard]] bool boolean(std::string_view key, const User& user, bool fallback) const noexcept;
    [[nodiscard]] std::int64_t integer(std::string_view key, const User& user,
                                       std::int64_t fallback) const noexcept;
    [[nodiscard]] double number(std::string_view key, const User& user, double fallback) const noexcept;
    [[nodiscard]] std::string string(std::string_view key, const User& user, std::string_view fallback) const;
    /// The object as JSON text.
    [[nodiscard]] std::string object(std::string_view key, const User& user, std::string_view fallback) const;

    /// The same with the answer: its reason is `ERROR` / `TYPE_MISMATCH` where the type was another.
    [[nodiscard]] Detail<bool> boolean_detail(std::string_view key, const User& user,
                                              bool fallback) const noexcept;
    [[nodiscard]] Detail<std::int64_t> integer_detail(std::string_view key, const User& user,
                                                      std::int64_t fallback) const noexcept;
    [[nodiscard]] Detail<double> number_detail(std::string_view key, const User& user,
                                               double fallback) const noexcept;
    [[nodiscard]] Detail<std::string> string_detail(std::string_view key, const User& user,
                                                    std::string_view fallback) const;
    [[nodiscard]] Detail<std::string> object_detail(std::string_view key, const User& user,
                                                    std::string_view fallback) const;

    /// A key that is looked up once for each ruleset. Borrows the client; may be shared by threads.
    class Handle {
    public:
        [[nodiscard]] Variant variant(const User& user) const noexcept;
        [[nodiscard]] const std::string& key() const noexcept { return place_.key; }

    private:
        friend class Client;
        Handle(const runtime::Runtime* client, std::string_view key) : client_(client), place_(key) {}

        const runtime::Runtime* client_;
        runtime::KeyPlace place_;
    };
    [[nodiscard]] Handle handle(std::string_view key) const;

    /// Records that something happened to the user. `properties` is a JSON object, or empty; the event is recorded without
    /// properties that are no JSON object, and that is logged.
    void track(std::string_view event, const User& user, std::optional<double> value = std::nullopt,
               std::string_view properties = {}) const noexcept;

    /// Sends what was recorded until now, and waits until all of it is acknowledged, a dead letter or dropped; what other
    /// threads record meanwhile is not waited for. False where that took longer than `timeout`; the rest stays queued.
    bool flush(std::chrono::milliseconds timeout) const;

    /// Reads the source again and adopts it where it changed. On an error the last good ruleset stays.
    Result<void> reload();

    /// Waits until there is a ruleset to answer from, from the source or from the cache. False where `timeout` passed first.
    bool wait_ready(std::chrono::milliseconds timeout) const;

    /// Does what is due: reads what has come, sends what waits; never blocks on the network. Only with `manual_poll`; from
    /// one thread at a time. `now` is for programs that own time: it must not go back, and is then the client's steady clock.
    /// Returns in how many milliseconds it should be called again at the latest.
    std::int64_t poll();
    std::int64_t poll(std::chrono::steady_clock::time_point now);

    /// The current ruleset, held until it is let go.
    [[nodiscard]] Snapshot snapshot() const noexcept;
    [[nodiscard]] Status status() const;
    [[nodiscard]] Stats stats() const;

    /// Flushes for at most `shutdown_timeout_ms` and stops. What is left goes to the spool, where there is one, and is else
    /// counted as dropped. Later calls answer from the last ruleset and record nothing.
    void close();

private:
    friend const runtime::Runtime& runtime::runtime_of(const Client& client) noexcept;
    explicit Client(std::unique_ptr<runtime::Runtime> runtime) noexcept;
    std::unique_ptr<runtime::Runtime> runtime_;
};

}  // namespace expplat
