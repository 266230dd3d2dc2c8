// JSON Schema for values of flags and experiments of type `object`: a part of draft 2020-12, whole keywords or none.
//
// Known are: true and false as schemas; `type`, `enum`, `const`; of objects `properties`, `required`, `additionalProperties`,
// `minProperties`, `maxProperties`; of lists `items`, `minItems`, `maxItems`; of numbers `minimum`, `maximum`,
// `exclusiveMinimum`, `exclusiveMaximum`; of strings `minLength`, `maxLength` (characters) and `pattern` (RE2's syntax, found
// anywhere); `allOf`, `anyOf`, `oneOf`, `not`; and what only tells (`$schema`, `$id`, `$comment`, `title`, `description`,
// `default`, `examples`, `deprecated`, `readOnly`, `writeOnly`, `format`). Any other keyword is refused when the schema is
// saved: one that was passed over would promise what nobody checks. Used by `entities.cpp` and `configuring.cpp`. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/domain/problem.hpp"
#include "src/ruleset/json.hpp"

namespace expplat::server::domain {

/// What is wrong with a schema, with pointers below `pointer`; empty where all is well.
[[nodiscard]] std::vector<Violation> faults_of_schema(const ruleset::Node& schema, std::string_view pointer);

/// What is wrong with the variants of a configuration, by that schema; only where its `type` is `object`. Pointers are from
/// the body's root. `bounds::schema_faults` at most. Refuses (`too_large`) what takes more than `bounds::schema_steps`.
[[nodiscard]] std::vector<Violation> faults_of_variants(const ruleset::Node& schema,
                                                        const ruleset::Node& body);

}  // namespace expplat::server::domain
