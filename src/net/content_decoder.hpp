// `ContentDecoder`: the body of an answer without its Content-Encoding: gzip, zstd or none, as the bytes arrive.
//
// A state machine without I/O: an exchange hands over what it read and gets pieces of at most 64 KiB back, so that a
// small body that decodes to a huge one (a decompression bomb) is stopped by its owner's count long before memory is.
// Not thread-safe. Sources: RFC 9110 (8.4), RFC 1952, RFC 8878. The other way round is `gzip.hpp`.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "expplat/base/result.hpp"

namespace expplat::net {

inline constexpr std::size_t decoded_piece_bytes = 64 * 1024;
inline constexpr int zstd_window_log = 23;  // 8 MiB, what RFC 8878 (3.1.1.1.2) asks every reader for

class ContentDecoder {
public:
    /// Takes a piece of the decoded body; false stops the decoder.
    using Sink = std::function<bool(std::string_view)>;

    virtual ~ContentDecoder() = default;
    /// The next bytes of the body. True where all were taken, false where the sink stopped it; `network` where they are
    /// not of the encoding. After an error or a stop the decoder is of no more use.
    [[nodiscard]] virtual Result<bool> feed(std::string_view bytes, const Sink& sink) = 0;
    /// The body has ended: `network` where the encoded text has not.
    [[nodiscard]] virtual Result<void> finish() = 0;

    /// A decoder of the value of `Content-Encoding`, empty for none. `network` for one that was not asked for.
    [[nodiscard]] static Result<std::unique_ptr<ContentDecoder>> open(std::string_view encoding);
};

}  // namespace expplat::net
