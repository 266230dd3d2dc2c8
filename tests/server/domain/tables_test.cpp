// Tables that no service of this layer uses: people, roles, grants, keys and raw events come back as they were.
#include "server/domain/tables/events.hpp"
#include "server/domain/tables/people.hpp"
#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

using TablesTest = PlaneTest;

TEST_F(TablesTest, PeopleAreFoundByIdAndAddress) {
    must(database_->write([](Transaction& t) {
        Person ann{"p1", "ann@example.com", "Ann", "scrypt$1", false, 0, 0, 0, 1, 5, 5};
        tables::insert_person(t, ann);
        tables::insert_person(t, {"p2", "bob@example.com", "Bob", std::nullopt, true, 0, 0, 0, 1, 5, 5});
        ann.failed_attempts = 3;
        ann.locked_until_ms = 99;
        tables::update_person(t, ann);
        EXPECT_EQ(tables::find_person_by_email(t, "ann@example.com")->failed_attempts, 3);
        EXPECT_EQ(tables::find_person(t, "p1")->password, "scrypt$1");
        EXPECT_FALSE(tables::find_person(t, "p2")->password);
        EXPECT_TRUE(tables::find_person(t, "p2")->disabled);
        EXPECT_FALSE(tables::find_person_by_email(t, "eve@example.com"));
        EXPECT_EQ(tables::list_people(t, "p1", 10).size(), 1u);
        EXPECT_EQ(tables::count_people(t), 2);
    }));
    EXPECT_EQ(refusal_of(database_->write([](Transaction& t) {
                  tables::insert_person(t, {"p3", "ann@example.com", "Eve", {}, false, 0, 0, 0, 1, 5, 5});
              })),
              ProblemType::conflict);
}

TEST_F(TablesTest, RolesAreGranted) {
    must(database_->write([](Transaction& t) {
        tables::insert_person(t, {"p1", "ann@example.com", "Ann", {}, false, 0, 0, 0, 1, 5, 5});
        Role role{"releaser", "Releaser", {"flag.toggle", "experiment.start"}, 1, 5, 5};
        tables::insert_role(t, role);
        role.permissions.pop_back();
        tables::update_role(t, role);
        EXPECT_EQ(tables::find_role(t, "releaser")->permissions, std::vector<std::string>{"flag.toggle"});
        tables::set_grants(t, "p1", {{"p1", "viewer", "", ""}, {"p1", "releaser", "game", "staging"}}, 5);
        tables::set_grants(t, "p1", {{"p1", "releaser", "game", "staging"}}, 6);
        ASSERT_EQ(tables::grants_of(t, "p1").size(), 1u);
        EXPECT_EQ(tables::grants_with_role(t, "releaser").at(0).environment, "staging");
        tables::remove_role(t, "releaser");
        EXPECT_TRUE(tables::list_roles(t).empty());
    }));
}

TEST_F(TablesTest, KeysAreFoundByTheirHash) {
    must(database_->write([](Transaction& t) {
        AccessKey key{"k1", "game", "staging", "client", "web", "h1", "…9f", "p1", 5, 99, {}, {}};
        tables::insert_key(t, key);
        key.revoked_ms = 7;
        tables::update_key(t, key);
        EXPECT_EQ(tables::find_key_by_hash(t, "h1")->revoked_ms, 7);
        EXPECT_EQ(tables::find_key(t, "k1")->expires_ms, 99);
        EXPECT_FALSE(tables::find_key_by_hash(t, "h2"));
        EXPECT_EQ(tables::list_keys(t, "game", "staging").size(), 1u);
        EXPECT_TRUE(tables::list_keys(t, "game", "production").empty());
    }));
}

TEST_F(TablesTest, AnEventIsCountedOnce) {
    must(database_->write([](Transaction& t) {
        const RawEvent event{"e1", "game", "production", "exposure", "cta", "a", 1, 10, "{}"};
        EXPECT_TRUE(tables::insert_event(t, event));
        EXPECT_FALSE(tables::insert_event(t, event));
        EXPECT_TRUE(
            tables::insert_event(t, {"e2", "game", "production", "exposure", "cta", "a", 1, 11, "{}"}));
        EXPECT_TRUE(tables::insert_event(t, {"e3", "game", "production", "track", "", "", 1, 12, "{}"}));
        const auto counters = tables::event_counters(t, "game", "production");
        ASSERT_EQ(counters.size(), 1u);
        EXPECT_EQ(counters[0].events, 2);
        EXPECT_EQ(tables::newest_events(t, "game", "production", 2).at(0).id, "e3");
        EXPECT_EQ(tables::remove_events_before(t, 12), 2);
        EXPECT_EQ(tables::newest_events(t, "game", "production", 9).size(), 1u);
    }));
}

}  // namespace
}  // namespace expplat::tests
