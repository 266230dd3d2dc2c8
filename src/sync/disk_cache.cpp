#include "src/sync/disk_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "expplat/base/hash.hpp"
#include "expplat/base/json_text.hpp"
#include "expplat/base/limits.hpp"
#include "src/net/fingerprint.hpp"
#include "src/ruleset/json.hpp"
#include "src/ruleset/peek.hpp"
#include "src/sync/atomic_file.hpp"

namespace expplat::sync {

namespace {

constexpr std::string_view format = "expplat.cache/1";
constexpr std::int64_t idle_ms = 3'600'000;

struct Header {
    std::string environment;
    std::uint64_t version = 0;
    std::size_t document_begin = 0;
    std::size_t document_bytes = 0;
    std::string document_hash;
    std::size_t image_bytes = 0;
};

/// Finds damage, not forgery. A part of the format: it stays when the library's own hashes change, since the document is
/// what other versions of the library read.
std::string document_hash(std::string_view text) {
    std::uint64_t state = 0x9E3779B97F4A7C15u ^ text.size();
    for (std::size_t at = 0; at < text.size(); at += 8) {
        const std::uint64_t word =
            detail::load_le(text.data() + at, std::min<std::size_t>(8, text.size() - at));
        state = std::rotl((state ^ word) * 0xD6E8FEB86659FD93u, 29);
    }
    constexpr char digits[] = "0123456789abcdef";
    std::string hex;
    for (int shift = 60; shift >= 0; shift -= 4) hex += digits[(state >> shift) & 15];
    return hex;
}

std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Error read_failure(const std::string& path, int number) {
    return {number == ENOENT ? ErrorCode::not_found : ErrorCode::io,
            "cannot read " + path + ": " + std::strerror(number)};
}

Error damaged(const std::string& path, const std::string& how) {
    return {ErrorCode::invalid_ruleset, "the cache " + path + " is left: " + how};
}

/// `size` bytes from `at` on.
bool read_at(int file, char* bytes, std::size_t size, std::size_t at) {
    while (size > 0) {
        const ssize_t count = ::pread(file, bytes, size, static_cast<off_t>(at));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes += count;
        at += static_cast<std::size_t>(count);
        size -= static_cast<std::size_t>(count);
    }
    return true;
}

/// A cache file that is open for reading, and what its header says.
class CacheFile {
public:
    explicit CacheFile(const std::string& path)
        : path_(path), file_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}

    [[nodiscard]] Result<Header> read_header(std::string_view binding) const {
        struct stat status {};
        if (!file_ || ::fstat(file_.number(), &status) != 0) return read_failure(path_, errno);
        if (!S_ISREG(status.st_mode)) return Error{ErrorCode::io, path_ + " is no regular file"};
        const auto size = static_cast<std::size_t>(status.st_size);
        if (size > cache_header_bytes + limits::ruleset_bytes + limits::image_bytes) {
            return Error{ErrorCode::too_large, path_ + " has more bytes than any cache"};
        }
        std::string beginning(std::min(size, cache_header_bytes), '\0');
        if (!read_at(file_.number(), beginning.data(), beginning.size(), 0))
            return damaged(path_, "it became shorter");
        const std::size_t end = beginning.find('\n');
        if (end == std::string::npos) return damaged(path_, "it has no header");
        return parse(std::string_view(beginning).substr(0, end), binding, size);
    }

    [[nodiscard]] Result<std::string> read_document(const Header& header) const {
        if (header.document_bytes == 0) return damaged(path_, "it holds no document");
        std::string text(header.document_bytes, '\0');
        if (!read_at(file_.number(), text.data(), text.size(), header.document_begin))
            return damaged(path_, "it became shorter");
        if (document_hash(text) != header.document_hash || ruleset::peek_version(text) != header.version)
            return damaged(path_, "its document is damaged");
        return text;
    }

