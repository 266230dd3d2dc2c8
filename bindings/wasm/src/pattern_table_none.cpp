// The build without patterns.
#include "bindings/wasm/src/pattern_table.hpp"

namespace expplat::wasm {

struct PatternTable::Engines {};

PatternTable::PatternTable(const image::View&) {}
PatternTable::~PatternTable() = default;

eval::Patterns PatternTable::patterns() const noexcept { return {}; }

}  // namespace expplat::wasm
