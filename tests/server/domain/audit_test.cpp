// The audit's chain: any edit, deletion, insertion or reordering is found, in the database and in an exported file.
#include <algorithm>
#include <random>
#include <sstream>

#include "server/domain/audit_log.hpp"
#include "server/domain/digest.hpp"
#include "src/audit/csv_row.hpp"
#include "src/audit/export_check.hpp"
#include "src/ruleset/json.hpp"
#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

class AuditTest : public PlaneTest {
protected:
    AuditLog audit_{plane_};

    void SetUp() override {
        PlaneTest::SetUp();
        create(flag("f"), a_flag);
        for (int i = 0; i < 4; ++i) {
            now_ms_ += 1'000;
            must(entities_.set_enabled(ann_, flag("f"), "production", i % 2 != 0));
        }
    }
    std::string verdict() { return must(audit_.verify(ann_)).fault.value_or("fine"); }
    std::vector<std::string> exported(std::optional<std::int64_t> from = {},
                                      std::optional<std::int64_t> to = {}) {
        std::string text;
        must(audit_.export_entries(ann_, from, to, AuditFormat::ndjson, [&](std::string_view piece) {
            text += piece;
            return true;
        }));
        std::vector<std::string> lines;
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);) lines.push_back(line);
        return lines;
    }
    static std::string checked(const std::vector<std::string>& lines, std::string_view with = secret,
                               std::int64_t begin = 1) {
        audit::ExportCheck check(audit::Format::ndjson);
        for (const std::string& line : lines) check.take(line + "\n");
        std::vector<std::string> secrets;
        if (!with.empty()) secrets.emplace_back(with);
        return check.finish(secrets, begin).fault.value_or("fine");
    }
};

TEST_F(AuditTest, TheCanonicalFormIsAsDocumented) {
    AuditEntry entry;
    entry.sequence = 1;
    entry.time_ms = 5;
    entry.actor = {Actor::Kind::key, "k", "n\"", "r", "q"};
    entry.action = "a.b";
    entry.subject = "s";
    entry.after = R"({"x":1.0})";
    EXPECT_EQ(
        canonical_form(entry),
        R"({"sequence":1,"time_ms":5,"actor":{"kind":"key","id":"k","name":"n\""},"remote":"r","request_id":"q",)"
        R"("action":"a.b","project":"","environment":"","subject":"s","before":null,"after":{"x":1.0},"previous":""})");
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hmac_sha256_hex("key", "The quick brown fox jumps over the lazy dog"),
              "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
}

TEST_F(AuditTest, AnUntouchedChainIsFine) {
    EXPECT_EQ(verdict(), "fine");
    EXPECT_EQ(must(audit_.verify(ann_)).entries, static_cast<std::int64_t>(entries().size()));
}

TEST_F(AuditTest, EveryEditOfEveryColumnIsFound) {
    for (const char* column :
         {"time_ms", "actor_kind", "actor_id", "actor_name", "remote", "request_id", "action", "project",
          "environment", "subject", "before_json", "after_json", "previous_hash", "hash"}) {
        const std::string name = column;
        const auto old = must(database_->read([&](Transaction& t) {
            return t.execute("SELECT " + name + " FROM audit WHERE sequence = 7").cells[0][0];
        }));
        sql("UPDATE audit SET " + name + " = " +
            (name == "time_ms"       ? "time_ms + 1"
             : name == "actor_kind"  ? std::string("'key'")
             : name == "before_json" ? std::string("NULL")
             : name == "after_json"  ? std::string("'{}'")
                                     : name + " || 'x'") +
            " WHERE sequence = 7");
        EXPECT_NE(verdict(), "fine") << name;
        must(database_->write([&](Transaction& t) {
            (void)t.execute("UPDATE audit SET " + name + " = ? WHERE sequence = 7", {old});
        }));
        ASSERT_EQ(verdict(), "fine") << name;
    }
}

