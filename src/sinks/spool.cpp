#include "src/sinks/spool.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <string_view>
#include <utility>

#include "src/sinks/spool_record.hpp"

namespace expplat::sinks {

namespace {

constexpr std::string_view segment_suffix = ".seg";
constexpr std::string_view lock_name = "/lock";
constexpr int own_folder_tries = 16;
constexpr std::size_t name_digits = 16;

std::string hex(std::uint64_t number, std::size_t digits) {
    std::string text(digits, '0');
    for (std::size_t i = digits; i-- > 0; number >>= 4) text[i] = "0123456789abcdef"[number & 15];
    return text;
}

Error io_error(std::string_view what, const std::string& path) {
    return {ErrorCode::io, "spool: " + std::string(what) + ' ' + path + ": " + std::strerror(errno)};
}

Error disowned() { return {ErrorCode::closed, "spool: it is the parent's of this process"}; }

/// The lock belongs to the open file: two clients of a process exclude each other, and a fork shares it.
bool try_lock(int descriptor) {
#if defined(F_OFD_SETLK)
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    return ::fcntl(descriptor, F_OFD_SETLK, &whole) == 0;
#else
    (void)descriptor;
    return false;
#endif
}

/// True where the path still names the file that was opened: nobody removed it meanwhile.
bool still_named(int descriptor, const std::string& path) {
    struct stat opened {};
    struct stat named {};
    return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/// Up to `most` names of a folder that hold as many digits as ours begin with, sorted; the rest is none of ours.
std::vector<std::string> names_in(const std::string& folder, std::size_t most) {
    std::vector<std::string> names;
    DIR* const entries = ::opendir(folder.c_str());
    if (entries == nullptr) return names;
    while (names.size() < most) {
        const dirent* const entry = ::readdir(entries);
        if (entry == nullptr) break;
        const std::string_view name(entry->d_name);
        if (name.size() > name_digits && name[name_digits] == '-' &&
            name.find_first_not_of("0123456789abcdef") == name_digits)
            names.emplace_back(name);
    }
    ::closedir(entries);
    std::sort(names.begin(), names.end());
    return names;
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count == 0) errno = ENOSPC;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(const std::string& folder, std::uint64_t most_bytes,
                                           std::shared_ptr<const Clock> clock) {
#if !defined(F_OFD_SETLK)
    return Error{ErrorCode::unsupported, "spool: this system has no locks of open files"};
#endif
    if (folder.empty()) return Error{ErrorCode::invalid_argument, "spool: the folder has no name"};
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return io_error("cannot make the folder", folder);
    std::unique_ptr<Spool> spool(new Spool(most_bytes, std::move(clock)));
    if (const Result<void> made = spool->make_own_folder(folder); !made) return made.error();
    spool->adopt_orphans(folder);
    return spool;
}

/// Who looks for orphans may meet the folder before it is locked, and remove it: then another is made.
Result<void> Spool::make_own_folder(const std::string& folder) {
    std::random_device random;
    for (int tries = 0; tries < own_folder_tries; ++tries) {
        tag_ = hex((std::uint64_t{random()} << 32) | random(), name_digits);
        own_ = folder + '/' + hex(static_cast<std::uint64_t>(clock_->unix_ms()), name_digits) + '-' + tag_;
        if (::mkdir(own_.c_str(), 0700) != 0) {
            if (errno == EEXIST) continue;
            return io_error("cannot make a folder in", folder);
        }
        const std::string path = own_ + std::string(lock_name);
        const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (descriptor < 0 && errno == ENOENT) continue;
        if (descriptor < 0) {
            const Error error = io_error("cannot make", path);
            ::rmdir(own_.c_str());
            return error;
        }
        const bool locked = try_lock(descriptor);
        const bool taken = errno == EAGAIN || errno == EACCES;
        const Error error = io_error("cannot lock", path);
        if (locked && still_named(descriptor, path)) {
            lock_ = descriptor;
            return {};
        }
        ::close(descriptor);
        if (!locked && !taken) {
            ::unlink(path.c_str());
            ::rmdir(own_.c_str());
            return error;
        }
    }
    return Error{ErrorCode::io, "spool: no folder could be locked in " + folder};
}

void Spool::adopt_orphans(const std::string& folder) {
    for (const std::string& name : names_in(folder, spool_folders)) {
        std::string orphan = folder;
        orphan += '/';
        orphan += name;
        if (orphan != own_) adopt(orphan);
    }
    for (const auto& [segment, size] : sizes_) adopted_.push_back(segment);
}

/// Moves the segments of a folder whose lock is free, and removes it.
void Spool::adopt(const std::string& orphan) {
    if (::rmdir(orphan.c_str()) == 0) return;  // empty: its maker died, or will make another
    const std::string path = orphan + std::string(lock_name);
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return;
    if (try_lock(descriptor) && still_named(descriptor, path)) {
        bool all = true;
        const std::size_t room = spool_segments - std::min(spool_segments, sizes_.size());
        std::vector<std::string> segments = names_in(orphan, room);
        if (segments.size() == room) all = false;
        for (std::string& segment : segments) {
            std::string from = orphan;
            from += '/';
            from += segment;
            struct stat status {};
            if (!segment.ends_with(segment_suffix) || ::stat(from.c_str(), &status) != 0 ||
                std::rename(from.c_str(), path_of(segment).c_str()) != 0) {
                all = false;
                continue;
            }
            const auto size = static_cast<std::uint64_t>(status.st_size);
            bytes_ += size;
            sizes_.emplace(std::move(segment), size);
        }
        if (all) {
            ::unlink(path.c_str());
            ::rmdir(orphan.c_str());
        }
    }
    ::close(descriptor);
}

Spool::~Spool() {
    if (lock_ < 0) return;
    if (sizes_.empty()) {
        ::unlink((own_ + std::string(lock_name)).c_str());
        ::rmdir(own_.c_str());
    }
    ::close(lock_);
}

Result<std::string> Spool::store(std::span<const exposure::Event> events) {
    if (lock_ < 0) return disowned();
    records_.clear();
    for (const exposure::Event& event : events) append_spool_record(records_, event);
    if (bytes_ + records_.size() > most_bytes_) {
        return Error{ErrorCode::too_large, "spool: " + own_ + " is full, " + std::to_string(bytes_) + " of " +
                                               std::to_string(most_bytes_) + " bytes"};
    }
    std::string segment = hex(static_cast<std::uint64_t>(clock_->unix_ms()), name_digits) + '-' + tag_ + '-' +
                          hex(++stored_, 8) + std::string(segment_suffix);
    const std::string path = path_of(segment);
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    // Errors name the folder: a segment's name would make each of them another text.
    if (descriptor < 0) return io_error("cannot make a segment in", own_);
    if (!write_all(descriptor, records_) || ::fdatasync(descriptor) != 0) {
        const Error error = io_error("cannot write a segment in", own_);
        ::close(descriptor);
        ::unlink(path.c_str());
        return error;
    }
    ::close(descriptor);
    bytes_ += records_.size();
    sizes_.emplace(segment, records_.size());
    return segment;
}

Result<std::size_t> Spool::load(const std::string& segment, exposure::Batch& batch) const {
    batch.bytes.clear();
    batch.events.clear();
    if (lock_ < 0) return disowned();
    const std::string path = path_of(segment);
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return io_error("cannot open", path);
    struct stat status {};
    std::size_t got = 0;
    bool failed = ::fstat(descriptor, &status) != 0;
    if (!failed) batch.bytes.resize(static_cast<std::size_t>(status.st_size));
    while (!failed && got < batch.bytes.size()) {
        const ssize_t count = ::read(descriptor, batch.bytes.data() + got, batch.bytes.size() - got);
        if (count < 0 && errno == EINTR) continue;
        failed = count < 0;
        if (count <= 0) break;
        got += static_cast<std::size_t>(count);
    }
    const Error error = io_error("cannot read", path);
    ::close(descriptor);
    if (failed) return error;
    batch.bytes.resize(got);
    return read_spool_records(batch);
}

void Spool::remove(const std::string& segment) {
    const auto found = sizes_.find(segment);
    if (found == sizes_.end() || lock_ < 0) return;
    bytes_ -= found->second;
    sizes_.erase(found);
    ::unlink(path_of(segment).c_str());
}

std::optional<std::string> Spool::next_adopted() {
    if (!has_adopted()) return std::nullopt;
    return adopted_[adopted_at_++];
}

void Spool::disown() noexcept {
    if (lock_ >= 0) ::close(lock_);
    lock_ = -1;
}

}  // namespace expplat::sinks
