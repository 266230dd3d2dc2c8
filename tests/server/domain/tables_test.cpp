// Tables that no service of this layer uses: raw events come back as they were.
#include "server/domain/tables/events.hpp"
#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

using TablesTest = PlaneTest;

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
