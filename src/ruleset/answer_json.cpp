#include "src/ruleset/answer_json.hpp"

#include <bit>
#include <string>

#include "expplat/base/json_text.hpp"

namespace expplat::ruleset {

namespace {

void append_text_or_null(std::string& out, std::string_view text) {
    if (text.empty()) out += "null";
    else append_json_string(out, text);
}

}  // namespace

eval::Answer unreadable_user() {
    eval::Answer answer;
    answer.error = EvaluationError::parse_error;
    return answer;
}

void append_value_json(std::string& out, const eval::Answer& answer) {
    if (!answer.has_variant()) {
        out += "null";
        return;
    }
    switch (answer.value_kind()) {
        case ValueKind::boolean: out += answer.record().bits != 0 ? "true" : "false"; break;
        case ValueKind::string: append_json_string(out, answer.text()); break;
        default: out += answer.text(); break;
    }
}

void append_json_value(std::string& out, const User& user, const User::Stored& value) {
    switch (value.kind) {
        case ValueKind::boolean: out += value.bits != 0 ? "true" : "false"; return;
        case ValueKind::integer: out += std::to_string(static_cast<std::int64_t>(value.bits)); return;
        case ValueKind::number: append_json_number(out, std::bit_cast<double>(value.bits)); return;
        case ValueKind::string: append_json_string(out, user.text(value)); return;
        case ValueKind::list: {
            out += '[';
            bool first = true;
            for (const User::Stored& element : user.elements(value)) {
                if (!first) out += ", ";
                first = false;
                append_json_value(out, user, element);
            }
            out += ']';
            return;
        }
        case ValueKind::null:
        case ValueKind::object: break;
    }
    out += "null";
}

void append_answer_json(std::string& out, std::optional<std::string_view> key, const eval::Answer& answer,
                        std::uint64_t version) {
    out += "{\"key\": ";
    if (key) append_json_string(out, *key);
    else out += "null";
    out += ", \"variant\": ";
    append_text_or_null(out, answer.variant_key());
    out += ", \"value\": ";
    append_value_json(out, answer);
    out += ", \"reason\": \"";
    out += name(answer.reason);
    out += "\", \"rule\": ";
    append_text_or_null(out, answer.rule);
    out += ", \"error\": ";
    append_text_or_null(out, name(answer.error));
    out += answer.exposure ? ", \"exposure\": true" : ", \"exposure\": false";
    out += ", \"version\": ";
    out += std::to_string(version);
    out += '}';
}

}  // namespace expplat::ruleset
