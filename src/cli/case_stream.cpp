#include "src/cli/case_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "expplat/base/limits.hpp"

namespace expplat::cli {

namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 16;

bool is_readable_now(int descriptor) {
    pollfd asked{descriptor, POLLIN, 0};
    return ::poll(&asked, 1, 0) > 0;
}

}  // namespace

Result<CaseStream> CaseStream::open(const std::string& path, Interruption& interruption) {
    if (path == "-") return CaseStream(STDIN_FILENO, interruption);
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        const int why = errno;
        return Error{why == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                     "cannot read the cases " + path + ": " + std::strerror(why)};
    }
    return CaseStream(descriptor, interruption);
}

CaseStream::CaseStream(CaseStream&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), interruption_(other.interruption_) {}

CaseStream::~CaseStream() {
    if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
}

std::vector<ruleset::Case> CaseStream::next(std::size_t most) {
    std::vector<ruleset::Case> cases;
    while (cases.size() < most && !interruption_->requested()) {
        if (const std::optional<std::string> line = next_line()) {
            if (!ruleset::is_blank(*line)) cases.push_back(ruleset::parse_case(*line));
        } else if (!read_more(cases.empty())) {
            break;
        }
    }
    return cases;
}

std::optional<std::string> CaseStream::next_line() {
    const std::size_t end = pending_.find('\n', scanned_);
    if (end == std::string::npos) {
        scanned_ = pending_.size();
        if (!ended_ || begin_ == pending_.size()) return std::nullopt;
    }
    const std::size_t stop = end == std::string::npos ? pending_.size() : end;
    std::string line = pending_.substr(begin_, stop - begin_);
    begin_ = scanned_ = end == std::string::npos ? stop : stop + 1;
    if (std::exchange(overlong_, false)) line = "the line is too long";  // no JSON: answered as that
    return line;
}

bool CaseStream::read_more(bool may_wait) {
    if (ended_ || descriptor_ < 0) return false;
    pending_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
    if (pending_.size() > limits::ruleset_bytes) {
        pending_.clear();
        scanned_ = 0;
        overlong_ = true;
    }
    if (may_wait ? !interruption_->wait_readable(descriptor_) : !is_readable_now(descriptor_)) return false;
    std::array<char, piece_bytes> piece;
    const ssize_t size = ::read(descriptor_, piece.data(), piece.size());
    if (size > 0) {
        pending_.append(piece.data(), static_cast<std::size_t>(size));
        return true;
    }
    if (size < 0 && errno == EINTR) return true;
    if (size < 0) error_ = std::string("cannot read the cases: ") + std::strerror(errno);
    ended_ = true;
    return size == 0 && !pending_.empty();  // a last line without an end
}

}  // namespace expplat::cli
