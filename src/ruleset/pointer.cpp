#include "src/ruleset/pointer.hpp"

namespace expplat::ruleset {

void append_pointer_token(std::string& pointer, std::string_view token) {
    pointer += '/';
    for (const char c : token) {
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else {
            pointer += c;
        }
    }
}

std::string pointer_below(std::string_view pointer, std::string_view token) {
    std::string result(pointer);
    append_pointer_token(result, token);
    return result;
}

std::string Path::pointer() const {
    std::string result;
    append_to(result);
    return result;
}

void Path::append_to(std::string& pointer) const {
    if (parent_ == nullptr) return;
    parent_->append_to(pointer);  // at most as deep as the JSON is nested
    if (is_item_) {
        pointer += '/';
        pointer += std::to_string(item_);
    } else {
        append_pointer_token(pointer, member_);
    }
}

}  // namespace expplat::ruleset
