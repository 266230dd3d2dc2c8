// `EntityReader`: reads one segment, layer, holdout, flag or experiment, once.
//
// Behind `read_entity` in `read.hpp`. Its sources follow RULESET.md: `read_entity.cpp` the five kinds,
// `read_condition.cpp` section 3, `read_serve.cpp` variants, splits, targets and prerequisites. It reads on
// after an error, so that all of them are found, and so that what is unknown is found at any depth.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "src/ruleset/findings.hpp"
#include "src/ruleset/key_index.hpp"
#include "src/ruleset/pattern.hpp"
#include "src/ruleset/read.hpp"

namespace expplat::ruleset {

/// 1 to 128 of `A-Z a-z 0-9 . _ - / :` (RULESET.md, section 1).
[[nodiscard]] bool is_key(std::string_view text) noexcept;
inline constexpr std::string_view key_grammar = "1 to 128 of A-Z a-z 0-9 . _ - / : as a key";

/// The kind of an entity's values that a `type` names.
[[nodiscard]] std::optional<ValueKind> parse_type(std::string_view text) noexcept;

/// True where `member` is `description`, `tags` or `meta`; the first two are checked.
bool read_documentation(const Member& member, const Path& object, Findings& findings);

class EntityReader {
public:
    /// `patterns` may be shared by the readers of one document.
    EntityReader(EntityKind kind, std::string_view key, Mode mode, const Node& node, PatternCheck& patterns);

    [[nodiscard]] Entity read() &&;

private:
    // The five kinds.
    [[nodiscard]] Body read_body();
    [[nodiscard]] Segment read_segment();
    [[nodiscard]] Layer read_layer();
    [[nodiscard]] Holdout read_holdout();
    [[nodiscard]] Flag read_flag();
    [[nodiscard]] Experiment read_experiment();
    [[nodiscard]] std::vector<Rule> read_rules(const Node* node, const Path& path);
    [[nodiscard]] std::optional<LayerReference> read_layer_reference(const Node* node, const Path& path);
    [[nodiscard]] std::optional<std::string_view> read_holdout_name(const Node* node, const Path& path);
    [[nodiscard]] std::optional<std::uint32_t> read_winner(const Node* node, const Path& path);
    [[nodiscard]] Status read_status(const Node* node, const Path& path);
    [[nodiscard]] std::optional<std::uint32_t> read_slot(const Node* node, const Path& path);
    void check_rule_ids(const Node& list, const Path& path, const std::vector<Rule>& rules);
    void forget_all();

    // Conditions.
    [[nodiscard]] std::optional<Condition> read_if(const Node* node, const Path& path);
    [[nodiscard]] Condition read_condition(const Node& node, const Path& path);
    [[nodiscard]] std::vector<Condition> read_parts(const Node& node, const Path& path);
    void read_segment_name(const Node& node, const Path& path, Condition& condition);
    void read_sample(const Node& node, const Path& path, Condition& condition);
    void read_form(const Node& node, const Path& path, Condition& condition);
    [[nodiscard]] bool read_operators(const Node& node, const Path& path, Condition& condition);
    struct Parts {
        std::size_t forms = 0;
        std::size_t operators = 0;
        bool unknown = false;
        bool take_ignore_case = false;  // the operators
        const Node* ignore_case = nullptr;
    };
    void check_parts(const Node& node, const Path& path, Condition::Form form, const Parts& found);
    [[nodiscard]] std::vector<Scalar> read_operand(Operator op, const Node& node, const Path& path,
                                                   bool ignore_case);
    [[nodiscard]] std::vector<Scalar> read_list(const Node& node, const Path& path,
                                                bool (*fits)(const Node&) noexcept,
                                                std::string_view expected);
    void check_pattern_operand(const Node& node, const Path& path, bool ignore_case);

    // Variants and what names them.
    [[nodiscard]] std::optional<ValueKind> read_type(const Node* node, const Path& path);
    [[nodiscard]] std::vector<Variant> read_variants(const Node* node, const Path& path,
                                                     std::optional<ValueKind> type);
    [[nodiscard]] Variant read_variant(const Member& member, const Path& path, std::optional<ValueKind> type);
    void index_variants();
    [[nodiscard]] std::uint32_t read_variant_name(const Node* node, const Path& path);
    [[nodiscard]] std::uint32_t variant_named(std::string_view key, const Node& node, const Path& path);
    [[nodiscard]] Serve read_serve(const Node* node, const Path& path);
    [[nodiscard]] std::vector<Share> read_shares(const Node* node, const Path& path);
    [[nodiscard]] std::vector<Target> read_targets(const Node* node, const Path& path);
    void check_target_keys(const Node& targets, const Path& path);
    void check_split_variants(const Node& list, const Path& path);
    [[nodiscard]] std::vector<Prerequisite> read_prerequisites(const Node* node, const Path& path);
    [[nodiscard]] Prerequisite read_prerequisite(const Node& node, const Path& path);

    // Members and values. `path` is the node's own; a null node is a member that is left out.
    [[nodiscard]] bool is_object(const Node& node, const Path& path);
    [[nodiscard]] bool is_list(const Node& node, const Path& path);
    /// The values of the members `names`, in that order; `documented` objects may be described, tagged and
    /// carry `meta`. Any other member is unknown.
    template <std::size_t Count>
    [[nodiscard]] std::array<const Node*, Count> members(const Node& object, const Path& path,
                                                         const std::string_view (&names)[Count],
                                                         bool documented = false);
    /// `member`, which is missed where it is null.
    [[nodiscard]] const Node* required(const Node* member, const Node& object, const Path& path,
                                       std::string_view name);
    [[nodiscard]] bool read_boolean(const Node* node, const Path& path, bool fallback);
    [[nodiscard]] std::string_view read_name(const Node* node, const Path& path, std::string_view fallback);
    [[nodiscard]] std::uint64_t read_percent(const Node* node, const Path& path, std::uint64_t fallback);
    [[nodiscard]] std::optional<std::uint64_t> read_micros(const Node* node, const Path& path,
                                                           std::uint64_t most);
    [[nodiscard]] std::vector<std::string_view> read_strings(const Node* node, const Path& path);
    void unknown_member(const Member& member, const Path& object);
    void unknown_value(const Node& node, const Path& path, std::string_view expected);
    Reference& add_reference(Reference::Target target, const Node& name, const Path& path);

    Mode mode_;
    const Node& node_;
    PatternCheck& patterns_;
    Outline outline_;
    Findings findings_;
    const Path root_;
    std::string_view key_;
    KeyIndex variant_index_;
    bool variants_known_ = false;  // names of variants can be judged
};

template <std::size_t Count>
std::array<const Node*, Count> EntityReader::members(const Node& object, const Path& path,
                                                     const std::string_view (&names)[Count],
                                                     bool documented) {
    std::array<const Node*, Count> found{};
    for (const Member& member : object.members()) {
        if (member.repeated) continue;
        std::size_t i = 0;
        while (i < Count && names[i] != member.name) ++i;
        if (i < Count) {
            found[i] = &member.value;
        } else if (!documented || !read_documentation(member, path, findings_)) {
            unknown_member(member, path);
        }
    }
    return found;
}

}  // namespace expplat::ruleset
