// A JSON document that keeps what RULESET.md needs and a usual DOM loses: the order of members,
// members that are repeated, numbers as they were written, and the place of everything.
//
// Made by `parse_json` (nlohmann's SAX reader underneath), read by `read.hpp` (rulesets) and
// `user_json.hpp` (users). Immutable after parsing; safe to read from many threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "expplat/base/json_text.hpp"
#include "expplat/base/limits.hpp"
#include "expplat/base/result.hpp"

namespace expplat::ruleset {

enum class NodeKind : std::uint8_t { null, boolean, integer, real, string, array, object };

struct Member;

/// One value of a document. A view into its `Document`.
class Node {
public:
    [[nodiscard]] NodeKind kind() const noexcept { return kind_; }
    /// Ordinal of the node in document order, from 0: errors are sorted by it.
    [[nodiscard]] std::uint32_t place() const noexcept { return place_; }

    /// Of kind `integer` or `real`.
    [[nodiscard]] bool is_number() const noexcept {
        return kind_ == NodeKind::integer || kind_ == NodeKind::real;
    }
    [[nodiscard]] bool boolean() const noexcept { return boolean_; }
    /// The value of a node of kind `integer` (RULESET.md, section 1: Numbers).
    [[nodiscard]] std::int64_t integer() const noexcept { return kind_ == NodeKind::integer ? integer_ : 0; }
    /// The value of a node of kind `real`, and of `integer` as a double.
    [[nodiscard]] double real() const noexcept {
        return kind_ == NodeKind::real ? real_ : static_cast<double>(integer());
    }
    /// A string's content, or a number's literal as it was written (an integer's `-0` as `0`).
    [[nodiscard]] std::string_view text() const noexcept {
        if (kind_ < NodeKind::integer || kind_ > NodeKind::string) return {};
        return {static_cast<const char*>(data_), size_};
    }
    [[nodiscard]] std::span<const Node> items() const noexcept;
    /// Members in document order, repeated ones included.
    [[nodiscard]] std::span<const Member> members() const noexcept;
    /// The first member of that name, or null.
    [[nodiscard]] const Node* find(std::string_view name) const noexcept;
    /// True for a number literal that rounds to an infinity; its `real()` is then infinite.
    [[nodiscard]] bool overflows() const noexcept { return overflows_; }
    /// True where it overflows, or something in it does or is a repeated member, at any depth.
    [[nodiscard]] bool has_faults() const noexcept { return has_faults_; }
    /// Equal for equal `to_json`: a hash of the members in their order, the numbers as written.
    [[nodiscard]] std::uint64_t hash() const noexcept;

private:
    friend class DocumentBuilder;
    NodeKind kind_ = NodeKind::null;
    bool boolean_ = false;
    bool overflows_ = false;
    bool has_faults_ = false;
    std::uint32_t place_ = 0;
    std::uint32_t size_ = 0;         // bytes of text, or children
    std::uint32_t script_size_ = 0;  // of an array or object
    const void* data_ = nullptr;     // text, or the first child
    union {
        std::int64_t integer_ = 0;
        double real_;
        const char* script_;  // of an array or object: see `Script` in json.cpp
    };
};

struct Member {
    std::string_view name;
    Node value;
    bool repeated = false;  // an earlier member of the same object has this name
};

inline std::span<const Node> Node::items() const noexcept {
    if (kind_ != NodeKind::array) return {};
    return {static_cast<const Node*>(data_), size_};
}
inline std::span<const Member> Node::members() const noexcept {
    if (kind_ != NodeKind::object) return {};
    return {static_cast<const Member*>(data_), size_};
}

/// The string that an object has under a name; empty where it has none.
[[nodiscard]] inline std::string text_of(const Node& object, std::string_view name) {
    const Node* const node = object.find(name);
    return node != nullptr && node->kind() == NodeKind::string ? std::string(node->text()) : std::string();
}
/// The same of an integer; 0 where it has none.
[[nodiscard]] inline std::int64_t integer_of(const Node& object, std::string_view name) noexcept {
    const Node* const node = object.find(name);
    return node != nullptr ? node->integer() : 0;
}

/// A position in a text, both from 1; columns count characters.
struct TextPosition {
    std::size_t line = 1;
    std::size_t column = 1;
};

/// A parsed text and the memory its nodes live in.
class Document {
public:
    [[nodiscard]] const Node& root() const noexcept { return *root_; }
    /// Where the root value begins in the text.
    [[nodiscard]] TextPosition start() const noexcept { return start_; }
    /// Somewhere in the document an object has a repeated member.
    [[nodiscard]] bool has_repeated_members() const noexcept { return has_repeated_members_; }
    /// Somewhere in the document a number rounds to an infinity.
    [[nodiscard]] bool has_overflowing_numbers() const noexcept { return has_overflowing_numbers_; }

private:
    friend class DocumentBuilder;
    std::shared_ptr<const void> memory_;
    const Node* root_ = nullptr;
    TextPosition start_;
    bool has_repeated_members_ = false;
    bool has_overflowing_numbers_ = false;
};

/// Parses a whole text. Refuses (`invalid_ruleset`, message with line and column) what breaks the rules
/// of RULESET.md, section 1: not UTF-8, a BOM, a lone surrogate, a syntax error, nesting over `max_depth`
/// levels (the outermost value is level 1). Refuses (`too_large`) more than `max_bytes`.
[[nodiscard]] Result<Document> parse_json(std::string_view text,
                                          std::size_t max_bytes = limits::ruleset_bytes,
                                          std::size_t max_depth = limits::json_depth);

/// The node as compact JSON: members in order, numbers as written (`-0` as `0`), strings escaped only
/// where JSON must.
[[nodiscard]] std::string to_json(const Node& node);

}  // namespace expplat::ruleset
