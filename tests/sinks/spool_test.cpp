// The spool (EVENTS.md): records that survive damage around them, one folder a client, orphans taken over.
#include "src/sinks/spool.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <set>

#include "src/sinks/spool_record.hpp"
#include "tests/sinks/event_fixture.hpp"

namespace expplat::tests {
namespace {

using exposure::Batch;
using exposure::Event;
using sinks::Spool;

constexpr std::uint64_t plenty = std::uint64_t{64} << 20;

std::shared_ptr<HandClock> hand_clock() { return std::make_shared<HandClock>(); }

std::unique_ptr<Spool> open_spool(const std::string& folder, std::uint64_t most_bytes = plenty,
                                  std::shared_ptr<const Clock> clock = hand_clock()) {
    auto spool = Spool::open(folder, most_bytes, std::move(clock));
    EXPECT_TRUE(spool) << spool.error().message;
    return std::move(*spool);
}

/// Everything that an opened spool found, by unit id.
std::vector<std::string> adopted_units(Spool& spool, bool remove = false) {
    std::vector<std::string> units;
    while (const auto segment = spool.next_adopted()) {
        Batch batch;
        EXPECT_TRUE(spool.load(*segment, batch));
        for (const Event& event : batch.events) units.emplace_back(event.unit_id);
        if (remove) spool.remove(*segment);
    }
    return units;
}

std::size_t folders_in(const std::string& folder) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        count += entry.is_directory() ? 1 : 0;
    return count;
}

void expect_same(const Event& a, const Event& b) {
    EXPECT_EQ(a.type, b.type);
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.time_ms, b.time_ms);
    EXPECT_EQ(a.ruleset_version, b.ruleset_version);
    EXPECT_EQ(a.has_value, b.has_value);
    EXPECT_EQ(a.value, b.value);
    for (const auto text : {&Event::project, &Event::environment, &Event::name, &Event::variant, &Event::unit,
                            &Event::unit_id, &Event::properties, &Event::attributes})
        EXPECT_EQ(a.*text, b.*text);
}

Batch batch_of(const std::string& bytes) {
    Batch batch;
    const auto* const begin = reinterpret_cast<const std::byte*>(bytes.data());
    batch.bytes.assign(begin, begin + bytes.size());
    return batch;
}

// ---- records ----

/// RFC 3720, appendix B.4.
TEST(SpoolRecord, TheChecksumIsCastagnolis) {
    std::vector<std::byte> bytes(32, std::byte{0});
    EXPECT_EQ(sinks::crc32c(bytes), 0x8A9136AAu);
    std::fill(bytes.begin(), bytes.end(), std::byte{0xFF});
    EXPECT_EQ(sinks::crc32c(bytes), 0x62A8AB43u);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
    EXPECT_EQ(sinks::crc32c(bytes), 0x46DD794Eu);
    const std::string digits = "123456789";
    EXPECT_EQ(sinks::crc32c(std::as_bytes(std::span(digits))), 0xE3069283u);
}

TEST(SpoolRecord, GivesBackEveryField) {
    OwnEvent own = numbered_event(7);
    own.event.type = exposure::EventType::track;
    own.event.has_value = true;
    own.event.value = -12.5;
    own.properties = "{\"a\":1}";
    own.attributes = "{\"b\":2}";
    own.unit_id = std::string("\0\n\xFFxps1", 7);
    OwnEvent bare;
    for (std::string* text :
         {&bare.project, &bare.environment, &bare.name, &bare.variant, &bare.unit, &bare.unit_id})
        text->clear();
    std::string bytes;
    sinks::append_spool_record(bytes, own.view());
    sinks::append_spool_record(bytes, bare.view());
    Batch batch = batch_of(bytes);
    EXPECT_EQ(sinks::read_spool_records(batch), 0u);
    ASSERT_EQ(batch.size(), 2u);
    expect_same(batch.events[0], own.view());
    expect_same(batch.events[1], bare.view());
}

struct Written {
    std::vector<OwnEvent> events = numbered_events(4);
    std::string bytes;
    std::vector<std::size_t> ends;  // of the records
    Written() {
        events[2].unit_id = "xps1xps1xxxxps1";  // looks like the beginning of a record
        for (const OwnEvent& event : events) {
            sinks::append_spool_record(bytes, event.view());
            ends.push_back(bytes.size());
        }
    }
};

