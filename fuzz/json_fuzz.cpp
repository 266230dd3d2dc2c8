// Feeds a text to everything in `src/ruleset` that reads one: the JSON parser, the reader in both modes and
// the check, the readers of users and of cases.
//
// What must hold of every input is in the `check_` functions; a failure aborts. Seeds: corpus/json, words:
// dictionaries/ruleset.dict.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fuzz/require.hpp"
#include "src/ruleset/case_json.hpp"
#include "src/ruleset/check.hpp"
#include "src/ruleset/json.hpp"
#include "src/ruleset/read.hpp"
#include "src/ruleset/user_json.hpp"

namespace {

using namespace expplat;
using namespace expplat::ruleset;

// --- JSON ------------------------------------------------------------------------------------------

/// What is written again reads as the same.
void check_round_trip(const Document& document) {
    const std::string text = to_json(document.root());
    const Result<Document> again = parse_json(text);
    REQUIRE(again.ok());
    REQUIRE(to_json(again->root()) == text);
    REQUIRE(again->root().hash() == document.root().hash());
    REQUIRE(again->root().has_faults() == document.root().has_faults());
    REQUIRE(again->has_repeated_members() == document.has_repeated_members());
    REQUIRE(again->has_overflowing_numbers() == document.has_overflowing_numbers());
    REQUIRE(document.root().has_faults() ==
            (document.has_repeated_members() || document.has_overflowing_numbers()));
}

// --- the ruleset -----------------------------------------------------------------------------------

/// The value a token of a pointer leads to; null where there is none.
const Node* step(const Node& node, std::string_view token) {
    std::string name;
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] != '~') {
            name += token[i];
            continue;
        }
        REQUIRE(i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1'));
        name += token[++i] == '0' ? '~' : '/';
    }
    if (node.kind() != NodeKind::array) return node.find(name);
    const std::size_t index = std::strtoull(name.c_str(), nullptr, 10);
    return index < node.items().size() ? &node.items()[index] : nullptr;
}

/// A pointer leads to a value, or to the place in one that a missing member would have.
void check_pointer(const Node& root, std::string_view pointer) {
    const Node* node = &root;
    while (!pointer.empty()) {
        REQUIRE(node != nullptr);
        REQUIRE(pointer.front() == '/');
        const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
        node = step(*node, pointer.substr(1, end - 1));
        pointer.remove_prefix(end);
    }
}

struct Verdict {
    bool accepted = false;
    bool supported = true;
};

void check_order(const Checked& checked, std::size_t count) {
    REQUIRE(checked.order.size() == count);
    std::vector<std::size_t> position(count, count);
    for (std::size_t i = 0; i < count; ++i) position[checked.order[i]] = i;
    for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(position[i] < count);
        for (std::uint32_t j = checked.target_begin[i]; j < checked.target_begin[i + 1]; ++j) {
            REQUIRE(checked.targets[j] < count && position[checked.targets[j]] < position[i]);
        }
    }
}

Verdict check_reading(const Document& document, Mode mode) {
    const Reading reading = read(document, mode);
    std::vector<const Outline*> outlines;
    for (const Entity& entity : reading.entities) outlines.push_back(&entity.outline);
    const Checked checked = check_references(outlines, reading.map_places);
    for (const std::vector<Problem>* problems : {&reading.problems, &checked.problems}) {
        REQUIRE(problems->size() <= limits::reported_problems);
        for (std::size_t i = 0; i < problems->size(); ++i) {
            const Problem& problem = (*problems)[i];
            if (i > 0) REQUIRE(!(problem < (*problems)[i - 1]));
            REQUIRE(!problem.message.empty() && problem.message.size() < 2000);
            check_pointer(document.root(), problem.pointer);
        }
    }
    Verdict verdict{reading.problems.empty() && checked.problems.empty(), true};
    for (std::size_t i = 0; i < outlines.size(); ++i) {
        const bool has_body = !std::holds_alternative<std::monostate>(reading.entities[i].body);
        REQUIRE(has_body == (outlines[i]->sound && outlines[i]->supported));
        REQUIRE(mode == Mode::tolerant || outlines[i]->supported);
        verdict.supported = verdict.supported && checked.supported[i] != 0;
    }
    if (checked.problems.empty()) check_order(checked, outlines.size());
    return verdict;
}

/// What may be written may be read, all of it.
void check_modes(const Document& document) {
    const Verdict strict = check_reading(document, Mode::strict);
    const Verdict tolerant = check_reading(document, Mode::tolerant);
    REQUIRE(!strict.accepted || (tolerant.accepted && tolerant.supported));
}

// --- users and cases -------------------------------------------------------------------------------

void check_users(std::string_view text, bool is_json) {
    const Result<User> user = parse_user(text);
    REQUIRE(is_json || !user.ok());
    const Case alone = parse_case(text);
    REQUIRE(alone.key.has_value() || !alone.user.has_value());
    // In a line, a user has one level of nesting less.
    const Case within = parse_case("{\"key\": \"k\", \"user\": " + std::string(text) + "}");
    if (within.user && is_json) REQUIRE(user.ok() && within.key == "k");
    if (user.ok()) REQUIRE(within.key == "k");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const Result<Document> document = parse_json(text);
    if (document) {
        check_round_trip(*document);
        check_modes(*document);
    } else {
        REQUIRE(document.error().message.starts_with("line "));
    }
    check_users(text, document.ok());
    return 0;
}
