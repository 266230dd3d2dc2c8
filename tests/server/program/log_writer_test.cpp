// The log's queue: nobody waits for who reads it.
#include "server/program/log_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace expplat::server::program {
namespace {

class Pipe {
public:
    Pipe() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
    ~Pipe() {
        close_writing();
        ::close(ends_[0]);
    }
    [[nodiscard]] int writing() const noexcept { return ends_[1]; }
    void close_writing() {
        if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
    }
    std::string read_to_end() {
        close_writing();
        std::string all;
        std::array<char, 65536> room{};
        for (ssize_t bytes = 0; (bytes = ::read(ends_[0], room.data(), room.size())) > 0;)
            all.append(room.data(), static_cast<std::size_t>(bytes));
        return all;
    }

private:
    std::array<int, 2> ends_{};
};

TEST(LogWriter, WritesEveryLineInOrderBeforeItGoes) {
    Pipe pipe;
    std::string expected;
    {
        LogWriter writer(pipe.writing());
        for (int i = 0; i < 500; ++i) {
            writer.write("line " + std::to_string(i));
            expected += "line " + std::to_string(i) + '\n';
        }
    }
    EXPECT_EQ(pipe.read_to_end(), expected);
}

TEST(LogWriter, APipeThatNobodyReadsStallsNobody) {
    Pipe pipe;
    constexpr std::size_t queued = 1'000'000;
    const std::string line(999, 'x');
    constexpr int lines = 20'000;  // 20 MB, before a pipe of 64 KiB
    std::string read;
    std::uint64_t dropped = 0;
    {
        LogWriter writer(pipe.writing(), queued, std::chrono::milliseconds(0));
        std::vector<std::thread> threads;
        for (int t = 0; t < 2; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < lines / 2; ++i) writer.write(line);
            });
        }
        for (std::thread& thread : threads) thread.join();
        dropped = writer.dropped();
        EXPECT_GT(dropped, 0u);
    }  // nor does the end wait
    read = pipe.read_to_end();
    EXPECT_LE(static_cast<std::uint64_t>(read.size() / 1000) + dropped, static_cast<std::uint64_t>(lines));
    EXPECT_EQ(read.substr(0, 1000), line + '\n');
}

TEST(LogWriter, WhatCannotBeWrittenIsCounted) {
    Pipe pipe;
    const int closed = pipe.writing();
    pipe.close_writing();
    auto writer = std::make_unique<LogWriter>(closed);
    writer->write("lost");
    while (writer->dropped() == 0) std::this_thread::yield();
    EXPECT_EQ(writer->dropped(), 1u);
}

}  // namespace
}  // namespace expplat::server::program
