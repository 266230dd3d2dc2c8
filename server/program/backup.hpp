// Backup: the whole database into a file, and out of one into an empty database of either kind.
//
// What `expplat-server export` and `import` do, over `store/transfer.hpp`, with the server's own settings. A running server
// does not disturb an export, nor is disturbed: it reads one state. The file has password hashes and webhooks' secrets, so it
// is its owner's alone; it has not SECRET_KEY.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "expplat/base/result.hpp"
#include "server/program/settings.hpp"

namespace expplat::server::program {

inline constexpr std::size_t import_line_bytes = std::size_t{512} << 20;  // a longer line is refused

/// To a file, which appears when it is whole (mode 0600), or `-`: standard output. Answers the number of rows. Errors: no
/// database, another schema, what cannot be read or written.
[[nodiscard]] Result<std::int64_t> export_to(const Settings& settings, const std::string& path);

/// From a file or `-`: standard input. Makes the schema; refuses a database that is not empty, and then, as for a file that
/// is damaged or cut off, nothing has changed. Answers the number of rows.
[[nodiscard]] Result<std::int64_t> import_from(const Settings& settings, const std::string& path);

}  // namespace expplat::server::program
