// The description of the interface (server/api/openapi.yaml) and the routes of the running program are the same.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "server/api/description.hpp"
#include "server/program/program.hpp"

namespace expplat::server {
namespace {

using nlohmann::json;

[[nodiscard]] const json& description() {
    static const json parsed = json::parse(*api::description_json().text);
    return parsed;
}

/// `METHOD /path`, and the operation.
[[nodiscard]] std::vector<std::pair<std::string, json>> operations() {
    std::vector<std::pair<std::string, json>> found;
    for (const auto& [path, item] : description()["paths"].items()) {
        for (const char* const method : {"get", "post", "put", "patch", "delete"}) {
            if (!item.contains(method)) continue;
            std::string name = method;
            std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
            found.emplace_back(name + ' ' + path, item[method]);
        }
    }
    return found;
}

/// Every `$ref` of a value.
void collect_references(const json& value, std::set<std::string>& found) {
    if (value.is_object() && value.contains("$ref")) found.insert(value["$ref"].get<std::string>());
    if (!value.is_structured()) return;
    for (const json& part : value) collect_references(part, found);
}

class Folder {
public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "expplat-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = pattern;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

TEST(Description, HasEveryRouteOfTheProgramAndNoOther) {
    const Folder folder;
    program::Settings settings;
    settings.data = folder.path();
    settings.port = 0;
    settings.admin_password = "a password of the test";
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    program::LogWriter log(nowhere);
    const auto started = program::Program::start(settings, log);
    ASSERT_TRUE(started) << started.error().message;
    const std::vector<std::string> routes = (*started)->routes();
    ASSERT_FALSE(routes.empty());
    std::set<std::string> described;
    for (const auto& [name, operation] : operations()) described.insert(name);
    std::vector<std::string> without_description;
    std::vector<std::string> without_route;
    std::ranges::set_difference(std::set<std::string>(routes.begin(), routes.end()), described,
                                std::back_inserter(without_description));
    std::ranges::set_difference(described, std::set<std::string>(routes.begin(), routes.end()),
                                std::back_inserter(without_route));
    EXPECT_EQ(without_description, std::vector<std::string>{}) << "these routes are not in openapi.yaml";
    EXPECT_EQ(without_route, std::vector<std::string>{}) << "openapi.yaml has what no route takes";
    (*started)->stop();
    ::close(nowhere);
}

TEST(Description, NamesEachOperationOnceAndSaysWhatItDoes) {
    std::set<std::string> names;
    std::set<std::string> tags;
    for (const json& tag : description()["tags"]) tags.insert(tag["name"].get<std::string>());
    for (const auto& [name, operation] : operations()) {
        EXPECT_TRUE(names.insert(operation["operationId"].get<std::string>()).second) << name;
        EXPECT_FALSE(operation["summary"].get<std::string>().empty()) << name;
        ASSERT_EQ(operation["tags"].size(), 1U) << name;
        EXPECT_TRUE(tags.contains(operation["tags"][0].get<std::string>())) << name;
        EXPECT_TRUE(operation["responses"].contains("503")) << name;
    }
}

TEST(Description, LeadsNowhereToNothing) {
    std::set<std::string> references;
    collect_references(description(), references);
    std::set<std::string> used;
    for (const std::string& reference : references) {
        ASSERT_TRUE(reference.starts_with("#/")) << reference;
        EXPECT_TRUE(description().contains(json::json_pointer(reference.substr(1)))) << reference;
        used.insert(reference);
    }
    for (const auto& [kind, parts] : description()["components"].items()) {
        if (kind == "securitySchemes") continue;
        for (const auto& [name, part] : parts.items())
            EXPECT_TRUE(used.contains("#/components/" + kind + '/' + name)) << kind << '/' << name;
    }
}

TEST(Description, IsAPageToo) {
    const std::string& page = *api::reference_page().text;
    for (const auto& [name, operation] : operations()) {
        const std::string id = "id=\"" + operation["operationId"].get<std::string>() + '"';
        EXPECT_NE(page.find(id), std::string::npos) << name;
    }
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_EQ(page.find("http://"), std::string::npos);
    EXPECT_EQ(page.find("https://"), std::string::npos);
    EXPECT_NE(api::reference_page().etag, api::description_json().etag);
}

}  // namespace
}  // namespace expplat::server
