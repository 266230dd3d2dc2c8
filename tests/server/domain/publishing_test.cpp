// What a commit publishes: versions that only grow, a bounded history, an outbox row, and what client keys may see.
#include "server/domain/digest.hpp"
#include "server/domain/keys.hpp"
#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

using PublishingTest = PlaneTest;

TEST_F(PublishingTest, AnEnvironmentBeginsWithAnEmptyRuleset) {
    EXPECT_EQ(newest().document,
              "{\"format\":\"expplat.ruleset/1\",\"environment\":\"production\",\"version\":" +
                  std::to_string(start_ms) + "}");
}

TEST_F(PublishingTest, VersionsGrowEvenWhereTheClockGoesBack) {
    now_ms_ -= 1'000'000;
    create(flag("f"), a_flag);
    EXPECT_EQ(version(), start_ms + 1);
    EXPECT_EQ(newest().hash, sha256_hex(newest().document));
}

TEST_F(PublishingTest, OnlyTheEnvironmentThatChangedIsPublished) {
    const std::int64_t staging = version("staging");
    create(flag("f"), a_flag);
    EXPECT_EQ(version("staging"), staging);
    const auto heads = must(database_->read([](Transaction& t) { return tables::ruleset_heads(t); }));
    ASSERT_EQ(heads.size(), 2u);
    for (const RulesetHead& head : heads) EXPECT_EQ(head.version, version(head.environment));
    must(entities_.update(ann_, flag("f"), {.description = "words"}));
    EXPECT_EQ(version(), start_ms + 1);
}

TEST_F(PublishingTest, TheHistoryIsBounded) {
    create(flag("f"), a_flag);
    for (int i = 0; i < 60; ++i) must(entities_.set_enabled(ann_, flag("f"), "production", i % 2 != 0));
    const auto versions = must(
        database_->read([](Transaction& t) { return tables::ruleset_versions(t, "game", "production"); }));
    ASSERT_EQ(versions.size(), 50u);
    EXPECT_EQ(versions.front(), version());
    EXPECT_EQ(versions.back(), version() - 49);
}

TEST_F(PublishingTest, EachVersionLeavesARowInTheOutbox) {
    create(flag("f"), a_flag);
    const auto lease = [&](std::int64_t now_ms) {
        return must(database_->write([&](Transaction& t) {
            return tables::lease_outbox(t, OutboxRow::Topic::ruleset, now_ms, now_ms + 100, 10);
        }));
    };
    const auto rows = lease(0);
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[2].number, version());
    EXPECT_LT(rows[0].id, rows[1].id);
    EXPECT_TRUE(lease(99).empty());
    must(database_->write([&](Transaction& t) { tables::remove_from_outbox(t, rows[0].id); }));
    const auto again = lease(100);
    ASSERT_EQ(again.size(), 2u);
    EXPECT_EQ(again[0].attempts, 2);
}

TEST_F(PublishingTest, ClientKeysSeeWhatIsVisibleAndWhatItNeeds) {
    create(segment("inner"), R"({"if":{"attribute":"a","is":1}})");
    create(segment("outer"), R"({"if":{"segment":"inner"}})");
    create(segment("other"), R"({"included":["u1"]})");
    create(flag("hidden"), a_flag);
    must(entities_.create(
        ann_, flag("shown"), {.name = "shown", .client_visible = true},
        {{"production",
          R"({"type":"boolean","variants":{"on":true},"off":"on","default":"on","rules":[{"if":{"segment":"outer"},"serve":"on"}]})"}}));
    const std::string document = newest().client_document;
    for (const char* there : {"shown", "inner", "outer"})
        EXPECT_NE(document.find(there), std::string::npos) << there;
    for (const char* absent : {"hidden", "other", "u1"})
        EXPECT_EQ(document.find(absent), std::string::npos) << absent;
}

TEST_F(PublishingTest, AVisibleFlagThatNeedsAnInvisibleOneIsRefused) {
    create(flag("hidden"), a_flag);
    const std::string body =
        R"({"type":"boolean","variants":{"on":true},"off":"on","default":"on","prerequisites":[{"flag":"hidden","variants":["on"]}]})";
    const auto refused = entities_.create(ann_, flag("shown"), {.name = "shown", .client_visible = true},
                                          {{"production", body}});
    ASSERT_EQ(refusal_of(refused), ProblemType::invalid);
    EXPECT_EQ(refused.problem().violations.at(0).pointer, "/configurations/production/prerequisites/0/flag");
    create(flag("shown"), body);
    EXPECT_EQ(refusal_of(entities_.update(ann_, flag("shown"), {.client_visible = true})),
              ProblemType::invalid);
    must(entities_.update(ann_, flag("hidden"), {.client_visible = true}));
    must(entities_.update(ann_, flag("shown"), {.client_visible = true}));
    EXPECT_EQ(refusal_of(entities_.update(ann_, flag("hidden"), {.client_visible = false})),
              ProblemType::invalid);
}

TEST_F(PublishingTest, AVisibleFlagDoesNotShowASegmentsUsers) {
    create(segment("vip"), R"({"included":["u1"]})");
    const auto refused = entities_.create(
        ann_, flag("shown"), {.name = "shown", .client_visible = true},
        {{"production",
          R"({"type":"boolean","variants":{"on":true},"off":"on","default":"on","rules":[{"if":{"segment":"vip"},"serve":"on"}]})"}});
    ASSERT_EQ(refusal_of(refused), ProblemType::invalid);
    EXPECT_EQ(refused.problem().violations.at(0).pointer, "/configurations/production/rules/0/if/segment");
}