TEST_F(AuditTest, DeletionsAndReorderingAreFound) {
    const auto last = static_cast<std::int64_t>(entries().size());
    for (const std::int64_t gone : {std::int64_t{1}, std::int64_t{5}, last}) {
        const auto entry =
            *must(database_->read([&](Transaction& t) { return tables::find_audit(t, gone); }));
        sql("DELETE FROM audit WHERE sequence = " + std::to_string(gone));
        EXPECT_NE(verdict(), "fine") << gone;
        sql("UPDATE audit SET sequence = sequence - 1 WHERE sequence = " + std::to_string(gone + 1));
        EXPECT_NE(verdict(), "fine") << gone;
        sql("UPDATE audit SET sequence = sequence + 1 WHERE sequence = " + std::to_string(gone) +
            " AND hash <> '" + entry.hash + "'");
        must(database_->write([&](Transaction& t) {
            (void)t.execute(
                "INSERT INTO audit (sequence, time_ms, actor_kind, actor_id, actor_name, remote, request_id, "
                "action, "
                "project, environment, subject, before_json, after_json, previous_hash, hash) VALUES "
                "(?, ?, 'person', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                {entry.sequence, entry.time_ms, entry.actor.id, entry.actor.name, entry.actor.remote,
                 entry.actor.request_id, entry.action, entry.project, entry.environment, entry.subject,
                 cell(entry.before), cell(entry.after), entry.previous, entry.hash});
        }));
        ASSERT_EQ(verdict(), "fine") << gone;
    }
    sql("UPDATE audit SET sequence = 1000 WHERE sequence = 4");
    sql("UPDATE audit SET sequence = 4 WHERE sequence = 5");
    sql("UPDATE audit SET sequence = 5 WHERE sequence = 1000");
    EXPECT_NE(verdict(), "fine");
}

TEST_F(AuditTest, AChainThatWasMadeAnewHasAnotherSignature) {
    // All from entry 3 on, by somebody with the database and without the secret.
    must(database_->write([&](Transaction& t) {
        auto all = tables::audit_after(t, {}, 0, 1'000);
        for (std::size_t i = 2; i < all.size(); ++i) {
            all[i].actor.name = "nobody";
            all[i].previous = all[i - 1].hash;
            all[i].hash = sha256_hex(canonical_form(all[i]));
            (void)t.execute("UPDATE audit SET actor_name = ?, previous_hash = ?, hash = ? WHERE sequence = ?",
                            {all[i].actor.name, all[i].previous, all[i].hash, all[i].sequence});
        }
        (void)t.execute("UPDATE audit_head SET hash = ?", {all.back().hash});
    }));
    EXPECT_NE(verdict().find("signature"), std::string::npos);
}

TEST_F(AuditTest, WhatWasChangedIsStillFoundWhenTheServerHasWrittenOn) {
    const auto write_on = [this] { must(audit_.note(ann_, "person.login", "", "", "person/p-1")); };
    const auto before = entries();
    // The newest entries cut off; the head moved back, with whatever signature.
    sql("DELETE FROM audit WHERE sequence > " + std::to_string(before.size() - 2));
    must(database_->write([&](Transaction& t) {
        const AuditEntry& last = before[before.size() - 3];
        (void)t.execute("UPDATE audit_head SET sequence = ?, hash = ?", {last.sequence, last.hash});
    }));
    write_on();
    EXPECT_NE(verdict().find("may have been changed"), std::string::npos) << verdict();
    EXPECT_NE(checked(exported()), "fine");
    write_on();
    EXPECT_NE(verdict(), "fine");
    const auto after = entries({.action = std::string(audit::foreign_head_action)});
    ASSERT_EQ(after.size(), 1u);
    EXPECT_EQ(after[0].subject, "audit/" + std::to_string(before.size() - 2));
    now_ms_ += 60'000;
    write_on();
    EXPECT_EQ(checked(exported(now_ms_.load(), {}), secret, 12), "fine")
        << "what was written since is vouched for";
}

TEST_F(AuditTest, AnotherSecretIsNoForgeryWhereTheOneBeforeItIsKnown) {
    const auto plane_with = [this](std::vector<std::string> former) {
        return ControlPlane(*database_, {[this] { return now_ms_.load(); }, [] { return std::string("x"); },
                                         "another secret of thirty-two characters", std::move(former)});
    };
    const ControlPlane known = plane_with({secret});
    EXPECT_EQ(must(AuditLog(known).verify(ann_)).fault.value_or("fine"), "fine") << "before it has written";
    must(AuditLog(known).note(ann_, "person.login", "", "", "person/p-1"));
    EXPECT_EQ(must(AuditLog(known).verify(ann_)).fault.value_or("fine"), "fine");
    const ControlPlane unknown(*database_,
                               {[this] { return now_ms_.load(); }, [] { return std::string("x"); },
                                "a third secret of thirty-two characters"});
    EXPECT_NE(must(AuditLog(unknown).verify(ann_)).fault.value_or("fine"), "fine");
}

TEST_F(AuditTest, AnExportIsCheckedWithoutTheDatabase) {
    const auto lines = exported();
    EXPECT_EQ(lines.size(), entries().size());  // its own entry is not in it, the head is
    EXPECT_EQ(entries().back().action, "audit.export");
    EXPECT_EQ(checked(lines), "fine");
    EXPECT_EQ(checked(lines, ""), "fine");
    EXPECT_NE(checked(lines, "another secret"), "fine");
    std::mt19937 random(7);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto without = lines;
        without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_NE(checked(without), "fine") << i;
        if (i + 2 < lines.size()) {
            auto swapped = lines;
            std::swap(swapped[i], swapped[i + 1]);
            EXPECT_NE(checked(swapped), "fine") << i;
        }
        for (int edit = 0; edit < 20; ++edit) {
            auto edited = lines;
            std::string& line = edited[i];
            line[random() % line.size()] = static_cast<char>('0' + random() % 70);
            if (line == lines[i]) continue;
            EXPECT_NE(checked(edited), "fine") << line;
        }
    }
}

