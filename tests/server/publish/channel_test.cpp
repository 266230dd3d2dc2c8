// A channel, as the streams see it: what each is sent leads it to the current ruleset, by `ruleset::Workspace` itself.
#include "server/publish/channel.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace expplat::server::publish {
namespace {

std::string flag(int number) {
    return R"({"type":"integer","variants":{"a":)" + std::to_string(number) +
           R"(,"b":0},"off":"b","default":"a"})";
}

std::string document(std::uint64_t version, const std::string& flags,
                     const std::string& environment = "test") {
    return R"({"format": "expplat.ruleset/1", "environment": ")" + environment + R"(", "version": )" +
           std::to_string(version) + R"(, "flags": {)" + flags + "}}";
}

/// A client's side of a stream: applies what it is sent.
class Follower {
public:
    void take(const SharedText& event) {
        const auto field = [&](std::string_view name) {
            const std::size_t begin = event->find(std::string(name) + ": ") + name.size() + 2;
            return event->substr(begin, event->find('\n', begin) - begin);
        };
        ASSERT_TRUE(event->ends_with("\n\n"));
        const Result<ruleset::Compiled> compiled =
            field("event") == "put" ? workspace_.compile(field("data")) : workspace_.patch(field("data"));
        ASSERT_TRUE(compiled) << compiled.error().message;
        EXPECT_EQ(field("id"), std::to_string(workspace_.version()));
        ++(field("event") == "put" ? puts : patches);
    }
    [[nodiscard]] std::string holds() const { return workspace_.document(); }

    int puts = 0;
    int patches = 0;

private:
    image::Memory
        memory_;  // named: GCC 12 takes the default argument's object for one that is not initialised
    ruleset::Workspace workspace_{ruleset::Mode::tolerant, ruleset::Retain::documents, memory_};
};

std::string document_of(const Channel& channel) {
    ruleset::Workspace workspace(ruleset::Mode::strict, ruleset::Retain::documents);
    EXPECT_TRUE(workspace.compile(*channel.current()->json));
    return workspace.document();
}

TEST(Channel, WhatIsPreparedIsServedOnceItIsCommitted) {
    Channel channel;
    ASSERT_TRUE(channel.publish(document(1, "\"f\":" + flag(1))));
    Result<Channel::Prepared> next = channel.prepare(document(2, "\"f\":" + flag(2)));
    ASSERT_TRUE(next);
    EXPECT_EQ(channel.current()->version, 1u);
    EXPECT_TRUE(channel.first_events(1).empty());
    Follower follower;
    follower.take(channel.first_events(std::nullopt).at(0));
    follower.take(channel.commit(std::move(*next)));
    EXPECT_EQ(follower.holds(), document_of(channel));
    channel.clear();
    EXPECT_EQ(channel.current(), nullptr);
    EXPECT_TRUE(channel.first_events(1).empty());
}

TEST(Channel, IsEmptyBeforeTheFirstRelease) {
    const Channel channel;
    EXPECT_EQ(channel.current(), nullptr);
    EXPECT_TRUE(channel.first_events(std::nullopt).empty());
    EXPECT_TRUE(channel.first_events(7).empty());
}

TEST(Channel, SendsAPatchOfWhatChanged) {
    Channel channel;
    const std::string many = R"("x":)" + flag(1) + R"(,"y":)" + flag(2) + R"(,"z":)" + flag(3);
    ASSERT_TRUE(channel.publish(document(1, many)));
    const auto event = channel.publish(document(2, R"("x":)" + flag(9) + R"(,"z":)" + flag(3)));
    ASSERT_TRUE(event);
    EXPECT_EQ(**event, "id: 2\nevent: patch\ndata: {\"base\":1,\"version\":2,\"set\":{\"flags\":{\"x\":" +
                           flag(9) + "}},\"remove\":{\"flags\":[\"y\"]}}\n\n");
    ASSERT_TRUE(*channel.publish(document(3, R"("x":)" + flag(9) + R"(,"z":)" + flag(3))))
        << "a version alone is news";
    EXPECT_EQ(channel.current()->version, 3u);
    EXPECT_EQ(*channel.publish(document(3, "")), nullptr) << "said already";
}

TEST(Channel, RefusesWhatGoesBackAndWhatDoesNotCompile) {
    Channel channel;
    ASSERT_TRUE(channel.publish(document(5, R"("x":)" + flag(1))));
    const auto older = channel.publish(document(4, ""));
    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().message, "version 4 comes after 5");
    EXPECT_FALSE(channel.publish(document(6, R"("x":{"type":"integer"})")));
    EXPECT_FALSE(channel.publish("{"));
    EXPECT_EQ(channel.current()->version, 5u);
    ASSERT_TRUE(channel.publish(document(7, R"("x":)" + flag(2))));
    EXPECT_EQ(channel.current()->version, 7u);
}

