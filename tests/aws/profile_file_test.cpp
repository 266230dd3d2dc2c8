// AWS's shared files: what is a profile, a property, a comment, a nested property; and lines that are none.
#include "src/aws/profile_file.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fake_surroundings.hpp"

namespace expplat::aws {
namespace {

Profiles parse(std::string_view text, ProfileFile kind = ProfileFile::config) {
    Profiles profiles;
    const Result<void> parsed = parse_profile_file(text, kind, "config", profiles);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    return profiles;
}

/// `profile.property=value` and `profile.property/nested=value`, sorted, one a line.
std::string written(const std::map<std::string, Section, std::less<>>& sections) {
    std::string out;
    for (const auto& [name, section] : sections) {
        if (section.properties.empty()) out += name + "\n";
        for (const auto& [key, value] : section.properties) out += name + '.' + key + '=' + value + '\n';
        for (const auto& [key, properties] : section.nested) {
            for (const auto& [inner, value] : properties)
                out += name + '.' + key + '/' + inner + '=' + value + '\n';
        }
    }
    return out;
}

struct Case {
    const char* what;
    std::string text;
    std::string profiles;
    ProfileFile kind = ProfileFile::config;
};

TEST(ProfileFile, ReadsWhatTheFormatHas) {
    const Case cases[] = {
        {"nothing", "", ""},
        {"an empty profile", "[profile a]", "a\n"},
        {"a property", "[profile a]\nregion = eu-west-1", "a.region=eu-west-1\n"},
        {"no spaces", "[profile a]\nregion=eu-west-1\n", "a.region=eu-west-1\n"},
        {"blanks around", "[ \t profile \t a \t]\nregion \t = \t eu-west-1 \t\n", "a.region=eu-west-1\n"},
        {"a quoted name", "[profile \"a b\"]\nx=1\n[profile 'c']\nx=2", "a b.x=1\nc.x=2\n"},
        {"CR LF", "[profile a]\r\n\r\nregion = x\r\n", "a.region=x\n"},
        {"a byte order mark", "\xEF\xBB\xBF[default]\nx=1", "default.x=1\n"},
        {"names of properties have no case", "[profile a]\nRegion = X", "a.region=X\n"},
        {"names of profiles have", "[profile A]\nx=1\n[profile a]\nx=2", "A.x=1\na.x=2\n"},
        {"an `=` in a value", "[profile a]\nk = a=b==", "a.k=a=b==\n"},
        {"comments", "# c\n; c\n[profile a] # c\n# c\nx = 1 # c\ny = 2 ; c\nz = 3#4;5\n  # c\n",
         "a.x=1\na.y=2\na.z=3#4;5\n"},
        {"a comment for a value", "[profile a]\nx = # c\n", "a.x=\n"},
        {"a value of two lines", "[profile a]\nx = 1\n  2\n\t3 \n", "a.x=1\n2\n3\n"},
        {"the last property counts", "[profile a]\nx=1\nx=2", "a.x=2\n"},
        {"a profile in two pieces", "[profile a]\nx=1\n[profile b]\n[profile a]\ny=2", "a.x=1\na.y=2\nb\n"},
        {"default with the prefix stands over default without",
         "[default]\nx=1\n[profile default]\ny=2\n[default]\nz=3", "default.y=2\n"},
        {"nested properties", "[profile a]\ns3 =\n  Max = 1\n  # c\n  min=2\nx=3",
         "a.s3=\na.x=3\na.s3/max=1\na.s3/min=2\n"},
        {"other sections are passed over",
         "[sso-session s]\nx=1\n  y\n[plugins]\nz=1\n[a]\nx=1\n[profile b]\nx=2", "b.x=2\n"},
        {"credentials have no prefix", "[a]\nx=1\n[profile b]\nx=2\n[default]\nx=3", "a.x=1\ndefault.x=3\n",
         ProfileFile::credentials},
    };
    for (const Case& each : cases) {
        SCOPED_TRACE(each.what);
        EXPECT_EQ(written(parse(each.text, each.kind).profiles), each.profiles);
    }
}

TEST(ProfileFile, ReadsServices) {
    const Profiles profiles = parse(
        "[services local]\nkinesis =\n  endpoint_url = http://127.0.0.1:4567\nsts=\n "
        "endpoint_url=http://h\n");
    EXPECT_EQ(written(profiles.services),
              "local.kinesis=\nlocal.sts=\nlocal.kinesis/endpoint_url=http://127.0.0.1:4567\n"
              "local.sts/endpoint_url=http://h\n");
    EXPECT_TRUE(profiles.profiles.empty());
}

TEST(ProfileFile, RefusesOtherLinesByNumberAndNeverQuotesThem) {
    const struct {
        const char* text;
        const char* message;
    } cases[] = {
        {"hunter2 = 1", "config: line 1: a property stands before the first section"},
        {"\n  hunter2", "config: line 2: an indented line follows no property"},
        {"[profile hunter2", "config: line 1: a section's name must end with `]`"},
        {"[]", "config: line 1: a section has no name"},
        {"[profile a] hunter2", "config: line 1: there is text after a section's `]`"},
        {"[profile a]\nx=1\nhunter2", "config: line 3: a property has no `=`"},
        {"[profile a]\n= hunter2", "config: line 2: a property has no name"},
        {"[profile a]\n x=hunter2", "config: line 2: an indented line follows no property"},
        {"[profile a]\nx =\n hunter2", "config: line 3: an indented property has no `=`"},
        {"[profile a]\nx =\n =hunter2", "config: line 3: an indented property has no name"},
    };
    for (const auto& each : cases) {
        Profiles profiles;
        const Result<void> parsed = parse_profile_file(each.text, ProfileFile::config, "config", profiles);
        ASSERT_FALSE(parsed.ok()) << each.text;
        EXPECT_EQ(parsed.error().message, each.message);
        EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    }
}

TEST(ProfileFile, HasABound) {
    Profiles profiles;
    const std::string text(profile_file_bytes + 1, '\n');
    EXPECT_EQ(parse_profile_file(text, ProfileFile::config, "f", profiles).error().code,
              ErrorCode::too_large);
    EXPECT_TRUE(
        parse_profile_file(std::string_view(text).substr(1), ProfileFile::config, "f", profiles).ok());
}

TEST(ProfileFile, LoadsBothFilesFromWhereTheVariablesSay) {
    tests::FakeSurroundings fake;
    fake.variables = {{"HOME", "/home/u"}};
    EXPECT_TRUE(load_profiles(fake.surroundings())->profiles.empty());
    fake.files = {{"/home/u/.aws/config", "[profile a]\nregion=r\naws_access_key_id=config"},
                  {"/home/u/.aws/credentials", "[a]\naws_access_key_id=credentials"},
                  {"/other", "[b]\nx=1"}};
    EXPECT_EQ(written(load_profiles(fake.surroundings())->profiles),
              "a.aws_access_key_id=credentials\na.region=r\n");
    EXPECT_EQ(profile_places(fake.surroundings()), "/home/u/.aws/config, /home/u/.aws/credentials");
    fake.variables["AWS_SHARED_CREDENTIALS_FILE"] = "/other";
    fake.variables["AWS_CONFIG_FILE"] = "~/none";
    EXPECT_EQ(written(load_profiles(fake.surroundings())->profiles), "b.x=1\n");
    EXPECT_EQ(profile_places(fake.surroundings()), "/home/u/none, /other");
    fake.variables = {};
    EXPECT_TRUE(load_profiles(fake.surroundings())->profiles.empty());
    EXPECT_EQ(profile_places(fake.surroundings()), "HOME is not set, so there are no shared files");
}

}  // namespace
}  // namespace expplat::aws
