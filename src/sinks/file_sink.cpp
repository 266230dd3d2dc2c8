#include "src/sinks/file_sink.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace expplat::sinks {

Result<std::unique_ptr<exposure::EventSink>> FileSink::open(const std::string& path, EventOrigin origin) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        return Error{ErrorCode::io, "cannot open the event file " + path + ": " + std::strerror(errno)};
    }
    return std::unique_ptr<exposure::EventSink>(new FileSink(descriptor, path, std::move(origin)));
}

FileSink::~FileSink() { ::close(descriptor_); }

void FileSink::send(std::span<const exposure::Event> batch, Done done) {
    done(report_of(write(batch), batch.size()));
}

exposure::Delivery FileSink::write(std::span<const exposure::Event> batch) {
    text_.clear();
    std::vector<std::size_t> ends;
    ends.reserve(batch.size());
    for (const exposure::Event& event : batch) {
        append_event_json(text_, event, origin_);
        text_ += '\n';
        ends.push_back(text_.size());
    }
    exposure::Delivery result;
    std::size_t written = 0;
    while (written < text_.size()) {
        const ssize_t count = ::write(descriptor_, text_.data() + written, text_.size() - written);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            result.message = "cannot write to " + path_ + ": " + std::strerror(errno);
            break;
        }
        written += static_cast<std::size_t>(count);
    }
    while (result.acknowledged < ends.size() && ends[result.acknowledged] <= written) ++result.acknowledged;
    const std::size_t whole = result.acknowledged == 0 ? 0 : ends[result.acknowledged - 1];
    if (written > whole) {
        struct stat status {};
        const auto torn = static_cast<off_t>(written - whole);
        if (::fstat(descriptor_, &status) == 0 && ::ftruncate(descriptor_, status.st_size - torn) != 0) {
            result.message += "; the torn line stays";
        }
    }
    return result;
}

}  // namespace expplat::sinks
