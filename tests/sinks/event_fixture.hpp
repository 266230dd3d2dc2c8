// Shared by the tests of what sends events: events that own their texts, and a folder for a test's files.
//
// `OwnEvent::view()` is what sinks get; it lives as long as its `OwnEvent`. Not thread-safe.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "expplat/base/clock.hpp"
#include "expplat/exposure/event.hpp"

namespace expplat::tests {

struct OwnEvent {
    exposure::Event event;
    std::string project = "game";
    std::string environment = "production";
    std::string name = "checkout-cta";
    std::string variant = "green";
    std::string unit = "key";
    std::string unit_id = "user-42";
    std::string properties;
    std::string attributes;

    [[nodiscard]] exposure::Event view() const {
        exposure::Event view = event;
        view.project = project;
        view.environment = environment;
        view.name = name;
        view.variant = variant;
        view.unit = unit;
        view.unit_id = unit_id;
        view.properties = properties;
        view.attributes = attributes;
        return view;
    }
};

/// Event number `number`: its id begins with zeros and ends with the number.
inline OwnEvent numbered_event(std::uint32_t number) {
    OwnEvent own;
    for (std::size_t i = 0; i < 4; ++i) own.event.id[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    own.event.time_ms = 1'763'902'800'000 + number;
    own.event.ruleset_version = 42;
    own.unit_id = "user-" + std::to_string(number);
    return own;
}

inline std::vector<OwnEvent> numbered_events(std::uint32_t count) {
    std::vector<OwnEvent> events;
    for (std::uint32_t i = 0; i < count; ++i) events.push_back(numbered_event(i));
    return events;
}

inline std::vector<exposure::Event> views(const std::vector<OwnEvent>& events) {
    std::vector<exposure::Event> views;
    for (const OwnEvent& event : events) views.push_back(event.view());
    return views;
}

/// A temporary folder that goes with its object.
class TestFolder {
public:
    TestFolder() {
        static std::atomic<int> number{0};
        path_ = std::filesystem::temp_directory_path() /
                ("expplat-events-" + std::to_string(::getpid()) + '-' + std::to_string(number++));
        std::filesystem::create_directories(path_);
    }
    ~TestFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

inline std::string content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<std::string> file_lines(const std::string& path) {
    std::ifstream in(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// Stands still but where it is moved.
class HandClock final : public Clock {
public:
    [[nodiscard]] std::int64_t unix_ms() const noexcept override { return 1'763'902'800'000 + now_ms_; }
    [[nodiscard]] std::int64_t steady_ms() const noexcept override { return now_ms_; }
    void advance(std::int64_t ms) noexcept { now_ms_ += ms; }

private:
    std::int64_t now_ms_ = 1'000;
};

}  // namespace expplat::tests
