#include "server/auth/password_rules.hpp"

#include <algorithm>
#include <string>

#include "expplat/base/json_text.hpp"
#include "server/auth/limits.hpp"
#include "src/net/url.hpp"
#include "src/ruleset/json.hpp"

namespace expplat::server::auth {

namespace {

Error refuse(std::string why) { return {ErrorCode::invalid_argument, std::move(why)}; }

/// The reader of JSON is the one that knows UTF-8 here: a text is one where it can be a JSON string.
bool is_utf8(std::string_view text) {
    std::string json;
    append_json_string(json, text);
    return ruleset::parse_json(json).ok();
}

}  // namespace

Result<void> check_new_password(std::string_view password, std::string_view email) {
    if (password.size() > 4 * limits::password_most_characters) return refuse("The password is too long.");
    if (!is_utf8(password)) return refuse("The password is not valid UTF-8.");
    const auto characters =
        static_cast<std::size_t>(std::count_if(password.begin(), password.end(), [](char c) {
            return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
        }));
    if (characters < limits::password_least_characters) {
        return refuse("The password needs 12 characters or more; a few words are a good one.");
    }
    if (characters > limits::password_most_characters)
        return refuse("The password has more than 256 characters.");
    const bool has_control = std::any_of(password.begin(), password.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (has_control) return refuse("The password has control characters in it.");
    if (net::lowered(password) == net::lowered(email))
        return refuse("The password must not be the e-mail address.");
    return {};
}

}  // namespace expplat::server::auth