/// "A torn tail is found by checksum and only that record is lost."
TEST(SpoolRecord, TornAtEveryByteTheWholeRecordsAreThere) {
    const Written written;
    for (std::size_t size = 0; size <= written.bytes.size(); ++size) {
        Batch batch = batch_of(written.bytes.substr(0, size));
        const std::size_t damaged = sinks::read_spool_records(batch);
        std::size_t whole = 0;
        while (whole < written.ends.size() && written.ends[whole] <= size) ++whole;
        ASSERT_EQ(batch.size(), whole) << size;
        const bool at_an_end = size == 0 || (whole > 0 && written.ends[whole - 1] == size);
        EXPECT_EQ(damaged, at_an_end ? 0u : 1u) << size;
        for (std::size_t i = 0; i < whole; ++i) EXPECT_EQ(batch.events[i].unit_id, written.events[i].unit_id);
    }
}

TEST(SpoolRecord, DamagedAtAnyByteOnlyThatRecordIsLost) {
    const Written written;
    for (std::size_t at = 0; at < written.bytes.size(); ++at) {
        for (const unsigned flip : {0x01u, 0x80u, 0xFFu}) {
            std::string bytes = written.bytes;
            bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ flip);
            Batch batch = batch_of(bytes);
            EXPECT_EQ(sinks::read_spool_records(batch), 1u) << at;
            std::vector<std::string_view> expected;
            std::size_t begin = 0;
            for (std::size_t i = 0; i < written.ends.size(); ++i) {
                if (at < begin || at >= written.ends[i]) expected.push_back(written.events[i].unit_id);
                begin = written.ends[i];
            }
            ASSERT_EQ(batch.size(), expected.size()) << at;
            for (std::size_t i = 0; i < expected.size(); ++i)
                EXPECT_EQ(batch.events[i].unit_id, expected[i]) << at;
        }
    }
}

TEST(SpoolRecord, ReadsAnyBytesWithoutHarm) {
    std::uint32_t state = 1;
    for (int round = 0; round < 2'000; ++round) {
        std::string bytes;
        for (std::uint32_t i = 0, size = (state >> 8) % 400; i < size; ++i) {
            state = state * 1'664'525u + 1'013'904'223u;
            bytes += (state >> 24) % 4 == 0 ? "xps1"[(state >> 16) % 4] : static_cast<char>(state >> 20);
        }
        state = state * 1'664'525u + 1'013'904'223u;
        Batch batch = batch_of(bytes);
        (void)sinks::read_spool_records(batch);
        EXPECT_EQ(batch.size(), 0u);
    }
}

// ---- folders ----

TEST(Spool, KeepsABatchUntilItIsRemoved) {
    const TestFolder folder;
    const auto owned = numbered_events(500);
    const auto spool = open_spool(folder.file("spool"));
    const auto segment = spool->store(views(owned));
    ASSERT_TRUE(segment);
    EXPECT_GT(spool->bytes(), 500 * sinks::spool_record_bytes);
    Batch batch;
    const auto damaged = spool->load(*segment, batch);
    ASSERT_TRUE(damaged);
    EXPECT_EQ(*damaged, 0u);
    ASSERT_EQ(batch.size(), 500u);
    expect_same(batch.events[499], owned[499].view());
    spool->remove(*segment);
    EXPECT_EQ(spool->bytes(), 0u);
    EXPECT_FALSE(spool->load(*segment, batch));
    spool->remove(*segment);
}

