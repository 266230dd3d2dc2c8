// The build with RE2. Its options are the library's own (`src/ruleset/pattern_table.cpp`).
#include <cstdint>
#include <string_view>

#include <re2/re2.h>

#include "bindings/wasm/src/pattern_table.hpp"
#include "expplat/base/limits.hpp"

namespace expplat::wasm {

namespace {

re2::RE2::Options options_for(bool ignore_case) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_case_sensitive(!ignore_case);
    options.set_max_mem(static_cast<std::int64_t>(limits::pattern_memory_bytes));
    return options;
}

}  // namespace

struct PatternTable::Engines {
    explicit Engines(std::size_t count) : engines(new std::unique_ptr<const re2::RE2>[count]) {}

    std::unique_ptr<std::unique_ptr<const re2::RE2>[]> engines;
    bool complete = true;

    static bool match(const void* table, std::uint32_t pattern, std::string_view text) noexcept {
        return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()),
                                      *static_cast<const Engines*>(table)->engines[pattern]);
    }
};

PatternTable::PatternTable(const image::View& view) : engines_(new Engines(view.patterns().size())) {
    std::size_t i = 0;
    for (const image::PatternRecord& record : view.patterns()) {
        const std::string_view text = view.text(record.text);
        std::unique_ptr<const re2::RE2>& engine = engines_->engines[i++];
        engine.reset(
            new re2::RE2(re2::StringPiece(text.data(), text.size()), options_for(record.ignore_case != 0)));
        engines_->complete = engines_->complete && engine->ok();
    }
}
PatternTable::~PatternTable() = default;

eval::Patterns PatternTable::patterns() const noexcept {
    return engines_->complete ? eval::Patterns{engines_.get(), &Engines::match} : eval::Patterns{};
}

}  // namespace expplat::wasm
