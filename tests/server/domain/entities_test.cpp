// Flags and their kin: what is saved, what is refused and where, and that nobody's update is lost.
#include <thread>

#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

using EntitiesTest = PlaneTest;

TEST_F(EntitiesTest, AFlagIsCreatedPublishedAndAudited) {
    const std::int64_t before = version();
    now_ms_ += 1'000;
    const EntityView view = create(flag("new-ui"), a_flag);
    EXPECT_EQ(view.entity.revision, 1);
    ASSERT_EQ(view.configurations.size(), 1u);
    EXPECT_GT(version(), before);
    EXPECT_EQ(version(), start_ms + 1'000);
    const Published published = newest();
    EXPECT_EQ(published.version, version());
    EXPECT_EQ(published.document,
              "{\"format\":\"expplat.ruleset/1\",\"environment\":\"production\",\"version\":" +
                  std::to_string(version()) + ",\"flags\":{\"new-ui\":" + a_flag + "}}");
    const auto noted = entries({.subject = "flag/new-ui"});
    ASSERT_EQ(noted.size(), 2u);
    EXPECT_EQ(noted[0].action, "flag.create");
    EXPECT_EQ(noted[1].action, "flag.configure");
    EXPECT_EQ(noted[1].environment, "production");
    EXPECT_EQ(noted[1].after, a_flag);
    EXPECT_EQ(noted[1].actor.remote, "192.0.2.7");
    EXPECT_EQ(must(entities_.get(ann_, flag("new-ui"))).configurations[0].body, a_flag);
}

TEST_F(EntitiesTest, WhatDoesNotCompileIsNotSavedAndSaysWhere) {
    const auto refused = entities_.create(
        ann_, flag("bad"), {.name = "bad"},
        {{"staging", a_flag},
         {"production", R"({"type":"boolean","variants":{"on":1},"off":"no","default":"on"})"}});
    ASSERT_EQ(refusal_of(refused), ProblemType::invalid);
    ASSERT_EQ(refused.problem().violations.size(), 2u);
    EXPECT_EQ(refused.problem().violations[0].pointer, "/configurations/production/variants/on");
    EXPECT_EQ(refused.problem().violations[0].ruleset_pointer, "/flags/bad/variants/on");
    EXPECT_EQ(refusal_of(entities_.get(ann_, flag("bad"))), ProblemType::not_found);
    EXPECT_EQ(entries({.subject = "flag/bad"}).size(), 0u);

    create(flag("good"), a_flag);
    const std::int64_t published = version();
    const auto worse = entities_.configure(
        ann_, flag("good"), "production",
        R"({"type":"boolean","variants":{"on":true},"off":"on","default":"on","rules":[{"if":{"segment":"none"},"serve":"on"}]})");
    ASSERT_EQ(refusal_of(worse), ProblemType::invalid);
    EXPECT_EQ(worse.problem().violations.at(0).pointer, "/rules/0/if/segment");
    EXPECT_EQ(version(), published);
    for (const char* text :
         {"", "[]", "{", "{\"a\":1}{}", "{\"type\":\"boolean\",\"type\":\"boolean\"}", "\xFF", "nul"}) {
        EXPECT_EQ(refusal_of(entities_.configure(ann_, flag("good"), "production", text)),
                  ProblemType::invalid)
            << text;
    }
}

TEST_F(EntitiesTest, AnotherEntitysProblemIsShownInTheRulesetAlone) {
    create(segment("s"), R"({"if":{"attribute":"a","is":1}})");
    create(
        flag("f"),
        R"({"type":"boolean","variants":{"on":true},"off":"on","default":"on","rules":[{"if":{"segment":"s"},"serve":"on"}]})");
    const auto refused = entities_.unconfigure(ann_, segment("s"), "production");
    ASSERT_EQ(refusal_of(refused), ProblemType::invalid);
    EXPECT_EQ(refused.problem().violations.at(0).pointer, "");
    EXPECT_EQ(refused.problem().violations.at(0).ruleset_pointer, "/flags/f/rules/0/if/segment");
}

TEST_F(EntitiesTest, KeysNamesAndTagsAreChecked) {
    for (const char* key : {"", "a b", "ä", "a\"b", "a'b", "a\nb", "a%b", "a?b"}) {
        EXPECT_EQ(refusal_of(entities_.create(ann_, flag(key), {.name = "x"})), ProblemType::invalid) << key;
    }
    EXPECT_EQ(refusal_of(entities_.create(ann_, flag(std::string(129, 'a')), {.name = "x"})),
              ProblemType::invalid);
    must(entities_.create(ann_, flag("a/b:c.d_e-f"), {.name = "'; DROP TABLE entities; --"}));
    EXPECT_EQ(refusal_of(entities_.create(ann_, flag("x"), {.name = " "})), ProblemType::invalid);
    EXPECT_EQ(refusal_of(entities_.create(ann_, flag("x"), {.name = std::string("a\0b", 3)})),
              ProblemType::invalid);
    EXPECT_EQ(refusal_of(entities_.create(ann_, flag("x"), {.name = "x", .tags = {"a", "a"}})),
              ProblemType::invalid);
    EXPECT_EQ(refusal_of(entities_.create(ann_, flag("x"), {.name = "x", .json_schema = "[]"})),
              ProblemType::invalid);
    EXPECT_EQ(refusal_of(entities_.create(ann_, segment("x"), {.name = "x", .client_visible = true})),
              ProblemType::invalid);
    EXPECT_EQ(refusal_of(projects_.create(ann_, "..", "x", "")), ProblemType::invalid);
    EXPECT_EQ(refusal_of(entities_.create(ann_, {"none", EntityKind::flag, "x"}, {.name = "x"})),
              ProblemType::not_found);
}

TEST_F(EntitiesTest, AKeyThatNoUrlCanNameIsRefused) {
    create(flag("f"), a_flag);
    for (const EntityKind kind : {EntityKind::flag, EntityKind::experiment, EntityKind::segment,
                                  EntityKind::layer, EntityKind::holdout}) {
        for (const char* key : {".", ".."}) {
            const auto refused = entities_.create(ann_, {"game", kind, key}, {.name = "x"});
            ASSERT_EQ(refusal_of(refused), ProblemType::invalid) << key;
            EXPECT_EQ(refused.problem().violations.at(0).pointer, "/key");
        }
    }
    EXPECT_EQ(refusal_of(entities_.clone(ann_, flag("f"), "..", "x")), ProblemType::invalid);
    must(entities_.create(ann_, flag("..."), {.name = "x"}));
}

TEST_F(EntitiesTest, FlagsAndExperimentsShareTheirKeys) {
    create(flag("same"), a_flag);
    EXPECT_EQ(refusal_of(entities_.create(ann_, experiment("same"), {.name = "x"})),
              ProblemType::already_exists);
    must(entities_.create(ann_, segment("same"), {.name = "x"}));
}

TEST_F(EntitiesTest, AListIsFilteredAndPaged) {
    for (const char* key : {"Zeta", "alpha", "beta", "b_ta", "gamma"}) {
        must(entities_.create(
            ann_, flag(key),
            {.name = std::string("Name of ") + key,
             .owner = key == std::string("beta") ? "team" : "",
             .tags = key[0] == 'b' ? std::vector<std::string>{"Team: x"} : std::vector<std::string>{}}));
    }
    const auto keys = [&](const EntityFilter& filter, std::int64_t limit = 50) {
        std::string all;
        PageRequest page{.limit = limit};
        while (true) {
            const Page<Entity> found = must(entities_.list(ann_, "game", EntityKind::flag, filter, page));
            for (const Entity& entity : found.items) all += entity.id.key + " ";
            if (!found.next) return all;
            page.after = *found.next;
        }
    };
    EXPECT_EQ(keys({}), "Zeta alpha b_ta beta gamma ");
    EXPECT_EQ(keys({}, 2), "Zeta alpha b_ta beta gamma ");
    EXPECT_EQ(keys({.tag = "Team: x"}), "b_ta beta ");
    EXPECT_EQ(keys({.tag = "Team"}), "");
    EXPECT_EQ(keys({.text = "ETA"}), "Zeta beta ");
    EXPECT_EQ(keys({.text = "b_"}), "b_ta ");
    EXPECT_EQ(keys({.text = "%"}), "");
    EXPECT_EQ(keys({.owner = "team"}), "beta ");
    must(entities_.archive(ann_, flag("alpha")));
    EXPECT_EQ(keys({}), "Zeta b_ta beta gamma ");
    EXPECT_EQ(keys({.archived = true}), "alpha ");
    EXPECT_EQ(refusal_of(entities_.list(ann_, "game", EntityKind::flag, {}, {.limit = 0})),
              ProblemType::invalid);
}

TEST_F(EntitiesTest, AnOldRevisionIsRefused) {
    create(flag("f"), a_flag);
    const Configuration second = must(entities_.set_enabled(ann_, flag("f"), "production", false, 1));
    EXPECT_EQ(second.revision, 2);
    EXPECT_EQ(refusal_of(entities_.set_enabled(ann_, flag("f"), "production", true, 1)),
              ProblemType::precondition_failed);
    EXPECT_EQ(refusal_of(entities_.configure(ann_, flag("f"), "production", a_flag, {.if_revision = 1})),
              ProblemType::precondition_failed);
    EXPECT_EQ(refusal_of(entities_.configure(ann_, flag("f"), "production", a_flag, {.if_revision = 0})),
              ProblemType::precondition_failed);
    must(entities_.configure(ann_, flag("f"), "staging", a_flag, {.if_revision = 0}));
    EXPECT_EQ(refusal_of(entities_.update(ann_, flag("f"), {.name = "x"}, 2)),
              ProblemType::precondition_failed);
    EXPECT_EQ(must(entities_.update(ann_, flag("f"), {.name = "x"}, 1)).revision, 2);
}

TEST_F(EntitiesTest, WritersAtTheSameTimeLoseNoUpdate) {
    create(flag("f"), a_flag);
    constexpr int writers = 4;
    constexpr int each = 8;
    std::vector<std::thread> threads;
    std::atomic<int> lost{0};
    for (int w = 0; w < writers; ++w) {
        threads.emplace_back([&, w] {
            for (int done = 0; done < each;) {
                const Configuration now = must(entities_.get(ann_, flag("f"))).configurations[0];
                const std::string body = R"({"type":"integer","variants":{"v":)" +
                                         std::to_string(now.revision * 10 + w) +
                                         R"(},"off":"v","default":"v"})";
                const auto saved =
                    entities_.configure(ann_, flag("f"), "production", body, {.if_revision = now.revision});
                if (saved) {
                    if (saved->revision != now.revision + 1) ++lost;
                    ++done;
                } else {
                    EXPECT_EQ(saved.problem().type, ProblemType::precondition_failed)
                        << saved.problem().detail;
                }
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(lost.load(), 0);
    EXPECT_EQ(must(entities_.get(ann_, flag("f"))).configurations[0].revision, 1 + writers * each);
    EXPECT_EQ(entries({.subject = "flag/f"}).size(), std::size_t{2 + writers * each});
}

TEST_F(EntitiesTest, TheKillSwitchChangesEnabledAlone) {
    create(flag("f"), a_flag);
    EXPECT_EQ(must(entities_.set_enabled(ann_, flag("f"), "production", true)).revision, 1);  // it is on
    const Configuration off = must(entities_.set_enabled(ann_, flag("f"), "production", false));
    EXPECT_EQ(off.body.substr(off.body.size() - 17), ",\"enabled\":false}");
    EXPECT_NE(newest().document.find("\"enabled\":false"), std::string::npos);
    EXPECT_EQ(entries({.subject = "flag/f"}).back().action, "flag.disable");
    EXPECT_EQ(refusal_of(entities_.set_enabled(ann_, flag("f"), "staging", false)), ProblemType::not_found);
}

TEST_F(EntitiesTest, WhatOthersNameIsNotArchived) {
    create(flag("parent"), a_flag);
    create(
        flag("child"),
        R"({"type":"boolean","variants":{"on":true},"off":"on","default":"on","prerequisites":[{"flag":"parent","variants":["on"]}]})");
    const auto refused = entities_.archive(ann_, flag("parent"));
    ASSERT_EQ(refusal_of(refused), ProblemType::in_use);
    EXPECT_EQ(refused.problem().violations.at(0).ruleset_pointer, "/flags/child/prerequisites/0/flag");
    const auto uses = must(entities_.where_used(ann_, flag("parent")));
    ASSERT_EQ(uses.size(), 1u);
    EXPECT_EQ(uses[0].id.key, "child");
    EXPECT_EQ(refusal_of(entities_.remove(ann_, flag("parent"))), ProblemType::conflict);

    must(entities_.archive(ann_, flag("child")));
    must(entities_.archive(ann_, flag("parent")));
    EXPECT_EQ(newest().document.find("parent"), std::string::npos);
    EXPECT_EQ(refusal_of(entities_.configure(ann_, flag("parent"), "production", a_flag)),
              ProblemType::conflict);
    // What it needs is still away.
    EXPECT_EQ(refusal_of(entities_.unarchive(ann_, flag("child"))), ProblemType::invalid);
    must(entities_.unarchive(ann_, flag("parent")));
    must(entities_.unarchive(ann_, flag("child")));
    EXPECT_NE(newest().document.find("\"child\""), std::string::npos);
}

TEST_F(EntitiesTest, WhatIsDeletedIsGoneButForItsHistory) {
    create(flag("f"), a_flag);
    must(entities_.archive(ann_, flag("f")));
    must(entities_.remove(ann_, flag("f")));
    EXPECT_EQ(refusal_of(entities_.get(ann_, flag("f"))), ProblemType::not_found);
    EXPECT_EQ(entries({.subject = "flag/f"}).back().action, "flag.delete");
    create(experiment("f"), an_experiment);
}

TEST_F(EntitiesTest, ACloneHasTheSameConfigurations) {
    create(flag("f"), a_flag);
    must(entities_.configure(ann_, flag("f"), "staging", a_flag));
    const EntityView copy = must(entities_.clone(ann_, flag("f"), "g", "G"));
    EXPECT_EQ(copy.entity.metadata.name, "G");
    EXPECT_EQ(copy.configurations.size(), 2u);
    EXPECT_NE(newest("staging").document.find("\"g\":{"), std::string::npos);
    EXPECT_EQ(refusal_of(entities_.clone(ann_, flag("f"), "g", "G")), ProblemType::already_exists);
}

TEST_F(EntitiesTest, WhoMayNotIsRefusedAndNoted) {
    create(flag("f"), a_flag);
    const Caller bob{{Actor::Kind::key, "k-1", "bob\x01", "", ""},
                     [](const Operation& operation, Transaction&) {
                         return operation.action == "flag.read" || operation.environment == "staging";
                     }};
    must(entities_.get(bob, flag("f")));
    must(entities_.configure(bob, flag("f"), "staging", a_flag));
    const std::int64_t published = version();
    EXPECT_EQ(refusal_of(entities_.set_enabled(bob, flag("f"), "production", false)), ProblemType::forbidden);
    EXPECT_EQ(refusal_of(entities_.create(bob, flag("g"), {.name = "g"}, {{"staging", a_flag}})),
              ProblemType::forbidden);
    EXPECT_EQ(refusal_of(entities_.get({bob.actor, {}}, flag("f"))), ProblemType::forbidden);
    EXPECT_EQ(version(), published);
    const auto denied = entries({.actor_id = "k-1", .action = "denied"});
    ASSERT_EQ(denied.size(), 3u);
    EXPECT_EQ(denied[0].subject, "operation/flag.toggle");
    EXPECT_EQ(denied[0].environment, "production");
    EXPECT_EQ(denied[0].actor.name, "bob?");
}

TEST_F(EntitiesTest, WhoKnocksAllDayFillsNoAudit) {
    create(flag("f"), a_flag);
    const auto knock = [&](const std::string& id) {
        const Caller caller{{Actor::Kind::key, id, id, "", ""}, {}};
        EXPECT_EQ(refusal_of(entities_.get(caller, flag("f"))), ProblemType::forbidden);
    };
    const auto noted = [&](const std::string& id) { return entries({.actor_id = id, .action = "denied"}); };
    for (std::int64_t i = 0; i < bounds::denied_entries + 50; ++i) knock("k-1");
    knock("k-2");
    ASSERT_EQ(noted("k-1").size(), static_cast<std::size_t>(bounds::denied_entries));
    EXPECT_FALSE(noted("k-1").front().after.has_value());
    EXPECT_EQ(noted("k-1").back().after, R"({"note":"what follows in this hour is not noted"})");
    EXPECT_EQ(noted("k-2").size(), 1u) << "another one's are";
    now_ms_ += 3'600'000;
    knock("k-1");
    EXPECT_EQ(noted("k-1").size(), static_cast<std::size_t>(bounds::denied_entries) + 1);
}

TEST_F(EntitiesTest, WhatGivesEverybodyTheSameForLongIsStale) {
    constexpr std::int64_t day_ms = 86'400'000;
    create(flag("same"), a_flag);
    create(
        flag("off"),
        R"({"type":"boolean","enabled":false,"variants":{"on":true,"off":false},"off":"off","default":{"split":[{"variant":"on","weight":1},{"variant":"off","weight":1}]}})");
    create(
        flag("split"),
        R"({"type":"boolean","variants":{"on":true,"off":false},"off":"off","default":{"split":[{"variant":"on","weight":1},{"variant":"off","weight":1}]}})");
    create(
        flag("rules"),
        R"({"type":"boolean","variants":{"on":true,"off":false},"off":"off","default":"on","rules":[{"serve":"off"}]})");
    create(
        flag("targets"),
        R"({"type":"boolean","variants":{"on":true,"off":false},"off":"off","default":"on","targets":{"off":["u"]}})");
    create(
        flag("whole"),
        R"({"type":"boolean","variants":{"on":true,"off":false},"off":"off","default":{"split":[{"variant":"on","weight":0.0},{"variant":"off","weight":1}]}})");
    now_ms_ += 30 * day_ms;
    create(flag("young"), a_flag);
    std::string found;
    for (const Stale& stale : must(entities_.stale(ann_, "game", "production", 7 * day_ms))) {
        found += stale.id.key + "=" + stale.variant + " ";
    }
    EXPECT_EQ(found, "off=off same=on whole=off ");
}

}  // namespace
}  // namespace expplat::tests
