// RE2's logging, for a module that has nowhere to log to: what is checked always still ends the call, the rest is silent.
//
// Stands before RE2's own header of this name on the include path; the macros are those that its sources use. Without it the
// module would carry the streams and locales of the C++ library.
#pragma once

#include <cassert>
#include <cstdlib>

#include "util/util.h"

namespace expplat::wasm {

/// Takes everything, says nothing.
struct Silence {
    template <class T>
    const Silence& operator<<(const T&) const noexcept {
        return *this;
    }
};

/// Ends the call where the statement ends; `js/engine.js` sees that.
struct Ending : Silence {
    [[noreturn]] ~Ending() { std::abort(); }
};

}  // namespace expplat::wasm

#define DCHECK(condition) assert(condition)
#define DCHECK_EQ(a, b) assert((a) == (b))
#define DCHECK_NE(a, b) assert((a) != (b))
#define DCHECK_LE(a, b) assert((a) <= (b))
#define DCHECK_LT(a, b) assert((a) < (b))
#define DCHECK_GE(a, b) assert((a) >= (b))
#define DCHECK_GT(a, b) assert((a) > (b))

#define CHECK(condition) \
    if (condition) {     \
    } else expplat::wasm::Ending()
#define CHECK_LT(a, b) CHECK((a) < (b))
#define CHECK_GT(a, b) CHECK((a) > (b))
#define CHECK_LE(a, b) CHECK((a) <= (b))
#define CHECK_GE(a, b) CHECK((a) >= (b))
#define CHECK_EQ(a, b) CHECK((a) == (b))
#define CHECK_NE(a, b) CHECK((a) != (b))

#define LOG_INFO expplat::wasm::Silence()
#define LOG_WARNING expplat::wasm::Silence()
#define LOG_ERROR expplat::wasm::Silence()
#define LOG_DFATAL expplat::wasm::Silence()
#define LOG_FATAL expplat::wasm::Ending()
#define LOG_QFATAL LOG_FATAL
#define LOG(severity) LOG_##severity
#define VLOG(level) LOG_INFO