/// A patch is of entities alone.
TEST(Channel, SendsAllWhereAPatchCannotSayIt) {
    Channel channel;
    const std::string filler = R"("filler":)" + flag(1) + R"(,"more":)" + flag(2);
    ASSERT_TRUE(channel.publish(document(1, R"("x":)" + flag(1) + ',' + filler)));
    const auto event = channel.publish(document(2, R"("x":)" + flag(1) + ',' + filler, "other"));
    ASSERT_TRUE(event);
    EXPECT_EQ(*event, channel.current()->put);
    EXPECT_EQ(channel.first_events(1), (std::vector{channel.current()->put})) << "no patch leads over this";
}

TEST(Channel, BringsAStreamUpToDateFromWhateverItHas) {
    Channel channel;
    std::string filler;
    for (int i = 0; i < 100; ++i) filler += R"(,"filler)" + std::to_string(i) + R"(":)" + flag(i);
    for (std::uint64_t version = 10; version <= 20; ++version) {
        ASSERT_TRUE(channel.publish(document(version, R"("x":)" + flag(static_cast<int>(version)) + filler)));
    }
    EXPECT_TRUE(channel.first_events(20).empty());
    EXPECT_EQ(channel.first_events(17).size(), 3u);
    EXPECT_EQ(channel.first_events(10).size(), 10u);
    for (const auto& unknown : {std::optional<std::uint64_t>{}, std::optional<std::uint64_t>{9},
                                std::optional<std::uint64_t>{21}}) {
        EXPECT_EQ(channel.first_events(unknown), (std::vector{channel.current()->put}));
    }
}

TEST(Channel, KeepsABoundedHistory) {
    Channel channel;
    std::string filler;
    for (int i = 0; i < 1'000; ++i) filler += R"(,"filler)" + std::to_string(i) + R"(":)" + flag(i);
    for (std::uint64_t version = 1; version <= patches_kept + 10; ++version) {
        ASSERT_TRUE(channel.publish(document(version, R"("x":)" + flag(static_cast<int>(version)) + filler)));
    }
    EXPECT_EQ(channel.first_events(10).size(), patches_kept);
    EXPECT_EQ(channel.first_events(9), (std::vector{channel.current()->put}));
}

TEST(Channel, ShowsEachFormOfARelease) {
    Channel channel;
    ASSERT_TRUE(channel.publish(document(1, R"("x":)" + flag(4))));
    const auto release = channel.current();
    EXPECT_EQ(*release->put, "id: 1\nevent: put\ndata: " + *release->json + "\n\n");
    EXPECT_EQ(release->json->find('\n'), std::string::npos);
    EXPECT_EQ(release->environment, "test");
    EXPECT_EQ(release->etag.size(), 34u);
    ASSERT_NE(release->json_gzip, nullptr);
    EXPECT_NE(release->image.view().find("x", hash64("x")), nullptr);
    Channel other;
    ASSERT_TRUE(other.publish(*release->json));
    EXPECT_EQ(other.current()->etag, release->etag) << "servers agree";
}

/// Whatever a ruleset becomes, a follower from the start and one that comes back now and then hold the same in the end.
TEST(Channel, LeadsEveryFollowerToTheSameRuleset) {
    std::mt19937 random(3);
    Channel channel;
    Follower always;
    Follower sometimes;
    std::optional<std::uint64_t> seen;
    for (std::uint64_t version = 1; version <= 300; ++version) {
        std::string flags;
        for (int i = 0; i < 40; ++i) {
            if (random() % 8 == 0) continue;
            if (!flags.empty()) flags += ',';
            flags +=
                "\"f" + std::to_string(i) + "\":" + flag(static_cast<int>(random() % 50 == 0 ? version : 0));
        }
        const auto event = channel.publish(document(version, flags));
        ASSERT_TRUE(event) << event.error().message;
        always.take(*event);
        if (random() % 3 != 0) continue;
        for (const SharedText& missed : channel.first_events(seen)) sometimes.take(missed);
        seen = version;
        // A patch puts what comes back last, so the order may differ: what is answered does not depend on it.
        EXPECT_EQ(sometimes.holds().size(), document_of(channel).size());
        EXPECT_EQ(always.holds().size(), document_of(channel).size());
    }
    EXPECT_GT(always.patches, 200);
    EXPECT_EQ(sometimes.puts + sometimes.patches > 100, true);
}

}  // namespace
}  // namespace expplat::server::publish
