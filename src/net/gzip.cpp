#include "src/net/gzip.hpp"

#include <zlib.h>

#include <cstddef>

namespace expplat::net {

namespace {

constexpr int level = 1;
constexpr int gzip_window_bits = 15 + 16;  // zlib's word for a gzip header and trailer
constexpr int memory_level = 8;
constexpr std::size_t most_bytes = std::size_t{1} << 30;

}  // namespace

std::optional<std::string> gzip(std::string_view text) {
    if (text.size() > most_bytes) return std::nullopt;
    z_stream stream{};
    if (deflateInit2(&stream, level, Z_DEFLATED, gzip_window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
        return std::nullopt;
    std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
    stream.next_in =
        reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib's C face; it only reads
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = deflate(&stream, Z_FINISH);
    out.resize(out.size() - stream.avail_out);
    deflateEnd(&stream);
    if (result != Z_STREAM_END) return std::nullopt;
    return out;
}

}  // namespace expplat::net
