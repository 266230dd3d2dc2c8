// `Followed`: a follower on a transport and a clock that a test owns, and an adopter that keeps what it is given.
//
// Used by the tests of `src/sync`. The adopter knows documents by their version alone: one with a member `broken` is
// refused, a patch must have the held version as its base.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/ruleset/json.hpp"
#include "src/ruleset/peek.hpp"
#include "src/sync/follower.hpp"
#include "tests/support/fake_transport.hpp"

namespace expplat::tests {

inline std::string document(std::uint64_t version, std::string_view more = "") {
    return R"({"format":"expplat.ruleset/1","environment":"test","version":)" + std::to_string(version) +
           (more.empty() ? "" : ",") + std::string(more) + "}";
}
inline std::string patch(std::uint64_t base, std::uint64_t version, std::string_view more = "") {
    return R"({"base":)" + std::to_string(base) + R"(,"version":)" + std::to_string(version) +
           (more.empty() ? "" : ",") + std::string(more) + "}";
}
inline std::string event(std::string_view name, std::uint64_t version, std::string_view data) {
    return "id: " + std::to_string(version) + "\nevent: " + std::string(name) +
           "\ndata: " + std::string(data) + "\n\n";
}
inline std::string put_event(std::uint64_t version, std::string_view more = "") {
    return event("put", version, document(version, more));
}
inline std::string patch_event(std::uint64_t base, std::uint64_t version, std::string_view more = "") {
    return event("patch", version, patch(base, version, more));
}
inline constexpr std::string_view heartbeat = ": heartbeat\n\n";

class Followed {
public:
    static constexpr std::int64_t unix_start_ms = 1'763'902'800'000;

    explicit Followed(sync::FollowerSettings settings = settings_of(), std::optional<std::uint64_t> held = {})
        : held(held), follower(std::move(settings), transport, adopter(), 7) {
        follower.on_change([this](const sync::FollowerStatus& status) {
            ++changes;
            if (in_change) in_change(status);
        });
    }
    static sync::FollowerSettings settings_of() {
        sync::FollowerSettings settings;
        settings.url = "https://flags.test/";
        settings.key = "sdk-secret";
        settings.user_agent = "expplat-cpp/test";
        return settings;
    }
    static sync::FollowerSettings polling_settings() {
        sync::FollowerSettings settings = settings_of();
        settings.streaming = false;
        return settings;
    }

    std::int64_t step() { return follower.step(now_ms, unix_start_ms + now_ms); }
    std::int64_t advance(std::int64_t ms) {
        now_ms += ms;
        return step();
    }
    /// Steps as the follower asks until it starts an exchange: how long that took. -1: not within `most_ms`.
    std::int64_t until_next(std::int64_t most_ms = 3'600'000) {
        const std::size_t before = transport.started();
        const std::int64_t begin_ms = now_ms;
        std::int64_t wait_ms = step();
        while (transport.started() == before) {
            if (now_ms + wait_ms - begin_ms > most_ms) return -1;
            ++steps;
            wait_ms = advance(wait_ms);
        }
        return now_ms - begin_ms;
    }
    /// The next connection, its head answered as a stream's.
    FakeTransport::Exchange& connect(std::int64_t most_ms = 3'600'000) {
        EXPECT_GE(until_next(most_ms), 0);
        open_stream();
        return transport.last();
    }
    void open_stream() { transport.last().head(200, {{"Content-Type", "text/event-stream; charset=utf-8"}}); }
    /// A connection that has delivered version 1.
    FakeTransport::Exchange& streaming() {
        FakeTransport::Exchange& stream = connect();
        stream.body(put_event(1));
        step();
        EXPECT_EQ(status().state, sync::FollowerState::streaming);
        return stream;
    }
    /// Three streams that end before their first event; then the first poll is open.
    FakeTransport::Exchange& fallen_back() {
        for (int i = 0; i < sync::broken_streams; ++i) {
            connect().end();
            step();
        }
        EXPECT_TRUE(is_poll(transport.last()));
        return transport.last();
    }

    [[nodiscard]] const sync::FollowerStatus& status() const { return follower.status(); }
    [[nodiscard]] static bool is_stream(const FakeTransport::Exchange& exchange) {
        return exchange.request.url == "https://flags.test/api/v1/sdk/stream";
    }
    [[nodiscard]] static bool is_poll(const FakeTransport::Exchange& exchange) {
        return exchange.request.url == "https://flags.test/api/v1/sdk/ruleset";
    }

    FakeTransport transport;
    std::optional<std::uint64_t> held;
    std::vector<std::uint64_t> puts;     // versions, refused ones too
    std::vector<std::uint64_t> patches;  // likewise
    std::optional<Error> patch_error;    // whatever the patch
    std::function<void()> in_put;
    std::function<void(const sync::FollowerStatus&)> in_change;
    int changes = 0;
    int steps = 0;
    std::int64_t now_ms = 5'000;
    sync::Follower follower;

private:
    sync::Adopter adopter() {
        sync::Adopter adopter;
        adopter.version = [this] { return held; };
        adopter.put = [this](std::string_view json) { return take(json, puts); };
        adopter.patch = [this](std::string_view json) -> Result<void> {
            if (patch_error) return *patch_error;
            const Result<ruleset::Document> document = ruleset::parse_json(json);
            const ruleset::Node* const base = document ? document->root().find("base") : nullptr;
            if (base != nullptr && (!held || static_cast<std::uint64_t>(base->integer()) != *held))
                return Error{ErrorCode::invalid_argument, "the patch is for another version"};
            return take(json, patches);
        };
        return adopter;
    }
    Result<void> take(std::string_view json, std::vector<std::uint64_t>& taken) {
        const std::optional<std::uint64_t> version = ruleset::peek_version(json);
        taken.push_back(version.value_or(0));
        if (in_put) in_put();
        if (!version || json.find("\"broken\"") != std::string_view::npos)
            return Error{ErrorCode::invalid_ruleset, "/broken: an unknown member"};
        held = version;
        return {};
    }
};

}  // namespace expplat::tests
