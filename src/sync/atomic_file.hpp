// `AtomicFile`, `replace_file`: a file gets new content at once or not at all, whatever dies while it is written.
//
// Used by `disk_cache.cpp`, by the command line's session and by the server's secret and exports. A temporary file beside it is written, forced to the disk and renamed over it; while a writer
// lives it holds a lock on its temporary file, by which `remove_leftovers` knows those that nobody will ever rename.
// The functions are thread-safe; an AtomicFile belongs to one thread.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "expplat/base/result.hpp"

namespace expplat::sync {

/// An open file that closes itself.
class Descriptor {
public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int number() const noexcept { return number_; }
    explicit operator bool() const noexcept { return number_ >= 0; }

private:
    int number_;
};

/// Content that is written piece by piece, and is nowhere until it is put in its place. Mode 0600. Errors: `io`.
class AtomicFile {
public:
    [[nodiscard]] static Result<AtomicFile> create(const std::string& path);
    AtomicFile(AtomicFile&& other) noexcept;
    AtomicFile& operator=(AtomicFile&& other) = delete;
    /// What was not put in its place is removed.
    ~AtomicFile();

    [[nodiscard]] Result<void> write(std::string_view piece);
    /// Puts it there, in the place of what is there.
    [[nodiscard]] Result<void> replace();
    /// Puts it there where nothing is; false where something is.
    [[nodiscard]] Result<bool> put_new();

private:
    AtomicFile(std::string path, std::string temporary, int file)
        : path_(std::move(path)), temporary_(std::move(temporary)), file_(file) {}

    std::string path_;
    std::string temporary_;  // empty: there is none any more
    int file_;
};

/// As `AtomicFile::replace`, of those parts.
[[nodiscard]] Result<void> replace_file(const std::string& path,
                                        std::initializer_list<std::string_view> parts);

/// Removes the temporary files of that path whose writers are gone.
void remove_leftovers(const std::string& path);

}  // namespace expplat::sync
