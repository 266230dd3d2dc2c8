// The cache on disk: what it gives back, what it leaves alone, and that no damage and no death of a writer makes it lie.
#include "src/sync/disk_cache.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/ruleset/workspace.hpp"
#include "src/sync/atomic_file.hpp"

namespace expplat::tests {
namespace {

using sync::cache_binding;
using sync::CachedRuleset;
using sync::DiskCache;
using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

class DiskCacheTest : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "expplat-cache-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
        path_ = (folder_ / "ruleset.xpr").string();
    }
    void TearDown() override { fs::remove_all(folder_); }

    [[nodiscard]] DiskCache cache(std::string_view key = "sdk-secret") {
        return DiskCache(path_, cache_binding("https://flags.test", key),
                         [this](const Error& error) { errors_.push_back(error); });
    }
    /// Compiles a small ruleset of that version.
    void adopt(std::uint64_t version) {
        Result<ruleset::Compiled> compiled = workspace_.compile(
            R"({"format": "expplat.ruleset/1", "environment": "pro\"duction", "version": )" +
            std::to_string(version) +
            R"(, "flags": {"a": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "on"}}})");
        ASSERT_TRUE(compiled.ok()) << compiled.error().message;
        image_.emplace(std::move(compiled->image));
    }
    [[nodiscard]] DiskCache::Current current() {
        return [this] {
            return DiskCache::Content{workspace_.environment(), workspace_.version(), workspace_.document(),
                                      image_->bytes()};
        };
    }
    void store(std::uint64_t version) {
        adopt(version);
        DiskCache cache = this->cache();
        cache.mark_changed();
        cache.flush(current());
        ASSERT_EQ(cache.writes(), 1u);
    }
    [[nodiscard]] std::string bytes() const {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void overwrite(const std::string& bytes) const {
        std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    }
    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(folder_))
            names.push_back(entry.path().filename().string());
        return names;
    }
    [[nodiscard]] bool is_our_image(const image::Image& image) const {
        return image.bytes().size() == image_->bytes().size() &&
               std::memcmp(image.bytes().data(), image_->bytes().data(), image.bytes().size()) == 0;
    }

    fs::path folder_;
    std::string path_;
    std::vector<Error> errors_;
    ruleset::Workspace workspace_{ruleset::Mode::tolerant, ruleset::Retain::documents};
    std::optional<image::Image> image_;
};

TEST_F(DiskCacheTest, GivesBackTheImageAndTheDocument) {
    store(7);
    const Result<CachedRuleset> cached = cache().load();
    ASSERT_TRUE(cached.ok()) << cached.error().message;
    EXPECT_EQ(cached->version, 7u);
    EXPECT_EQ(cached->environment, "pro\"duction");
    ASSERT_TRUE(cached->image.has_value());
    EXPECT_TRUE(is_our_image(*cached->image));
    EXPECT_EQ(cached->document, "") << "not read where the image will do";
    const Result<std::string> document = cache().load_document();
    ASSERT_TRUE(document.ok());
    EXPECT_EQ(*document, workspace_.document());
}

TEST_F(DiskCacheTest, IsForItsOwnerAloneAndHoldsNoKey) {
    ::umask(0);
    store(7);
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_THAT(bytes(), testing::Not(HasSubstr("secret")));
    EXPECT_THAT(files(), ElementsAre("ruleset.xpr"));
}

TEST_F(DiskCacheTest, WithoutAFileIsNoFailure) {
    const Result<CachedRuleset> cached = cache().load();
    ASSERT_FALSE(cached.ok());
    EXPECT_EQ(cached.error().code, ErrorCode::not_found);
}

TEST_F(DiskCacheTest, OfAnotherServerOrKeyIsLeft) {
    store(7);
    for (DiskCache other :
         {cache("other"), DiskCache(path_, cache_binding("https://other.test", "sdk-secret")),
          DiskCache(path_, "")}) {
        const Result<CachedRuleset> cached = other.load();
        ASSERT_FALSE(cached.ok());
        EXPECT_EQ(cached.error().code, ErrorCode::not_found);
        EXPECT_THAT(cached.error().message, HasSubstr("another server or key"));
        EXPECT_THAT(cached.error().message, testing::Not(HasSubstr("secret")));
        EXPECT_FALSE(other.load_document().ok());
    }
    EXPECT_TRUE(cache().load().ok()) << "and not harmed";
}

