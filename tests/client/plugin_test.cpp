// Decision 2 "also after … `dlclose`": a shared object with the library inside is loaded, used and unloaded, and nothing
// of it is left that a thread's end, a fork or the next load could trip over.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "tests/client/client_fixture.hpp"

namespace expplat::tests {
namespace {

using Run = std::uint64_t (*)(const char*, const char*);

class Plugin {
public:
    Plugin() : handle_(::dlopen(EXPPLAT_PLUGIN, RTLD_NOW | RTLD_LOCAL)) {
        if (handle_ == nullptr) ADD_FAILURE() << ::dlerror();
    }
    ~Plugin() { unload(); }
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    [[nodiscard]] Run run() const { return reinterpret_cast<Run>(::dlsym(handle_, "expplat_plugin_run")); }
    /// A thread's own storage keeps it for as long as that thread lives.
    [[nodiscard]] static bool is_loaded() {
        void* const handle = ::dlopen(EXPPLAT_PLUGIN, RTLD_NOW | RTLD_NOLOAD);
        if (handle != nullptr) ::dlclose(handle);
        return handle != nullptr;
    }
    void unload() {
        if (handle_ == nullptr) return;
        EXPECT_EQ(::dlclose(handle_), 0) << ::dlerror();
        handle_ = nullptr;
    }

private:
    void* handle_;
};

class Plugins : public ::testing::Test {
protected:
    void SetUp() override { folder_.replace("rules.json", ruleset_text(1)); }
    [[nodiscard]] std::uint64_t run(const Plugin& plugin) const {
        return plugin.run()(folder_.file("rules.json").c_str(), folder_.file("events.jsonl").c_str());
    }
    /// In a thread that ends, so that nothing keeps the plugin loaded.
    [[nodiscard]] std::uint64_t run_in_a_thread(const Plugin& plugin) const {
        std::uint64_t live = 0;
        std::thread([&] { live = run(plugin); }).join();
        return live;
    }
    Folder folder_;
};

TEST_F(Plugins, MayBeLoadedUsedAndUnloadedAgainAndAgain) {
    for (int round = 0; round < 5; ++round) {
        {
            const Plugin plugin;
            const std::uint64_t live = run_in_a_thread(plugin);
            EXPECT_GE(live, 1u);
            EXPECT_LE(live, 2u);
        }
        ASSERT_FALSE(Plugin::is_loaded()) << "round " << round;
    }
    EXPECT_EQ(lines_of(folder_.file("events.jsonl")).size(), 5u * 4u) << "one exposure a user and load";
}

/// The thread has used the plugin, and ends after it was unloaded.
TEST_F(Plugins, MayBeUnloadedBeforeAThreadThatUsedThemEnds) {
    std::mutex mutex;
    std::condition_variable changed;
    int stage = 0;  // 1: used, 2: unloaded
    Plugin plugin;
    std::thread user([&] {
        EXPECT_LE(run(plugin), 2u);
        std::unique_lock lock(mutex);
        stage = 1;
        changed.notify_all();
        changed.wait(lock, [&] { return stage == 2; });
    });
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return stage == 1; });
        plugin.unload();
        stage = 2;
        changed.notify_all();
    }
    user.join();
}

/// What a plugin registered for forks is gone with it.
TEST_F(Plugins, MayBeUnloadedBeforeAFork) {
    {
        const Plugin plugin;
        EXPECT_LE(run_in_a_thread(plugin), 2u);
    }
    ASSERT_FALSE(Plugin::is_loaded());
    const pid_t child = ::fork();
    if (child == 0) ::_exit(7);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/// The program's own copy of the library and the plugin's do not meet.
TEST_F(Plugins, LiveBesideTheProgramsOwnClients) {
    Client client = open(Source::file(folder_.file("rules.json")));
    (void)client.variant("exp", User("u"));
    {
        const Plugin plugin;
        EXPECT_LE(run(plugin), 2u);
        ASSERT_TRUE(client.reload());
    }
    ASSERT_TRUE(client.reload());
    EXPECT_EQ(client.variant("exp", User("u")), "green");
    EXPECT_LE(client.stats().live_images, 2u);
}

}  // namespace
}  // namespace expplat::tests
