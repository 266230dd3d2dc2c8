// `once`: what `Idempotency-Key` asks for: a POST is done once for each key, and again the same answer whatever was changed since.
//
// Called by the routes around each handler; a request that names no key is just done, and so is that of a client key. What is kept is in the store
// (`server/domain/idempotency.hpp`), so it holds for all servers of a database. Safe from many threads.
#pragma once

#include "server/api/routes.hpp"

namespace expplat::server::api {

[[nodiscard]] http::Response once(const Services& services, Call& call, const Handle& handle);
/// For a handler that is answered later. What is thrown leaves the answer to whoever called.
void once_later(const Services& services, Call& call, Answer answer, const WaitingHandle& handle);

}  // namespace expplat::server::api
