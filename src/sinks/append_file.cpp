#include "src/sinks/append_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace expplat::sinks {

Result<AppendFile> AppendFile::open(AppendFileSettings settings) {
    AppendFile file(std::move(settings));
    std::string error;
    if (!file.reopen(error)) return Error{ErrorCode::io, error};
    return file;
}

AppendFile::~AppendFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : settings_(std::move(other.settings_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

bool AppendFile::reopen(std::string& error) {
    const int opened =
        ::open(settings_.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, settings_.mode);
    if (opened < 0) {
        error = "cannot open " + settings_.path + ": " + std::strerror(errno);
        return false;
    }
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = opened;
    return true;
}

std::size_t AppendFile::append(std::string_view lines, std::string& error) {
    std::size_t written = 0;
    while (written < lines.size()) {
        follow_path();
        std::string_view chunk = lines.substr(written);
        if (settings_.rotate_bytes > 0) {
            if (fitting(chunk) == 0 && size() > 0) rotate();
            const std::size_t fits = fitting(chunk);
            // A line that no file could hold, or a file that could not be rotated: it grows by one line.
            chunk = chunk.substr(0, fits > 0 ? fits : chunk.find('\n') + 1);
        }
        const std::size_t count = write(chunk, error);
        written += count;
        if (count < chunk.size()) break;
    }
    return written;
}

/// Another process, or a log rotator, may have moved the file away. Where the new one cannot be opened the old one serves.
void AppendFile::follow_path() {
    std::string ignored;
    if (path_is_other()) (void)reopen(ignored);
}

bool AppendFile::path_is_other() const {
    struct stat ours {};
    struct stat named {};
    if (::fstat(descriptor_, &ours) != 0) return false;
    if (::stat(settings_.path.c_str(), &named) != 0) return errno == ENOENT;
    return S_ISREG(ours.st_mode) && (ours.st_ino != named.st_ino || ours.st_dev != named.st_dev);
}

std::uint64_t AppendFile::size() const {
    struct stat status {};
    return ::fstat(descriptor_, &status) == 0 && status.st_size > 0
               ? static_cast<std::uint64_t>(status.st_size)
               : 0;
}

/// Bytes of the leading lines that the file has room for.
std::size_t AppendFile::fitting(std::string_view lines) const {
    const std::uint64_t used = size();
    if (used >= settings_.rotate_bytes) return 0;
    const std::uint64_t room = settings_.rotate_bytes - used;
    if (lines.size() <= room) return lines.size();
    const std::size_t end = lines.substr(0, static_cast<std::size_t>(room)).rfind('\n');
    return end == std::string_view::npos ? 0 : end + 1;
}

/// One process at a time, or each would rename the other's new file. Who comes second finds it done.
void AppendFile::rotate() {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) return;
    if (!path_is_other()) {
        const std::string& path = settings_.path;
        if (settings_.rotated_files == 0) ::unlink(path.c_str());
        for (std::size_t number = settings_.rotated_files; number > 0; --number) {
            const std::string from = number == 1 ? path : path + '.' + std::to_string(number - 1);
            (void)std::rename(from.c_str(), (path + '.' + std::to_string(number)).c_str());
        }
    }
    const int old = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);  // holds the lock until the new file is there
    follow_path();
    if (old >= 0) {
        ::flock(old, LOCK_UN);
        ::close(old);
    }
}

std::size_t AppendFile::write(std::string_view lines, std::string& error) const {
    std::size_t written = 0;
    while (written < lines.size()) {
        const ssize_t count = ::write(descriptor_, lines.data() + written, lines.size() - written);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            error = "cannot write to " + settings_.path + ": " + std::strerror(count < 0 ? errno : ENOSPC);
            break;
        }
        written += static_cast<std::size_t>(count);
    }
    if (written == lines.size()) return written;
    const std::size_t end = lines.substr(0, written).rfind('\n');
    const std::size_t whole = end == std::string_view::npos ? 0 : end + 1;
    if (written > whole &&
        ::ftruncate(descriptor_, static_cast<off_t>(size()) - static_cast<off_t>(written - whole)) != 0) {
        error += "; the torn line stays";
    }
    return whole;
}

}  // namespace expplat::sinks
