#include <cstdio>
#include <string>

#include "src/cli/administration.hpp"
#include "src/cli/commands.hpp"
#include "src/cli/table.hpp"
#include "src/cli/terminal.hpp"

namespace expplat::cli {

namespace {

using admin::Key;

constexpr std::int64_t day_ms = 86'400'000;
constexpr unsigned most_days = 36'500;

std::string state_of(const Key& key, std::int64_t now_ms) {
    if (key.revoked_ms) return "revoked " + shown_time(*key.revoked_ms);
    if (!key.expires_ms) return "good";
    return (*key.expires_ms <= now_ms ? "expired " : "good until ") + shown_time(*key.expires_ms);
}

int list(Administration& administration, const std::string& project, const std::string& environment) {
    const auto keys = administration.client().keys(project, environment);
    if (!keys) return refused(keys.error());
    Output output;
    Table table({"ID", "KIND", "NAME", "KEY", "MADE", "STATE"});
    for (const Key& key : *keys) {
        if (administration.is_json()) {
            output.text() += key.json;
            output.end_line();
        }
        table.add({key.id, key.kind, shown_text(key.name), key.shown, shown_time(key.created_ms),
                   state_of(key, unix_ms())});
    }
    if (!administration.is_json()) {
        if (table.empty()) output.text() += "there is none\n";
        else table.print(output);
    }
    return output.finish() ? exit_done : exit_refused;
}

int create(Administration& administration, const Arguments& arguments, const std::string& project,
           const std::string& environment) {
    const std::string kind(arguments.value("--kind").value_or("server"));
    const std::string name(arguments.operands()[1]);
    std::optional<std::int64_t> expires_ms;
    if (arguments.has("--days")) {
        const Result<unsigned> days = arguments.count("--days", 1, most_days);
        if (!days) return usage_error("keys", days.error().message);
        expires_ms = unix_ms() + day_ms * *days;
    }
    const auto key = administration.client().create_key(project, environment, kind, name, expires_ms);
    if (!key) return refused(key.error());
    Output output;
    // Alone, so that it can be taken from there.
    output.text() += administration.is_json() ? key->json : key->secret;
    output.end_line();
    if (!output.finish()) return exit_refused;
    if (!administration.is_json())
        std::fprintf(stderr, "%s key %s of %s%s%s: it is shown this once\n", key->kind.c_str(),
                     key->id.c_str(), project.c_str(), environment.empty() ? "" : "/", environment.c_str());
    return exit_done;
}

int revoke(Administration& administration, const std::string& project, const std::string& id) {
    const auto key = administration.client().revoke_key(project, id);
    if (!key) return refused(key.error());
    Output output;
    output.text() += administration.is_json() ? key->json : "key " + key->id + " is revoked";
    output.end_line();
    return output.finish() ? exit_done : exit_refused;
}

}  // namespace

int keys(const Words& words) {
    const Result<Arguments> arguments =
        Arguments::parse(words, administration_options({{"--kind", true}, {"--days", true}}));
    if (!arguments) return usage_error("keys", arguments.error().message);
    const auto& operands = arguments->operands();
    const std::string verb(operands.empty() ? std::string_view() : operands[0]);
    if (verb != "list" && verb != "create" && verb != "revoke")
        return usage_error("keys", "expected list, create NAME or revoke ID");
    if (operands.size() != (verb == "list" ? 1u : 2u))
        return usage_error("keys", verb == "list"     ? "list: expected no more words"
                                   : verb == "create" ? "create: expected a NAME"
                                                      : "revoke: expected an ID");
    const std::unique_ptr<Administration> administration = Administration::open(*arguments);
    if (administration == nullptr) return exit_refused;
    const std::optional<std::string> project = administration->project();
    if (!project) return exit_refused;
    if (verb == "revoke") return revoke(*administration, *project, std::string(operands[1]));
    // Without one: of the whole project.
    const std::string environment = administration->environment().value_or("");
    if (verb == "create" && environment.empty() && arguments->value("--kind") != "admin")
        return usage_error("keys", "create: of which --environment? Only an admin key is of a whole project");
    return verb == "list" ? list(*administration, *project, environment)
                          : create(*administration, *arguments, *project, environment);
}

}  // namespace expplat::cli
