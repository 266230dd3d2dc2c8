// A plugin whose client follows a server with a thread of its own is loaded, used and unloaded again and again, and leaves no
// thread, no descriptor and no mapping.
//
// What a thread of the program keeps for its end would keep the plugin, so every use is a thread's that ends.
#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>

#include <cstdint>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "tests/live/live_fixture.hpp"

namespace expplat::tests {
namespace {

/// What this process has, but for its memory.
struct Holdings {
    int threads = 0;
    int descriptors = 0;
    std::set<std::string> files;     // mapped
    std::uint64_t mapped_bytes = 0;  // but for the heap
};

int entries_of(const char* path) {
    DIR* const folder = ::opendir(path);
    int count = 0;
    while (const dirent* const entry = ::readdir(folder)) count += entry->d_name[0] == '.' ? 0 : 1;
    ::closedir(folder);
    return count;
}

Holdings holdings() {
    Holdings held{entries_of("/proc/self/task"), entries_of("/proc/self/fd"), {}, 0};
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::size_t dash = 0;
        const std::uint64_t begin = std::stoull(line, &dash, 16);
        if (line.find("[heap]") == std::string::npos)
            held.mapped_bytes += std::stoull(line.substr(dash + 1), nullptr, 16) - begin;
        if (const std::size_t path = line.find('/'); path != std::string::npos)
            held.files.insert(line.substr(path));
    }
    return held;
}

class FollowingPlugins : public Live {
protected:
    template <class Function>
    static auto in_a_thread(Function&& function) {
        decltype(function()) result{};
        std::thread thread([&] { result = function(); });
        thread.join();
        return result;
    }

    /// One life of the plugin; the ruleset changes while it is open.
    void load_use_and_unload(const ReferenceServer& server, const std::string& url, int threads) {
        void* const plugin = ::dlopen(EXPPLAT_PLUGIN, RTLD_NOW | RTLD_LOCAL);
        ASSERT_NE(plugin, nullptr) << ::dlerror();
        const auto open =
            reinterpret_cast<void* (*)(const char*, const char*)>(::dlsym(plugin, "expplat_plugin_open"));
        const auto use =
            reinterpret_cast<std::int64_t (*)(void*, const char*)>(::dlsym(plugin, "expplat_plugin_use"));
        const auto close =
            reinterpret_cast<std::uint64_t (*)(void*)>(::dlsym(plugin, "expplat_plugin_close"));
        const std::string cache = folder_.file("ruleset.xpr");
        void* const client = in_a_thread([&] { return open(url.c_str(), cache.c_str()); });
        ASSERT_NE(client, nullptr);
        const auto sees = [&](std::int64_t version) {
            return in_a_thread([&] { return eventually([&] { return use(client, "u") == version; }); });
        };
        EXPECT_TRUE(sees(version_));
        EXPECT_TRUE(eventually([&] { return entries_of("/proc/self/task") == threads + 1; }))
            << "the client's own thread";
        ++version_;
        server.post("patch", patch_text(static_cast<std::uint64_t>(version_ - 1),
                                        static_cast<std::uint64_t>(version_)));
        EXPECT_TRUE(sees(version_)) << "the thread follows";
        EXPECT_EQ(in_a_thread([&] { return close(client); }), 1u);
        ASSERT_EQ(::dlclose(plugin), 0) << ::dlerror();
        ASSERT_EQ(::dlopen(EXPPLAT_PLUGIN, RTLD_NOW | RTLD_NOLOAD), nullptr) << "it stays loaded";
    }

    const Folder folder_;
    std::int64_t version_ = 1;
};

TEST_F(FollowingPlugins, LeaveNoThreadNoDescriptorAndNoMapping) {
    constexpr int rounds = 20;
    // The C library reserves address space for a thread's own heap when threads meet in an allocation: never, then.
    ::mallopt(M_ARENA_MAX, 1);
    const ReferenceServer server;
    server.post("ruleset", ruleset_text(1));
    const int threads = entries_of("/proc/self/task");
    Holdings first;
    for (int round = 1; round <= rounds; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        const std::string host = round % 2 == 0 ? "127.0.0.1" : "localhost";
        ASSERT_NO_FATAL_FAILURE(
            load_use_and_unload(server, "http://" + host + ':' + std::to_string(server.port()), threads));
        // The kernel takes a thread off its list a moment after it was joined.
        ASSERT_TRUE(eventually([&] { return entries_of("/proc/self/task") == threads; }));
        ASSERT_TRUE(eventually([&] { return server.state("streams") == 0; })) << "its connections are closed";
        const Holdings now = holdings();
        for (const std::string& file : now.files)
            EXPECT_EQ(file.find("test_plugin"), std::string::npos) << file;
        for (const std::string& file : now.files)
            EXPECT_EQ(file.find("ruleset.xpr"), std::string::npos) << file;
        // What the first two loads leave is of the libraries below, which stay: OpenSSL's, the C library's.
        if (round == 2) first = now;
        if (round <= 2) continue;
        EXPECT_EQ(now.descriptors, first.descriptors);
        EXPECT_EQ(now.files, first.files);
        EXPECT_LT(now.mapped_bytes, first.mapped_bytes + 64 * 1024) << "less than a page a round";
        if (round == rounds) {
            std::cout << now.descriptors << " descriptors, " << first.mapped_bytes / 1024
                      << " KiB mapped after two, " << now.mapped_bytes / 1024 << " KiB after " << rounds
                      << '\n';
        }
    }
    EXPECT_EQ(server.state("distinct"), rounds);
}

}  // namespace
}  // namespace expplat::tests