TEST(Spool, IsBounded) {
    const TestFolder folder;
    const auto events = numbered_events(10);
    const auto spool = open_spool(folder.file("spool"), 5'000);
    std::vector<std::string> stored;
    for (;;) {
        auto segment = spool->store(views(events));
        if (!segment) {
            EXPECT_EQ(segment.error().code, ErrorCode::too_large);
            break;
        }
        stored.push_back(*segment);
        ASSERT_LT(stored.size(), 5u);
    }
    ASSERT_GE(stored.size(), 2u);
    EXPECT_LE(spool->bytes(), 5'000u);
    spool->remove(stored.front());
    EXPECT_TRUE(spool->store(views(events))) << "there is room again";
}

TEST(Spool, NamesSortByTime) {
    const TestFolder folder;
    const auto clock = hand_clock();
    const auto spool = open_spool(folder.file("spool"), plenty, clock);
    std::string last;
    for (int i = 0; i < 300; ++i) {
        const auto segment = spool->store(views(numbered_events(1)));
        ASSERT_TRUE(segment);
        EXPECT_LT(last, *segment);
        last = *segment;
        clock->advance(i % 3);
    }
}

TEST(Spool, WhatADeadProcessLeftIsTakenOver) {
    const TestFolder folder;
    const std::string path = folder.file("spool");
    for (int generation = 0; generation < 3; ++generation) {
        const auto spool = open_spool(path);
        ASSERT_TRUE(spool->store(views(numbered_events(2))));
    }
    EXPECT_EQ(folders_in(path), 1u) << "each took over, and removed, the one before";
    {
        const auto spool = open_spool(path);
        EXPECT_TRUE(spool->has_adopted());
        EXPECT_GT(spool->bytes(), 0u);
        EXPECT_EQ(adopted_units(*spool, true).size(), 6u);
        EXPECT_EQ(spool->bytes(), 0u);
    }
    EXPECT_EQ(folders_in(path), 0u) << "an empty one is removed";
    const auto spool = open_spool(path);
    EXPECT_TRUE(adopted_units(*spool).empty());
}

TEST(Spool, TwoClientsOfAProcessExcludeEachOther) {
    const TestFolder folder;
    const std::string path = folder.file("spool");
    auto first = open_spool(path);
    ASSERT_TRUE(first->store(views(numbered_events(2))));
    auto second = open_spool(path);
    ASSERT_TRUE(second->store(views(numbered_events(3))));
    EXPECT_TRUE(adopted_units(*second).empty());
    auto third = open_spool(path);
    EXPECT_TRUE(adopted_units(*third).empty());
    EXPECT_EQ(folders_in(path), 3u);
    first.reset();
    third.reset();
    auto fourth = open_spool(path);
    EXPECT_EQ(adopted_units(*fourth).size(), 2u) << "the second lives";
}

template <class Check>
int in_child(Check&& check) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(check());
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(Spool, AForkedChildLeavesTheParentsAlone) {
    const TestFolder folder;
    const std::string path = folder.file("spool");
    auto spool = open_spool(path);
    const auto segment = spool->store(views(numbered_events(2)));
    ASSERT_TRUE(segment);
    EXPECT_EQ(in_child([&] {
                  spool->disown();
                  Batch batch;
                  if (spool->store(views(numbered_events(1))) || spool->load(*segment, batch)) return 1;
                  spool->remove(*segment);
                  (void)spool.release();
                  auto own = Spool::open(path, plenty, hand_clock());
                  if (!own || (*own)->has_adopted()) return 2;  // the parent lives
                  return (*own)->store(views(numbered_events(4))) ? 0 : 3;
              }),
              0);
    Batch batch;
    EXPECT_TRUE(spool->load(*segment, batch));
    auto other = open_spool(path);
    EXPECT_EQ(adopted_units(*other).size(), 4u) << "the child's, who died; not this process's own";
}

/// The lock is let go with the last copy of its descriptor, so a child that lives on must not hold its parent's.
TEST(Spool, TheParentsIsAdoptedWhileADisownedChildLivesOn) {
    const TestFolder folder;
    const std::string path = folder.file("spool");
    auto spool = open_spool(path);
    ASSERT_TRUE(spool->store(views(numbered_events(2))));
    int ready[2];
    int quit[2];
    ASSERT_EQ(::pipe(ready), 0);
    ASSERT_EQ(::pipe(quit), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        spool->disown();
        ::close(quit[1]);
        char byte = 0;
        if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
        (void)!::read(quit[0], &byte, 1);
        ::_exit(0);
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    spool.reset();
    auto next = open_spool(path);
    EXPECT_EQ(adopted_units(*next).size(), 2u);
    for (const int descriptor : {ready[0], ready[1], quit[0], quit[1]}) ::close(descriptor);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
}

TEST(Spool, DamageOfAnAdoptedSegmentCostsThatRecordAlone) {
    const TestFolder folder;
    const std::string path = folder.file("spool");
    std::string segment_path;
    {
        const auto spool = open_spool(path);
        const auto segment = spool->store(views(numbered_events(3)));
        ASSERT_TRUE(segment);
        segment_path = spool->own_folder() + '/' + *segment;
    }
    std::filesystem::resize_file(segment_path, std::filesystem::file_size(segment_path) - 1);
    const auto spool = open_spool(path);
    const auto adopted = spool->next_adopted();
    ASSERT_TRUE(adopted);
    Batch batch;
    const auto damaged = spool->load(*adopted, batch);
    ASSERT_TRUE(damaged);
    EXPECT_EQ(*damaged, 1u);
    EXPECT_EQ(batch.size(), 2u);
}

TEST(Spool, WhatIsNotOursStays) {
    const TestFolder folder;
    const std::string path = folder.file("spool");
    std::filesystem::create_directories(path + "/somebody-elses");
    std::ofstream(path + "/readme") << "x";
    std::ofstream(path + "/somebody-elses/file") << "x";
    { const auto spool = open_spool(path); }
    EXPECT_TRUE(std::filesystem::exists(path + "/somebody-elses/file"));
    EXPECT_TRUE(std::filesystem::exists(path + "/readme"));
}

TEST(Spool, AFolderThatCannotBeUsedIsAnError) {
    const TestFolder folder;
    const auto fails = [](const std::string& path) {
        const auto spool = Spool::open(path, plenty, hand_clock());
        EXPECT_FALSE(spool) << path;
        if (spool) return;
        EXPECT_EQ(spool.error().code, path.empty() ? ErrorCode::invalid_argument : ErrorCode::io);
        EXPECT_NE(spool.error().message.find(path), std::string::npos) << spool.error().message;
    };
    fails("");
    fails(folder.file("no-such-parent/spool"));
    std::ofstream(folder.file("a-file")) << "x";
    fails(folder.file("a-file"));
    fails("/proc/self/spool");
    if (::geteuid() != 0) {
        std::filesystem::create_directories(folder.file("read-only"));
        std::filesystem::permissions(folder.file("read-only"), std::filesystem::perms::owner_read);
        fails(folder.file("read-only"));
    } else {
        EXPECT_EQ(in_child([&] {
                      std::filesystem::create_directories(folder.file("read-only"));
                      ::chmod(folder.file("read-only").c_str(), 0555);
                      if (::setuid(65'534) != 0) return 0;
                      const auto spool = Spool::open(folder.file("read-only"), plenty, hand_clock());
                      return !spool && spool.error().code == ErrorCode::io ? 0 : 1;
                  }),
                  0);
    }
}

TEST(Spool, AFullDiskIsAnErrorAndLeavesNothing) {
    const TestFolder folder;
    EXPECT_EQ(in_child([&] {
                  ::signal(SIGXFSZ, SIG_IGN);
                  auto spool = Spool::open(folder.file("spool"), plenty, hand_clock());
                  const rlimit small{1'000, RLIM_INFINITY};
                  if (!spool || ::setrlimit(RLIMIT_FSIZE, &small) != 0) return 1;
                  const auto refused = (*spool)->store(views(numbered_events(100)));
                  if (refused || refused.error().code != ErrorCode::io || (*spool)->bytes() != 0) return 2;
                  for (const auto& entry : std::filesystem::directory_iterator((*spool)->own_folder())) {
                      if (entry.path().filename() != "lock") return 3;
                  }
                  const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
                  if (::setrlimit(RLIMIT_FSIZE, &large) != 0) return 4;
                  return (*spool)->store(views(numbered_events(100))) ? 0 : 5;
              }),
              0);
}

/// Many start at the same moment, over the same orphans: each segment has one heir.
TEST(Spool, ManyProcessesAdoptEachSegmentOnce) {
    const TestFolder folder;
    const std::string path = folder.file("spool");
    std::vector<std::unique_ptr<Spool>> dying;
    for (std::uint32_t i = 0; i < 40; ++i) {
        dying.push_back(open_spool(path));
        ASSERT_TRUE(dying.back()->store(views({numbered_event(i)})));
    }
    dying.clear();
    int results[2];
    ASSERT_EQ(::pipe(results), 0);
    std::vector<pid_t> children;
    for (int i = 0; i < 8; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            auto spool = Spool::open(path, plenty, hand_clock());
            if (!spool) ::_exit(1);
            for (const std::string& unit : adopted_units(**spool, true)) {
                const std::string line = unit + '\n';
                if (::write(results[1], line.data(), line.size()) < 0) ::_exit(2);
            }
            spool->reset();
            ::_exit(0);
        }
        children.push_back(child);
    }
    ::close(results[1]);
    std::string all;
    char buffer[4'096];
    for (ssize_t count = 0; (count = ::read(results[0], buffer, sizeof buffer)) > 0;)
        all.append(buffer, static_cast<std::size_t>(count));
    ::close(results[0]);
    for (const pid_t child : children) {
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
    }
    const auto last = open_spool(path);
    for (const std::string& unit : adopted_units(*last)) all += unit + '\n';
    std::multiset<std::string> units;
    std::size_t at = 0;
    for (std::size_t end = 0; (end = all.find('\n', at)) != std::string::npos; at = end + 1)
        units.insert(all.substr(at, end - at));
    EXPECT_EQ(units.size(), 40u);
    EXPECT_EQ(std::set<std::string>(units.begin(), units.end()).size(), 40u);
}

}  // namespace
}  // namespace expplat::tests
