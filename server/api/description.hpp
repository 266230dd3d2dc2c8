// The description of the interface as it is served: OpenAPI 3.1 as JSON, and a page for people.
//
// Made from `openapi.yaml` by `describe.py` when the server is built; `reference.cpp` serves it. Constants; thread-safe.
#pragma once

#include <memory>
#include <string>

namespace expplat::server::api {

struct Document {
    std::shared_ptr<const std::string> text;
    std::string etag;  // strong, with its quotes: of the text
};

[[nodiscard]] const Document& description_json();
[[nodiscard]] const Document& reference_page();

}  // namespace expplat::server::api
