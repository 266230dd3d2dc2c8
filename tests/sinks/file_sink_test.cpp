// Files of lines: events, dead letters; rotation, full disks, and files that others move away.
#include "src/sinks/file_sink.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "src/sinks/callback_sink.hpp"
#include "src/sinks/dead_letters.hpp"
#include "tests/sinks/event_fixture.hpp"

namespace expplat::tests {
namespace {

using sinks::AppendFile;
using sinks::DeadLetters;
using sinks::FileSink;

exposure::Report send(exposure::EventSink& sink, const std::vector<exposure::Event>& events) {
    std::optional<exposure::Report> result;
    sink.send(events, [&](exposure::Report report) { result = std::move(report); });
    EXPECT_TRUE(result) << "a file answers at once";
    return result.value_or(exposure::Report{});
}

/// A disk that is full: files of this process cannot grow over so many bytes.
class SmallDisk {
public:
    explicit SmallDisk(rlim_t bytes) {
        before_handler_ = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit now = before_;
        now.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    ~SmallDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, before_handler_);
    }

private:
    rlimit before_{};
    void (*before_handler_)(int) = nullptr;
};

TEST(FileSink, WritesALineAnEventAndGoesOnWhereItLeftOff) {
    const TestFolder folder;
    const auto owned = numbered_events(5);
    for (int opening = 0; opening < 2; ++opening) {
        auto sink = FileSink::open({folder.file("events.jsonl")});
        ASSERT_TRUE(sink);
        const exposure::Report report = send(**sink, views(owned));
        EXPECT_TRUE(report.retry.empty() && report.rejected.empty() && report.message.empty());
    }
    const auto lines = file_lines(folder.file("events.jsonl"));
    ASSERT_EQ(lines.size(), 10u);
    for (std::size_t i = 0; i < lines.size(); ++i)
        EXPECT_EQ(nlohmann::json::parse(lines[i])["unit_id"], "user-" + std::to_string(i % 5));
}

TEST(FileSink, AFileThatCannotBeOpenedIsAnError) {
    const auto sink = FileSink::open({"/no-such-folder/events.jsonl"});
    ASSERT_FALSE(sink);
    EXPECT_EQ(sink.error().code, ErrorCode::io);
    EXPECT_NE(sink.error().message.find("/no-such-folder/events.jsonl"), std::string::npos);
}

TEST(FileSink, OnAFullDiskWholeLinesAreAcknowledgedAndTheTornOneIsCutOff) {
    const TestFolder folder;
    const std::string path = folder.file("events.jsonl");
    auto sink = FileSink::open({path});
    ASSERT_TRUE(sink);
    const auto owned = numbered_events(5);
    (void)send(**sink, views(owned));
    const auto size = std::filesystem::file_size(path);
    {
        const SmallDisk disk(size / 5 * 7 + 10);
        const exposure::Report report = send(**sink, views(owned));
        EXPECT_EQ(report.retry, (std::vector<std::size_t>{2, 3, 4}));
        EXPECT_NE(report.message.find(path), std::string::npos);
    }
    EXPECT_EQ(std::filesystem::file_size(path), size / 5 * 7);
    EXPECT_TRUE(send(**sink, views(owned)).retry.empty()) << "once there is room it goes on";
    for (const std::string& line : file_lines(path)) EXPECT_TRUE(nlohmann::json::accept(line)) << line;
}

TEST(FileSink, RotatesBeforeAFileGrowsOverItsSize) {
    const TestFolder folder;
    const std::string path = folder.file("events.jsonl");
    const auto owned = numbered_events(10);
    auto sink = FileSink::open({path, 1'000, 3});
    ASSERT_TRUE(sink);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(send(**sink, views(owned)).retry.empty());
    std::size_t lines = 0;
    for (const char* suffix : {"", ".1", ".2", ".3"}) {
        ASSERT_TRUE(std::filesystem::exists(path + suffix)) << suffix;
        EXPECT_LE(std::filesystem::file_size(path + suffix), 1'000u);
        EXPECT_GT(std::filesystem::file_size(path + suffix), 0u);
        for (const std::string& text : file_lines(path + suffix)) EXPECT_TRUE(nlohmann::json::accept(text));
        lines += file_lines(path + suffix).size();
    }
    EXPECT_FALSE(std::filesystem::exists(path + ".4"));
    EXPECT_GE(lines, 10u) << "three to a file of 1,000 bytes, and one";
    EXPECT_EQ(nlohmann::json::parse(file_lines(path).back())["unit_id"], "user-9") << "the newest is in PATH";
}

TEST(FileSink, ALineThatNoFileHoldsIsWrittenAllTheSame) {
    const TestFolder folder;
    const std::string path = folder.file("events.jsonl");
    auto sink = FileSink::open({path, 10, 2});
    ASSERT_TRUE(sink);
    EXPECT_TRUE(send(**sink, views(numbered_events(3))).retry.empty());
    for (const char* suffix : {"", ".1", ".2"}) EXPECT_EQ(file_lines(path + suffix).size(), 1u) << suffix;
}

TEST(FileSink, FollowsAFileThatSomebodyElseMovedAway) {
    const TestFolder folder;
    const std::string path = folder.file("events.jsonl");
    auto first = FileSink::open({path});
    auto second = FileSink::open({path});
    ASSERT_TRUE(first && second);
    (void)send(**first, views(numbered_events(2)));
    std::filesystem::rename(path, path + ".old");
    (void)send(**first, views(numbered_events(3)));
    (void)send(**second, views(numbered_events(4)));
    EXPECT_EQ(file_lines(path + ".old").size(), 2u);
    EXPECT_EQ(file_lines(path).size(), 7u);
}

TEST(DeadLetters, KeepTheEventAndTheReason) {
    const TestFolder folder;
    const std::string path = folder.file("dead.jsonl");
    auto dead = DeadLetters::open(path);
    ASSERT_TRUE(dead);
    (*dead)->add(numbered_event(7).view(), "value: \"must\" be a number", 1'763'902'801'000);
    (*dead)->add(numbered_event(8).view(), "", 1'763'902'802'000);
    ASSERT_TRUE((*dead)->write());
    ASSERT_TRUE((*dead)->write()) << "nothing is nothing";
    const auto lines = file_lines(path);
    ASSERT_EQ(lines.size(), 2u);
    const auto letter = nlohmann::json::parse(lines[0]);
    EXPECT_EQ(letter["reason"], "value: \"must\" be a number");
    EXPECT_EQ(letter["time"], 1'763'902'801'000);
    EXPECT_EQ(letter["event"]["unit_id"], "user-7");
    EXPECT_EQ(std::filesystem::status(path).permissions() & std::filesystem::perms::others_all,
              std::filesystem::perms::none)
        << "events name users";
}

TEST(DeadLetters, AreBounded) {
    const TestFolder folder;
    const std::string path = folder.file("dead.jsonl");
    auto dead = DeadLetters::open(path, 4'096);
    ASSERT_TRUE(dead);
    for (std::uint32_t i = 0; i < 200; ++i) {
        (*dead)->add(numbered_event(i).view(), "refused", 0);
        ASSERT_TRUE((*dead)->write());
    }
    EXPECT_LE(std::filesystem::file_size(path), 4'096u);
    EXPECT_LE(std::filesystem::file_size(path + ".1"), 4'096u);
    EXPECT_FALSE(std::filesystem::exists(path + ".2"));
    EXPECT_EQ(nlohmann::json::parse(file_lines(path).back())["event"]["unit_id"], "user-199");
}

TEST(DeadLetters, SayWhyTheyCannotBeWritten) {
    const TestFolder folder;
    EXPECT_FALSE(DeadLetters::open("/no-such-folder/dead.jsonl"));
    auto dead = DeadLetters::open(folder.file("dead.jsonl"));
    ASSERT_TRUE(dead);
    const SmallDisk disk(10);
    (*dead)->add(numbered_event(1).view(), "refused", 0);
    const auto written = (*dead)->write();
    ASSERT_FALSE(written);
    EXPECT_NE(written.error().message.find("dead.jsonl"), std::string::npos);
}

TEST(CallbackSink, AFunctionThatThrowsHasDeliveredNothing) {
    sinks::CallbackSink sink([](std::span<const exposure::Event>) -> exposure::Delivery { throw 1; });
    const exposure::Report report = send(sink, views(numbered_events(3)));
    EXPECT_EQ(report.retry.size(), 3u);
    EXPECT_NE(report.message.find("exception"), std::string::npos);
}

}  // namespace
}  // namespace expplat::tests
