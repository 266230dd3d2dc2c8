#include "server/domain/json_object.hpp"

#include <algorithm>

#include "expplat/base/json_text.hpp"
#include "server/domain/problem.hpp"
#include "src/ruleset/pointer.hpp"

namespace expplat::server::domain {

using ruleset::Document;
using ruleset::Member;
using ruleset::Node;
using ruleset::NodeKind;

void ObjectWriter::begin(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
}
ObjectWriter& ObjectWriter::text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(out_, value);
    return *this;
}
ObjectWriter& ObjectWriter::integer(std::string_view name, std::int64_t value) {
    return json(name, std::to_string(value));
}
ObjectWriter& ObjectWriter::boolean(std::string_view name, bool value) {
    return json(name, value ? "true" : "false");
}
ObjectWriter& ObjectWriter::null(std::string_view name) { return json(name, "null"); }
ObjectWriter& ObjectWriter::json(std::string_view name, std::string_view json) {
    begin(name);
    out_ += json;
    return *this;
}
ObjectWriter& ObjectWriter::json_or_null(std::string_view name, const std::optional<std::string>& json) {
    return this->json(name, json ? std::string_view(*json) : "null");
}
std::string ObjectWriter::done() && {
    out_ += '}';
    return std::move(out_);
}

std::string json_list(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const std::string& text : texts) {
        if (out.size() > 1) out += ',';
        append_json_string(out, text);
    }
    return out + ']';
}

std::vector<std::string> texts_of_list(std::string_view json) {
    const Document document = parse_stored(json);
    std::vector<std::string> texts;
    for (const Node& item : document.root().items()) texts.emplace_back(item.text());
    return texts;
}

Document parse_object(std::string_view text, std::string_view pointer, std::size_t most_bytes) {
    if (text.size() > most_bytes) {
        throw Refusal({ProblemType::too_large,
                       "more than " + std::to_string(most_bytes) + " bytes",
                       {{std::string(pointer), "must be at most " + std::to_string(most_bytes) + " bytes"}}});
    }
    Result<Document> document = ruleset::parse_json(text, most_bytes);
    if (!document) {
        std::string_view message = document.error().message;
        if (message.starts_with(": ")) message.remove_prefix(2);  // of the empty pointer
        refuse_member(std::string(pointer), std::string(message));
    }
    if (document->root().kind() != NodeKind::object) refuse_member(std::string(pointer), "must be an object");
    return std::move(*document);
}

Document parse_stored(std::string_view text) {
    Result<Document> document = ruleset::parse_json(text);
    if (!document) throw Refusal(ProblemType::internal, "stored JSON is broken: " + document.error().message);
    return std::move(*document);
}

std::string_view text_member(const Node& object, std::string_view name) {
    const Node* member = object.find(name);
    return member != nullptr && member->kind() == NodeKind::string ? member->text() : std::string_view();
}

std::string with_member(const Node& object, std::string_view name, std::string_view json) {
    ObjectWriter writer;
    bool is_there = false;
    for (const Member& member : object.members()) {
        if (member.name == name) {
            is_there = true;
            writer.json(name, json);
        } else {
            writer.json(member.name, ruleset::to_json(member.value));
        }
    }
    if (!is_there) writer.json(name, json);
    return std::move(writer).done();
}

std::string without_member(const Node& object, std::string_view name) {
    ObjectWriter writer;
    for (const Member& member : object.members()) {
        if (member.name != name) writer.json(member.name, ruleset::to_json(member.value));
    }
    return std::move(writer).done();
}

std::string in_canonical_order(const Node& node) {
    if (node.kind() == NodeKind::array) {
        std::string out = "[";
        for (const Node& item : node.items()) {
            if (out.size() > 1) out += ',';
            out += in_canonical_order(item);
        }
        return out + ']';
    }
    if (node.kind() != NodeKind::object) return ruleset::to_json(node);
    std::vector<const Member*> members;
    for (const Member& member : node.members()) members.push_back(&member);
    std::ranges::stable_sort(members, {}, &Member::name);
    ObjectWriter writer;
    for (const Member* member : members) writer.json(member->name, in_canonical_order(member->value));
    return std::move(writer).done();
}

namespace {

void compare(const Node* before, const Node* after, const std::string& pointer,
             std::vector<Difference>& found) {
    const auto json = [](const Node* node) {
        return node == nullptr ? std::nullopt : std::optional(ruleset::to_json(*node));
    };
    const auto below = [&pointer](std::string_view token) {
        std::string deeper = pointer;
        ruleset::append_pointer_token(deeper, token);
        return deeper;
    };
    const auto both = [&](NodeKind kind) {
        return before != nullptr && after != nullptr && before->kind() == kind && after->kind() == kind;
    };
    if (both(NodeKind::object)) {
        for (const Member& member : before->members()) {
            compare(&member.value, after->find(member.name), below(member.name), found);
        }
        for (const Member& member : after->members()) {
            if (before->find(member.name) == nullptr)
                compare(nullptr, &member.value, below(member.name), found);
        }
    } else if (both(NodeKind::array) && before->items().size() == after->items().size()) {
        for (std::size_t i = 0; i < before->items().size(); ++i) {
            compare(&before->items()[i], &after->items()[i], below(std::to_string(i)), found);
        }
    } else if (json(before) != json(after)) {
        found.push_back({pointer, json(before), json(after)});
    }
}

}  // namespace

std::vector<Difference> differences(const std::optional<std::string>& before,
                                    const std::optional<std::string>& after) {
    std::optional<Document> old_document;
    std::optional<Document> new_document;
    if (before) old_document = parse_stored(*before);
    if (after) new_document = parse_stored(*after);
    std::vector<Difference> found;
    compare(before ? &old_document->root() : nullptr, after ? &new_document->root() : nullptr, "", found);
    return found;
}

std::string json_list(const std::vector<Difference>& differences) {
    std::string json = "[";
    for (const Difference& one : differences) {
        if (json.size() > 1) json += ',';
        ObjectWriter writer;
        writer.text("pointer", one.pointer)
            .json_or_null("before", one.before)
            .json_or_null("after", one.after);
        json += std::move(writer).done();
    }
    return json + ']';
}

}  // namespace expplat::server::domain
