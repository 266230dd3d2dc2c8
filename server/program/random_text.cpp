#include "server/program/random_text.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string_view>

#include "server/auth/secret.hpp"
#include "src/sync/atomic_file.hpp"

namespace expplat::server::program {
namespace {

constexpr std::size_t secret_bytes = 32;

[[nodiscard]] std::string hexadecimal(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += digits[static_cast<unsigned char>(c) >> 4];
        text += digits[static_cast<unsigned char>(c) & 15];
    }
    return text;
}

}  // namespace

Result<std::string> random_text(std::size_t bytes) {
    Result<std::string> random = auth::random_bytes(bytes);
    if (!random) return random.error();
    return hexadecimal(*random);
}

Result<KeptSecret> kept_secret(const std::string& data) {
    const std::string path = data + "/secret-key";
    KeptSecret kept;
    if (::access(path.c_str(), F_OK) != 0) {
        const Result<std::string> secret = random_text(secret_bytes);
        if (!secret) return secret.error();
        Result<sync::AtomicFile> file = sync::AtomicFile::create(path);
        if (!file) return file.error();
        if (Result<void> written = file->write(*secret + '\n'); !written) return written.error();
        const Result<bool> put = file->put_new();
        if (!put) return put.error();
        kept.is_new = *put;
    }
    std::ifstream file(path);
    if (!std::getline(file, kept.text) || kept.text.empty())
        return Error{ErrorCode::io, path + ": cannot be read, or is empty"};
    struct stat state {};
    kept.is_exposed = ::stat(path.c_str(), &state) == 0 && (state.st_mode & (S_IRWXG | S_IRWXO)) != 0;
    return kept;
}

}  // namespace expplat::server::program
