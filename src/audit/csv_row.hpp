// `CsvRow`: an entry of the audit's CSV export, as the fields it was made of.
//
// The server writes a field that a spreadsheet would take for a formula in quotes and with an apostrophe before it, so a field
// that begins so may have been either; the entry's hash tells which. Used by `export_check.cpp`. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/audit/chain.hpp"

namespace expplat::audit {

inline constexpr std::string_view csv_header =
    "sequence,time_ms,actor_kind,actor_id,actor_name,remote,request_id,action,project,environment,subject,"
    "before,after,previous,hash";

class CsvRow {
public:
    /// Nothing where it has another number of fields, or quotes that are wrong.
    [[nodiscard]] static std::optional<CsvRow> parse(std::string_view row);

    /// The entry with the fields that its hash is of; as it most likely was where there are none.
    [[nodiscard]] EntryText entry();
    [[nodiscard]] const std::string& hash() const noexcept { return fields_.back(); }

private:
    [[nodiscard]] EntryText as_it_is() const;

    std::vector<std::string> fields_;
    std::vector<std::size_t> guarded_;  // fields that stand with an apostrophe before them
};

}  // namespace expplat::audit
