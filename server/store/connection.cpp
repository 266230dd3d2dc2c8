#include "server/store/connection.hpp"

#include "server/domain/utf8.hpp"

namespace expplat::server::store {

std::string faulty_parameter(std::span<const Cell> parameters) {
    for (const Cell& parameter : parameters) {
        const auto* text = std::get_if<std::string>(&parameter);
        if (text == nullptr) continue;
        if (text->find('\0') != std::string::npos) return "a text has the character U+0000";
        if (!domain::is_utf8(*text)) return "a text is not UTF-8";
    }
    return {};
}

std::string with_numbered_parameters(std::string_view sql) {
    std::string numbered;
    numbered.reserve(sql.size() + 16);
    unsigned number = 0;
    for (std::size_t i = 0; i < sql.size(); ++i) {
        const char c = sql[i];
        std::size_t end = i + 1;
        if (c == '\'' || c == '"') {
            end = sql.find(c, i + 1);
            end = end == std::string_view::npos ? sql.size() : end + 1;
        } else if (sql.substr(i, 2) == "--") {
            end = sql.find('\n', i);
            if (end == std::string_view::npos) end = sql.size();
        } else if (c == '?') {
            numbered += '$' + std::to_string(++number);
            continue;
        }
        numbered.append(sql.substr(i, end - i));
        i = end - 1;
    }
    return numbered;
}

}  // namespace expplat::server::store
