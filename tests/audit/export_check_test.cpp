// An export is followed in any format and in pieces of any size; what was done to it is found, with its line.
#include "src/audit/export_check.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/audit/csv_row.hpp"
#include "src/aws/digest.hpp"

namespace expplat::tests {
namespace {

using namespace audit;

const std::string secret = "a secret of thirty-two characters";

std::string hash_of(const EntryText& entry) { return aws::hex(*aws::sha256(canonical_form(entry))); }

std::string json_of(const EntryText& entry) {
    std::string json = canonical_form(entry);
    json.back() = ',';
    return json + "\"hash\":\"" + hash_of(entry) + "\"}";
}

/// Entries of a chain; their `previous` points into `hashes`.
struct Made {
    std::vector<EntryText> entries;
    std::vector<std::string> hashes;
};

Made chain(std::int64_t first, std::int64_t last) {
    Made made;
    made.hashes.reserve(static_cast<std::size_t>(last - first + 2));
    made.hashes.push_back(first == 1 ? "" : std::string(64, 'a'));
    for (std::int64_t i = first; i <= last; ++i) {
        EntryText entry{.sequence = i,
                        .time_ms = 1'000 * i,
                        .actor_kind = "person",
                        .actor_id = "p",
                        .actor_name = i % 2 == 0 ? "a \"quoted\" {name}" : "Bärbel\n]}",
                        .action = "flag.configure",
                        .after = R"({"x":[1.50,"}]"]})",
                        .previous = made.hashes.back()};
        made.hashes.push_back(hash_of(entry));
        made.entries.push_back(entry);
    }
    return made;
}

std::string head_of(const Made& made) {
    const std::int64_t first = made.entries.empty() ? 0 : made.entries.front().sequence;
    const std::int64_t last = made.entries.empty() ? 0 : made.entries.back().sequence;
    const std::string hash = made.entries.empty() ? "" : made.hashes.back();
    return R"("head":{"first":)" + std::to_string(first) + R"(,"sequence":)" + std::to_string(last) +
           R"(,"hash":")" + hash + R"(","signature":")" + export_signature(secret, first, last, hash) + "\"}";
}

std::string ndjson(const Made& made) {
    std::string text;
    for (const EntryText& entry : made.entries) text += json_of(entry) + "\n";
    return text + "{" + head_of(made) + "}\n";
}

std::string json(const Made& made) {
    std::string text;
    for (const EntryText& entry : made.entries) text += (text.empty() ? "" : ",\n") + json_of(entry);
    return "{\"entries\":[\n" + text + "\n]," + head_of(made) + "}\n";
}

Verdict checked(Format format, std::string_view text, std::size_t piece = 7, bool with_secret = true,
                std::int64_t begin = 1) {
    ExportCheck check(format);
    for (std::size_t at = 0; at < text.size(); at += piece) check.take(text.substr(at, piece));
    const std::vector<std::string> secrets =
        with_secret ? std::vector{std::string("another one"), secret} : std::vector<std::string>{};
    return check.finish(secrets, begin);
}

TEST(ExportCheck, FindsThatTheFirstEntriesWereGoneBeforeTheServerSignedTheRest) {
    for (const auto& [format, text] :
         {std::pair{Format::ndjson, ndjson(chain(2, 5))}, std::pair{Format::json, json(chain(2, 5))}}) {
        const Verdict verdict = checked(format, text);
        ASSERT_TRUE(verdict.fault);
        EXPECT_NE(verdict.fault->find("begins with entry 2"), std::string::npos) << *verdict.fault;
        EXPECT_FALSE(checked(format, text, 7, true, 2).fault);
        EXPECT_TRUE(checked(format, text, 7, true, 3).fault);
    }
}

