#include "src/aws/surroundings.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

namespace expplat::aws {

namespace {

struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

[[nodiscard]] Result<std::string> read_whole_file(const std::string& path, std::size_t most_bytes) {
    const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
    if (file == nullptr) {
        const ErrorCode code = errno == ENOENT || errno == ENOTDIR ? ErrorCode::not_found : ErrorCode::io;
        return Error{code, path + ": " + std::strerror(errno)};
    }
    std::string text;
    char piece[4096];
    for (;;) {
        const std::size_t count = std::fread(piece, 1, sizeof piece, file.get());
        text.append(piece, count);
        if (text.size() > most_bytes) {
            return Error{ErrorCode::too_large,
                         path + ": has more than " + std::to_string(most_bytes) + " bytes"};
        }
        if (count < sizeof piece) break;
    }
    if (std::ferror(file.get()) != 0) return Error{ErrorCode::io, path + ": cannot be read"};
    return text;
}

}  // namespace

std::string Surroundings::variable(const std::string& name) const {
    return environment ? environment(name).value_or(std::string()) : std::string();
}

Surroundings system_surroundings() {
    return {[](const std::string& name) -> std::optional<std::string> {
                const char* const value = std::getenv(name.c_str());
                if (value == nullptr) return std::nullopt;
                return std::string(value);
            },
            read_whole_file};
}

}  // namespace expplat::aws
