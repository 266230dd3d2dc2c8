// JSON as the control plane handles it: objects written member by member, one member replaced, two values compared.
//
// All of it works on parsed nodes, so that numbers stay as they were written and members in their order. Used by the whole
// layer, and by `server/api` for what it writes. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/ruleset/json.hpp"

namespace expplat::server::domain {

/// Writes one compact object; members in the order of the calls.
class ObjectWriter {
public:
    ObjectWriter& text(std::string_view name, std::string_view value);
    ObjectWriter& integer(std::string_view name, std::int64_t value);
    ObjectWriter& boolean(std::string_view name, bool value);
    ObjectWriter& null(std::string_view name);
    /// `json` is a whole value.
    ObjectWriter& json(std::string_view name, std::string_view json);
    ObjectWriter& json_or_null(std::string_view name, const std::optional<std::string>& json);
    [[nodiscard]] std::string done() &&;

private:
    void begin(std::string_view name);
    std::string out_ = "{";
};

[[nodiscard]] std::string json_list(const std::vector<std::string>& texts);
/// The strings of a list that we wrote ourselves.
[[nodiscard]] std::vector<std::string> texts_of_list(std::string_view json);

/// An object that a caller sent. Refuses (`invalid`, at `pointer`) what is no JSON object, and (`too_large`) more than
/// `most_bytes`.
[[nodiscard]] ruleset::Document parse_object(std::string_view text, std::string_view pointer,
                                             std::size_t most_bytes);
/// JSON that we stored: a fault in it is `internal`.
[[nodiscard]] ruleset::Document parse_stored(std::string_view text);

/// The string of that member; empty where there is none.
[[nodiscard]] std::string_view text_member(const ruleset::Node& object, std::string_view name);

/// The object with that member's value replaced in its place, or put last.
[[nodiscard]] std::string with_member(const ruleset::Node& object, std::string_view name,
                                      std::string_view json);
[[nodiscard]] std::string without_member(const ruleset::Node& object, std::string_view name);

/// Equal for values that differ only in the order of members.
[[nodiscard]] std::string in_canonical_order(const ruleset::Node& node);

/// One place where two values differ; a side that is not there is empty.
struct Difference {
    std::string pointer;
    std::optional<std::string> before;  // JSON
    std::optional<std::string> after;
};
/// In document order; lists of other lengths differ as a whole.
[[nodiscard]] std::vector<Difference> differences(const std::optional<std::string>& before,
                                                  const std::optional<std::string>& after);
[[nodiscard]] std::string json_list(const std::vector<Difference>& differences);

}  // namespace expplat::server::domain
