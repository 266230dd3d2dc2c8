// An experiment's life: what each step allows, what is frozen, and the phases that are written down.
#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

class ExperimentsTest : public PlaneTest {
protected:
    const EntityId id_ = experiment("cta");
    Configuration now() { return must(entities_.get(ann_, id_)).configurations.at(0); }
    std::vector<Phase> phases() { return must(entities_.phases(ann_, id_, "production")); }
    static std::string body(const std::string& weights, const std::string& more = "") {
        return R"({"type":"string","variants":{"a":"1","b":"2"},"split":)" + weights + more + "}";
    }
    static constexpr const char* uneven = R"([{"variant":"a","weight":90},{"variant":"b","weight":10}])";
    static constexpr const char* even = R"([{"variant":"a","weight":50},{"variant":"b","weight":50}])";
};

TEST_F(ExperimentsTest, GoesThroughItsLife) {
    create(id_, an_experiment);
    EXPECT_EQ(now().state, "draft");
    EXPECT_NE(newest().document.find("\"status\":\"draft\""), std::string::npos);
    EXPECT_EQ(refusal_of(entities_.pause(ann_, id_, "production")), ProblemType::conflict);
    EXPECT_EQ(refusal_of(entities_.complete(ann_, id_, "production", {})), ProblemType::conflict);
    EXPECT_EQ(must(entities_.start(ann_, id_, "production")).state, "running");
    EXPECT_NE(newest().document.find("\"status\":\"running\""), std::string::npos);
    EXPECT_EQ(refusal_of(entities_.start(ann_, id_, "production")), ProblemType::conflict);
    EXPECT_EQ(refusal_of(entities_.archive(ann_, id_)), ProblemType::conflict);
    EXPECT_EQ(must(entities_.pause(ann_, id_, "production")).state, "paused");
    EXPECT_EQ(must(entities_.start(ann_, id_, "production")).state, "running");
    EXPECT_EQ(phases().size(), 1u);
    EXPECT_EQ(refusal_of(entities_.complete(ann_, id_, "production", "c")), ProblemType::invalid);
    now_ms_ += 5'000;
    const Configuration done = must(entities_.complete(ann_, id_, "production", "b"));
    EXPECT_EQ(done.state, "completed");
    EXPECT_NE(done.body.find("\"winner\":\"b\""), std::string::npos);
    EXPECT_EQ(phases().at(0).ended_ms, now_ms_.load());
    EXPECT_EQ(refusal_of(entities_.start(ann_, id_, "production")), ProblemType::conflict);
    must(entities_.archive(ann_, id_));
    EXPECT_EQ(newest().document.find("cta"), std::string::npos);
    std::string actions;
    for (const AuditEntry& entry : entries({.subject = "experiment/cta"}))
        actions += entry.action.substr(11) + " ";
    EXPECT_EQ(actions, "create configure start pause start complete archive ");
}

TEST_F(ExperimentsTest, ACompletedOneKeepsItsWinnerWhereTheNewBodyHasNone) {
    create(id_, body(even));
    must(entities_.start(ann_, id_, "production"));
    must(entities_.complete(ann_, id_, "production", "b"));
    must(entities_.configure(ann_, id_, "production", body(even, R"(,"status":"completed")")));
    EXPECT_NE(now().body.find("\"winner\":\"b\""), std::string::npos) << now().body;
    must(entities_.configure(ann_, id_, "production", body(even, R"(,"winner":"a")")));
    EXPECT_NE(now().body.find("\"winner\":\"a\""), std::string::npos) << now().body;
}

TEST_F(ExperimentsTest, TheStatusIsNotWrittenByHand) {
    const auto refused =
        entities_.create(ann_, id_, {.name = "x"}, {{"production", body(even, R"(,"status":"running")")}});
    ASSERT_EQ(refusal_of(refused), ProblemType::invalid);
    EXPECT_EQ(refused.problem().violations.at(0).pointer, "/configurations/production/status");
    create(id_, body(even, R"(,"status":"draft")"));
}

TEST_F(ExperimentsTest, ADraftMayBecomeAnything) {
    create(id_, an_experiment);
    must(entities_.configure(
        ann_, id_, "production",
        R"({"type":"boolean","variants":{"x":true},"salt":"other","split":[{"variant":"x","weight":1}]})"));
    EXPECT_TRUE(phases().empty());
}

