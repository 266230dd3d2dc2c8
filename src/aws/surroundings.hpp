// `Surroundings`: what a look-up of credentials sees of the machine: environment variables and files.
//
// Two functions, so that tests give a map and need no home directory; programs take `system_surroundings()`. Files are
// read whole and anew each time, because tokens and keys in them are rotated. Called from the loop that looks
// credentials up: the files are small and local. Next: `profile_file.hpp`, `credentials.hpp`.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "expplat/base/result.hpp"
#include "src/aws/endpoint.hpp"

namespace expplat::aws {

/// The whole file. `not_found` where there is none, `too_large` where it has more than `most_bytes`, else `io`.
using ReadFile = std::function<Result<std::string>(const std::string& path, std::size_t most_bytes)>;

struct Surroundings {
    Environment environment;
    ReadFile read_file;

    /// The variable's value; empty where it is not set.
    [[nodiscard]] std::string variable(const std::string& name) const;
};

/// The process's own environment and file system.
[[nodiscard]] Surroundings system_surroundings();

}  // namespace expplat::aws
