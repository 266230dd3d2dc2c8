#include "src/net/content_decoder.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <string>
#include <utility>

#include "src/net/url.hpp"

namespace expplat::net {

namespace {

Error broken(std::string_view what) { return {ErrorCode::network, "the answer's body " + std::string(what)}; }

class PlainDecoder final : public ContentDecoder {
public:
    Result<bool> feed(std::string_view bytes, const Sink& sink) override {
        return bytes.empty() || sink(bytes);
    }
    Result<void> finish() override { return {}; }
};

/// One or more members (RFC 1952, 2.2); bytes after the last one that begin no member are an error.
class GzipDecoder final : public ContentDecoder {
public:
    ~GzipDecoder() override {
        if (opened_) inflateEnd(&stream_);
    }
    GzipDecoder() : piece_(std::make_unique<char[]>(decoded_piece_bytes)) {
        opened_ = inflateInit2(&stream_, 15 + 16) == Z_OK;  // 16: a gzip wrapper and no other
    }
    GzipDecoder(const GzipDecoder&) = delete;
    GzipDecoder& operator=(const GzipDecoder&) = delete;

    Result<bool> feed(std::string_view bytes, const Sink& sink) override {
        if (!opened_) return broken("cannot be unpacked: no memory");
        while (!bytes.empty()) {
            const std::size_t most = std::numeric_limits<uInt>::max() / 2;
            const std::size_t taken = std::min(bytes.size(), most);
            stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
            stream_.avail_in = static_cast<uInt>(taken);
            auto fed = inflate_input(sink);
            if (!fed || !*fed) return fed;
            bytes.remove_prefix(taken);
        }
        return true;
    }

    Result<void> finish() override {
        // No byte at all is also no gzip member, but servers send it for an empty body.
        if (inside_) return broken("ends inside its gzip member");
        return {};
    }

private:
    Result<bool> inflate_input(const Sink& sink) {
        for (;;) {
            if (!inside_) {
                if (stream_.avail_in == 0) return true;
                inside_ = true;
                if (inflateReset(&stream_) != Z_OK) return broken("cannot be unpacked");
            }
            stream_.next_out = reinterpret_cast<Bytef*>(piece_.get());
            stream_.avail_out = static_cast<uInt>(decoded_piece_bytes);
            const int status = inflate(&stream_, Z_NO_FLUSH);
            const std::size_t size = decoded_piece_bytes - stream_.avail_out;
            if (size > 0 && !sink({piece_.get(), size})) return false;
            if (status == Z_STREAM_END) inside_ = false;
            else if (status == Z_BUF_ERROR) return true;  // it wants more input
            else if (status == Z_MEM_ERROR) return broken("cannot be unpacked: no memory");
            else if (status != Z_OK) return broken("is no gzip, or a damaged one");
        }
    }

    z_stream stream_{};
    std::unique_ptr<char[]> piece_;
    bool opened_ = false;
    bool inside_ = false;  // a member has begun and not ended
};

/// One or more frames (RFC 8878, 3). A frame's magic number is judged here: libzstd may have been built with the
/// formats of before RFC 8878, which it reads otherwise in pieces than as a whole.
class ZstdDecoder final : public ContentDecoder {
public:
    ZstdDecoder() : stream_(ZSTD_createDStream()), piece_(std::make_unique<char[]>(decoded_piece_bytes)) {
        if (stream_ &&
            ZSTD_isError(ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, zstd_window_log))) {
            stream_.reset();
        }
    }

    Result<bool> feed(std::string_view bytes, const Sink& sink) override {
        if (!stream_) return broken("cannot be unpacked: no memory");
        while (!bytes.empty()) {
            if (!inside_) {
                const std::size_t taken = std::min(bytes.size(), magic_.size() - magic_size_);
                std::copy_n(bytes.data(), taken, magic_.data() + magic_size_);
                magic_size_ += taken;
                bytes.remove_prefix(taken);
                if (magic_size_ < magic_.size()) return true;
                if (!begins_frame()) return broken("is no zstd");
                magic_size_ = 0;
                std::string_view magic(magic_.data(), magic_.size());
                auto fed = unpack(magic, sink);
                if (!fed || !*fed) return fed;
            }
            auto fed = unpack(bytes, sink);
            if (!fed || !*fed) return fed;
        }
        return true;
    }

    Result<void> finish() override {
        if (inside_ || magic_size_ > 0) return broken("ends inside its zstd frame");
        return {};
    }

private:
    /// A frame of zstd, or one to be skipped (RFC 8878, 3.1.1 and 3.1.2).
    bool begins_frame() const noexcept {
        const std::string_view magic(magic_.data(), magic_.size());
        return magic == "\x28\xb5\x2f\xfd" ||
               ((magic.front() & '\xf0') == '\x50' && magic.substr(1) == "\x2a\x4d\x18");
    }

    /// Takes `bytes` to their end or to that of the frame, and what it took off them.
    Result<bool> unpack(std::string_view& bytes, const Sink& sink) {
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        inside_ = true;
        bool flushed = true;
        while (inside_ && (in.pos < in.size || !flushed)) {
            ZSTD_outBuffer out{piece_.get(), decoded_piece_bytes, 0};
            const std::size_t hint = ZSTD_decompressStream(stream_.get(), &out, &in);
            if (ZSTD_isError(hint)) return broken("is no zstd, or a damaged one");
            inside_ = hint != 0;
            flushed = out.pos < out.size;
            if (out.pos > 0 && !sink({piece_.get(), out.pos})) return false;
        }
        bytes.remove_prefix(in.pos);
        return true;
    }

private:
    struct Free {
        void operator()(ZSTD_DStream* stream) const noexcept { ZSTD_freeDStream(stream); }
    };
    std::unique_ptr<ZSTD_DStream, Free> stream_;
    std::unique_ptr<char[]> piece_;
    std::array<char, 4> magic_{};
    std::size_t magic_size_ = 0;  // so many bytes of the next frame's magic number came
    bool inside_ = false;         // a frame's magic number came, its end did not
};

}  // namespace

Result<std::unique_ptr<ContentDecoder>> ContentDecoder::open(std::string_view encoding) {
    std::unique_ptr<ContentDecoder> decoder;
    if (encoding.empty() || same_letters(encoding, "identity")) decoder = std::make_unique<PlainDecoder>();
    else if (same_letters(encoding, "gzip") || same_letters(encoding, "x-gzip"))
        decoder = std::make_unique<GzipDecoder>();
    else if (same_letters(encoding, "zstd")) decoder = std::make_unique<ZstdDecoder>();
    else return broken("has a Content-Encoding that was not asked for");
    return decoder;
}

}  // namespace expplat::net
