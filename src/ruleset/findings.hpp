// `Findings`: what a reader has to complain about in one entity, or in the document's own members.
//
// Filled by the reader in whatever order it reads, handed over in document order. Keeps the first
// `limits::reported_problems` of them, however many there are, and builds no message that it drops.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "src/ruleset/json.hpp"
#include "src/ruleset/pointer.hpp"
#include "src/ruleset/problem.hpp"

namespace expplat::ruleset {

/// A text from the ruleset as a message shows it: bounded, with `…` where it was cut.
[[nodiscard]] std::string shortened(std::string_view text);

/// The same with quotes around it.
[[nodiscard]] std::string quoted(std::string_view text);

/// A node as a message names it: `3`, `"text"`, `null`, `a list`, `an object`.
[[nodiscard]] std::string described(const Node& node);

class Findings {
public:
    /// Places count from `origin`'s.
    explicit Findings(const Node& origin) : origin_(origin.place()) {}

    /// `path` is the node's.
    void add(const Node& node, const Path& path, std::string_view message);
    void wrong(const Node& node, const Path& path, std::string_view expected);
    /// `path` is the object's.
    void missing(const Node& object, const Path& path, std::string_view member);
    /// Every repeated member and every number that rounds to an infinity, at any depth.
    void text_faults(const Node& node, const Path& path);

    [[nodiscard]] bool empty() const noexcept { return problems_.empty(); }
    void clear() noexcept {
        problems_.clear();
        last_place_ = std::numeric_limits<std::uint32_t>::max();
    }
    /// In document order; `prefix` is put before each pointer.
    [[nodiscard]] std::vector<Problem> take(std::string_view prefix) &&;

private:
    /// False where enough problems stand earlier in the document.
    [[nodiscard]] bool wants(const Node& node) const noexcept {
        return node.place() - origin_ <= last_place_;
    }
    void keep(const Node& node, std::string pointer, std::string message);

    std::uint32_t origin_;
    std::uint32_t last_place_ = std::numeric_limits<std::uint32_t>::max();  // problems behind it are dropped
    std::vector<Problem> problems_;
};

}  // namespace expplat::ruleset
