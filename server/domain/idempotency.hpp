// `Idempotency`: a POST that is sent twice is done once (the header `Idempotency-Key`).
//
// `begin` before the work, `finish` with its answer behind it, or `forget` where it may be tried again (a 5xx). A program that
// dies between leaves a mark that counts as dead after `bounds::idempotency_running_ms`; the request is then done again, and
// what it made already answers `already-exists`. Safe from many threads and processes; `plane` outlives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/domain/control_plane.hpp"

namespace expplat::server::domain {

struct StoredAnswer {
    std::int64_t status = 0;
    std::string headers;  // as the interface likes
    std::string body;
};

class Idempotency {
public:
    explicit Idempotency(const ControlPlane& plane) : plane_(plane) {}

    /// Nothing: do the work. An answer: it is done, say the same again. `idempotency_conflict`: another request had that key,
    /// or the same one is still being done. `scope`: whose keys they are, the caller's id.
    Outcome<std::optional<StoredAnswer>> begin(const std::string& scope, const std::string& key,
                                               std::string_view request) const;
    /// Keeps the answer for `bounds::idempotency_ms`. One that is too large is forgotten.
    Outcome<void> finish(const std::string& scope, const std::string& key, const StoredAnswer& answer) const;
    Outcome<void> forget(const std::string& scope, const std::string& key) const;
    /// Removes what has expired; for a worker. Answers how many.
    Outcome<std::int64_t> expire() const;

private:
    const ControlPlane& plane_;
};

}  // namespace expplat::server::domain
