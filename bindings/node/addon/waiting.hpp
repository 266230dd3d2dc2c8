// What may take a while: opening, flushing, reloading, closing. Each runs on a thread of Node's pool and settles a promise;
// the functions that end in `Sync` block, for programs that are starting or ending.
//
// A client's JavaScript object holds a token; when it is collected the client is closed and ended, on the pool too.
#pragma once

#include <napi.h>

namespace expplat::node {

/// `(settings, listener)`: a promise of `[number, token]`.
Napi::Value open(const Napi::CallbackInfo& call);
Napi::Value open_sync(const Napi::CallbackInfo& call);
/// `(number, token, timeout_ms)`: a promise of whether all was sent.
Napi::Value flush(const Napi::CallbackInfo& call);
/// `(number, token)`.
Napi::Value reload(const Napi::CallbackInfo& call);
Napi::Value close(const Napi::CallbackInfo& call);
void close_sync(const Napi::CallbackInfo& call);

}  // namespace expplat::node
