// All of expplat's C++ face in one include: what a program that links the library needs.
//
// Reading order: `client.hpp`, `config.hpp`, `variant.hpp`, `base/user.hpp`. A host that wants the evaluation alone,
// without the library, includes `image/image.hpp` and `eval/evaluate.hpp` instead.
#pragma once

#include "expplat/client.hpp"
#include "expplat/config.hpp"
#include "expplat/variant.hpp"
#include "expplat/version.hpp"
