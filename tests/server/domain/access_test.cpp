// Keys and people: made, taken back, locked out; and that somebody is always left who can let others in.
#include <algorithm>

#include "server/domain/bounds.hpp"
#include "server/domain/keys.hpp"
#include "server/domain/people.hpp"
#include "server/domain/roles.hpp"
#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

class AccessTest : public PlaneTest {
protected:
    Keys keys_{plane_};
    People people_{plane_, [](const std::string& role) { return role == "admin" || role == "viewer"; }};

    Key make_key(const std::string& id = "k1", std::optional<std::int64_t> expires_ms = {}) {
        return must(keys_.create(ann_, "game", "production", "server", "the game", expires_ms,
                                 {id, "hash-" + id, "xp_server_ab12…"}));
    }
    PersonView bootstrapped() { return *must(people_.bootstrap("root@example.com", "$hash")); }
    std::vector<std::string> actions() {
        return must(database_->read([](Transaction& t) {
            const Rows rows = t.execute("SELECT action FROM audit ORDER BY sequence");
            std::vector<std::string> actions;
            for (std::size_t i = 0; i < rows.size(); ++i) actions.push_back(rows[i].text(0));
            return actions;
        }));
    }
};

TEST_F(AccessTest, AKeyIsKnownAgainAndNeverShowsItsHash) {
    const Key key = make_key();
    EXPECT_EQ(key.created_by, "p-1");
    EXPECT_EQ(to_json(key).find("hash-"), std::string::npos);
    EXPECT_EQ(must(keys_.find("k1"))->hash, "hash-k1");
    EXPECT_FALSE(must(keys_.find("k2")).has_value());
    ++now_ms_;
    make_key("k2");
    const auto listed = must(keys_.list(ann_, "game", "production"));
    ASSERT_EQ(listed.size(), 2u);
    EXPECT_EQ(listed[0].id, "k2") << "newest first";
    EXPECT_TRUE(must(keys_.list(ann_, "game", "staging")).empty());
}

TEST_F(AccessTest, AKeyIsTakenBackOnce) {
    make_key();
    now_ms_ += 5;
    EXPECT_EQ(must(keys_.revoke(ann_, "game", "k1")).revoked_ms, start_ms + 5);
    now_ms_ += 5;
    EXPECT_EQ(must(keys_.revoke(ann_, "game", "k1")).revoked_ms, start_ms + 5);
    EXPECT_EQ(refusal_of(keys_.revoke(ann_, "game", "other")), ProblemType::not_found);
    EXPECT_EQ(refusal_of(keys_.revoke(ann_, "other", "k1")), ProblemType::not_found);
    EXPECT_EQ(std::ranges::count(actions(), "key.revoke"), 1);
}

