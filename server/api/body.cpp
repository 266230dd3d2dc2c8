#include "server/api/body.hpp"

#include <algorithm>

#include "server/domain/problem.hpp"
#include "src/ruleset/pointer.hpp"

namespace expplat::server::api {

using domain::refuse_member;
using ruleset::Member;
using ruleset::Node;
using ruleset::NodeKind;

namespace {

[[nodiscard]] std::string pointer_to(std::string_view name) {
    std::string pointer;
    ruleset::append_pointer_token(pointer, name);
    return pointer;
}

[[noreturn]] void refuse(std::string_view name, const char* why) { refuse_member(pointer_to(name), why); }

}  // namespace

Body Body::read(std::string_view text) {
    Result<ruleset::Document> document = ruleset::parse_json(text);
    if (!document) {
        throw domain::Refusal({domain::ProblemType::invalid,
                               "the body is not usable: " + document.error().message,
                               {{"", document.error().message}}});
    }
    if (document->root().kind() != NodeKind::object) refuse_member("", "must be a JSON object");
    for (const Member& member : document->root().members()) {
        if (member.repeated) refuse(member.name, "is there twice");
    }
    return Body(std::move(*document));
}

const Node* Body::value(std::string_view name) {
    known_.push_back(name);
    const Node* const node = document_.root().find(name);
    return node != nullptr && node->kind() == NodeKind::null ? nullptr : node;
}

bool Body::is_null(std::string_view name) {
    known_.push_back(name);
    const Node* const node = document_.root().find(name);
    return node != nullptr && node->kind() == NodeKind::null;
}

const Node* Body::object(std::string_view name) {
    const Node* const node = value(name);
    if (node != nullptr && node->kind() != NodeKind::object) refuse(name, "must be an object");
    return node;
}

std::string Body::text(std::string_view name) {
    std::optional<std::string> text = optional_text(name);
    if (!text) refuse(name, "is missing");
    return std::move(*text);
}

std::optional<std::string> Body::optional_text(std::string_view name) {
    const Node* const node = value(name);
    if (node == nullptr) return std::nullopt;
    if (node->kind() != NodeKind::string) refuse(name, "must be a string");
    return std::string(node->text());
}

std::optional<bool> Body::optional_boolean(std::string_view name) {
    const Node* const node = value(name);
    if (node == nullptr) return std::nullopt;
    if (node->kind() != NodeKind::boolean) refuse(name, "must be true or false");
    return node->boolean();
}

std::optional<std::int64_t> Body::optional_integer(std::string_view name) {
    const Node* const node = value(name);
    if (node == nullptr) return std::nullopt;
    if (node->kind() != NodeKind::integer || node->integer() < 0)
        refuse(name, "must be a whole number from 0 on");
    return node->integer();
}

std::optional<std::vector<std::string>> Body::optional_texts(std::string_view name) {
    const Node* const node = value(name);
    if (node == nullptr) return std::nullopt;
    if (node->kind() != NodeKind::array) refuse(name, "must be a list of strings");
    std::vector<std::string> texts;
    for (const Node& item : node->items()) {
        if (item.kind() != NodeKind::string)
            refuse_member(pointer_to(name) + '/' + std::to_string(texts.size()), "must be a string");
        texts.emplace_back(item.text());
    }
    return texts;
}

void Body::done() const {
    for (const Member& member : document_.root().members()) {
        if (std::find(known_.begin(), known_.end(), member.name) == known_.end())
            refuse(member.name, "is no member that is known here");
    }
}

}  // namespace expplat::server::api
