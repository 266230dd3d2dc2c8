#include "src/client/file_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace expplat::runtime {

namespace {

class Descriptor {
public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int number() const noexcept { return number_; }

private:
    int number_;
};

Error failure(const std::string& path, int number) {
    const ErrorCode code = number == ENOENT ? ErrorCode::not_found : ErrorCode::io;
    return {code, "cannot read " + path + ": " + std::strerror(number)};
}

}  // namespace

Result<image::Buffer> read_file(const std::string& path, std::size_t most, const image::Memory& memory) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (file.number() < 0 || ::fstat(file.number(), &status) != 0) return failure(path, errno);
    if (S_ISDIR(status.st_mode)) return failure(path, EISDIR);
    if (!S_ISREG(status.st_mode)) return Error{ErrorCode::io, "cannot read " + path + ": not a regular file"};
    if (static_cast<std::size_t>(status.st_size) > most) {
        return Error{ErrorCode::too_large, path + " has " + std::to_string(status.st_size) +
                                               " bytes, more than the " + std::to_string(most) +
                                               " that a ruleset may have"};
    }
    image::Buffer buffer(static_cast<std::size_t>(status.st_size), memory);
    std::size_t done = 0;
    while (done < buffer.size()) {
        const ssize_t count = ::read(file.number(), buffer.data() + done, buffer.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failure(path, errno);
        if (count == 0)
            return Error{ErrorCode::io, "cannot read " + path + ": it became shorter while it was read"};
        done += static_cast<std::size_t>(count);
    }
    return buffer;
}

bool is_image(const image::Buffer& content) noexcept {
    return content.size() >= sizeof image::magic &&
           std::memcmp(content.data(), image::magic, sizeof image::magic) == 0;
}

}  // namespace expplat::runtime
