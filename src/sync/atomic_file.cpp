#include "src/sync/atomic_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace expplat::sync {

namespace {

constexpr std::string_view temporary_mark = ".tmp.";
constexpr int name_tries = 16;

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Error failure(const std::string& path, int number) {
    return {ErrorCode::io, "cannot write " + path + ": " + std::strerror(number)};
}

/// A new file of its own that the writer has locked; -1 and `errno` where there can be none.
int open_temporary(const std::string& path, std::string& name) {
    static std::atomic<std::uint32_t> counter{0};
    for (int i = 0; i < name_tries; ++i) {
        name =
            path + std::string(temporary_mark) + std::to_string(::getpid()) + "." + std::to_string(++counter);
        const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (file < 0 && errno == EEXIST) continue;
        if (file < 0) return -1;
        struct stat status {};
        // Between the two, one who cleans up may have taken it for a dead writer's.
        if (::flock(file, LOCK_EX | LOCK_NB) == 0 && ::fstat(file, &status) == 0 && status.st_nlink > 0)
            return file;
        ::close(file);
    }
    errno = EEXIST;
    return -1;
}

bool write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

/// So that the rename itself survives a loss of power. Some file systems cannot.
bool sync_folder(const std::string& path) {
    const Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return folder && (::fsync(folder.number()) == 0 || errno == EINVAL);
}

}  // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) ::close(number_);
}

Result<AtomicFile> AtomicFile::create(const std::string& path) {
    std::string name;
    const int file = open_temporary(path, name);
    if (file < 0) return failure(path, errno);
    return AtomicFile(path, std::move(name), file);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::exchange(other.file_, -1)) {}

AtomicFile::~AtomicFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    if (file_ >= 0) ::close(file_);
}

Result<void> AtomicFile::write(std::string_view piece) {
    if (!write_all(file_, piece)) return failure(path_, errno);
    return {};
}

Result<void> AtomicFile::replace() {
    if (::fsync(file_) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) return failure(path_, errno);
    temporary_.clear();
    if (!sync_folder(path_)) return failure(folder_of(path_), errno);
    return {};
}

Result<bool> AtomicFile::put_new() {
    if (::fsync(file_) != 0) return failure(path_, errno);
    if (::link(temporary_.c_str(), path_.c_str()) != 0) {
        if (errno == EEXIST) return false;
        return failure(path_, errno);
    }
    if (!sync_folder(path_)) return failure(folder_of(path_), errno);
    return true;
}

Result<void> replace_file(const std::string& path, std::initializer_list<std::string_view> parts) {
    Result<AtomicFile> file = AtomicFile::create(path);
    if (!file) return file.error();
    for (const std::string_view part : parts) {
        if (Result<void> written = file->write(part); !written) return written;
    }
    return file->replace();
}

void remove_leftovers(const std::string& path) {
    const std::string folder = folder_of(path);
    const std::string beginning = path.substr(path.rfind('/') + 1) + std::string(temporary_mark);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), ::closedir);
    if (entries == nullptr) return;
    while (const dirent* const entry = ::readdir(entries.get())) {
        if (std::string_view(entry->d_name).substr(0, beginning.size()) != beginning) continue;
        const std::string name = folder + "/" + entry->d_name;
        const Descriptor file(::open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
        if (file && ::flock(file.number(), LOCK_EX | LOCK_NB) == 0) ::unlink(name.c_str());
    }
}

}  // namespace expplat::sync