TEST_F(DiskCacheTest, BindsUrlsByTheirMeaning) {
    EXPECT_EQ(cache_binding("https://a/", "k"), cache_binding("https://a", "k"));
    EXPECT_NE(cache_binding("https://a", "k"), cache_binding("https://a", "l"));
    EXPECT_NE(cache_binding("https://ak", ""), cache_binding("https://a", "k"));
}

TEST_F(DiskCacheTest, TornAtAnyByteIsRefused) {
    store(7);
    const std::string whole = bytes();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        overwrite(whole.substr(0, size));
        const Result<CachedRuleset> cached = cache().load();
        ASSERT_FALSE(cached.ok()) << size;
        ASSERT_EQ(cached.error().code, ErrorCode::invalid_ruleset) << size;
    }
    overwrite(whole + "x");
    EXPECT_FALSE(cache().load().ok());
}

TEST_F(DiskCacheTest, ChangedAtAnyByteGivesTheRightRulesetOrNone) {
    store(7);
    const std::string whole = bytes();
    std::size_t from_image = 0;
    std::size_t from_document = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ (at % 3 == 0 ? 0x01 : 0x20));
        overwrite(changed);
        const Result<CachedRuleset> cached = cache().load();
        if (!cached) continue;
        ASSERT_EQ(cached->version, 7u) << at;
        if (cached->image) {
            ASSERT_TRUE(is_our_image(*cached->image)) << at;
            ++from_image;
        } else {
            ASSERT_EQ(cached->document, workspace_.document()) << at;
            ASSERT_NE(cached->image_error, "") << at;
            ++from_document;
        }
    }
    EXPECT_GE(from_image, workspace_.document().size())
        << "a damaged document does not matter while the image is good";
    EXPECT_GE(from_document, image_->bytes().size() / 2) << "a damaged image is made anew from the document";
}

TEST_F(DiskCacheTest, AnImageOfAnotherLibraryIsMadeAnewFromTheDocument) {
    store(7);
    std::string changed = bytes();
    const std::size_t image_begin = changed.size() - image_->bytes().size();
    changed[image_begin + 8] =
        static_cast<char>(changed[image_begin + 8] + 1);  // the version of the image's format
    overwrite(changed);
    const Result<CachedRuleset> cached = cache().load();
    ASSERT_TRUE(cached.ok()) << cached.error().message;
    EXPECT_FALSE(cached->image.has_value());
    EXPECT_NE(cached->image_error, "");
    ruleset::Workspace again(ruleset::Mode::tolerant);
    const Result<ruleset::Compiled> compiled = again.compile(cached->document);
    ASSERT_TRUE(compiled.ok());
    EXPECT_TRUE(is_our_image(compiled->image));
}

