#include "src/ruleset/case_json.hpp"

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "src/ruleset/json.hpp"
#include "src/ruleset/json_scan.hpp"
#include "src/ruleset/user_json.hpp"

namespace expplat::ruleset {

namespace {

constexpr std::size_t any_depth = std::numeric_limits<std::size_t>::max();

/// The position of the only member of that name; the number of members where there is none or more.
[[nodiscard]] std::size_t only_member(std::span<const Member> members, std::string_view name) noexcept {
    std::size_t found = members.size();
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (members[i].name != name) continue;
        if (members[i].repeated) return members.size();
        found = i;
    }
    return found;
}

/// A line that is all in order, but for what a user may be refused for.
[[nodiscard]] Case read_case(const Node& line) {
    Case result;
    const std::span<const Member> members = line.members();
    const std::size_t key = only_member(members, "key");
    if (key == members.size() || members[key].value.kind() != NodeKind::string) return result;
    result.key = members[key].value.text();
    const std::size_t user = only_member(members, "user");
    if (user != members.size()) result.user = read_user(members[user].value);
    return result;
}

/// A line whose text is refused: nested too deep, or with lone surrogates. What it would be without them
/// tells its members apart; then each counts as it is written, the user one level inside the line.
[[nodiscard]] Case read_damaged_case(std::string_view text) {
    Case result;
    const Result<Document> repaired =
        parse_json(with_surrogates_replaced(text), limits::ruleset_bytes, any_depth);
    if (!repaired) return result;
    const std::span<const Member> members = repaired->root().members();
    const std::vector<std::string_view> values = member_texts(text);
    const std::size_t key = only_member(members, "key");
    if (key == members.size()) return result;
    const Result<Document> name = parse_json(values[key]);
    if (!name || name->root().kind() != NodeKind::string) return result;
    result.key = name->root().text();
    const std::size_t user = only_member(members, "user");
    if (user == members.size()) return result;
    const Result<Document> parsed = parse_json(values[user], limits::ruleset_bytes, limits::json_depth - 1);
    if (parsed) result.user = read_user(parsed->root());
    return result;
}

}  // namespace

Case parse_case(std::string_view line) {
    const Result<Document> document = parse_json(line);
    return document ? read_case(document->root()) : read_damaged_case(line);
}

bool is_blank(std::string_view line) noexcept { return line.find_first_not_of(" \t\r\n") == line.npos; }

}  // namespace expplat::ruleset
