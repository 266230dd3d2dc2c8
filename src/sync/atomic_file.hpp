// `replace_file`: a file gets new content at once or not at all, whatever dies while it is written.
//
// Used by `disk_cache.cpp`. A temporary file beside it is written, forced to the disk and renamed over it; while a writer
// lives it holds a lock on its temporary file, by which `remove_leftovers` knows those that nobody will ever rename.
// Thread-safe.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

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

/// Mode 0600. Error `io`.
[[nodiscard]] Result<void> replace_file(const std::string& path,
                                        std::initializer_list<std::string_view> parts);

/// Removes the temporary files of that path whose writers are gone.
void remove_leftovers(const std::string& path);

}  // namespace expplat::sync
