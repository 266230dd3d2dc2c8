#include "src/sinks/dead_letters.hpp"

#include <cstddef>
#include <utility>

#include "expplat/base/json_text.hpp"
#include "src/sinks/event_json.hpp"

namespace expplat::sinks {

Result<std::unique_ptr<DeadLetters>> DeadLetters::open(const std::string& path, std::uint64_t rotate_bytes) {
    Result<AppendFile> file = AppendFile::open({path, rotate_bytes, 1, 0600});
    if (!file) return Error{file.error().code, "the dead-letter file: " + file.error().message};
    return std::make_unique<DeadLetters>(std::move(*file));
}

void DeadLetters::add(const exposure::Event& event, std::string_view reason, std::int64_t unix_ms) {
    lines_ += "{\"reason\":";
    append_json_string(lines_, reason);
    lines_ += ",\"time\":" + std::to_string(unix_ms) + ",\"event\":";
    append_event_json(lines_, event);
    lines_ += "}\n";
}

Result<void> DeadLetters::write() {
    if (lines_.empty()) return {};
    std::string error;
    const std::size_t size = lines_.size();
    const std::size_t written = file_.append(lines_, error);
    lines_.clear();
    if (written == size) return {};
    return Error{ErrorCode::io, "dead letters: " + error};
}

}  // namespace expplat::sinks
