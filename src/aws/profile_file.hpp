// AWS's shared files: profiles with their properties, from the text of `~/.aws/config` and `~/.aws/credentials`.
//
// Read anew for every look-up of credentials; what the profiles say is made sense of in `profile_plan.hpp`. Values are
// secrets as often as not, so no message quotes one: an error names the file and the line. Pure but for
// `load_profiles`, which reads through `Surroundings`; thread-safe. Source: AWS SDKs and Tools Reference Guide, "Using
// shared config and credentials files to globally configure AWS SDKs and tools".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "src/aws/surroundings.hpp"

namespace expplat::aws {

inline constexpr std::size_t profile_file_bytes = std::size_t{1} << 20;

/// Names in lower case to values.
using Properties = std::map<std::string, std::string, std::less<>>;

struct Section {
    Properties properties;
    /// Of properties whose value is the indented lines after them: `kinesis =\n  endpoint_url = ...`.
    std::map<std::string, Properties, std::less<>> nested;

    /// Empty where there is none.
    [[nodiscard]] std::string find(std::string_view name) const;
};

struct Profiles {
    std::map<std::string, Section, std::less<>> profiles;
    std::map<std::string, Section, std::less<>> services;  // `[services NAME]`: endpoints of services

    [[nodiscard]] const Section* find(std::string_view name) const noexcept;
};

enum class ProfileFile : std::uint8_t {
    config,      // `[profile x]`, `[default]`, `[services x]`
    credentials  // `[x]`
};

/// Adds what `text` says to `profiles`; a property that is there already gets the new value. Lines that begin with `#` or
/// `;`, indented or not, are comments, and so is what follows ` #` or ` ;` in a value. Sections of other kinds are passed
/// over. `invalid_argument` for lines that are none of the format, `too_large` over `profile_file_bytes`.
[[nodiscard]] Result<void> parse_profile_file(std::string_view text, ProfileFile kind,
                                              const std::string& path, Profiles& profiles);

/// Both files, as AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE or the home directory say. What is not there counts as
/// empty; where both have a property the credentials file's counts.
[[nodiscard]] Result<Profiles> load_profiles(const Surroundings& surroundings);

/// The places that `load_profiles` looks at, for messages.
[[nodiscard]] std::string profile_places(const Surroundings& surroundings);

}  // namespace expplat::aws
