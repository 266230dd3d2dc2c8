// Publishing: an environment's configurations become its next ruleset, compiled before it is kept.
//
// Called by `Work::finish` within the transaction of the change. Refuses (`invalid`) what `ruleset::compile` refuses, each
// problem with its pointer, so that nothing is saved that cannot be published. Leaves a row in the outbox.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "server/domain/tables/entities.hpp"
#include "server/domain/work.hpp"

namespace expplat::server::domain {

void publish(Work& work, const std::string& project, const std::string& environment,
             std::span<const SentAt> places);

/// RULESET.md's document of these configurations, which are sorted by kind and key.
[[nodiscard]] std::string ruleset_document(const std::string& environment, std::int64_t version,
                                           std::span<const tables::Configured> configured);

/// `/flags/new-ui`.
[[nodiscard]] std::string ruleset_pointer(const EntityId& id);

/// Problems of the ruleset, with the place of each in what the caller sent where it lies there.
[[nodiscard]] std::vector<Violation> placed(std::vector<Violation> violations,
                                            std::span<const SentAt> places);

}  // namespace expplat::server::domain
