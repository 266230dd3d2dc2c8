// `expplat flags` and `expplat experiments`: one set of verbs for both, and an experiment's life.
#include <algorithm>
#include <map>
#include <string>

#include "src/cli/administration.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/table.hpp"
#include "src/cli/terminal.hpp"
#include "src/cli/text_file.hpp"
#include "src/ruleset/json.hpp"

namespace expplat::cli {

namespace {

using admin::Change;
using admin::Configuration;
using admin::Entity;
using admin::EntityKind;

constexpr std::string_view new_boolean =
    R"({"type":"boolean","enabled":false,"variants":{"on":true,"off":false},"off":"off","default":"on"})";

/// One call of the command.
struct Call {
    std::string command;  // flags or experiments
    EntityKind kind;
    std::string verb;
    std::vector<std::string> words;  // after the verb
    const Arguments& arguments;
    Administration& administration;
    std::string project;

    [[nodiscard]] int usage(const std::string& message) const {
        return usage_error(command, verb + ": " + message);
    }
    [[nodiscard]] std::string noun() const { return std::string(ruleset::word(kind)); }
};

std::string member_text(const std::string& body, std::string_view name) {
    const Result<ruleset::Document> document = ruleset::parse_json(body);
    const ruleset::Node* const node = document ? document->root().find(name) : nullptr;
    if (node == nullptr) return {};
    return node->kind() == ruleset::NodeKind::string ? std::string(node->text()) : ruleset::to_json(*node);
}

/// What it is in an environment, in a word.
std::string state_of(const Configuration& one) {
    if (one.kind == EntityKind::experiment) return one.state;
    return member_text(one.body, "enabled") == "false" ? "off" : "on";
}

std::string in_words(const Configuration& one) {
    if (one.kind == EntityKind::experiment) {
        const std::string winner = member_text(one.body, "winner");
        return one.state + (winner.empty() || winner == "null" ? "" : ", winner " + winner);
    }
    return state_of(one) == "off" ? "off: everybody gets " + member_text(one.body, "off")
                                  : "on: by default " + member_text(one.body, "default");
}

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
    return out;
}

int finish(Output& output) { return output.finish() ? exit_done : exit_refused; }

int say(const Call& call, const std::string& json, const std::string& words) {
    Output output;
    output.text() += call.administration.is_json() ? json : words;
    output.end_line();
    return finish(output);
}

int list(const Call& call) {
    if (!call.words.empty()) return call.usage("expected no more words");
    const auto entities =
        call.administration.client().entities(call.project, call.kind, call.arguments.has("--archived"));
    if (!entities) return refused(entities.error());
    Output output;
    if (call.administration.is_json()) {
        for (const Entity& one : *entities) {
            output.text() += one.json;
            output.end_line();
        }
        return finish(output);
    }
    std::map<std::string, std::string> states;
    const std::optional<std::string> environment = call.administration.environment();
    if (environment) {
        const auto configurations = call.administration.client().configurations(call.project, *environment);
        if (!configurations) return refused(configurations.error());
        for (const Configuration& one : *configurations) {
            if (one.kind == call.kind) states[one.key] = state_of(one);
        }
    }
    std::vector<std::string> titles{"KEY", "NAME", "TAGS", "UPDATED"};
    if (environment) titles.insert(titles.begin() + 1, *environment);
    Table table(std::move(titles));
    for (const Entity& one : *entities) {
        std::vector<std::string> cells{one.key, shown_text(one.name), shown_text(joined(one.tags)),
                                       shown_time(one.updated_ms)};
        if (environment) cells.insert(cells.begin() + 1, states.contains(one.key) ? states[one.key] : "-");
        table.add(std::move(cells));
    }
    if (table.empty()) output.text() += "there is none\n";
    else table.print(output);
    return finish(output);
}

void print_entity(Output& output, const Entity& one) {
    const auto line = [&output](std::string_view name, const std::string& text) {
        if (text.empty()) return;
        output.text().append("  ").append(name).append(": ").append(shown_text(text));
        output.end_line();
    };
    output.text() += coloured(stdout, Colour::bold, std::string(ruleset::word(one.kind)) + " " + one.key);
    if (one.archived) output.text() += " (archived)";
    output.end_line();
    line("name", one.name == one.key ? std::string() : one.name);
    line("description", one.description);
    line("owner", one.owner);
    line("tags", joined(one.tags));
    if (one.client_visible) line("client-visible", "yes");
    line("updated", shown_time(one.updated_ms));
    if (one.configurations.empty()) line("environments", "none");
    for (const Configuration& configuration : one.configurations) {
        output.text() += "  " + configuration.environment + ", revision " +
                         std::to_string(configuration.revision) + ": " + in_words(configuration);
        output.end_line();
        output.text() += "    " + coloured(stdout, Colour::dim, configuration.body);
        output.end_line();
    }
}

int show(const Call& call) {
    if (call.words.size() != 1) return call.usage("expected one KEY");
    const auto entity = call.administration.client().entity(call.project, call.kind, call.words[0]);
    if (!entity) return refused(entity.error());
    if (call.administration.is_json()) return say(call, entity->json, "");
    Output output;
    print_entity(output, *entity);
    return finish(output);
}

int create(const Call& call) {
    if (call.words.empty() || call.words.size() > 2) return call.usage("expected KEY and perhaps a FILE");
    admin::NewEntity entity{.kind = call.kind, .key = call.words[0], .tags = call.arguments.values("--tag")};
    if (const auto name = call.arguments.value("--name")) entity.name = *name;
    if (const auto text = call.arguments.value("--description")) entity.description = *text;
    entity.client_visible = call.arguments.has("--client-visible");
    const bool is_boolean = call.arguments.has("--boolean");
    if (is_boolean || call.words.size() == 2) {
        const std::optional<std::string> environment = call.administration.environment();
        if (!environment) return call.usage("for which --environment?");
        if (is_boolean && call.words.size() == 2) return call.usage("--boolean needs no FILE");
        if (is_boolean && call.kind != EntityKind::flag) return call.usage("--boolean is for flags");
        std::optional<std::string> body = is_boolean ? std::string(new_boolean) : read_text(call.words[1]);
        if (!body) return exit_refused;
        entity.bodies[*environment] = std::move(*body);
    }
    const auto made = call.administration.client().create(call.project, entity);
    if (!made) return refused(made.error());
    return say(call, made->json,
               call.noun() + " " + made->key + " is made" +
                   (entity.bodies.empty() ? ", and not configured anywhere yet" : ""));
}

std::optional<std::int64_t> revision_of(const Call& call, bool& is_wrong) {
    is_wrong = false;
    if (!call.arguments.has("--if-revision")) return std::nullopt;
    const auto revision = call.arguments.count("--if-revision", 1, 2'000'000'000);
    is_wrong = !revision;
    return revision ? std::optional<std::int64_t>(*revision) : std::nullopt;
}

int archive(const Call& call) {
    if (call.words.size() != 1) return call.usage("expected one KEY");
    const auto done =
        call.administration.client().put_away(call.project, call.kind, call.words[0], call.verb);
    if (!done) return refused(done.error());
    return say(call, done->json, call.noun() + " " + done->key + " is " + call.verb + "d");
}

/// The change that the words ask for, in the environment that they name.
std::optional<Change> change_of(const Call& call, int& status) {
    bool is_wrong = false;
    Change change{
        .operation = call.verb, .kind = call.kind, .key = call.words[0], .environment = {}, .body = {}};
    change.if_revision = revision_of(call, is_wrong);
    if (is_wrong) {
        status = call.usage("--if-revision takes a whole number from 1");
        return std::nullopt;
    }
    const std::optional<std::string> environment = call.administration.environment();
    if (!environment) {
        status = call.usage("in which --environment?");
        return std::nullopt;
    }
    change.environment = *environment;
    if (const auto why = call.arguments.value("--new-phase")) change.new_phase = *why;
    if (const auto winner = call.arguments.value("--winner")) change.winner = *winner;
    return change;
}

int set(const Call& call) {
    if (call.words.empty() || call.words.size() > 2)
        return call.usage("expected KEY and FILE, or --default VARIANT");
    int status = exit_usage;
    std::optional<Change> change = change_of(call, status);
    if (!change) return status;
    const auto variant = call.arguments.value("--default");
    if (variant.has_value() == (call.words.size() == 2))
        return call.usage("expected either a FILE or --default VARIANT");
    if (variant && call.kind != EntityKind::flag) return call.usage("--default is for flags");
    if (!variant) {
        std::optional<std::string> body = read_text(call.words[1]);
        if (!body) return exit_refused;
        change->body = std::move(*body);
    } else {
        const auto now = call.administration.client().configuration(call.project, call.kind, change->key,
                                                                    change->environment);
        if (!now) return refused(now.error());
        change->body = with_text_member(now->body, "default", *variant);
        // What was read is what is changed.
        if (!change->if_revision) change->if_revision = now->revision;
    }
    const auto done = call.administration.client().configure(call.project, *change);
    if (!done) return refused(done.error());
    return say(call, done->json,
               call.noun() + " " + done->key + " in " + done->environment + ", revision " +
                   std::to_string(done->revision) + ": " + in_words(*done));
}

int act(const Call& call) {
    if (call.words.size() != 1) return call.usage("expected one KEY");
    int status = exit_usage;
    const std::optional<Change> change = change_of(call, status);
    if (!change) return status;
    const auto done = call.administration.client().act(call.project, *change);
    if (!done) return refused(done.error());
    return say(call, done->json,
               call.noun() + " " + done->key + " in " + done->environment + ": " + in_words(*done));
}

struct Verb {
    std::string_view name;
    int (*run)(const Call&);
    bool of_flags;
    bool of_experiments;
};

constexpr Verb verbs[] = {
    {"list", &list, true, true},   {"show", &show, true, true},       {"create", &create, true, true},
    {"set", &set, true, true},     {"archive", &archive, true, true}, {"unarchive", &archive, true, true},
    {"enable", &act, true, false}, {"disable", &act, true, false},    {"start", &act, false, true},
    {"pause", &act, false, true},  {"complete", &act, false, true},
};

int run_verb(const std::string& command, EntityKind kind, const Words& words) {
    const Result<Arguments> arguments =
        Arguments::parse(words, administration_options({{"--archived", false},
                                                        {"--name", true},
                                                        {"--description", true},
                                                        {"--tag", true, true},
                                                        {"--client-visible", false},
                                                        {"--boolean", false},
                                                        {"--default", true},
                                                        {"--if-revision", true},
                                                        {"--new-phase", true},
                                                        {"--winner", true}}));
    if (!arguments) return usage_error(command, arguments.error().message);
    const auto& operands = arguments->operands();
    if (operands.empty()) return usage_error(command, "expected a verb: list, show, create, …");
    const auto verb = std::ranges::find_if(verbs, [&](const Verb& one) {
        return one.name == operands[0] && (kind == EntityKind::flag ? one.of_flags : one.of_experiments);
    });
    if (verb == std::end(verbs)) return usage_error(command, "unknown verb " + std::string(operands[0]));
    const std::unique_ptr<Administration> administration = Administration::open(*arguments);
    if (administration == nullptr) return exit_refused;
    std::optional<std::string> project = administration->project();
    if (!project) return exit_refused;
    const Call call{command,
                    kind,
                    std::string(operands[0]),
                    std::vector<std::string>(operands.begin() + 1, operands.end()),
                    *arguments,
                    *administration,
                    std::move(*project)};
    return verb->run(call);
}

}  // namespace

int flags(const Words& words) { return run_verb("flags", EntityKind::flag, words); }
int experiments(const Words& words) { return run_verb("experiments", EntityKind::experiment, words); }

}  // namespace expplat::cli
