// Which functions of the evaluator must be inlined, and which must not.
//
// The path of a usual flag is compiled in one piece and what is rare stays outside of it: the compilers' own guess costs
// a third more instructions (`bench/instructions.json` is measured with these). Used under `base/` and `eval/` only.
#pragma once

#if defined(__wasm__)
// The size of what is sent counts as well: a quarter less, and an answer takes 10 ns more.
#define EXPPLAT_INLINE inline
#define EXPPLAT_NOINLINE [[gnu::noinline]]
#elif defined(__GNUC__) || defined(__clang__)
#define EXPPLAT_INLINE [[gnu::always_inline]] inline
#define EXPPLAT_NOINLINE [[gnu::noinline]]
#elif defined(_MSC_VER)
#define EXPPLAT_INLINE __forceinline
#define EXPPLAT_NOINLINE __declspec(noinline)
#else
#define EXPPLAT_INLINE inline
#define EXPPLAT_NOINLINE
#endif

/// Asks for a cache line that will be read soon; any address will do.
#if defined(__GNUC__) || defined(__clang__)
#define EXPPLAT_PREFETCH(address) __builtin_prefetch(address)
#else
#define EXPPLAT_PREFETCH(address) ((void)0)
#endif

/// Ends a switch over an enumeration that `image::verify` has proved: no check is left of it.
#if defined(__GNUC__) || defined(__clang__)
#define EXPPLAT_UNREACHABLE() __builtin_unreachable()
#elif defined(_MSC_VER)
#define EXPPLAT_UNREACHABLE() __assume(false)
#else
#define EXPPLAT_UNREACHABLE() ((void)0)
#endif