TEST_F(PublishingTest, AnArchivedEnvironmentStandsStill) {
    create(flag("f"), a_flag);
    must(projects_.update_environment(ann_, "game", "production", {.archived = true}));
    EXPECT_EQ(refusal_of(entities_.set_enabled(ann_, flag("f"), "production", false)), ProblemType::conflict);
    const std::int64_t last = version();
    must(entities_.archive(ann_, flag("f")));
    EXPECT_EQ(version(), last);
    must(projects_.update_environment(ann_, "game", "production", {.archived = false}));
    EXPECT_EQ(newest().document.find("\"f\""), std::string::npos);
}

TEST_F(PublishingTest, AnEnvironmentThatRequiresApprovalTakesNoPlainChange) {
    create(flag("f"), a_flag);
    must(projects_.update_environment(ann_, "game", "production", {.requires_approval = true}));
    EXPECT_EQ(refusal_of(entities_.configure(
                  ann_, flag("f"), "production",
                  R"({"type":"boolean","variants":{"on":true},"off":"on","default":"on"})")),
              ProblemType::approval_required);
    EXPECT_EQ(refusal_of(entities_.archive(ann_, flag("f"))), ProblemType::approval_required);
    must(entities_.set_enabled(ann_, flag("f"), "production", false));  // off is always possible
    EXPECT_EQ(refusal_of(entities_.set_enabled(ann_, flag("f"), "production", true)),
              ProblemType::approval_required);
}

TEST_F(PublishingTest, ARehearsalChangesNothing) {
    const std::int64_t before = version();
    must(plane_.rehearse(ann_, [&](Work& work) { return create_entity(work, flag("f"), {.name = "f"}); }));
    EXPECT_EQ(refusal_of(plane_.rehearse(
                  ann_, [&](Work& work) { return create_entity(work, flag("!"), {.name = "f"}); })),
              ProblemType::invalid);
    EXPECT_EQ(version(), before);
    EXPECT_EQ(refusal_of(entities_.get(ann_, flag("f"))), ProblemType::not_found);
}

TEST_F(PublishingTest, WhoTakesLongerThanTheirLeaseMayHoldItForLonger) {
    const std::int64_t now_ms = now_ms_;
    const auto lease = [&](std::int64_t at_ms) {
        return must(database_->write([&](Transaction& t) {
            return tables::lease_outbox_alone(t, OutboxRow::Topic::ruleset, at_ms, at_ms + 100, 10);
        }));
    };
    const auto extend = [&](std::int64_t row, std::int64_t held_until_ms, std::int64_t until_ms) {
        return must(database_->write(
            [&](Transaction& t) { return tables::extend_outbox(t, row, held_until_ms, until_ms); }));
    };
    const std::int64_t row = lease(now_ms).at(0).id;
    EXPECT_TRUE(extend(row, now_ms + 100, now_ms + 300));
    EXPECT_TRUE(lease(now_ms + 200).empty()) << "it is still held";
    EXPECT_FALSE(lease(now_ms + 300).empty());
    EXPECT_FALSE(extend(row, now_ms + 300, now_ms + 600)) << "somebody else has it by now";
}

TEST_F(PublishingTest, WhoMustBeAloneWaitsForWhoeverHoldsTheOutbox) {
    create(flag("a"), a_flag);
    const auto lease = [&](std::int64_t now_ms) {
        return must(database_->write([&](Transaction& t) {
            return tables::lease_outbox_alone(t, OutboxRow::Topic::ruleset, now_ms, now_ms + 100, 10);
        }));
    };
    const std::int64_t now_ms = now_ms_;
    const std::vector<OutboxRow> held = lease(now_ms);
    ASSERT_FALSE(held.empty());
    create(flag("b"), a_flag);
    EXPECT_TRUE(lease(now_ms + 50).empty()) << "also of what came since";
    must(database_->write([&](Transaction& t) {
        for (const OutboxRow& row : held) tables::release_outbox(t, row.id);
    }));
    const std::vector<OutboxRow> again = lease(now_ms + 60);
    EXPECT_EQ(again.size(), held.size() + 1);
    EXPECT_EQ(again.front().attempts, 2);
    EXPECT_EQ(lease(now_ms + 161).size(), again.size()) << "a lease that has run out is nobody's";
}

TEST_F(PublishingTest, AClientKeyThatComesOrGoesIsSomethingToPublish) {
    create(flag("a"), a_flag);
    const Keys keys(plane_);
    const auto make = [&](const std::string& kind) {
        return must(
            keys.create(ann_, "game", "production", kind, "k", {}, {kind + "-id", kind + "-hash", "hint"}));
    };
    const auto rows = [&] {
        return must(database_->read([](Transaction& t) {
            return t.execute("SELECT COUNT(*) FROM outbox WHERE topic = 'ruleset'")[0].integer(0);
        }));
    };
    const std::int64_t before = rows();
    (void)make("server");
    EXPECT_EQ(rows(), before);
    (void)make("client");
    EXPECT_EQ(rows(), before + 1);
    must(keys.revoke(ann_, "game", "client-id"));
    EXPECT_EQ(rows(), before + 2);
    must(keys.revoke(ann_, "game", "client-id"));
    EXPECT_EQ(rows(), before + 2) << "a second time changes nothing";
}

}  // namespace
}  // namespace expplat::tests