TEST_F(AccessTest, AKeyExpiresAtATimeThatTheStoreCanKeep) {
    for (const std::int64_t never :
         {std::int64_t{9'007'199'254'740'992}, std::int64_t{253'402'300'800'000}}) {
        EXPECT_EQ(refusal_of(keys_.create(ann_, "game", "production", "server", "n", never, {"k", "h", "x"})),
                  ProblemType::invalid);
    }
    make_key("k1", 253'402'300'799'999);
}

TEST_F(AccessTest, KeysThatAreOverTakeNoRoom) {
    for (std::int64_t i = 0; i < bounds::keys; ++i) {
        const std::string id = "old" + std::to_string(i);
        sql("INSERT INTO keys (id, project, environment, kind, name, hash, hint, created_by, created_ms, " +
            std::string(i % 2 == 0 ? "revoked_ms" : "expires_ms") + ") VALUES ('" + id +
            "', 'game', 'production', 'server', 'n', '" + id + "', 'x', 'p-1', 1, 2)");
    }
    make_key("k1");
    make_key("k2", now_ms_ + 1'000);
    EXPECT_EQ(must(keys_.remove_ended()), bounds::ended_at_once);
    EXPECT_EQ(must(keys_.list(ann_, "game", "production")).size(), 2u);
    for (std::int64_t i = 2; i < bounds::keys; ++i) make_key("new" + std::to_string(i));
    EXPECT_EQ(refusal_of(keys_.create(ann_, "game", "production", "server", "n", {}, {"more", "more", "x"})),
              ProblemType::too_large);
}

TEST_F(AccessTest, BadKeysAreRefused) {
    const KeyMaterial material{"k", "h", "…"};
    EXPECT_EQ(refusal_of(keys_.create(ann_, "game", "production", "root", "n", {}, material)),
              ProblemType::invalid);
    EXPECT_EQ(refusal_of(keys_.create(ann_, "game", "production", "server", "", {}, material)),
              ProblemType::invalid);
    EXPECT_EQ(refusal_of(keys_.create(ann_, "game", "production", "server", "n", start_ms, material)),
              ProblemType::invalid);
    EXPECT_EQ(refusal_of(keys_.create(ann_, "game", "nowhere", "server", "n", {}, material)),
              ProblemType::not_found);
    const Caller nobody{{Actor::Kind::person, "p", "p", "", ""}};
    EXPECT_EQ(refusal_of(keys_.create(nobody, "game", "production", "server", "n", {}, material)),
              ProblemType::forbidden);
    EXPECT_EQ(refusal_of(keys_.list(nobody, "game", "production")), ProblemType::forbidden);
}

TEST_F(AccessTest, AnAdminKeyMayBeOfAWholeProject) {
    make_key();
    const Key whole = must(keys_.create(ann_, "game", "", "admin", "automation", {}, {"k2", "hash-k2", "…"}));
    EXPECT_EQ(whole.environment, "");
    EXPECT_EQ(must(keys_.find("k2"))->environment, "");
    EXPECT_EQ(must(keys_.list(ann_, "game", "")).size(), 1u);
    for (const char* environment : {"production", "staging"})
        EXPECT_EQ(must(keys_.list(ann_, "game", environment)).size(), environment[0] == 'p' ? 1u : 0u);
    EXPECT_EQ(refusal_of(keys_.create(ann_, "game", "", "server", "n", {}, {"k3", "h3", "…"})),
              ProblemType::invalid);
    EXPECT_EQ(refusal_of(keys_.create(ann_, "nowhere", "", "admin", "n", {}, {"k3", "h3", "…"})),
              ProblemType::not_found);
    must(projects_.create(ann_, "empty", "Empty", ""));
    EXPECT_EQ(refusal_of(keys_.create(ann_, "empty", "", "admin", "n", {}, {"k3", "h3", "…"})),
              ProblemType::conflict);
    EXPECT_TRUE(must(keys_.revoke(ann_, "game", "k2")).revoked_ms);
}

TEST_F(AccessTest, TheFirstUseOfAKeyInEachHourIsAudited) {
    const Key key = make_key();
    for (int i = 0; i < 5; ++i) must(keys_.note_use(key, "192.0.2.1", "r"));
    EXPECT_EQ(std::ranges::count(actions(), "key.use"), 1);
    now_ms_ += 3'600'000;
    must(keys_.note_use(key, "192.0.2.1", "r"));
    EXPECT_EQ(std::ranges::count(actions(), "key.use"), 2);
    EXPECT_EQ(must(keys_.find("k1"))->used_ms, now_ms_.load());
}

TEST_F(AccessTest, AnEmptyStoreGetsOneAdmin) {
    const PersonView root = bootstrapped();
    EXPECT_EQ(root.grants, (std::vector<RoleGrant>{{"admin", "", ""}}));
    EXPECT_FALSE(must(people_.bootstrap("second@example.com", "$hash")).has_value());
    EXPECT_EQ(must(people_.find_by_email("ROOT@example.com"))->person.id, root.person.id);
    EXPECT_EQ(to_json(root).find("$hash"), std::string::npos);
}

TEST_F(AccessTest, PeopleAreMadeChangedAndListed) {
    bootstrapped();
    const PersonView eve =
        must(people_.create(ann_, "eve@example.com", "Eve", "$h", {{"viewer", "game", ""}}));
    EXPECT_EQ(refusal_of(people_.create(ann_, "EVE@example.com", "Eve", {}, {})),
              ProblemType::already_exists);
    const auto changed = must(people_.update(
        ann_, eve.person.id,
        {.name = "Eve E.",
         .grants = std::vector<RoleGrant>{{"viewer", "game", "staging"}, {"viewer", "game", "staging"}}},
        1));
    EXPECT_EQ(changed.person.name, "Eve E.");
    EXPECT_EQ(changed.grants.size(), 1u);
    EXPECT_EQ(changed.person.tokens_from_ms, eve.person.tokens_from_ms) << "she stays logged in";
    EXPECT_EQ(refusal_of(people_.update(ann_, eve.person.id, {.name = "x"}, 1)),
              ProblemType::precondition_failed);
    const Page<PersonView> first = must(people_.list(ann_, {"", 1}));
    ASSERT_EQ(first.items.size(), 1u);
    EXPECT_EQ(first.items[0].person.email, "eve@example.com");
    EXPECT_EQ(must(people_.list(ann_, {*first.next, 1})).items[0].person.email, "root@example.com");
}

TEST_F(AccessTest, BadPeopleAreRefused) {
    for (const char* email : {"", "eve", "@host", "eve@", "e ve@host", "a@b@c", "eve@host\n"})
        EXPECT_EQ(refusal_of(people_.create(ann_, email, "", {}, {})), ProblemType::invalid) << email;
    EXPECT_EQ(refusal_of(people_.create(ann_, "a@b", "", {}, {{"emperor", "", ""}})), ProblemType::invalid);
    EXPECT_EQ(refusal_of(people_.create(ann_, "a@b", "", {}, {{"viewer", "", "staging"}})),
              ProblemType::invalid);
}

TEST_F(AccessTest, APasswordAndAShutDoorEndEverySession) {
    bootstrapped();
    const PersonView eve = must(people_.create(ann_, "eve@example.com", "Eve", "$h", {}));
    const auto after_password = must(people_.update(ann_, eve.person.id, {.password_hash = "$new"}));
    EXPECT_GT(after_password.person.tokens_from_ms, eve.person.tokens_from_ms);
    const auto after_shut = must(people_.update(ann_, eve.person.id, {.disabled = true}));
    EXPECT_GT(after_shut.person.tokens_from_ms, after_password.person.tokens_from_ms);
    const Caller herself{{Actor::Kind::person, eve.person.id, "eve", "", ""}};
    must(people_.end_sessions(herself, eve.person.id));
    EXPECT_GT(must(people_.find(eve.person.id))->person.tokens_from_ms, after_shut.person.tokens_from_ms);
    EXPECT_EQ(refusal_of(people_.end_sessions(herself, "another")), ProblemType::forbidden);
}

TEST_F(AccessTest, TheLastAdminStays) {
    const PersonView root = bootstrapped();
    EXPECT_EQ(refusal_of(people_.update(ann_, root.person.id, {.disabled = true})), ProblemType::conflict);
    EXPECT_EQ(refusal_of(people_.update(ann_, root.person.id, {.grants = std::vector<RoleGrant>{}})),
              ProblemType::conflict);
    must(people_.create(ann_, "second@example.com", "", "$h", {{"admin", "", ""}}));
    must(people_.update(ann_, root.person.id, {.disabled = true}));
}

TEST_F(AccessTest, GrantsNameWhatIsThere) {
    for (const RoleGrant& bad :
         std::vector<RoleGrant>{{"viewer", "nowhere", ""}, {"viewer", "game", "nowhere"}})
        EXPECT_EQ(refusal_of(people_.create(ann_, "a@b", "", {}, {bad})), ProblemType::invalid);
}

TEST_F(AccessTest, ARoleOfOnesOwnIsGrantedWhileItIsThere) {
    const Roles roles(plane_, [](const std::string& key, const std::vector<std::string>& operations) {
        const bool good = key != "admin" && std::ranges::count(operations, "fly") == 0;
        return good ? std::nullopt : std::optional<std::string>("is none");
    });
    bootstrapped();
    EXPECT_EQ(refusal_of(people_.create(ann_, "a@b", "", {}, {{"crew", "", ""}})), ProblemType::invalid);
    const Role made = must(roles.create(ann_, "crew", "The crew", {"b", "a", "b"}));
    EXPECT_EQ(made.operations, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(refusal_of(roles.create(ann_, "crew", "x", {})), ProblemType::already_exists);
    EXPECT_EQ(refusal_of(roles.create(ann_, "admin", "x", {})), ProblemType::invalid);
    EXPECT_EQ(refusal_of(roles.update(ann_, "crew", {.operations = std::vector<std::string>{"fly"}})),
              ProblemType::invalid);
    const PersonView eve =
        must(people_.create(ann_, "a@b", "", {}, {{"crew", "game", ""}, {"viewer", "", ""}}));
    const auto found = must(people_.find(eve.person.id));
    ASSERT_EQ(found->roles.size(), 1u);
    EXPECT_EQ(found->roles[0].operations, made.operations);
    EXPECT_EQ(refusal_of(roles.remove(ann_, "crew")), ProblemType::in_use);
    must(people_.update(ann_, eve.person.id, {.grants = std::vector<RoleGrant>{}}));
    EXPECT_EQ(must(roles.update(ann_, "crew", {.name = "Crew"}, 1)).revision, 2);
    must(roles.remove(ann_, "crew", 2));
    EXPECT_EQ(refusal_of(roles.get(ann_, "crew")), ProblemType::not_found);
    const Caller nobody{{Actor::Kind::person, "p", "p", "", ""}};
    EXPECT_EQ(refusal_of(roles.list(nobody)), ProblemType::forbidden);
}

TEST_F(AccessTest, NobodyGivesRightsThatTheyHaveNot) {
    const PersonView root = bootstrapped();
    std::vector<std::string> asked;
    // She may give the viewer's role in `game`, and nothing else.
    Caller eve{
        {Actor::Kind::person, "p-3", "eve", "", ""}, ann_.may, [&](const Delegation& rights, Transaction&) {
            asked.push_back(rights.name + '@' + rights.project);
            return rights.of == Delegation::Of::role && rights.name == "viewer" && rights.project == "game";
        }};
    EXPECT_EQ(refusal_of(people_.create(eve, "a@b", "", {}, {{"admin", "", ""}})), ProblemType::forbidden);
    const PersonView made = must(people_.create(eve, "a@b", "", {}, {{"viewer", "game", ""}}));
    EXPECT_EQ(refusal_of(people_.update(eve, made.person.id,
                                        {.grants = std::vector<RoleGrant>{{"viewer", "", ""}}})),
              ProblemType::forbidden);
    EXPECT_EQ(refusal_of(people_.update(eve, root.person.id, {.password_hash = "$mine"})),
              ProblemType::forbidden);
    must(people_.update(eve, made.person.id, {.password_hash = "$new"}));
    asked.clear();
    must(people_.update(eve, root.person.id, {.name = "R.", .grants = root.grants}));
    EXPECT_TRUE(asked.empty()) << "what somebody has already is not given";
    EXPECT_EQ(refusal_of(keys_.create(eve, "game", "production", "client", "n", {}, {"k", "h", "…"})),
              ProblemType::forbidden);
    EXPECT_EQ(std::ranges::count(actions(), "denied"), 4);
}

}  // namespace
}  // namespace expplat::tests
