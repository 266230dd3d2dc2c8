#include "server/domain/change.hpp"

#include <array>

#include "expplat/base/json_text.hpp"
#include "server/domain/bounds.hpp"
#include "server/domain/configuring.hpp"
#include "server/domain/entities.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/tables/entities.hpp"
#include "server/domain/text_rules.hpp"

namespace expplat::server::domain {

namespace {

using ruleset::Node;
using ruleset::NodeKind;

constexpr std::array<std::string_view, 9> operations{
    "configure", "unconfigure", "enable", "disable", "start", "pause", "complete", "archive", "unarchive"};

class ChangeReader {
public:
    ChangeReader(const Node& root, std::string_view pointer) : root_(root), pointer_(pointer) {}

    Change read(const std::string& project) {
        Change change;
        change.operation = static_cast<Change::Operation>(one_of("operation", operations));
        constexpr std::array<std::string_view, 5> kinds{"segment", "layer", "holdout", "flag", "experiment"};
        change.id = {project, static_cast<EntityKind>(one_of("kind", kinds)), text("key")};
        if (!change.is_of_entity()) change.environment = text("environment");
        const bool configures = change.operation == Change::Operation::configure;
        for (const ruleset::Member& member : root_.members()) {
            const bool is_known =
                member.name == "operation" || member.name == "kind" || member.name == "key" ||
                member.name == "if_revision" || (!change.is_of_entity() && member.name == "environment") ||
                (configures && (member.name == "body" || member.name == "new_phase")) ||
                (change.operation == Change::Operation::complete && member.name == "winner");
            if (!is_known) refuse_member(at(member.name), "is unknown here");
            if (member.repeated) refuse_member(at(member.name), "is repeated");
        }
        if (configures) change.body = body();
        change.new_phase = optional_text("new_phase");
        change.winner = optional_text("winner");
        if (const Node* revision = root_.find("if_revision"); revision != nullptr) {
            if (revision->kind() != NodeKind::integer || revision->integer() < 0) {
                refuse_member(at("if_revision"), "must be an integer of 0 or more");
            }
            change.if_revision = revision->integer();
        }
        return change;
    }

private:
    [[nodiscard]] std::string at(std::string_view member) const {
        return pointer_ + "/" + std::string(member);
    }

    template <std::size_t N>
    std::size_t one_of(std::string_view member, const std::array<std::string_view, N>& words) const {
        const std::string_view word = text_member(root_, member);
        for (std::size_t i = 0; i < N; ++i) {
            if (words[i] == word) return i;
        }
        std::string all;
        for (const std::string_view known : words) all += (all.empty() ? "" : ", ") + std::string(known);
        refuse_member(at(member), "must be one of " + all);
    }

    [[nodiscard]] std::string text(std::string_view member) const {
        const std::string_view value = text_member(root_, member);
        if (value.empty()) refuse_member(at(member), "must be a string that is not empty");
        check_text(value, at(member), bounds::subject_bytes);
        return std::string(value);
    }

    [[nodiscard]] std::optional<std::string> optional_text(std::string_view member) const {
        const Node* node = root_.find(member);
        if (node == nullptr || node->kind() == NodeKind::null) return std::nullopt;
        if (node->kind() != NodeKind::string) refuse_member(at(member), "must be a string");
        check_text(node->text(), at(member), bounds::comment_bytes);
        return std::string(node->text());
    }

    [[nodiscard]] std::string body() const {
        const Node* node = root_.find("body");
        if (node == nullptr || node->kind() != NodeKind::object)
            refuse_member(at("body"), "must be an object");
        return ruleset::to_json(*node);
    }

