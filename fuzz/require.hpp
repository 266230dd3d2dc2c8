// `REQUIRE`: what must hold of every input of a fuzz target. Where it does not, says where and aborts, so that the fuzzer
// keeps the input; unlike `assert` in every build.
#pragma once

#include <cstdio>
#include <cstdlib>

#define REQUIRE(condition)                                                       \
    do {                                                                         \
        if (!(condition)) {                                                      \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            std::abort();                                                        \
        }                                                                        \
    } while (false)
