#include "src/audit/csv_row.hpp"

#include <algorithm>
#include <charconv>

#include "src/aws/digest.hpp"

namespace expplat::audit {

namespace {

constexpr std::size_t field_count = 15;
constexpr std::size_t doubtful_fields = 8;  // more are taken for guarded ones

std::int64_t number_of(std::string_view text) noexcept {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    // Another spelling of a number is another text.
    const bool is_plain =
        error == std::errc() && end == text.data() + text.size() && std::to_string(number) == text;
    return is_plain ? number : 0;
}

bool is_guarded(std::string_view field) noexcept {
    return field.size() > 1 && field[0] == '\'' &&
           std::string_view("=+-@\t\r").find(field[1]) != std::string_view::npos;
}

}  // namespace

std::optional<CsvRow> CsvRow::parse(std::string_view row) {
    CsvRow result;
    for (std::size_t at = 0;; ++at) {
        std::string field;
        const bool quoted = at < row.size() && row[at] == '"';
        if (quoted) {
            for (++at;; ++at) {
                if (at >= row.size()) return std::nullopt;
                if (row[at] == '"' && (at + 1 >= row.size() || row[at + 1] != '"')) break;
                if (row[at] == '"') ++at;
                field += row[at];
            }
            ++at;
        } else {
            while (at < row.size() && row[at] != ',') field += row[at++];
            if (field.find('"') != std::string::npos) return std::nullopt;
        }
        if (at < row.size() && row[at] != ',') return std::nullopt;
        if (quoted && is_guarded(field)) result.guarded_.push_back(result.fields_.size());
        result.fields_.push_back(std::move(field));
        if (result.fields_.size() > field_count) return std::nullopt;
        if (at >= row.size()) break;
    }
    if (result.fields_.size() != field_count) return std::nullopt;
    return result;
}

EntryText CsvRow::as_it_is() const {
    const auto json = [](const std::string& field) {
        return field.empty() ? std::nullopt : std::optional<std::string_view>(field);
    };
    return {number_of(fields_[0]),
            number_of(fields_[1]),
            fields_[2],
            fields_[3],
            fields_[4],
            fields_[5],
            fields_[6],
            fields_[7],
            fields_[8],
            fields_[9],
            fields_[10],
            json(fields_[11]),
            json(fields_[12]),
            fields_[13]};
}

EntryText CsvRow::entry() {
    const std::vector<std::string> written = fields_;
    const std::size_t doubtful = std::min(guarded_.size(), doubtful_fields);
    // A bit for each of them: it had the apostrophe before. From none of them to all.
    for (std::size_t kept = 0; kept < (std::size_t{1} << doubtful); ++kept) {
        for (std::size_t i = 0; i < guarded_.size(); ++i) {
            const bool is_kept = i < doubtful && ((kept >> i) & 1u) != 0;
            fields_[guarded_[i]] = is_kept ? written[guarded_[i]] : written[guarded_[i]].substr(1);
        }
        const auto digest = aws::sha256(canonical_form(as_it_is()));
        if (digest && aws::hex(*digest) == hash()) break;
    }
    return as_it_is();
}

}  // namespace expplat::audit
