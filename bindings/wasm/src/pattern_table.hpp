// `PatternTable`: the engine for `matches` of one image, behind the evaluator's seam (`eval/pattern.hpp`).
//
// A build has one of two: `pattern_table_re2.cpp`, or `pattern_table_none.cpp`, with which the flags that reach a pattern
// answer ERROR / GENERAL. Never the host's RegExp: its time may be exponential and its syntax is another. One thread.
#pragma once

#include <memory>

#include "expplat/eval/pattern.hpp"
#include "expplat/image/view.hpp"

namespace expplat::wasm {

class PatternTable {
public:
    explicit PatternTable(const image::View& view);
    ~PatternTable();
    PatternTable(const PatternTable&) = delete;
    PatternTable& operator=(const PatternTable&) = delete;

    /// Borrows this table. Empty where there is no engine, or it refuses one of the image's patterns.
    [[nodiscard]] eval::Patterns patterns() const noexcept;

private:
    struct Engines;
    std::unique_ptr<Engines> engines_;
};

}  // namespace expplat::wasm
