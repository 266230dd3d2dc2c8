#include "src/net/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>

namespace expplat::net {

namespace {

constexpr int window_bits_of_gzip = 15 + 16;  // zlib's way to ask for a gzip wrapper

/// zlib counts in `uInt`; longer texts go in by pieces.
bool deflate_all(z_stream& stream, std::string_view bytes, std::string& out) {
    constexpr std::size_t piece_bytes = std::numeric_limits<uInt>::max() / 2;
    for (;;) {
        const std::size_t piece = std::min(bytes.size(), piece_bytes);
        // zlib does not write through `next_in`, whose type has no const for old compilers' sake.
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream.avail_in = static_cast<uInt>(piece);
        bytes.remove_prefix(piece);
        int status = Z_OK;
        do {
            const std::size_t written = out.size();
            out.resize(written + std::max<std::size_t>(std::min(written, piece_bytes), 4096));
            stream.next_out = reinterpret_cast<Bytef*>(out.data() + written);
            stream.avail_out = static_cast<uInt>(out.size() - written);
            status = deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
            out.resize(out.size() - stream.avail_out);
        } while (status == Z_OK && (stream.avail_in > 0 || bytes.empty()));
        if (bytes.empty()) return status == Z_STREAM_END;
        if (status != Z_OK && status != Z_BUF_ERROR) return false;
    }
}

}  // namespace

std::optional<std::string> gzip(std::string_view bytes) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_bits_of_gzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return std::nullopt;
    }
    std::optional<std::string> out;
    try {
        out.emplace();
        out->reserve(bytes.size() / 8 + 256);
        if (!deflate_all(stream, bytes, *out)) out.reset();
    } catch (const std::bad_alloc&) { out.reset(); }
    deflateEnd(&stream);
    return out;
}

}  // namespace expplat::net
