// What is done later or by others: schedules, change requests, webhooks' rows, and requests that come twice.
#include <thread>

#include "server/domain/bounds.hpp"
#include "server/domain/change_requests.hpp"
#include "server/domain/idempotency.hpp"
#include "server/domain/keys.hpp"
#include "server/domain/schedules.hpp"
#include "server/domain/webhooks.hpp"
#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

constexpr const char* switch_off =
    R"({"operation":"disable","kind":"flag","key":"f","environment":"production"})";

class LaterTest : public PlaneTest {
protected:
    std::string shut_out_;  // the id of somebody who has no right any more
    Schedules schedules_{plane_, [this](const Actor& author, const Operation&, Transaction&) {
                             return author.id != shut_out_;
                         }};
    ChangeRequests requests_{plane_};
    Idempotency idempotency_{plane_};
    Webhooks webhooks_{plane_};
    Caller bob_{{Actor::Kind::person, "p-2", "bob@example.com", "", ""}, ann_.may};

    void SetUp() override {
        PlaneTest::SetUp();
        create(flag("f"), a_flag);
    }
};

TEST_F(LaterTest, AScheduleIsAppliedOnceAtItsTime) {
    const Schedule made = must(schedules_.create(ann_, "game", switch_off, now_ms_ + 5'000, "for the night"));
    EXPECT_EQ(must(schedules_.run_due()).applied, 0);
    EXPECT_EQ(must(entities_.get(ann_, flag("f"))).configurations[0].revision, 1);
    now_ms_ += 5'000;
    EXPECT_EQ(must(schedules_.run_due()).applied, 1);
    EXPECT_EQ(must(schedules_.run_due()).applied, 0);
    EXPECT_EQ(must(entities_.get(ann_, flag("f"))).configurations[0].revision, 2);
    EXPECT_EQ(must(schedules_.get(ann_, "game", made.id)).state, "applied");
    const auto noted = entries({.subject = "flag/f", .action = "flag.disable"});
    ASSERT_EQ(noted.size(), 1u);
    EXPECT_EQ(noted[0].actor.name, "schedule " + made.id + " of ann@example.com");
}

TEST_F(LaterTest, WorkersAtTheSameTimeApplyAScheduleOnce) {
    for (int i = 0; i < 6; ++i) {
        must(schedules_.create(
            ann_, "game",
            i % 2 == 0 ? switch_off
                       : R"({"operation":"enable","kind":"flag","key":"f","environment":"production"})",
            now_ms_ + 1 + i, ""));
    }
    now_ms_ += 100;
    std::atomic<int> applied{0};
    std::vector<std::thread> workers;
    for (int w = 0; w < 3; ++w) workers.emplace_back([&] { applied += must(schedules_.run_due()).applied; });
    for (std::thread& worker : workers) worker.join();
    EXPECT_EQ(applied.load(), 6);
    EXPECT_EQ(must(entities_.get(ann_, flag("f"))).configurations[0].revision, 7);
}

TEST_F(LaterTest, AWorkerThatDiedLeavesItsScheduleToOthers) {
    must(schedules_.create(ann_, "game", switch_off, now_ms_ + 1, ""));
    now_ms_ += 10;
    sql("UPDATE schedules SET leased_until_ms = " + std::to_string(now_ms_ + 60'000));
    EXPECT_EQ(must(schedules_.run_due()).applied, 0);
    now_ms_ += 60'000;
    EXPECT_EQ(must(schedules_.run_due()).applied, 1);
}

TEST_F(LaterTest, AScheduleThatIsRefusedFailsWithItsReason) {
    const Schedule made = must(schedules_.create(
        ann_, "game",
        R"({"operation":"configure","kind":"flag","key":"f","environment":"production","body":{"type":"no"}})",
        now_ms_ + 1, ""));
    const Schedule cancelled = must(schedules_.create(ann_, "game", switch_off, now_ms_ + 1, ""));
    must(schedules_.cancel(ann_, "game", cancelled.id));
    EXPECT_EQ(refusal_of(schedules_.cancel(ann_, "game", cancelled.id)), ProblemType::conflict);
    now_ms_ += 1'000;
    const SchedulesRun run = must(schedules_.run_due());
    EXPECT_EQ(run.failed, 1);
    EXPECT_EQ(run.applied, 0);
    EXPECT_NE(must(schedules_.get(ann_, "game", made.id)).outcome.find("/flags/f/"), std::string::npos);
    EXPECT_EQ(must(schedules_.list(ann_, "game", "failed", {})).items.size(), 1u);
    EXPECT_EQ(must(schedules_.list(ann_, "game", "", {})).items.size(), 2u);
}

TEST_F(LaterTest, AScheduleOfSomebodyWhoHasLostTheRightFails) {
    const Schedule of_ann = must(schedules_.create(ann_, "game", switch_off, now_ms_ + 1, ""));
    const Schedule of_bob = must(schedules_.create(bob_, "game", switch_off, now_ms_ + 2, ""));
    shut_out_ = "p-1";
    now_ms_ += 10;
    const SchedulesRun run = must(schedules_.run_due());
    EXPECT_EQ(run.failed, 1);
    EXPECT_EQ(run.applied, 1);
    EXPECT_EQ(must(schedules_.get(bob_, "game", of_bob.id)).state, "applied");
    const Schedule failed = must(schedules_.get(bob_, "game", of_ann.id));
    EXPECT_EQ(failed.state, "failed");
    EXPECT_EQ(failed.outcome, "its author `ann@example.com` has no right to `flag.toggle` there any more");
    const auto noted = entries({.subject = "schedule/" + of_ann.id, .action = "schedule.fail"});
    ASSERT_EQ(noted.size(), 1u);
    EXPECT_NE(noted[0].after.value_or("").find(failed.outcome), std::string::npos);
}

TEST_F(LaterTest, AChangeIsReadStrictly) {
    for (const char* bad :
         {"{}", "[]", R"({"operation":"explode","kind":"flag","key":"f","environment":"production"})",
          R"({"operation":"disable","kind":"flag","key":"f","environment":"production","body":{}})",
          R"({"operation":"configure","kind":"flag","key":"f","environment":"production","body":3})",
          R"({"operation":"disable","kind":"flag","key":"f","environment":"production","if_revision":-1})"}) {
        EXPECT_EQ(refusal_of(schedules_.create(ann_, "game", bad, now_ms_ + 10, "")), ProblemType::invalid)
            << bad;
    }
    EXPECT_EQ(refusal_of(schedules_.create(ann_, "game", switch_off, now_ms_, "")), ProblemType::invalid);
}

TEST_F(LaterTest, AChangeRequestIsReviewedByAnotherAndApplied) {
    must(projects_.update_environment(ann_, "game", "production", {.requires_approval = true}));
    const std::string change =
        R"({"operation":"configure","kind":"flag","key":"f","environment":"production","body":{"type":"boolean","variants":{"on":true},"off":"on","default":"on"}})";
    EXPECT_EQ(refusal_of(schedules_.create(ann_, "game", change, now_ms_ + 10, "")),
              ProblemType::approval_required);
    const ChangeRequest made = must(requests_.propose(ann_, "game", "simpler", change));
    EXPECT_EQ(made.base_revision, 1);
    EXPECT_EQ(must(entities_.get(ann_, flag("f"))).configurations[0].body, a_flag);
    EXPECT_EQ(refusal_of(requests_.apply(ann_, "game", made.id)), ProblemType::conflict);
    EXPECT_EQ(refusal_of(requests_.review(ann_, "game", made.id, true, "")), ProblemType::forbidden);
    EXPECT_EQ(must(requests_.review(bob_, "game", made.id, true, "good")).reviewer_name, "bob@example.com");
    EXPECT_EQ(refusal_of(requests_.review(bob_, "game", made.id, false, "")), ProblemType::conflict);
    EXPECT_EQ(must(requests_.apply(ann_, "game", made.id)).state, "applied");
    EXPECT_NE(must(entities_.get(ann_, flag("f"))).configurations[0].body, a_flag);
    EXPECT_EQ(refusal_of(requests_.apply(ann_, "game", made.id)), ProblemType::conflict);
    EXPECT_EQ(refusal_of(requests_.withdraw(ann_, "game", made.id)), ProblemType::conflict);
    EXPECT_EQ(must(requests_.list(ann_, "game", "applied", {})).items.size(), 1u);
}

TEST_F(LaterTest, AChangeRequestShowsWhatItWouldChangeNow) {
    const ChangeRequest made = must(requests_.propose(ann_, "game", "off", switch_off));
    ChangeRequestView view = must(requests_.get(ann_, "game", made.id));
    EXPECT_TRUE(view.is_current);
    ASSERT_EQ(view.differences.size(), 1u);
    EXPECT_EQ(view.differences[0].pointer, "/enabled");
    EXPECT_EQ(view.differences[0].after, "false");
    must(entities_.configure(ann_, flag("f"), "production",
                             R"({"type":"boolean","variants":{"on":true},"off":"on","default":"on"})"));
    EXPECT_FALSE(must(requests_.get(ann_, "game", made.id)).is_current);
    must(requests_.withdraw(ann_, "game", made.id));
    EXPECT_TRUE(must(requests_.get(ann_, "game", made.id)).differences.empty());
}

TEST_F(LaterTest, WhoMayReadOneEnvironmentSeesNoChangesOfTheOthers) {
    const ChangeRequest request = must(requests_.propose(ann_, "game", "off", switch_off));
    const Schedule schedule = must(schedules_.create(ann_, "game", switch_off, now_ms_ + 10, ""));
    const Caller eve{{Actor::Kind::person, "p-3", "eve", "", ""},
                     [](const Operation& operation, Transaction&) {
                         return operation.environment.empty() || operation.environment == "staging";
                     }};
    EXPECT_TRUE(must(requests_.list(eve, "game", "", {})).items.empty());
    EXPECT_TRUE(must(schedules_.list(eve, "game", "", {})).items.empty());
    EXPECT_EQ(refusal_of(requests_.get(eve, "game", request.id)), ProblemType::forbidden);
    EXPECT_EQ(refusal_of(schedules_.get(eve, "game", schedule.id)), ProblemType::forbidden);
}

TEST_F(LaterTest, AKeyIsNoSecondPairOfEyes) {
    const Keys keys(plane_);
    must(keys.create(ann_, "game", "production", "admin", "automation", {}, {"k-1", "hash", "…"}));
    const Caller key{{Actor::Kind::key, "k-1", "automation", "", ""}, ann_.may};
    const ChangeRequest of_ann = must(requests_.propose(ann_, "game", "off", switch_off));
    EXPECT_EQ(refusal_of(requests_.review(key, "game", of_ann.id, true, "")), ProblemType::forbidden);
    const ChangeRequest of_her_key = must(requests_.propose(key, "game", "off", switch_off));
    EXPECT_EQ(refusal_of(requests_.review(ann_, "game", of_her_key.id, true, "")), ProblemType::forbidden);
    must(requests_.review(bob_, "game", of_her_key.id, true, ""));
    EXPECT_EQ(must(requests_.apply(key, "game", of_her_key.id)).state, "applied");
}

TEST_F(LaterTest, ArchivingIsProposedToo) {
    must(projects_.update_environment(ann_, "game", "production", {.requires_approval = true}));
    const std::string change = R"({"operation":"archive","kind":"flag","key":"f"})";
    const ChangeRequest made = must(requests_.propose(ann_, "game", "away with it", change));
    must(requests_.review(bob_, "game", made.id, true, ""));
    must(requests_.apply(ann_, "game", made.id));
    EXPECT_TRUE(must(entities_.get(ann_, flag("f"))).entity.archived);
    EXPECT_EQ(refusal_of(requests_.propose(
                  ann_, "game", "x",
                  R"({"operation":"archive","kind":"flag","key":"f","environment":"production"})")),
              ProblemType::invalid);
}

TEST_F(LaterTest, AChangeRequestOfAnOlderRevisionIsNotApplied) {
    const ChangeRequest made = must(requests_.propose(ann_, "game", "off", switch_off));
    must(requests_.review(bob_, "game", made.id, true, ""));
    must(entities_.configure(ann_, flag("f"), "production",
                             R"({"type":"boolean","variants":{"on":true},"off":"on","default":"on"})"));
    EXPECT_EQ(refusal_of(requests_.apply(ann_, "game", made.id)), ProblemType::conflict);
    EXPECT_EQ(must(requests_.withdraw(ann_, "game", made.id)).state, "withdrawn");
}

TEST_F(LaterTest, AChangeRequestThatIsNotValidIsNotOpened) {
    const auto refused = requests_.propose(
        ann_, "game", "bad",
        R"({"operation":"configure","kind":"flag","key":"f","environment":"production","body":{"type":"boolean","variants":{"on":true},"off":"on","default":"none"}})");
    ASSERT_EQ(refusal_of(refused), ProblemType::invalid);
    EXPECT_EQ(refused.problem().violations.at(0).pointer, "/change/body/default");
    EXPECT_TRUE(must(requests_.list(ann_, "game", "", {})).items.empty());
    const ChangeRequest rejected = must(requests_.propose(ann_, "game", "off", switch_off));
    EXPECT_EQ(must(requests_.review(bob_, "game", rejected.id, false, "no")).state, "rejected");
    EXPECT_EQ(refusal_of(requests_.apply(ann_, "game", rejected.id)), ProblemType::conflict);
}

TEST_F(LaterTest, WhatHasEndedIsKeptForAWhileAndThenRemoved) {
    const auto propose = [&] { return must(requests_.propose(ann_, "game", "off", switch_off)).id; };
    const std::string waits =
        must(schedules_.create(ann_, "game", switch_off, now_ms_ + 100'000'000'000, "")).id;
    const std::string over = must(schedules_.create(ann_, "game", switch_off, now_ms_ + 5'000, "")).id;
    must(schedules_.cancel(ann_, "game", over));
    const std::string open = propose();
    const std::string approved = propose();
    const std::string withdrawn = propose();
    must(requests_.review(bob_, "game", approved, true, ""));
    must(requests_.withdraw(ann_, "game", withdrawn));
    const auto remove = [&] { return must(schedules_.remove_ended()) + must(requests_.remove_ended()); };
    now_ms_ += bounds::ended_kept_ms;
    EXPECT_EQ(remove(), 0);
    now_ms_ += 1;
    EXPECT_EQ(remove(), 2);
    EXPECT_EQ(remove(), 0);
    EXPECT_EQ(must(schedules_.get(ann_, "game", waits)).state, "waiting");
    EXPECT_EQ(must(requests_.get(ann_, "game", open)).request.state, "open");
    EXPECT_EQ(must(requests_.get(ann_, "game", approved)).request.state, "approved");
    EXPECT_EQ(refusal_of(schedules_.get(ann_, "game", over)), ProblemType::not_found);
    EXPECT_EQ(refusal_of(requests_.get(ann_, "game", withdrawn)), ProblemType::not_found);
    EXPECT_EQ(entries({.subject = "change-request/" + withdrawn}).size(), 2u) << "the audit has it";
}

TEST_F(LaterTest, AKeyStaysWhileWhatItProposedIsNotDecided) {
    const Keys keys(plane_);
    const Key key =
        must(keys.create(ann_, "game", "production", "admin", "automation", {}, {"k1", "h", "x"}));
    const Caller automation{{Actor::Kind::key, key.id, key.name, "", ""}, ann_.may};
    const std::string proposed = must(requests_.propose(automation, "game", "off", switch_off)).id;
    must(keys.revoke(ann_, "game", key.id));
    now_ms_ += bounds::ended_kept_ms + 1;
    EXPECT_EQ(must(keys.remove_ended()), 0);
    EXPECT_EQ(refusal_of(requests_.review(ann_, "game", proposed, true, "")), ProblemType::forbidden);
    must(requests_.review(bob_, "game", proposed, false, ""));
    EXPECT_EQ(must(keys.remove_ended()), 1);
}

TEST_F(LaterTest, TheSameRequestTwiceHasTheSameAnswer) {
    EXPECT_FALSE(must(idempotency_.begin("k-1", "once", "POST /x {}")));
    EXPECT_EQ(refusal_of(idempotency_.begin("k-1", "once", "POST /x {}")), ProblemType::idempotency_conflict);
    EXPECT_FALSE(must(idempotency_.begin("k-2", "once", "POST /x {}")));  // somebody else's key
    must(idempotency_.finish("k-1", "once", {201, "etag", "{\"made\":1}"}));
    const auto again = must(idempotency_.begin("k-1", "once", "POST /x {}"));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->status, 201);
    EXPECT_EQ(again->headers, "etag");
    EXPECT_EQ(again->body, "{\"made\":1}");
    EXPECT_EQ(refusal_of(idempotency_.begin("k-1", "once", "POST /y {}")), ProblemType::idempotency_conflict);
    now_ms_ += bounds::idempotency_ms;
    EXPECT_EQ(must(idempotency_.expire()), 2);
    EXPECT_FALSE(must(idempotency_.begin("k-1", "once", "POST /y {}")));
    must(idempotency_.forget("k-1", "once"));
    EXPECT_FALSE(must(idempotency_.begin("k-1", "once", "POST /z {}")));
    now_ms_ += bounds::idempotency_running_ms;
    EXPECT_FALSE(must(idempotency_.begin("k-1", "once", "POST /z {}")));  // the program that did it has died
    EXPECT_EQ(refusal_of(idempotency_.begin("k-1", "", "x")), ProblemType::invalid);
}

TEST_F(LaterTest, OfTheSameRequestAtOnceOneIsDone) {
    std::atomic<int> fresh{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            const auto begun = idempotency_.begin("k-1", "once", "x");
            if (begun && !*begun) ++fresh;
            if (!begun) {
                EXPECT_EQ(begun.problem().type, ProblemType::idempotency_conflict) << begun.problem().detail;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(fresh.load(), 1);
}

TEST_F(LaterTest, WebhooksAreCheckedAndLeaveNoRowsThatNobodyDelivers) {
    const std::string secret = "0123456789abcdef";
    for (const char* bad : {"", "ftp://x", "https://", "http://example.com/", "https://user@example.com/",
                            "https://a b/", "http://127.0.0.1@example.com/"}) {
        EXPECT_EQ(refusal_of(webhooks_.create(ann_, "game", bad, {"*"}, secret)), ProblemType::invalid)
            << bad;
    }
    EXPECT_EQ(refusal_of(webhooks_.create(ann_, "game", "https://a.example/", {"fl*ag"}, secret)),
              ProblemType::invalid);
    EXPECT_EQ(refusal_of(webhooks_.create(ann_, "game", "https://a.example/", {"*"}, "short")),
              ProblemType::invalid);
    const Webhook made = must(
        webhooks_.create(ann_, "game", "https://a.example/hook", {"flag.*", "experiment.start"}, secret));
    EXPECT_TRUE(wants(made, "flag.configure"));
    EXPECT_TRUE(wants(made, "experiment.start"));
    EXPECT_FALSE(wants(made, "experiment.starting"));
    EXPECT_EQ(to_json(made).find(secret), std::string::npos);
    must(entities_.set_enabled(ann_, flag("f"), "production", false));
    const auto rows = must(database_->write([&](Transaction& t) {
        return tables::lease_outbox(t, OutboxRow::Topic::audit, now_ms_, now_ms_ + 1, 10);
    }));
    EXPECT_TRUE(rows.empty());
    EXPECT_EQ(must(webhooks_.update(ann_, "game", made.id, {.enabled = false}, 1)).revision, 2);
    EXPECT_EQ(must(webhooks_.list(ann_, "game")).size(), 1u);
    must(webhooks_.remove(ann_, "game", made.id));
    EXPECT_EQ(refusal_of(webhooks_.remove(ann_, "game", made.id)), ProblemType::not_found);
    for (const AuditEntry& entry : entries()) {
        EXPECT_EQ(entry.after.value_or("").find(secret), std::string::npos);
    }
}

}  // namespace
}  // namespace expplat::tests
