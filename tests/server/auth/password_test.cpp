// scrypt in a stored string, and which passwords may be chosen. Most tests take a small cost; the format is the same.
#include "server/auth/password.hpp"

#include <gtest/gtest.h>

#include <string>

#include "server/auth/password_rules.hpp"

namespace expplat::server::auth {
namespace {

constexpr PasswordCost cheap{10, 1, 1};

TEST(Password, TheDefaultCostIsAtLeastOwaspsAndSaysSo) {
    const auto stored = hash_password("correct horse battery staple");
    ASSERT_TRUE(stored);
    EXPECT_TRUE(stored->starts_with("$scrypt$ln=15,r=8,p=1$")) << *stored;
    EXPECT_EQ(verify_password("correct horse battery staple", *stored), PasswordMatch::yes);
    EXPECT_EQ(verify_password("correct horse battery stable", *stored), PasswordMatch::no);
    EXPECT_TRUE(is_hashed_with(*stored, {}));
}

/// Made with Python's hashlib.scrypt(b"open sesame, please", salt=b"0123456789abcdef", n=1024, r=8, p=1, dklen=32).
TEST(Password, VerifiesWhatAnotherImplementationHashed) {
    EXPECT_EQ(verify_password(
                  "open sesame, please",
                  "$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$McP6TkEd544c1oun/jY2vPJwCwejbguBYt0zcBqVrPE",
                  {10, 8, 1}),
              PasswordMatch::yes);
}

TEST(Password, EachHashHasItsSalt) {
    const auto one = hash_password("the same password", cheap);
    const auto other = hash_password("the same password", cheap);
    ASSERT_TRUE(one && other);
    EXPECT_NE(*one, *other);
}

TEST(Password, AnotherCostAsksForANewHash) {
    const auto stored = hash_password("correct horse", cheap);
    ASSERT_TRUE(stored);
    EXPECT_EQ(verify_password("correct horse", *stored, {11, 1, 1}), PasswordMatch::yes_but_rehash);
    EXPECT_EQ(verify_password("wrong horse", *stored, {11, 1, 1}), PasswordMatch::no);
    EXPECT_EQ(verify_password("correct horse", *stored, cheap), PasswordMatch::yes);
}

TEST(Password, ABrokenStoredStringLetsNobodyIn) {
    const std::string good = *hash_password("correct horse", cheap);
    ASSERT_EQ(verify_password("correct horse", good, cheap), PasswordMatch::yes);
    for (std::size_t i = 0; i < good.size(); ++i) {
        EXPECT_EQ(verify_password("correct horse", good.substr(0, i), cheap), PasswordMatch::no) << i;
    }
    for (const char* stored :
         {"", "$", "$scrypt$", "$scrypt$ln=10,r=1,p=1$", "$scrypt$ln=10,r=1,p=1$$", "plain",
          "$argon2id$v=19$m=1$a$b",
          "$scrypt$ln=010,r=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
          "$scrypt$ln=63,r=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
          "$scrypt$ln=20,r=16,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
          "$scrypt$ln=10,r=4294967297,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
          "$scrypt$ln=10,r=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
          "$scrypt$ln=10,r=1,p=1,x=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
        EXPECT_FALSE(is_hashed_with(stored, cheap)) << stored;
        EXPECT_EQ(verify_password("", stored, cheap), PasswordMatch::no) << stored;
    }
    EXPECT_EQ(verify_password("correct horse", good + "A", cheap), PasswordMatch::no);
}

TEST(Password, NobodyIsNobody) {
    EXPECT_EQ(verify_nobody("", cheap), PasswordMatch::no);
    EXPECT_EQ(verify_nobody("correct horse", cheap), PasswordMatch::no);
}

TEST(Password, CostsHaveBounds) {
    EXPECT_FALSE(hash_password("correct horse", {9, 8, 1}));
    EXPECT_FALSE(hash_password("correct horse", {21, 8, 1}));
    EXPECT_FALSE(hash_password("correct horse", {20, 8, 1}));  // a gigabyte
    EXPECT_FALSE(hash_password("correct horse", {15, 17, 1}));
    EXPECT_FALSE(hash_password("correct horse", {15, 8, 0}));
    EXPECT_FALSE(hash_password(std::string(1025, 'a'), cheap));
}

TEST(PasswordRules, TakeTwelveTo256Characters) {
    const std::string email = "kim@example.com";
    EXPECT_FALSE(check_new_password("elevenchars", email));
    EXPECT_TRUE(check_new_password("twelve chars", email));
    EXPECT_TRUE(check_new_password(std::string(256, 'a'), email));
    EXPECT_FALSE(check_new_password(std::string(257, 'a'), email));
    EXPECT_FALSE(check_new_password("", email));
    // Characters, not bytes.
    std::string umlauts;
    for (int i = 0; i < 11; ++i) umlauts += "\xC3\xBC";
    EXPECT_FALSE(check_new_password(umlauts, email));
    EXPECT_TRUE(check_new_password(umlauts + "\xC3\xBC", email));
    std::string keys;
    for (int i = 0; i < 256; ++i) keys += "\xF0\x9F\x94\x91";
    EXPECT_TRUE(check_new_password(keys, email));
    EXPECT_FALSE(check_new_password(keys + "\xF0\x9F\x94\x91", email));
}

TEST(PasswordRules, RefuseTheEmailAndWhatIsNoText) {
    EXPECT_FALSE(check_new_password("kim@example.com", "kim@example.com"));
    EXPECT_FALSE(check_new_password("Kim@Example.COM", "kim@example.com"));
    EXPECT_TRUE(check_new_password("kim@example.com!", "kim@example.com"));
    EXPECT_FALSE(check_new_password("twelve\tcharacters", "kim@example.com"));
    EXPECT_FALSE(
        check_new_password("twelve\xFF"
                           "characters",
                           "kim@example.com"));
    EXPECT_FALSE(
        check_new_password("twelve\xED\xA0\x80"
                           "characters",
                           "kim@example.com"));
    EXPECT_TRUE(check_new_password("twelve \"quotes\" \\ and so on", "kim@example.com"));
}

}  // namespace
}  // namespace expplat::server::auth