TEST_F(AuditTest, APartOfTheTimeIsExportedAsAChain) {
    const auto lines = exported(start_ms + 2'000, start_ms + 4'000);
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(checked(lines, secret, 7), "fine");
    EXPECT_EQ(exported(start_ms + 1'000'000'000, {}).size(), 1u);
}

TEST_F(AuditTest, OtherFormatsSayTheSame) {
    std::string json;
    std::string csv;
    must(audit_.export_entries(ann_, {}, {}, AuditFormat::json,
                               [&](std::string_view piece) { return (json += piece, true); }));
    must(audit_.export_entries(ann_, {}, {}, AuditFormat::csv,
                               [&](std::string_view piece) { return (csv += piece, true); }));
    const auto document = ruleset::parse_json(json);
    ASSERT_TRUE(document) << document.error().message;
    EXPECT_EQ(document->root().find("entries")->items().size() + 2, entries().size());
    EXPECT_EQ(csv.substr(0, csv.find("\r\n")), audit::csv_header);
    EXPECT_NE(csv.find("\"{\"\"type\"\":\"\"boolean\"\""), std::string::npos);
    AuditEntry formula;
    formula.actor.name = "=1+1";
    EXPECT_NE(to_csv(formula).find("\"'=1+1\""), std::string::npos);
}

TEST_F(AuditTest, IsListedNewestFirstByPages) {
    std::vector<std::int64_t> sequences;
    PageRequest page{.limit = 3};
    while (true) {
        const auto found = must(audit_.list(ann_, {.project = "game"}, page));
        for (const AuditEntry& entry : found.items) sequences.push_back(entry.sequence);
        if (!found.next) break;
        page.after = *found.next;
    }
    EXPECT_EQ(sequences.size(), entries().size());
    EXPECT_TRUE(std::ranges::is_sorted(sequences, std::greater<>()));
    EXPECT_EQ(refusal_of(audit_.list(ann_, {}, {.after = "x"})), ProblemType::invalid);
    must(audit_.note(ann_, "person.login", "", "", "person/p-1", R"({"how":"password"})"));
    EXPECT_EQ(must(audit_.list(ann_, {.action = "person.login"}, {})).items.size(), 1u);
    EXPECT_EQ(verdict(), "fine");
}

}  // namespace
}  // namespace expplat::tests
