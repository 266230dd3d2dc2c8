// Users of the C face.
#include <span>
#include <vector>

#include "expplat/base/limits.hpp"
#include "src/c/boundary.hpp"
#include "src/c/objects.hpp"
#include "src/ruleset/user_json.hpp"

namespace expplat::c {
namespace {

bool set(expplat_user* user, expplat_str name, const Value& value) noexcept {
    if (user == nullptr) return false;
    return contained(false, [&] { return user->user.set(view(name), value); });
}

Value value_of(const expplat_value& value) noexcept {
    switch (value.kind) {
        case EXPPLAT_KIND_BOOLEAN: return Value(value.as.boolean);
        case EXPPLAT_KIND_INTEGER: return Value(value.as.integer);
        case EXPPLAT_KIND_NUMBER: return Value(value.as.number);
        case EXPPLAT_KIND_STRING: return Value(view(value.as.string));
        default: return {};
    }
}

}  // namespace
}  // namespace expplat::c

using namespace expplat::c;

extern "C" {

expplat_user* expplat_user_create(expplat_str key) {
    if (view(key).size() > expplat::limits::user_bytes) return nullptr;
    return contained<expplat_user*>(nullptr, [&] { return new expplat_user{expplat::User(view(key))}; });
}

expplat_user* expplat_user_from_json(expplat_str json, expplat_error** error) {
    expplat_user* user = nullptr;
    contained_code(error, [&] {
        expplat::Result<expplat::User> parsed = expplat::ruleset::parse_user(view(json));
        if (!parsed) return fail(error, parsed.error());
        user = new expplat_user{std::move(*parsed)};
        return expplat_code{EXPPLAT_OK};
    });
    return user;
}

expplat_user* expplat_user_clone(const expplat_user* user) {
    if (user == nullptr) return nullptr;
    return contained<expplat_user*>(nullptr, [&] { return new expplat_user(*user); });
}

void expplat_user_destroy(expplat_user* user) { delete user; }

bool expplat_user_set_bool(expplat_user* user, expplat_str name, bool value) {
    return set(user, name, expplat::Value(value));
}
bool expplat_user_set_int(expplat_user* user, expplat_str name, int64_t value) {
    return set(user, name, expplat::Value(value));
}
bool expplat_user_set_double(expplat_user* user, expplat_str name, double value) {
    return set(user, name, expplat::Value(value));
}
bool expplat_user_set_string(expplat_user* user, expplat_str name, expplat_str value) {
    return set(user, name, expplat::Value(view(value)));
}
bool expplat_user_set_null(expplat_user* user, expplat_str name) { return set(user, name, {}); }

bool expplat_user_set_list(expplat_user* user, expplat_str name, const expplat_value* values, size_t count) {
    if (values == nullptr && count > 0) return false;
    if (count > expplat::limits::list_entries) return false;
    return contained(false, [&] {
        std::vector<expplat::Value> list;
        list.reserve(count);
        for (size_t i = 0; i < count; ++i) list.push_back(value_of(values[i]));
        return set(user, name, expplat::Value(std::span<const expplat::Value>(list)));
    });
}

}  // extern "C"