    const Node& root_;
    std::string pointer_;
};

}  // namespace

Change parse_change(const std::string& project, std::string_view json, std::string_view pointer) {
    const ruleset::Document document = parse_object(json, pointer, bounds::body_bytes);
    return ChangeReader(document.root(), pointer).read(project);
}

std::string to_json(const Change& change) {
    ObjectWriter writer;
    writer.text("operation", operations[static_cast<std::size_t>(change.operation)])
        .text("kind", ruleset::word(change.id.kind))
        .text("key", change.id.key);
    if (!change.is_of_entity()) writer.text("environment", change.environment);
    if (change.operation == Change::Operation::configure) writer.json("body", change.body);
    if (change.new_phase) writer.text("new_phase", *change.new_phase);
    if (change.winner) writer.text("winner", *change.winner);
    if (change.if_revision) writer.integer("if_revision", *change.if_revision);
    return std::move(writer).done();
}

Operation operation_of(const Change& change) {
    constexpr std::array<std::string_view, 9> verbs{"configure", "configure", "toggle",  "toggle", "start",
                                                    "pause",     "complete",  "archive", "archive"};
    return {std::string(ruleset::word(change.id.kind)) + "." +
                std::string(verbs[static_cast<std::size_t>(change.operation)]),
            change.id.project, change.environment};
}

void apply(Work& work, const Change& change, const std::string& request_pointer) {
    switch (change.operation) {
        case Change::Operation::configure: {
            Configure options;
            options.if_revision = change.if_revision;
            options.new_phase = change.new_phase;
            options.request_pointer = request_pointer;
            (void)configure(work, change.id, change.environment, change.body, options);
            break;
        }
        case Change::Operation::unconfigure:
            unconfigure(work, change.id, change.environment, change.if_revision);
            break;
        case Change::Operation::enable:
        case Change::Operation::disable:
            (void)set_enabled(work, change.id, change.environment,
                              change.operation == Change::Operation::enable, change.if_revision);
            break;
        case Change::Operation::start:
            (void)start(work, change.id, change.environment, change.if_revision);
            break;
        case Change::Operation::pause:
            (void)pause(work, change.id, change.environment, change.if_revision);
            break;
        case Change::Operation::complete:
            (void)complete(work, change.id, change.environment, change.winner, change.if_revision);
            break;
        case Change::Operation::archive:
        case Change::Operation::unarchive:
            (void)set_archived(work, change.id, change.operation == Change::Operation::archive,
                               change.if_revision);
            break;
    }
}

std::vector<Difference> effect_of(Work& work, const Change& change) {
    if (change.is_of_entity()) {
        const auto entity = tables::find_entity(work.transaction(), change.id);
        const auto archived = [](bool is) { return is ? R"({"archived":true})" : R"({"archived":false})"; };
        return differences(archived(entity && entity->archived),
                           archived(change.operation == Change::Operation::archive));
    }
    const auto current = tables::find_configuration(work.transaction(), change.id, change.environment);
    const std::optional<std::string> before = current ? std::optional(current->body) : std::nullopt;
    const auto replaced = [&](std::string_view member, std::string_view json) {
        return with_member(parse_stored(before.value_or("{}")).root(), member, json);
    };
    switch (change.operation) {
        case Change::Operation::unconfigure: return differences(before, std::nullopt);
        case Change::Operation::enable: return differences(before, replaced("enabled", "true"));
        case Change::Operation::disable: return differences(before, replaced("enabled", "false"));
        case Change::Operation::start: return differences(before, replaced("status", R"("running")"));
        case Change::Operation::pause: return differences(before, replaced("status", R"("paused")"));
        case Change::Operation::complete: {
            std::string winner = "null";
            if (change.winner) append_json_string(winner = "", *change.winner);
            const std::string body = replaced("winner", winner);
            return differences(before, with_member(parse_stored(body).root(), "status", R"("completed")"));
        }
        default: break;
    }
    std::string after = change.body;
    if (change.id.kind == EntityKind::experiment) {  // which keeps its status, whatever the body says
        std::string status;
        append_json_string(status, current ? current->state : "draft");
        after = with_member(parse_stored(after).root(), "status", status);
        if (current && current->state == "completed") after = with_winner(std::move(after), current->body);
    }
    return differences(before, after);
}

std::int64_t base_revision(Work& work, const Change& change) {
    if (change.is_of_entity()) {
        const auto entity = tables::find_entity(work.transaction(), change.id);
        return entity ? entity->revision : 0;
    }
    const auto current = tables::find_configuration(work.transaction(), change.id, change.environment);
    return current ? current->revision : 0;
}

}  // namespace expplat::server::domain
