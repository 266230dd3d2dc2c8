// `PlaneTest`: a control plane over an empty database, with a project `game` and its environments `staging` and `production`.
//
// Time and ids are the test's. `must` unwraps an answer and fails the test where it is refused.
// Runs on whatever `TestDatabase` chooses.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>

#include "server/domain/entities.hpp"
#include "server/domain/projects.hpp"
#include "server/domain/tables/audit.hpp"
#include "server/domain/tables/projects.hpp"
#include "server/domain/tables/rulesets.hpp"
#include "tests/server/support/test_database.hpp"

namespace expplat::tests {

using namespace server::domain;

template <class T>
T must(Outcome<T> outcome) {
    if (!outcome) {
        ADD_FAILURE() << name(outcome.problem().type) << ": " << outcome.problem().detail;
        throw std::runtime_error("refused");
    }
    return std::move(*outcome);
}
inline void must(Outcome<void> outcome) {
    if (!outcome) ADD_FAILURE() << name(outcome.problem().type) << ": " << outcome.problem().detail;
}

template <class T>
ProblemType refusal_of(const Outcome<T>& outcome) {
    EXPECT_FALSE(outcome.ok());
    return outcome ? ProblemType::internal : outcome.problem().type;
}

inline constexpr const char* a_flag =
    R"({"type":"boolean","variants":{"on":true,"off":false},"off":"off","default":"on"})";
inline constexpr const char* an_experiment =
    R"({"type":"string","variants":{"a":"1","b":"2"},"split":[{"variant":"a","weight":50},{"variant":"b","weight":50}]})";

class PlaneTest : public testing::Test {
protected:
    static constexpr std::int64_t start_ms = 1'763'902'800'000;
    static constexpr const char* secret = "a secret of thirty-two characters";

    TestDatabase test_;
    std::unique_ptr<server::store::Database> database_ = test_.open({.attempts = 50});
    std::atomic<std::int64_t> now_ms_{start_ms};
    std::atomic<int> ids_{0};
    ControlPlane plane_{
        *database_,
        {[this] { return now_ms_.load(); }, [this] { return "id-" + std::to_string(++ids_); }, secret}};
    Projects projects_{plane_};
    Entities entities_{plane_};
    Caller ann_{{Actor::Kind::person, "p-1", "ann@example.com", "192.0.2.7", "req-1"},
                [](const Operation&, Transaction&) { return true; },
                [](const Delegation&, Transaction&) { return true; }};

    void SetUp() override {
        must(projects_.create(ann_, "game", "The game", ""));
        for (const char* key : {"production", "staging"}) {
            must(projects_.create_environment(ann_, "game", key, key, "", false));
        }
    }

    static EntityId flag(const std::string& key) { return {"game", EntityKind::flag, key}; }
    static EntityId experiment(const std::string& key) { return {"game", EntityKind::experiment, key}; }
    static EntityId segment(const std::string& key) { return {"game", EntityKind::segment, key}; }

    EntityView create(const EntityId& id, const std::string& body,
                      const std::string& environment = "production") {
        return must(entities_.create(ann_, id, {.name = id.key}, {{environment, body}}));
    }
    std::int64_t version(const std::string& environment = "production") {
        return must(projects_.get_environment(ann_, "game", environment)).version;
    }
    Published newest(const std::string& environment = "production") {
        return *must(
            database_->read([&](Transaction& t) { return tables::newest_ruleset(t, "game", environment); }));
    }
    std::vector<AuditEntry> entries(const AuditFilter& filter = {}) {
        return must(
            database_->read([&](Transaction& t) { return tables::audit_after(t, filter, 0, 1'000); }));
    }
    void sql(const std::string& statement) {
        must(database_->write([&](Transaction& t) { (void)t.execute(statement); }));
    }
};

}  // namespace expplat::tests
