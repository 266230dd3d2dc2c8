#include "src/c/boundary.hpp"

#include <cstdlib>
#include <cstring>
#include <exception>

namespace expplat::c {

namespace {

/// Given out where there is no memory to make another; never freed.
expplat_error out_of_memory{EXPPLAT_OUT_OF_MEMORY, "out of memory"};

}  // namespace

expplat_text owned(std::string_view text) noexcept {
    char* const data = static_cast<char*>(std::malloc(text.size() + 1));
    if (data == nullptr) return {nullptr, 0};
    if (!text.empty()) std::memcpy(data, text.data(), text.size());
    data[text.size()] = '\0';
    return {data, text.size()};
}

expplat_code fail(expplat_error** error, expplat_code code, std::string_view message) noexcept {
    if (error == nullptr) return code;
    try {
        *error = new expplat_error{code, std::string(message)};
    } catch (...) { *error = &out_of_memory; }
    return code;
}

expplat_code fail_with_exception(expplat_error** error) noexcept {
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return fail(error, EXPPLAT_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception& thrown) { return fail(error, EXPPLAT_IO, thrown.what()); } catch (...) {
        return fail(error, EXPPLAT_IO, "an exception of an unknown type");
    }
}

}  // namespace expplat::c

extern "C" {

void expplat_text_free(expplat_text text) { std::free(text.data); }

expplat_code expplat_error_code(const expplat_error* error) {
    return error == nullptr ? EXPPLAT_OK : error->code;
}

expplat_str expplat_error_message(const expplat_error* error) {
    return error == nullptr ? expplat_str{"", 0} : expplat::c::str(error->message);
}

void expplat_error_free(expplat_error* error) {
    if (error != &expplat::c::out_of_memory) delete error;
}

}  // extern "C"
