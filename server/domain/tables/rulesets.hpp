// The tables `rulesets` and `outbox`: what was published, and what the publisher still has to do.
//
// Written by `server/domain/publishing.cpp` in the transaction of the change itself; read by distribution and by a leased
// publisher. Each function runs in the transaction it is given, and throws what that throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/domain/store.hpp"

namespace expplat::server::domain {

/// One version of an environment's ruleset. Never changes.
struct Published {
    std::string project;
    std::string environment;
    std::int64_t version = 0;
    std::string document;         // RULESET.md, section 1
    std::string hash;             // SHA-256 of it
    std::string client_document;  // what a client key may see of it
    std::string client_hash;
    std::int64_t created_ms = 0;
};

/// Which version an environment is at.
struct RulesetHead {
    std::string project;
    std::string environment;
    std::int64_t version = 0;
};

/// Something to be told to others, at least once, in the order of `id`.
struct OutboxRow {
    enum class Topic : std::uint8_t { ruleset, audit };

    std::int64_t id = 0;
    Topic topic = Topic::ruleset;
    std::string project;
    std::string environment;
    std::int64_t number = 0;  // the ruleset's version, or the audit entry's sequence
    std::int64_t attempts = 0;
};

namespace tables {

void insert_ruleset(Transaction& t, const Published& published);
[[nodiscard]] std::optional<Published> find_ruleset(Transaction& t, const std::string& project,
                                                    const std::string& environment, std::int64_t version);
[[nodiscard]] std::optional<Published> newest_ruleset(Transaction& t, const std::string& project,
                                                      const std::string& environment);
/// Of every environment that is served: what a server looks at now and then, in case a hint was lost.
[[nodiscard]] std::vector<RulesetHead> ruleset_heads(Transaction& t);
/// Whether neither the environment is archived nor its project.
[[nodiscard]] bool is_served(Transaction& t, const std::string& project, const std::string& environment);
/// Newest first.
[[nodiscard]] std::vector<std::int64_t> ruleset_versions(Transaction& t, const std::string& project,
                                                         const std::string& environment);
void keep_newest_rulesets(Transaction& t, const std::string& project, const std::string& environment,
                          std::int64_t count);

void add_to_outbox(Transaction& t, OutboxRow::Topic topic, const std::string& project,
                   const std::string& environment, std::int64_t number, std::int64_t now_ms);
/// Takes rows that nobody holds until `lease_until_ms`.
[[nodiscard]] std::vector<OutboxRow> lease_outbox(Transaction& t, OutboxRow::Topic topic, std::int64_t now_ms,
                                                  std::int64_t lease_until_ms, std::int64_t limit);
/// The same for whoever must be alone: nothing while somebody else holds a row of the topic.
[[nodiscard]] std::vector<OutboxRow> lease_outbox_alone(Transaction& t, OutboxRow::Topic topic,
                                                        std::int64_t now_ms, std::int64_t lease_until_ms,
                                                        std::int64_t limit);
/// Holds a row for longer that one has held until `held_until_ms`. False where somebody else has it by now.
[[nodiscard]] bool extend_outbox(Transaction& t, std::int64_t id, std::int64_t held_until_ms,
                                 std::int64_t lease_until_ms);
/// Gives a row back before its lease has run out.
void release_outbox(Transaction& t, std::int64_t id);
void remove_from_outbox(Transaction& t, std::int64_t id);
[[nodiscard]] bool has_outbox(Transaction& t, OutboxRow::Topic topic);
[[nodiscard]] std::int64_t count_outbox(Transaction& t);

}  // namespace tables
}  // namespace expplat::server::domain
