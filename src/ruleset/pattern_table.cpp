#include "src/ruleset/pattern_table.hpp"

#include <absl/container/flat_hash_map.h>
#include <re2/re2.h>

#include "expplat/base/limits.hpp"

namespace expplat::ruleset {

PatternTable::PatternTable(const image::View& view, const PatternTable* before) {
    absl::flat_hash_map<std::string, std::shared_ptr<const re2::RE2>> known;
    if (before != nullptr) {
        for (const Entry& entry : before->entries_) known.emplace(entry.name, entry.engine);
    }
    for (const image::PatternRecord& record : view.patterns()) {
        const std::string_view text = view.text(record.text);
        Entry entry{std::string(text) + (record.ignore_case != 0 ? 'i' : '-'), nullptr};
        if (const auto found = known.find(entry.name); found != known.end()) {
            entry.engine = found->second;
        } else {
            re2::RE2::Options options;
            options.set_log_errors(false);
            options.set_case_sensitive(record.ignore_case == 0);
            options.set_max_mem(static_cast<std::int64_t>(limits::pattern_memory_bytes));
            entry.engine =
                std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
        }
        complete_ = complete_ && entry.engine->ok();
        entries_.push_back(std::move(entry));
    }
}

eval::Patterns PatternTable::patterns() const noexcept {
    return complete_ ? eval::Patterns{this, &PatternTable::match} : eval::Patterns{};
}

bool PatternTable::match(const void* table, std::uint32_t pattern, std::string_view text) noexcept {
    const Entry& entry = static_cast<const PatternTable*>(table)->entries_[pattern];
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *entry.engine);
}

}  // namespace expplat::ruleset
