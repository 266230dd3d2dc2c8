#include "src/sinks/file_sink.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "src/sinks/event_json.hpp"
#include "src/sinks/prefix_report.hpp"

namespace expplat::sinks {

Result<std::unique_ptr<exposure::EventSink>> FileSink::open(AppendFileSettings settings) {
    Result<AppendFile> file = AppendFile::open(std::move(settings));
    if (!file) return Error{file.error().code, "the event file: " + file.error().message};
    return std::unique_ptr<exposure::EventSink>(std::make_unique<FileSink>(std::move(*file)));
}

void FileSink::send(std::span<const exposure::Event> batch, Done done) {
    text_.clear();
    for (const exposure::Event& event : batch) {
        append_event_json(text_, event);
        text_ += '\n';
    }
    exposure::Delivery result;
    const std::size_t written = file_.append(text_, result.message);
    result.acknowledged = static_cast<std::size_t>(
        std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(written), '\n'));
    done(report_of(std::move(result), batch.size()));
}

}  // namespace expplat::sinks
