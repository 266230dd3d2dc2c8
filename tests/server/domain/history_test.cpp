// History with differences, and taking back one change.
#include "server/domain/history.hpp"

#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

class HistoryTest : public PlaneTest {
protected:
    History history_{plane_};
    std::vector<HistoryEntry> of(const EntityId& id) { return must(history_.list(ann_, id, "", {})).items; }
    std::string body(const EntityId& id) { return must(entities_.get(ann_, id)).configurations.at(0).body; }
};

TEST_F(HistoryTest, ShowsWhatDiffers) {
    create(flag("f"), a_flag);
    must(entities_.configure(
        ann_, flag("f"), "production",
        R"({"type":"boolean","variants":{"on":true,"no/":false},"off":"no/","default":"on","tags":["a","b"]})"));
    const auto entries = of(flag("f"));
    ASSERT_EQ(entries.size(), 3u);
    std::string all;
    for (const Difference& d : entries[0].differences) {
        all += d.pointer + ":" + d.before.value_or("-") + ">" + d.after.value_or("-") + " ";
    }
    EXPECT_EQ(all, R"(/variants/off:false>- /variants/no~1:->false /off:"off">"no/" /tags:->["a","b"] )");
    const auto first = must(history_.list(ann_, flag("f"), "", {.limit = 2}));
    EXPECT_EQ(must(history_.list(ann_, flag("f"), "", {.after = *first.next, .limit = 2})).items.size(), 1u);
    EXPECT_EQ(must(history_.list(ann_, flag("f"), "staging", {})).items.size(), 0u);
}

TEST_F(HistoryTest, AChangeIsTakenBack) {
    create(flag("f"), a_flag);
    must(entities_.set_enabled(ann_, flag("f"), "production", false));
    const std::int64_t off = of(flag("f"))[0].entry.sequence;
    must(history_.revert(ann_, flag("f"), off));
    EXPECT_EQ(body(flag("f")), a_flag);
    EXPECT_EQ(of(flag("f"))[0].entry.action, "flag.revert");
    must(history_.revert(ann_, flag("f"), of(flag("f"))[0].entry.sequence));  // and back again
    EXPECT_NE(body(flag("f")), a_flag);
    EXPECT_EQ(refusal_of(history_.revert(ann_, flag("f"), off, {.if_revision = 1})),
              ProblemType::precondition_failed);
    EXPECT_EQ(refusal_of(history_.revert(ann_, flag("f"), 1)), ProblemType::not_found);  // the project's
}

TEST_F(HistoryTest, WhatIsTakenBackMustBeAsItWasSeen) {
    create(flag("f"), a_flag);
    must(entities_.set_enabled(ann_, flag("f"), "production", false));
    const std::int64_t off = of(flag("f"))[0].entry.sequence;
    const EntityView before = must(entities_.get(ann_, flag("f")));
    must(entities_.set_enabled(ann_, flag("f"), "production", true));
    EXPECT_EQ(refusal_of(history_.revert(ann_, flag("f"), off, {.if_seen = before})),
              ProblemType::precondition_failed);
    must(history_.revert(ann_, flag("f"), off, {.if_seen = must(entities_.get(ann_, flag("f")))}));

    (void)must(entities_.update(ann_, flag("f"), {.name = "g"}, {}));
    const std::int64_t named = of(flag("f"))[0].entry.sequence;
    EXPECT_EQ(refusal_of(history_.revert(ann_, flag("f"), named, {.if_seen = before})),
              ProblemType::precondition_failed);
    must(history_.revert(ann_, flag("f"), named, {.if_seen = must(entities_.get(ann_, flag("f")))}));
}

TEST_F(HistoryTest, AConfigurationThatWasAddedOrRemovedIsTakenBack) {
    create(flag("f"), a_flag);
    must(entities_.configure(ann_, flag("f"), "staging", a_flag));
    must(history_.revert(ann_, flag("f"), of(flag("f"))[0].entry.sequence));
    EXPECT_EQ(must(entities_.get(ann_, flag("f"))).configurations.size(), 1u);
    must(history_.revert(ann_, flag("f"), of(flag("f"))[0].entry.sequence));
    EXPECT_EQ(must(entities_.get(ann_, flag("f"))).configurations.size(), 2u);
}

TEST_F(HistoryTest, MetadataIsTakenBack) {
    must(entities_.create(ann_, flag("f"),
                          {.name = "old", .tags = {"a"}, .json_schema = R"({"type":"object"})"}));
    must(entities_.update(
        ann_, flag("f"),
        {.name = "new", .tags = std::vector<std::string>{}, .client_visible = true, .json_schema = ""}));
    must(history_.revert(ann_, flag("f"), of(flag("f"))[0].entry.sequence));
    const Metadata metadata = must(entities_.get(ann_, flag("f"))).entity.metadata;
    EXPECT_EQ(metadata.name, "old");
    EXPECT_EQ(metadata.tags, std::vector<std::string>{"a"});
    EXPECT_FALSE(metadata.client_visible);
    EXPECT_EQ(metadata.json_schema, R"({"type":"object"})");
    EXPECT_EQ(refusal_of(history_.revert(ann_, flag("f"), of(flag("f")).back().entry.sequence)),
              ProblemType::conflict);
}

TEST_F(HistoryTest, WhatWouldNotBeValidAnyMoreIsNotTakenBack) {
    create(segment("s"), "{}");
    create(
        flag("f"),
        R"({"type":"boolean","variants":{"on":true},"off":"on","default":"on","rules":[{"if":{"segment":"s"},"serve":"on"}]})");
    must(entities_.configure(ann_, flag("f"), "production", a_flag));
    const std::int64_t change = of(flag("f"))[0].entry.sequence;
    must(entities_.archive(ann_, segment("s")));
    EXPECT_EQ(refusal_of(history_.revert(ann_, flag("f"), change)), ProblemType::invalid);
}

TEST_F(HistoryTest, ARunningExperimentsLifeGoesOn) {
    create(experiment("e"), an_experiment);
    must(entities_.configure(
        ann_, experiment("e"), "production",
        R"({"type":"string","variants":{"a":"1","b":"2"},"traffic":10,"split":[{"variant":"a","weight":50},{"variant":"b","weight":50}]})"));
    const std::int64_t change = of(experiment("e"))[0].entry.sequence;
    must(entities_.start(ann_, experiment("e"), "production"));
    must(history_.revert(ann_, experiment("e"), change));
    EXPECT_EQ(body(experiment("e")).find("traffic"), std::string::npos);
    EXPECT_NE(body(experiment("e")).find("running"), std::string::npos);
    EXPECT_EQ(refusal_of(history_.revert(ann_, experiment("e"), of(experiment("e"))[1].entry.sequence)),
              ProblemType::conflict);
}

}  // namespace
}  // namespace expplat::tests
