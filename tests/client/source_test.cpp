// Where rulesets come from: files as JSON and as images, replaced while the client runs; and what is refused.

#include <gtest/gtest.h>

#include <condition_variable>

#include "src/ruleset/workspace.hpp"
#include "tests/client/client_fixture.hpp"

namespace expplat::tests {
namespace {

std::string image_of(const std::string& json) {
    const auto compiled = ruleset::Workspace(ruleset::Mode::strict).compile(json);
    if (!compiled) {
        ADD_FAILURE() << compiled.error().message;
        return {};
    }
    const auto bytes = compiled->image.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

ErrorCode refusal_of(Source source) {
    Config config;
    config.source = std::move(source);
    const Result<Client> client = Client::open(config);
    if (client) {
        ADD_FAILURE() << "was not refused";
        return {};
    }
    EXPECT_FALSE(client.error().message.empty());
    return client.error().code;
}

TEST(Source, ReadsJsonAndImagesAlike) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(3));
    folder.replace("rules.xpr", image_of(ruleset_text(4)));
    EXPECT_EQ(open(Source::file(folder.file("rules.json"))).integer("version", User("u"), -1), 3);
    EXPECT_EQ(open(Source::file(folder.file("rules.xpr"))).integer("version", User("u"), -1), 4);
}

TEST(Source, WhatCannotBeReadIsRefusedWithItsReason) {
    const Folder folder;
    folder.replace("empty", "");
    folder.replace("truncated", ruleset_text(1).substr(0, 100));
    folder.replace("words", "not json");
    folder.replace("other-format", R"({"format":"expplat.ruleset/9","environment":"e","version":1})");
    std::string damaged = image_of(ruleset_text(1));
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    folder.replace("damaged", damaged);
    std::string other_version = image_of(ruleset_text(1));
    other_version[12] = static_cast<char>(other_version[12] + 1);
    folder.replace("other-version", other_version);
    EXPECT_EQ(refusal_of(Source()), ErrorCode::invalid_argument);
    EXPECT_EQ(refusal_of(Source::file(folder.file("nowhere"))), ErrorCode::not_found);
    EXPECT_EQ(refusal_of(Source::file(folder.file(""))), ErrorCode::io);  // a directory
    EXPECT_EQ(refusal_of(Source::file(folder.file("empty"))), ErrorCode::invalid_ruleset);
    EXPECT_EQ(refusal_of(Source::file(folder.file("truncated"))), ErrorCode::invalid_ruleset);
    EXPECT_EQ(refusal_of(Source::file(folder.file("words"))), ErrorCode::invalid_ruleset);
    EXPECT_EQ(refusal_of(Source::file(folder.file("other-format"))), ErrorCode::invalid_ruleset);
    EXPECT_EQ(refusal_of(Source::file(folder.file("damaged"))), ErrorCode::invalid_image);
    EXPECT_EQ(refusal_of(Source::file(folder.file("other-version"))), ErrorCode::image_version);
    EXPECT_EQ(refusal_of(Source::text("{}")), ErrorCode::invalid_ruleset);
}

TEST(Source, WhatIsNoJsonIsToldBehindTheNameOfItsFile) {
    const Folder folder;
    folder.replace("empty", "");
    Config config;
    config.source = Source::file(folder.file("empty"));
    EXPECT_TRUE(
        Client::open(config).error().message.starts_with(folder.file("empty") + ": line 1, column 1: "));
    folder.replace("wrong", R"({"format":"expplat.ruleset/1","environment":"e","version":-1})");
    config.source = Source::file(folder.file("wrong"));
    EXPECT_TRUE(Client::open(config).error().message.starts_with(folder.file("wrong") + ":\n/version: "));
}

TEST(Source, ReloadKeepsTheLastGoodRuleset) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    Client client = open(Source::file(folder.file("rules.json")));
    folder.replace("rules.json", ruleset_text(2));
    ASSERT_TRUE(client.reload());
    folder.replace("rules.json", "broken");
    const Result<void> broken = client.reload();
    ASSERT_FALSE(broken);
    EXPECT_NE(broken.error().message.find("line 1, column 1"), std::string::npos) << broken.error().message;
    std::filesystem::remove(folder.file("rules.json"));
    EXPECT_EQ(client.reload().error().code, ErrorCode::not_found);
    EXPECT_EQ(client.integer("version", User("u"), -1), 2);
    const Stats stats = client.stats();
    EXPECT_EQ(stats.rulesets_adopted, 2u);
    EXPECT_EQ(stats.rulesets_refused, 2u);
    EXPECT_EQ(stats.ruleset_version, 2u);
}

/// Waits for a line of the log, at most 20 s.
class Log {
public:
    [[nodiscard]] Logger logger() {
        return [this](LogLevel, std::string_view line) {
            const std::scoped_lock lock(mutex_);
            lines_.emplace_back(line);
            changed_.notify_all();
        };
    }
    bool wait_for(const std::string& part) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return contains(part); });
    }

private:
    [[nodiscard]] bool contains(const std::string& part) const {
        for (const std::string& line : lines_) {
            if (line.find(part) != std::string::npos) return true;
        }
        return false;
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> lines_;
};

TEST(Source, AWatchPicksUpAReplacedFileAndLogsARefusal) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    Log log;
    Config config;
    config.source = Source::file(folder.file("rules.json"), 5);
    config.logger = log.logger();
    Client client = open(config);
    folder.replace("rules.json", "{\"format\":1}");
    ASSERT_TRUE(log.wait_for("the last good one stays"));
    EXPECT_EQ(client.integer("version", User("u"), -1), 1);
    folder.replace("rules.json", ruleset_text(9));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (client.integer("version", User("u"), -1) != 9 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    EXPECT_EQ(client.integer("version", User("u"), -1), 9);
}

TEST(Source, ANewerRulesetIsAdoptedByEntityAndReported) {
    Log log;
    Config config;
    config.logger = log.logger();
    config.source = Source::text(
        R"({"format":"expplat.ruleset/1","environment":"e","version":1,"news":1,"flags":{)"
        R"("new":{"type":"boolean","variants":{"on":true},"off":"on","default":"on","rules":[{"if":{"attribute":"a","near":3},"serve":"on"}]},)"
        R"("old":{"type":"boolean","variants":{"on":true},"off":"on","default":"on"}}})");
    const Client client = open(config);
    EXPECT_TRUE(log.wait_for("/flags/new"));
    EXPECT_EQ(client.stats().unsupported_entities, 1u);
    EXPECT_TRUE(client.boolean("old", User("u"), false));
    EXPECT_EQ(client.boolean_detail("new", User("u"), false).variant.error(), EvaluationError::general);
}

}  // namespace
}  // namespace expplat::tests
