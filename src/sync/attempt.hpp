// What one attempt to get the ruleset (a connection of the stream, or a poll) has brought, and why it is over.
//
// The vocabulary between `Stream` and `Poller`, which make attempts, and `Follower`, which decides when. Values and pure
// functions. Source: docs/PROTOCOL.md, the table of statuses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/net/transport.hpp"
#include "src/sync/settings.hpp"

namespace expplat::sync {

struct Ending {
    enum class Kind : std::uint8_t {
        done,          // a poll was answered; a stream was ended by the server
        failed,        // the network, or an answer that can be another one later
        refused,       // the key or the URL: asking again soon is of no use
        no_stream,     // an answer that is no event stream
        not_followed,  // a patch that does not apply: the whole ruleset is needed
    };
    Kind kind = Kind::failed;
    std::string message;      // one line, without secrets
    std::string retry_after;  // as the server wrote it
    bool reached = false;  // the server answered, or may have, and something on the way held the answer back
};

/// What has come since the last time it was asked for.
struct Tidings {
    bool heard = false;      // bytes of a stream
    bool delivered = false;  // an event, a poll's answer, or a resumed stream's word that nothing has changed
    bool adopted = false;    // a ruleset or patch
    bool current = false;    // what is held is what the source has
    std::uint64_t refused = 0;
    std::string refusal;  // of the last document that was refused
    std::optional<Ending> ending;
};

/// A request of this settings' server, with what all of them carry.
[[nodiscard]] net::Request request_to(const FollowerSettings& settings, std::string_view path);

/// What is wrong with the settings, so that no request can be made of them; empty where nothing is.
[[nodiscard]] std::string unusable(const FollowerSettings& settings);

/// What an answer of another status than the expected ones means.
[[nodiscard]] Ending ending_of(const net::Head& head, std::string_view body,
                               const FollowerSettings& settings);
/// What an exchange that did not come to its end means.
[[nodiscard]] Ending ending_of(const Error& error, const FollowerSettings& settings);

/// One line of at most `message_bytes`, the key taken out of it.
[[nodiscard]] std::string presentable(std::string_view text, std::string_view key);

/// `type` of a Content-Type, parameters aside, whatever its case.
[[nodiscard]] bool has_media_type(const net::Head& head, std::string_view type) noexcept;

}  // namespace expplat::sync
