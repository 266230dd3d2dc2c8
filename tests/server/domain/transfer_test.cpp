// The whole database as a file: out of one, into another, byte for byte the same again; broken files change nothing.
#include "server/store/transfer.hpp"

#include <sstream>

#include "server/domain/audit_log.hpp"
#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

class TransferTest : public PlaneTest {
protected:
    std::string exported(Store& store) {
        std::string text;
        must(server::store::export_database(store,
                                            [&](std::string_view line) { return (text += line, true); }));
        return text;
    }
    static Outcome<std::int64_t> imported(Store& store, const std::string& text) {
        std::istringstream in(text);
        return server::store::import_database(store, [&]() -> std::optional<std::string> {
            std::string line;
            return std::getline(in, line) ? std::optional(line) : std::nullopt;
        });
    }
    void fill() {
        create(flag("f"), a_flag);
        create(experiment("e"), an_experiment);
        must(entities_.start(ann_, experiment("e"), "production"));
        must(database_->write([](Transaction& t) {
            for (int i = 0; i < 1'001; ++i) {
                (void)t.execute(
                    "INSERT INTO events (id, project, environment, type, experiment, variant, time_ms, "
                    "received_ms, body) VALUES (?, 'game', 'production', 'exposure', 'e', 'a', 1, 2, ?)",
                    {std::to_string(i), std::string("{\"x\":\"\xC3\xBC\\n\"}")});
            }
        }));
    }
};

TEST_F(TransferTest, GoesIntoTheOtherDatabaseAndBack) {
    fill();
    const std::string text = exported(*database_);
    // To SQLite in memory, whatever this one is, and from there back into a new one of this kind.
    const auto memory =
        must(server::store::Database::open(*server::store::Address::parse("sqlite::memory:")));
    must(memory->migrate());
    must(imported(*memory, text));
    EXPECT_EQ(exported(*memory), text);
    const TestDatabase other;
    const auto back = other.open();
    must(imported(*back, exported(*memory)));
    EXPECT_EQ(exported(*back), text);

    const ControlPlane plane(*back, plane_.surroundings());
    EXPECT_FALSE(must(AuditLog(plane).verify(ann_)).fault);
    must(Entities(plane).pause(ann_, experiment("e"), "production"));
    EXPECT_FALSE(must(AuditLog(plane).verify(ann_)).fault);
}

TEST_F(TransferTest, IsRefusedWhereSomethingIsThere) {
    const std::string text = exported(*database_);
    EXPECT_EQ(refusal_of(imported(*database_, text)), ProblemType::conflict);
    EXPECT_EQ(exported(*database_), text);
}

TEST_F(TransferTest, OfABrokenFileChangesNothing) {
    create(flag("f"), a_flag);
    const std::string text = exported(*database_);
    const TestDatabase other;
    const auto empty = other.open();
    const std::string before = exported(*empty);
    std::vector<std::string> broken{"",
                                    "{}",
                                    text.substr(0, text.size() / 2),
                                    text + "{}\n",
                                    text.substr(0, text.rfind("{\"end\"")),
                                    text.substr(text.find('\n') + 1)};
    std::string missing = text;
    const std::size_t begin = missing.find("{\"table\":\"rulesets\"");
    missing.erase(begin, missing.find('\n', begin) + 1 - begin);
    broken.push_back(missing);
    std::string newer = text;
    newer.insert(newer.find("\"schema\":") + 9, "9");
    broken.push_back(newer);
    std::string injected = text;
    injected.replace(injected.find("\"table\":\"projects\""), 18,
                     "\"table\":\"projects; DROP TABLE projects\"");
    broken.push_back(injected);
    for (const std::string& file : broken) {
        EXPECT_FALSE(imported(*empty, file)) << file.substr(0, 100);
        EXPECT_EQ(exported(*empty), before);
    }
    must(imported(*empty, text));
}

}  // namespace
}  // namespace expplat::tests
