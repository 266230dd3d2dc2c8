// All of an environment at once: what is changed together is changed or not, compiled once, and rehearsed without a trace.
#include "server/domain/configurations.hpp"

#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

class ConfigurationsTest : public PlaneTest {
protected:
    Configurations configurations_{plane_};

    static Change configure(const EntityId& id, const std::string& body,
                            std::optional<std::int64_t> revision = 0) {
        Change change;
        change.id = id;
        change.environment = "production";
        change.body = body;
        change.if_revision = revision;
        return change;
    }
    static std::string flag_of_segment(const std::string& key) {
        std::string body = a_flag;
        body.back() = ',';
        return body + R"("rules":[{"id":"r","if":{"segment":")" + key + R"("},"serve":"off"}]})";
    }
    void make(const EntityId& id) { must(entities_.create(ann_, id, {.name = id.key}, {})); }
};

TEST_F(ConfigurationsTest, WhatNamesEachOtherIsChangedInAnyOrderAndPublishedOnce) {
    make(segment("s"));
    make(flag("f"));
    const std::int64_t before = version();
    const std::vector<Change> changes{configure(flag("f"), flag_of_segment("s")),
                                      configure(segment("s"), R"({"included":["u"]})")};
    must(configurations_.change(ann_, changes, Attempt::for_good));
    EXPECT_GT(version(), before);
    const auto listed = must(configurations_.list(ann_, "game", "production"));
    ASSERT_EQ(listed.size(), 2u);
    EXPECT_EQ(listed[0].id.key, "s");
    EXPECT_EQ(listed[1].configuration.revision, 1);
    EXPECT_EQ(listed[1].configuration.body, flag_of_segment("s"));
    EXPECT_TRUE(must(configurations_.list(ann_, "game", "staging")).empty());
    EXPECT_EQ(
        to_json(listed[0]).find(R"({"kind":"segment","key":"s","environment":"production","revision":1,)"),
        0u);
}

TEST_F(ConfigurationsTest, OneThatIsRefusedUndoesAll) {
    create(flag("f"), a_flag);
    make(flag("g"));
    const std::size_t audited = entries().size();
    const std::int64_t before = version();
    const std::vector<Change> wrong{configure(flag("g"), a_flag),
                                    configure(flag("f"), flag_of_segment("nobody"), 1)};
    const auto done = configurations_.change(ann_, wrong, Attempt::for_good);
    ASSERT_EQ(refusal_of(done), ProblemType::invalid);
    EXPECT_EQ(done.problem().violations.at(0).pointer, "/changes/1/body/rules/0/if/segment");
    const std::vector<Change> late{configure(flag("g"), a_flag), configure(flag("f"), a_flag, 7)};
    EXPECT_EQ(refusal_of(configurations_.change(ann_, late, Attempt::for_good)),
              ProblemType::precondition_failed);
    const std::vector<Change> there{configure(flag("f"), a_flag, 0)};
    EXPECT_EQ(refusal_of(configurations_.change(ann_, there, Attempt::for_good)),
              ProblemType::precondition_failed);
    EXPECT_EQ(must(configurations_.list(ann_, "game", "production")).size(), 1u);
    EXPECT_EQ(version(), before);
    EXPECT_EQ(entries().size(), audited);
}

TEST_F(ConfigurationsTest, ARehearsalLeavesNothing) {
    make(flag("f"));
    const std::size_t audited = entries().size();
    const std::int64_t before = version();
    const std::vector<Change> good{configure(flag("f"), a_flag)};
    must(configurations_.change(ann_, good, Attempt::rehearsal));
    const std::vector<Change> wrong{configure(flag("f"), flag_of_segment("nobody"))};
    EXPECT_EQ(refusal_of(configurations_.change(ann_, wrong, Attempt::rehearsal)), ProblemType::invalid);
    EXPECT_EQ(version(), before);
    EXPECT_EQ(entries().size(), audited);
}

TEST_F(ConfigurationsTest, EachChangeTakesItsOwnRightAndWhoMayNotReadSeesNothing) {
    create(flag("f"), a_flag);
    create(segment("s"), R"({"included":["u"]})");
    Caller eve = ann_;
    eve.may = [](const Operation& operation, Transaction&) {
        return operation.action == "environment.read" || operation.action.starts_with("flag.");
    };
    EXPECT_EQ(must(configurations_.list(eve, "game", "production")).size(), 1u);
    const std::vector<Change> changes{configure(flag("f"), a_flag, 1),
                                      configure(segment("s"), R"({"included":["v"]})", 1)};
    EXPECT_EQ(refusal_of(configurations_.change(eve, changes, Attempt::for_good)), ProblemType::forbidden);
    EXPECT_EQ(refusal_of(configurations_.list(ann_, "game", "nowhere")), ProblemType::not_found);
}

}  // namespace
}  // namespace expplat::tests
