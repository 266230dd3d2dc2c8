// Which functions of the evaluator must be inlined, and which must not.
//
// The path of a usual flag is compiled in one piece and what is rare stays outside of it: the compilers' own guess costs
// a third more instructions (`bench/instructions.json` is measured with these). Used under `base/` and `eval/` only.
#pragma once

#if defined(__GNUC__) || defined(__clang__)
#define EXPPLAT_INLINE [[gnu::always_inline]] inline
#define EXPPLAT_NOINLINE [[gnu::noinline]]
#elif defined(_MSC_VER)
#define EXPPLAT_INLINE __forceinline
#define EXPPLAT_NOINLINE __declspec(noinline)
#else
#define EXPPLAT_INLINE inline
#define EXPPLAT_NOINLINE
#endif