TEST_F(DiskCacheTest, PlainRulesetsAndOtherFilesAreLeft) {
    for (const std::string& content :
         {std::string("{}"), std::string("{}\n"), workspace_.document() + "\n", std::string(10'000, 'x'),
          std::string("[1]\n"), std::string(R"({"format":"expplat.cache/2"})") + "\n",
          std::string("\0\n", 2)}) {
        overwrite(content);
        const Result<CachedRuleset> cached = cache().load();
        ASSERT_FALSE(cached.ok()) << content;
        EXPECT_EQ(cached.error().code, ErrorCode::invalid_ruleset);
    }
    fs::remove(path_);
    fs::create_directory(path_);
    EXPECT_EQ(cache().load().error().code, ErrorCode::io);
    fs::remove(path_);
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_EQ(cache().load().error().code, ErrorCode::io) << "and nobody waits for a pipe";
}

TEST_F(DiskCacheTest, WritesAtMostOnceASecondTheLatest) {
    adopt(1);
    DiskCache cache = this->cache();
    EXPECT_EQ(cache.step(0, current()), 3'600'000) << "nothing to write";
    EXPECT_EQ(cache.writes(), 0u);
    cache.mark_changed();
    cache.step(0, current());
    EXPECT_EQ(cache.writes(), 1u) << "the first at once";
    for (int ms = 1; ms < 1'000; ++ms) {
        adopt(static_cast<std::uint64_t>(ms) + 1);
        cache.mark_changed();
        EXPECT_EQ(cache.step(ms, current()), 1'000 - ms);
    }
    EXPECT_EQ(cache.writes(), 1u);
    cache.step(1'000, current());
    EXPECT_EQ(cache.writes(), 2u);
    EXPECT_EQ(cache.load()->version, 1'000u);
    adopt(2'000);
    cache.mark_changed();
    cache.flush(current());
    EXPECT_EQ(cache.load()->version, 2'000u) << "at the end at once";
    cache.flush(current());
    EXPECT_EQ(cache.writes(), 3u);
}

TEST_F(DiskCacheTest, AFolderThatCannotBeWrittenIsSaidOnceAndTriedRarely) {
    adopt(1);
    const std::string file = (folder_ / "file").string();
    std::ofstream(file) << "x";
    path_ = file + "/ruleset.xpr";  // below a file: refused to everybody, root too
    DiskCache cache = this->cache();
    for (std::int64_t ms = 0; ms < 600'000; ms += 100) {
        cache.mark_changed();
        cache.step(ms, current());
    }
    ASSERT_EQ(errors_.size(), 1u);
    EXPECT_EQ(errors_[0].code, ErrorCode::io);
    EXPECT_EQ(cache.writes(), 0u);
    fs::remove(file);
    fs::create_directory(file);
    cache.step(700'000, current());
    EXPECT_EQ(cache.writes(), 1u) << "and goes on when it can";
    fs::remove_all(file);
    cache.mark_changed();
    cache.step(800'000, current());
    EXPECT_EQ(errors_.size(), 2u) << "a new failure is said again";
}

TEST_F(DiskCacheTest, ReadOnlyFolder) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    store(1);
    fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec);
    adopt(2);
    DiskCache cache = this->cache();
    cache.mark_changed();
    cache.step(0, current());
    EXPECT_EQ(errors_.size(), 1u);
    EXPECT_EQ(cache.load()->version, 1u);
    fs::permissions(folder_, fs::perms::owner_all);
}

TEST_F(DiskCacheTest, WhatADeadWriterLeftIsRemovedAndTheLastGoodOneStays) {
    store(7);
    const std::string leftover = path_ + ".tmp.4242.1";
    std::ofstream(leftover) << bytes().substr(0, 100);
    const std::string other = (folder_ / "ruleset.xpr.backup").string();
    std::ofstream(other) << "x";
    EXPECT_EQ(cache().load()->version, 7u);
    EXPECT_FALSE(fs::exists(leftover));
    EXPECT_TRUE(fs::exists(other)) << "nobody else's";
}

TEST_F(DiskCacheTest, WhatALivingWriterHasOpenIsLeft) {
    const std::string name = path_ + ".tmp.4242.1";
    const sync::Descriptor writer(::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(static_cast<bool>(writer));
    ASSERT_EQ(::flock(writer.number(), LOCK_EX), 0);
    EXPECT_FALSE(cache().load().ok());
    EXPECT_TRUE(fs::exists(name));
}

TEST_F(DiskCacheTest, AWriteThatFailsInTheEndLeavesNoFileBehind) {
    fs::create_directory(path_);
    std::ofstream((fs::path(path_) / "file")) << "x";  // a rename over it fails
    adopt(1);
    DiskCache cache = this->cache();
    cache.mark_changed();
    cache.step(0, current());
    EXPECT_EQ(errors_.size(), 1u);
    EXPECT_THAT(files(), ElementsAre("ruleset.xpr"));
}

TEST_F(DiskCacheTest, WithoutADocumentTheImageStillServes) {
    adopt(7);
    DiskCache cache = this->cache();
    cache.mark_changed();
    cache.flush([this] { return DiskCache::Content{workspace_.environment(), 7, "", image_->bytes()}; });
    EXPECT_TRUE(cache.load()->image.has_value());
    EXPECT_FALSE(cache.load_document().ok());
}

TEST_F(DiskCacheTest, ManyWritersLeaveOneWholeFile) {
    adopt(7);
    std::vector<DiskCache> caches;
    for (int i = 0; i < 20; ++i) caches.push_back(cache());
    for (DiskCache& each : caches) {
        each.mark_changed();
        each.flush(current());
    }
    EXPECT_TRUE(cache().load().ok());
    EXPECT_THAT(files(), ElementsAre("ruleset.xpr"));
}

}  // namespace
}  // namespace expplat::tests
