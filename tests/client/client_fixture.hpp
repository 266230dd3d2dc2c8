// Shared by the tests of the client: small rulesets, files that come and go, a clock that tests move.
//
// Every temporary folder is removed with the test that made it. Nothing here sleeps.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "expplat/expplat.hpp"

// clang says it in its own way.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define EXPPLAT_THREAD_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define EXPPLAT_THREAD_SANITIZER 1
#endif

namespace expplat::tests {

/// A flag `on` of each type, an experiment `exp` that everybody is in, and a flag whose only variant is the version.
inline std::string ruleset_text(std::uint64_t version, const std::string& variant = "green") {
    return R"({"format":"expplat.ruleset/1","environment":"test","version":)" + std::to_string(version) +
           R"(,"flags":{)"
           R"("bool":{"type":"boolean","variants":{"on":true,"off":false},"off":"off","default":"on"},)"
           R"("text":{"type":"string","variants":{"v":"hello"},"off":"v","default":"v"},)"
           R"("int":{"type":"integer","variants":{"v":42},"off":"v","default":"v"},)"
           R"("real":{"type":"double","variants":{"v":2.5},"off":"v","default":"v"},)"
           R"("object":{"type":"object","variants":{"v":{"a":[1,null]}},"off":"v","default":"v"},)"
           R"("version":{"type":"integer","variants":{"v":)" +
           std::to_string(version) +
           R"(},"off":"v","default":"v"}},)"
           R"("experiments":{"exp":{"type":"string","status":"running","variants":{"green":"g","blue":"b"},"split":[{"variant":")" +
           variant + R"(","weight":1}]}}})";
}

class Folder {
public:
    Folder() {
        static std::atomic<int> number{0};
        path_ = std::filesystem::temp_directory_path() /
                ("expplat-client-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
        std::filesystem::create_directories(path_);
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
    /// Written beside and renamed, as a program that replaces a ruleset does.
    void replace(const std::string& name, const std::string& content) const {
        std::ofstream(file(name + ".part"), std::ios::binary) << content;
        std::filesystem::rename(file(name + ".part"), file(name));
    }

private:
    std::filesystem::path path_;
};

inline std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream in(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

class TestClock final : public Clock {
public:
    [[nodiscard]] std::int64_t unix_ms() const noexcept override {
        return 1'763'902'800'000 + now_ms_.load();
    }
    [[nodiscard]] std::int64_t steady_ms() const noexcept override { return now_ms_.load(); }
    void advance(std::int64_t ms) { now_ms_ += ms; }

private:
    std::atomic<std::int64_t> now_ms_{1'000};
};

/// What a custom sink was given, with its texts copied.
class Collected {
public:
    struct Row {
        std::string name, variant, unit, unit_id;
        exposure::EventId id;
    };
    [[nodiscard]] Sink sink() {
        return Sink::custom([this](std::span<const exposure::Event> batch) {
            const std::scoped_lock lock(mutex_);
            for (const exposure::Event& event : batch) {
                rows_.push_back({std::string(event.name), std::string(event.variant), std::string(event.unit),
                                 std::string(event.unit_id), event.id});
            }
            return exposure::Delivery{batch.size(), 0, {}};
        });
    }
    [[nodiscard]] std::vector<Row> rows() const {
        const std::scoped_lock lock(mutex_);
        return rows_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<Row> rows_;
};

inline Client open(Config config) {
    Result<Client> client = Client::open(std::move(config));
    if (!client) ADD_FAILURE() << client.error().message;
    return std::move(client).value();
}

inline Client open(Source source, Sink sink = Sink::none(), std::size_t queue_events = limits::queue_events) {
    Config config;
    config.source = std::move(source);
    config.sink = std::move(sink);
    config.queue_events = queue_events;
    return open(std::move(config));
}

inline std::uint64_t accounted_for(const Stats& stats) {
    return stats.deduplicated + stats.acknowledged + stats.spooled + stats.dead_lettered +
           stats.dropped_queue_full + stats.dropped_shutdown + stats.dropped_spool + stats.in_flight;
}

}  // namespace expplat::tests
