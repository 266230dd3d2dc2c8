// `Path`: the way from an entity (or the document) down to a node, kept on the reader's stack and
// written as a JSON Pointer (RFC 6901) only when there is something to say about the node.
//
// Used by the reader. A Path borrows its parent and its names: it lives no longer than they do.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace expplat::ruleset {

/// Appends `/` and the token with `~` and `/` escaped.
void append_pointer_token(std::string& pointer, std::string_view token);
/// The pointer with the token appended.
[[nodiscard]] std::string pointer_below(std::string_view pointer, std::string_view token);

class Path {
public:
    /// Where the way begins: the empty pointer.
    Path() = default;
    Path(const Path& parent, std::string_view member) : parent_(&parent), member_(member) {}
    Path(const Path& parent, std::size_t item) : parent_(&parent), item_(item), is_item_(true) {}

    [[nodiscard]] std::string pointer() const;

private:
    void append_to(std::string& pointer) const;

    const Path* parent_ = nullptr;
    std::string_view member_;
    std::size_t item_ = 0;
    bool is_item_ = false;
};

}  // namespace expplat::ruleset
