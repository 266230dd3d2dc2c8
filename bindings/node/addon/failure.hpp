// The library's errors as JavaScript's: an `Error` whose `code` is the name that the C++ face gives it.
//
// Used by whatever may refuse at set-up; questions have no errors. Belongs to the environment's thread. Next: `waiting.cpp`.
#pragma once

#include <napi.h>

#include <string>

#include "expplat/c/expplat.h"

namespace expplat::node {

[[nodiscard]] inline Napi::Error failure(Napi::Env env, expplat_code code, const std::string& message) {
    const Napi::Error error = Napi::Error::New(env, message);
    error.Set("code", Napi::String::New(env, expplat_code_name(code)));
    return error;
}

/// What a call of the C face leaves; freed with this.
class LastError {
public:
    LastError() = default;
    ~LastError() { expplat_error_free(error_); }
    LastError(const LastError&) = delete;
    LastError& operator=(const LastError&) = delete;

    [[nodiscard]] expplat_error** place() noexcept { return &error_; }
    [[nodiscard]] bool is_set() const noexcept { return error_ != nullptr; }
    [[nodiscard]] Napi::Error thrown(Napi::Env env) const {
        const expplat_str message = expplat_error_message(error_);
        return failure(env,
                       error_ == nullptr ? expplat_code{EXPPLAT_OUT_OF_MEMORY} : expplat_error_code(error_),
                       message.data == nullptr ? std::string() : std::string(message.data, message.size));
    }

private:
    expplat_error* error_ = nullptr;
};

}  // namespace expplat::node
