// The cases of `expplat run`: lines of a file or of standard input, in batches of what is there.
//
// A batch ends where reading on would wait, so that a stream's answers come as its questions do. Not thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "expplat/base/result.hpp"
#include "src/cli/interruption.hpp"
#include "src/ruleset/case_json.hpp"

namespace expplat::cli {

class CaseStream {
public:
    /// `-` is standard input. Errors: `not_found`, `io`. The interruption outlives the stream.
    [[nodiscard]] static Result<CaseStream> open(const std::string& path, Interruption& interruption);
    CaseStream(CaseStream&& other) noexcept;
    CaseStream& operator=(CaseStream&& other) = delete;
    ~CaseStream();

    /// The next cases, at most so many; none at the end, after a signal and after an error.
    [[nodiscard]] std::vector<ruleset::Case> next(std::size_t most);
    /// What kept it from being read to its end; empty where nothing did.
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

private:
    CaseStream(int descriptor, Interruption& interruption)
        : descriptor_(descriptor), interruption_(&interruption) {}

    [[nodiscard]] bool read_more(bool may_wait);
    [[nodiscard]] std::optional<std::string> next_line();

    int descriptor_;
    Interruption* interruption_;
    std::string pending_;      // read and not yet given out
    std::size_t begin_ = 0;    // of the first line of it
    std::size_t scanned_ = 0;  // no line ends before this
    bool ended_ = false;
    bool overlong_ = false;  // in a line whose rest is passed over
    std::string error_;
};

}  // namespace expplat::cli
