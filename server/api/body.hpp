// `Body`: a request's JSON object, read member by member; what is missing, of another type or unknown is refused with its
// pointer.
//
// Refusals are thrown as `domain::Refusal`, which `routes.hpp` answers. Lives as long as the request. Names that were asked
// for are known; `done` refuses all others, so that a misspelt member is never silently without effect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/ruleset/json.hpp"

namespace expplat::server::api {

class Body {
public:
    /// Refuses what is no JSON object.
    [[nodiscard]] static Body read(std::string_view text);

    [[nodiscard]] std::string text(std::string_view name);
    [[nodiscard]] std::optional<std::string> optional_text(std::string_view name);
    [[nodiscard]] std::optional<bool> optional_boolean(std::string_view name);
    /// Whole, from 0 on.
    [[nodiscard]] std::optional<std::int64_t> optional_integer(std::string_view name);
    [[nodiscard]] std::optional<std::vector<std::string>> optional_texts(std::string_view name);
    /// Any value; null where there is none.
    [[nodiscard]] const ruleset::Node* value(std::string_view name);
    /// It is there, and null: what a change takes away.
    [[nodiscard]] bool is_null(std::string_view name);
    /// An object; null where there is none.
    [[nodiscard]] const ruleset::Node* object(std::string_view name);

    /// Refuses members that were not asked for.
    void done() const;

private:
    explicit Body(ruleset::Document document) : document_(std::move(document)) {}

    ruleset::Document document_;
    std::vector<std::string_view> known_;
};

}  // namespace expplat::server::api