    [[nodiscard]] Result<image::Image> read_image(const Header& header) const {
        if (header.image_bytes == 0) return Error{ErrorCode::not_found, "the cache holds no image"};
        image::Buffer buffer(header.image_bytes);
        if (!read_at(file_.number(), reinterpret_cast<char*>(buffer.data()), buffer.size(),
                     header.document_begin + header.document_bytes)) {
            return damaged(path_, "it became shorter");
        }
        Result<image::Image> image = image::Image::from_buffer(std::move(buffer));
        if (!image) return image.error();
        if (image->view().version() != header.version || image->view().environment() != header.environment)
            return damaged(path_, "its image is another ruleset's");
        return image;
    }

private:
    [[nodiscard]] Result<Header> parse(std::string_view line, std::string_view binding,
                                       std::size_t size) const {
        const Result<ruleset::Document> document = ruleset::parse_json(line, cache_header_bytes, 2);
        if (!document) return damaged(path_, "its header is damaged");
        const ruleset::Node& root = document->root();
        if (text(root, "format") != format) return damaged(path_, "it is of another format");
        if (text(root, "binding") != binding || binding.empty()) {
            return Error{ErrorCode::not_found, "the cache " + path_ + " is of another server or key"};
        }
        Header header;
        header.environment = text(root, "environment");
        header.document_hash = text(root, "document_hash");
        header.version = number(root, "version");
        header.document_begin = line.size() + 1;
        header.document_bytes = number(root, "document_bytes");
        header.image_bytes = number(root, "image_bytes");
        if (header.document_bytes > limits::ruleset_bytes || header.image_bytes > limits::image_bytes ||
            header.document_begin + header.document_bytes + header.image_bytes != size) {
            return damaged(path_, "its parts are not as long as its header says");
        }
        return header;
    }
    [[nodiscard]] static std::string_view text(const ruleset::Node& root, std::string_view name) {
        const ruleset::Node* const node = root.find(name);
        return node != nullptr && node->kind() == ruleset::NodeKind::string ? node->text()
                                                                            : std::string_view{};
    }
    [[nodiscard]] static std::uint64_t number(const ruleset::Node& root, std::string_view name) {
        const ruleset::Node* const node = root.find(name);
        return node != nullptr ? static_cast<std::uint64_t>(std::max<std::int64_t>(node->integer(), 0)) : 0;
    }

    const std::string& path_;
    Descriptor file_;
};

}  // namespace

std::string cache_binding(std::string_view url, std::string_view key) {
    while (!url.empty() && url.back() == '/') url.remove_suffix(1);
    return net::fingerprint({format, url, key});
}

Result<CachedRuleset> DiskCache::load() {
    remove_leftovers(path_);
    const CacheFile file(path_);
    const Result<Header> header = file.read_header(binding_);
    if (!header) return header.error();
    CachedRuleset cached;
    cached.environment = header->environment;
    cached.version = header->version;
    Result<image::Image> image = file.read_image(*header);
    if (image) {
        cached.image = std::move(*image);
        return cached;
    }
    cached.image_error = image.error().message;
    Result<std::string> document = file.read_document(*header);
    if (!document) return document.error();
    cached.document = std::move(*document);
    return cached;
}

Result<std::string> DiskCache::load_document() const {
    const CacheFile file(path_);
    const Result<Header> header = file.read_header(binding_);
    if (!header) return header.error();
    return file.read_document(*header);
}

std::int64_t DiskCache::step(std::int64_t now_ms, const Current& current) {
    if (!changed_) return idle_ms;
    if (now_ms < next_write_ms_) return next_write_ms_ - now_ms;
    write(current);
    next_write_ms_ = now_ms + (failing_ ? cache_retry_interval_ms : cache_write_interval_ms);
    return changed_ ? next_write_ms_ - now_ms : idle_ms;
}

void DiskCache::flush(const Current& current) {
    if (changed_) write(current);
}

void DiskCache::write(const Current& current) {
    const Result<void> written = replace(current());
    if (written) {
        ++writes_;
        changed_ = failing_ = false;
    } else if (!std::exchange(failing_, true) && on_error_) {
        on_error_(written.error());
    }
}

Result<void> DiskCache::replace(const Content& content) const {
    std::string header =
        R"({"format":")" + std::string(format) + R"(","binding":")" + binding_ + R"(","environment":)";
    append_json_string(header, content.environment);
    header += ",\"version\":" + std::to_string(content.version) +
              ",\"document_bytes\":" + std::to_string(content.document.size()) + R"(,"document_hash":")" +
              document_hash(content.document) + R"(","image_bytes":)" + std::to_string(content.image.size()) +
              "}\n";
    if (header.size() > cache_header_bytes || content.document.size() > limits::ruleset_bytes) {
        return Error{ErrorCode::too_large,
                     "cannot write " + path_ + ": the environment's name or the ruleset is too long"};
    }
    if (binding_.empty())
        return Error{ErrorCode::io, "cannot write " + path_ + ": the key could not be hashed"};
    return replace_file(path_, {header, content.document, text_of(content.image)});
}

}  // namespace expplat::sync