TEST(ExportCheck, FollowsAnExportInPiecesOfAnySize) {
    const Made made = chain(1, 4);
    for (const std::size_t piece : {1u, 7u, 100'000u}) {
        for (const auto& [format, text] :
             {std::pair{Format::ndjson, ndjson(made)}, {Format::json, json(made)}}) {
            ASSERT_EQ(format_of(text), format);
            const Verdict verdict = checked(format, text, piece);
            EXPECT_FALSE(verdict.fault) << *verdict.fault;
            EXPECT_EQ(verdict.entries, 4);
            EXPECT_EQ(verdict.last, 4);
            EXPECT_EQ(verdict.signature, Signature::good);
            EXPECT_EQ(checked(format, text, piece, false).signature, Signature::not_checked);
        }
    }
    EXPECT_FALSE(checked(Format::ndjson, ndjson(chain(5, 9)), 7, true, 5).fault);
    EXPECT_FALSE(checked(Format::ndjson, ndjson(chain(1, 0))).fault);
    EXPECT_FALSE(checked(Format::json, json(chain(1, 0))).fault);
}

TEST(ExportCheck, KnowsAFormatByItsBeginning) {
    EXPECT_EQ(format_of(" {\n \"entries\" : [ ]}"), Format::json);
    EXPECT_EQ(format_of(R"({"sequence":1})"), Format::ndjson);
    EXPECT_EQ(format_of(R"({"head":{}})"), Format::ndjson);
    EXPECT_EQ(format_of(std::string(csv_header) + "\r\n"), Format::csv);
    EXPECT_EQ(format_of(""), Format::ndjson);
}

TEST(ExportCheck, TellsTheLineOfWhatIsWrong) {
    Made made = chain(1, 5);
    const std::vector<EntryText> good = made.entries;
    made.entries.erase(made.entries.begin() + 2);
    Verdict verdict = checked(Format::ndjson, ndjson(made));
    EXPECT_EQ(verdict.fault, "entry 4 follows entry 2: entries are missing or out of order");
    EXPECT_EQ(verdict.line, 3u);
    EXPECT_EQ(checked(Format::json, json(made)).line, 4u);
    made.entries = good;
    made.entries[1].action = "flag.create";
    std::string text;
    for (std::size_t i = 0; i < made.entries.size(); ++i) {
        std::string line = canonical_form(made.entries[i]);
        line.back() = ',';
        text += line + "\"hash\":\"" + made.hashes[i + 1] + "\"}\n";
    }
    verdict = checked(Format::ndjson, text);
    EXPECT_EQ(verdict.fault, "entry 2 was changed: its hash is another");
    EXPECT_EQ(verdict.line, 2u);
}

TEST(ExportCheck, FindsWhatIsCutOffAtEitherEnd) {
    const Made made = chain(1, 5);
    for (const std::size_t gone : {0u, 4u}) {
        Made cut = made;
        cut.entries.erase(cut.entries.begin() + static_cast<std::ptrdiff_t>(gone));
        std::string text;
        for (const EntryText& entry : cut.entries) text += json_of(entry) + "\n";
        const Verdict verdict = checked(Format::ndjson, text + "{" + head_of(made) + "}\n", 7, false);
        ASSERT_TRUE(verdict.fault);
        EXPECT_NE(verdict.fault->find("missing"), std::string::npos);
    }
    EXPECT_TRUE(checked(Format::ndjson, ndjson(made) + json_of(made.entries[0])).fault);
    EXPECT_TRUE(checked(Format::ndjson, "").fault);
    EXPECT_TRUE(checked(Format::csv, "").fault);
}

TEST(ExportCheck, RefusesWhatIsNoExport) {
    const std::string good = json(chain(1, 2));
    for (std::size_t size = 0; size + 2 < good.size(); ++size)
        EXPECT_TRUE(checked(Format::json, good.substr(0, size)).fault) << size;
    for (const std::string_view text :
         {"{\"entries\":[1]}", "{\"entries\":[{}{}]}", "{\"entries\":[,{}]}", "{\"entries\":[{},]}",
          "{\"entries\":{}}", "{\"entries\":[]}", "{\"entries\":[],\"more\":1}",
          "{\"entries\":[],\"head\":{}}}", "{\"entries\":[],\"head\":{\"first\":0},\"head\":{\"first\":0}}",
          "{\"entries\":[] \"head\":{}}"})
        EXPECT_TRUE(checked(Format::json, text).fault) << text;
    EXPECT_TRUE(checked(Format::ndjson, "\n" + ndjson(chain(1, 2))).fault);
    EXPECT_TRUE(checked(Format::ndjson, R"({"sequence":1,"sequence":1,"previous":"","hash":""})").fault);
}

TEST(CsvRow, IsTheEntryThatItWasMadeOf) {
    EntryText entry{.sequence = 3,
                    .time_ms = 5,
                    .actor_kind = "person",
                    .actor_name = "=1+1",
                    .request_id = "'=x,y",
                    .action = "a.b",
                    .after = R"({"x":"a,b"})",
                    .previous = "p"};
    const std::string row =
        "3,5,person,\"\",\"'=1+1\",\"\",\"'=x,y\",a.b,\"\",\"\",\"\",\"\","
        "\"{\"\"x\"\":\"\"a,b\"\"}\",p," +
        hash_of(entry);
    std::optional<CsvRow> parsed = CsvRow::parse(row);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(canonical_form(parsed->entry()), canonical_form(entry));
    for (const std::string_view wrong : {"", "1,2", "\"1", "1\"2,3", "\"1\"2,3"})
        EXPECT_FALSE(CsvRow::parse(wrong));
    EXPECT_FALSE(CsvRow::parse(row + ",more"));
    // 003 is another text than 3.
    std::optional<CsvRow> padded = CsvRow::parse("00" + row);
    ASSERT_TRUE(padded);
    EXPECT_EQ(padded->entry().sequence, 0);
}

}  // namespace
}  // namespace expplat::tests
