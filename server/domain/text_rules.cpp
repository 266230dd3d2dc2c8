#include "server/domain/text_rules.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <string>

#include "expplat/base/limits.hpp"
#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/json_schema.hpp"
#include "server/domain/problem.hpp"
#include "server/domain/utf8.hpp"

namespace expplat::server::domain {

namespace {

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\t' && c != '\r') || byte == 0x7F;
}

bool is_of(std::string_view text, std::string_view marks) {
    return std::ranges::all_of(text, [marks](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               marks.find(c) != std::string_view::npos;
    });
}

}  // namespace

void check_text(std::string_view text, std::string_view pointer, std::size_t most_bytes) {
    if (text.size() > most_bytes) {
        refuse_member(std::string(pointer), "must be at most " + std::to_string(most_bytes) + " bytes");
    }
    if (!is_utf8(text)) refuse_member(std::string(pointer), "must be UTF-8");
    if (std::ranges::any_of(text, is_control)) {
        refuse_member(std::string(pointer), "must have no control characters");
    }
}

bool is_email(std::string_view text) noexcept {
    const std::size_t at = text.find('@');
    const bool plain =
        std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c != 127; });
    return plain && at != 0 && at != std::string_view::npos && at + 1 < text.size() &&
           text.find('@', at + 1) == std::string_view::npos;
}

void check_name(std::string_view text, std::string_view pointer, std::size_t most_bytes) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        refuse_member(std::string(pointer), "must not be empty");
    }
    check_text(text, pointer, most_bytes);
}

void check_short_key(std::string_view key, std::string_view pointer) {
    if (key.empty() || key.size() > 64 || !is_of(key, "._-") || key == "." || key == "..") {
        refuse_member(std::string(pointer), "must be 1 to 64 of A-Z a-z 0-9 . _ -, and not . or ..");
    }
}

void check_entity_key(std::string_view key, std::string_view pointer) {
    if (key.empty() || key.size() > limits::key_bytes || !is_of(key, "._-/:")) {
        refuse_member(std::string(pointer), "must be 1 to 128 of A-Z a-z 0-9 . _ - / :");
    }
    // A ruleset may have such a key, but no URL can name it: a segment `.` or `..` is a step in the path.
    if (key == "." || key == "..") refuse_member(std::string(pointer), "must not be . or ..");
}

void check_metadata(const Metadata& metadata, EntityKind kind) {
    check_name(metadata.name, "/name", bounds::name_bytes);
    check_text(metadata.description, "/description", bounds::description_bytes);
    check_text(metadata.owner, "/owner", bounds::owner_bytes);
    if (metadata.tags.size() > bounds::tags) {
        refuse_member("/tags", "must be at most " + std::to_string(bounds::tags));
    }
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < metadata.tags.size(); ++i) {
        const std::string pointer = "/tags/" + std::to_string(i);
        check_name(metadata.tags[i], pointer, bounds::tag_bytes);
        if (!is_of(metadata.tags[i], "._-/: "))
            refuse_member(pointer, "must be of A-Z a-z 0-9 . _ - / : and spaces");
        if (!seen.insert(metadata.tags[i]).second) refuse_member(pointer, "is there twice");
    }
    if (metadata.client_visible && !ruleset::has_answers(kind)) {
        refuse_member("/client_visible", "is of flags and experiments; what they need goes with them");
    }
    if (metadata.json_schema) {
        if (kind != EntityKind::flag && kind != EntityKind::experiment) {
            refuse_member("/json_schema", "is of flags and experiments");
        }
        const ruleset::Document schema =
            parse_object(*metadata.json_schema, "/json_schema", bounds::json_schema_bytes);
        if (auto faults = faults_of_schema(schema.root(), "/json_schema"); !faults.empty()) {
            std::string detail = faults.front().pointer + ": " + faults.front().message;
            throw Refusal({ProblemType::invalid, std::move(detail), std::move(faults)});
        }
    }
}

void check_revision(const std::optional<std::int64_t>& expected, std::int64_t current) {
    if (expected && *expected != current) {
        throw Refusal(ProblemType::precondition_failed, "this is revision " + std::to_string(current) +
                                                            " now, not " + std::to_string(*expected) +
                                                            ": read it again");
    }
}

std::int64_t checked_limit(const PageRequest& page) {
    if (page.limit < 1 || page.limit > bounds::page_rows_most) {
        refuse_member("/limit", "must be from 1 to " + std::to_string(bounds::page_rows_most));
    }
    check_text(page.after, "/after", 2 * limits::key_bytes);
    return page.limit;
}

std::int64_t sequence_of(const PageRequest& page) {
    std::int64_t sequence = std::numeric_limits<std::int64_t>::max();
    if (page.after.empty()) return sequence;
    const char* end = page.after.data() + page.after.size();
    const auto [rest, error] = std::from_chars(page.after.data(), end, sequence);
    if (error != std::errc() || rest != end) refuse_member("/after", "must be the `next` of a page");
    return sequence;
}

}  // namespace expplat::server::domain
