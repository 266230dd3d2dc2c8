// `AuditLog`: reading, checking and exporting the audit; and noting what is no change: log-ins, first uses of a key, exports.
//
// Changes note themselves (`Work::record`). Safe from many threads; `plane` outlives it. An export is checked without a server
// by `src/audit/export_check.hpp`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/domain/control_plane.hpp"
#include "server/domain/nouns.hpp"
#include "server/domain/tables/audit.hpp"

namespace expplat::server::domain {

enum class AuditFormat : std::uint8_t {
    ndjson,  // an entry a line; last `{"head":{"first","sequence","hash","signature"}}`
    json,    // `{"entries":[…],"head":{…}}`
    csv,     // for spreadsheets: a header, an entry a row, no head
};

struct ChainVerdict {
    std::int64_t entries = 0;  // that are in order, from the first
    std::optional<std::string> fault;
};

class AuditLog {
public:
    explicit AuditLog(const ControlPlane& plane) : plane_(plane) {}

    /// Notes what is no change, in a transaction of its own. `after`: JSON.
    Outcome<void> note(const Caller& caller, const std::string& action, const std::string& project,
                       const std::string& environment, const std::string& subject,
                       const std::optional<std::string>& after = {}) const;

    /// Newest first; `page.after` is the sequence that the page before ended with.
    Outcome<Page<AuditEntry>> list(const Caller& caller, const AuditFilter& filter,
                                   const PageRequest& page) const;

    /// Follows the whole chain to its signed head.
    Outcome<ChainVerdict> verify(const Caller& caller) const;

    /// Gives `write` the entries from the first at or after `from_ms` to the last before `to_ms`, and all between, piece by
    /// piece, after it has noted the export. Ends where `write` answers false.
    Outcome<void> export_entries(const Caller& caller, std::optional<std::int64_t> from_ms,
                                 std::optional<std::int64_t> to_ms, AuditFormat format,
                                 const std::function<bool(std::string_view piece)>& write) const;

private:
    const ControlPlane& plane_;
};

}  // namespace expplat::server::domain