TEST_F(ExperimentsTest, StartingFreezesSaltVariantsUnitAndType) {
    create(id_, an_experiment);
    must(entities_.start(ann_, id_, "production"));
    for (const std::string& changed :
         {body(even, R"(,"salt":"other")"), body(even, R"(,"unit":"device")"),
          std::string(R"({"type":"string","variants":{"a":"1","b":"3"},"split":)") + even + "}"}) {
        const auto refused = entities_.configure(ann_, id_, "production", changed, {.new_phase = "please"});
        EXPECT_EQ(refusal_of(refused), ProblemType::frozen) << changed;
        EXPECT_EQ(refused.problem().violations.size(), 1u);
    }
    // Defaults that are written out, another order of members and what is not frozen are no change.
    must(entities_.configure(
        ann_, id_, "production",
        std::string(
            R"({"unit":"key","salt":"cta","traffic":50,"variants":{"b":"2","a":"1"},"type":"string","split":)") +
            even + "}"));
    EXPECT_EQ(phases().size(), 1u);
    EXPECT_NE(newest().document.find("\"traffic\":50"), std::string::npos);
}

TEST_F(ExperimentsTest, AnotherSplitIsAskedForByNameAndBeginsAPhase) {
    create(id_, an_experiment);
    must(entities_.start(ann_, id_, "production"));
    const auto refused = entities_.configure(ann_, id_, "production", body(uneven));
    ASSERT_EQ(refusal_of(refused), ProblemType::frozen);
    EXPECT_EQ(refused.problem().violations.at(0).pointer, "/split");
    now_ms_ += 60'000;
    const Configuration next =
        must(entities_.configure(ann_, id_, "production", body(uneven), {.new_phase = "b is slow"}));
    EXPECT_EQ(next.phase, 2);
    EXPECT_EQ(next.state, "running");
    const auto all = phases();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].ended_ms, now_ms_.load());
    EXPECT_EQ(all[0].split, even);
    EXPECT_EQ(all[1].split, uneven);
    EXPECT_EQ(all[1].reason, "b is slow");
    EXPECT_FALSE(all[1].ended_ms);
    must(entities_.complete(ann_, id_, "production", {}));
    EXPECT_EQ(refusal_of(entities_.configure(ann_, id_, "production", body(even), {.new_phase = "again"})),
              ProblemType::frozen);
}

TEST_F(ExperimentsTest, EachEnvironmentHasItsOwnLife) {
    create(id_, an_experiment);
    must(entities_.configure(ann_, id_, "staging", an_experiment));
    must(entities_.start(ann_, id_, "staging"));
    EXPECT_EQ(now().state, "draft");
    EXPECT_NE(newest("staging").document.find("running"), std::string::npos);
}

TEST_F(ExperimentsTest, OverlapsAreFoundAtTheStart) {
    must(entities_.create(ann_, {"game", EntityKind::layer, "l"}, {.name = "l"}, {{"production", "{}"}}));
    create(experiment("one"), body(even, R"(,"layer":{"key":"l","from":0,"to":6000})"));
    create(experiment("two"), body(even, R"(,"layer":{"key":"l","from":5000,"to":9000})"));
    must(entities_.start(ann_, experiment("one"), "production"));
    const auto refused = entities_.start(ann_, experiment("two"), "production");
    ASSERT_EQ(refusal_of(refused), ProblemType::invalid);
    EXPECT_EQ(refused.problem().violations.at(0).ruleset_pointer, "/experiments/two/layer");
    EXPECT_EQ(must(entities_.get(ann_, experiment("two"))).configurations[0].state, "draft");
    EXPECT_TRUE(must(entities_.phases(ann_, experiment("two"), "production")).empty());
}

TEST_F(ExperimentsTest, ACloneIsADraftWithItsOwnSalt) {
    create(id_, body(even, R"(,"salt":"pepper")"));
    must(entities_.start(ann_, id_, "production"));
    const Configuration copy = must(entities_.clone(ann_, id_, "cta-2", "again")).configurations.at(0);
    EXPECT_EQ(copy.state, "draft");
    EXPECT_EQ(copy.phase, 0);
    EXPECT_EQ(copy.body.find("pepper"), std::string::npos);
}

}  // namespace
}  // namespace expplat::tests
