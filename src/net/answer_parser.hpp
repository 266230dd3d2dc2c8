// `AnswerParser`: one HTTP/1.1 answer, from its bytes, whatever way they arrive.
//
// A state machine without I/O over Beast's parser: an exchange hands over what it read, and gets the head once and the
// body (still encoded, without its chunks) by pieces back. Interim answers (1xx) are skipped. Heads, trailers and the
// headers of chunks are bounded. Not thread-safe. Sources: RFC 9110 (15.2), RFC 9112 (6.3). Next: `exchange.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "expplat/base/result.hpp"
#include "src/net/transport.hpp"

namespace expplat::net {

inline constexpr std::size_t answer_head_bytes =
    64 * 1024;  // of all heads of one answer, interim ones included

class AnswerParser {
public:
    /// Each returns false to stop the parser for good.
    struct Events {
        std::function<bool(Head, std::optional<std::uint64_t> content_length)> head;
        std::function<bool(std::string_view)> body;
    };

    /// `without_body`: the answer to HEAD, or a proxy's to CONNECT: what the head says of a body is not followed.
    AnswerParser(bool without_body, Events events);
    ~AnswerParser();

    /// The next bytes. True where parsing may go on or is done, false where an event stopped it; `network` for what is
    /// no HTTP/1.x answer. Bytes behind the answer's end are left, and spoil `can_reuse`.
    [[nodiscard]] Result<bool> feed(std::string_view bytes);
    /// The peer has closed: success where that is a right end of the answer.
    [[nodiscard]] Result<void> finish();

    [[nodiscard]] bool is_done() const noexcept;
    [[nodiscard]] bool is_head_done() const noexcept;
    /// Whether any byte has come.
    [[nodiscard]] bool is_begun() const noexcept;
    /// Once done: whether the connection may carry another request.
    [[nodiscard]] bool can_reuse() const noexcept;

private:
    class Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace expplat::net
