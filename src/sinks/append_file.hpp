// `AppendFile`: a file to which whole lines are appended, and which is rotated before it grows too large.
//
// Behind `FileSink` and `DeadLetters`. A line that could be written in part only (a full disk) is cut off again. Other
// processes may append to the same file, and rotate it: where the path names another file than before, that one is used.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "expplat/base/result.hpp"

namespace expplat::sinks {

/// When a file would grow over `rotate_bytes` it is renamed to `PATH.1`, and older ones to `PATH.2` ... up to
/// `rotated_files`; the oldest is removed. 0: it grows without an end.
struct AppendFileSettings {
    std::string path;
    std::uint64_t rotate_bytes = 0;
    std::size_t rotated_files = 0;
    unsigned mode = 0644;  // of a file that is made
};

class AppendFile {
public:
    /// Opens the file to append to it; makes it where it is not there. Errors: `io`.
    [[nodiscard]] static Result<AppendFile> open(AppendFileSettings settings);
    ~AppendFile();
    AppendFile(AppendFile&& other) noexcept;
    AppendFile& operator=(AppendFile&&) = delete;

    /// Appends `lines`, each with its line end. Returns how many bytes were written: whole lines. Fewer than all of them:
    /// `error` says why.
    [[nodiscard]] std::size_t append(std::string_view lines, std::string& error);

    [[nodiscard]] const std::string& path() const noexcept { return settings_.path; }

private:
    explicit AppendFile(AppendFileSettings settings) : settings_(std::move(settings)) {}

    bool reopen(std::string& error);
    void follow_path();
    void rotate();
    [[nodiscard]] bool path_is_other() const;
    [[nodiscard]] std::uint64_t size() const;
    [[nodiscard]] std::size_t fitting(std::string_view lines) const;
    [[nodiscard]] std::size_t write(std::string_view lines, std::string& error) const;

    AppendFileSettings settings_;
    int descriptor_ = -1;
};

}  // namespace expplat::sinks
