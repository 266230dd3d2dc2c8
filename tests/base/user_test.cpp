// `User`: what is set is found, whatever the number and length of names and values (RULESET.md, section 2).
//
// Sources are copied: every test hands over texts that end before the user is asked.
#include "expplat/base/user.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace expplat {
namespace {

/// The attribute as text: `string:DE`, `integer:3`, `list:[…]`, `absent`.
[[nodiscard]] std::string shown(const User& user, const User::Stored* value) {
    if (value == nullptr) return "absent";
    switch (value->kind) {
        case ValueKind::boolean: return value->bits != 0 ? "true" : "false";
        case ValueKind::integer: return "integer:" + std::to_string(static_cast<std::int64_t>(value->bits));
        case ValueKind::number: return "number:" + std::to_string(std::bit_cast<double>(value->bits));
        case ValueKind::string: return "string:" + std::string(user.text(*value));
        case ValueKind::list: {
            std::string text = "list:";
            for (const User::Stored& element : user.elements(*value))
                text += "[" + shown(user, &element) + "]";
            return text;
        }
        case ValueKind::null:
        case ValueKind::object: break;
    }
    return "?";
}
[[nodiscard]] std::string shown(const User& user, std::string_view name) {
    return shown(user, user.find(name));
}

[[nodiscard]] std::string all_of(const User& user) {
    std::string text;
    user.for_each([&](std::string_view name, const User::Stored& value) {
        text += std::string(name) + "=" + shown(user, &value) + " ";
    });
    return text;
}

TEST(User, KeepsItsKeyAsTheAttributeKey) {
    const User user(std::string("user-42"));
    EXPECT_TRUE(user.has_key());
    EXPECT_EQ(user.key(), "user-42");
    EXPECT_EQ(user.key_hash(), hash64("user-42"));
    EXPECT_EQ(shown(user, "key"), "string:user-42");
    EXPECT_EQ(all_of(user), "key=string:user-42 ");
}

TEST(User, AnEmptyKeyIsAbsent) {
    const User user("", {{"country", "DE"}});
    EXPECT_FALSE(user.has_key());
    EXPECT_EQ(user.key(), "");
    EXPECT_EQ(user.find("key"), nullptr);
    EXPECT_EQ(all_of(user), "country=string:DE ");
}

TEST(User, HoldsEveryKindOfValue) {
    const User user("u", {{"s", std::string("x")},
                          {"e", ""},
                          {"b", true},
                          {"f", false},
                          {"i", -3},
                          {"d", 2.5},
                          {"n", Value()},
                          {"l", {1, "two", 3.5, true, Value(), ""}},
                          {"none", {}},
                          {"deep", {Value({1, 2}), 3}}});
    EXPECT_EQ(shown(user, "s"), "string:x");
    EXPECT_EQ(shown(user, "e"), "string:");
    EXPECT_EQ(shown(user, "b"), "true");
    EXPECT_EQ(shown(user, "f"), "false");
    EXPECT_EQ(shown(user, "i"), "integer:-3");
    EXPECT_EQ(shown(user, "d"), "number:2.500000");
    EXPECT_EQ(shown(user, "n"), "absent");
    EXPECT_EQ(shown(user, "l"), "list:[integer:1][string:two][number:3.500000][true][string:]")
        << "null is absent in a list too";
    EXPECT_EQ(shown(user, "deep"), "list:[integer:3]") << "lists inside a list are ignored";
    EXPECT_EQ(shown(user, "unset"), "absent");
    EXPECT_EQ(shown(user, ""), "absent");
}

TEST(User, SetReplacesAndTakesAway) {
    User user("u", {{"a", 1}, {"b", 2}});
    EXPECT_TRUE(user.set("a", "a much longer text than the number that it replaces"));
    EXPECT_EQ(shown(user, "a"), "string:a much longer text than the number that it replaces");
    EXPECT_TRUE(user.set("a", Value()));
    EXPECT_EQ(shown(user, "a"), "absent");
    EXPECT_EQ(all_of(user), "key=string:u b=integer:2 ");
    EXPECT_TRUE(user.set("a", {1, 2}));
    EXPECT_EQ(shown(user, "a"), "list:[integer:1][integer:2]");
    EXPECT_TRUE(user.set("a", {}));
    EXPECT_TRUE(user.set("never", Value()));
    EXPECT_EQ(shown(user, "never"), "absent");
    EXPECT_EQ(shown(user, "b"), "integer:2");
}

TEST(User, TheKeyCannotBeSet) {
    User user("u");
    EXPECT_FALSE(user.set("key", "other"));
    EXPECT_FALSE(user.set("key", Value()));
    EXPECT_FALSE(user.set("", 1));
    EXPECT_EQ(user.key(), "u");
    User keyless("");
    EXPECT_FALSE(keyless.set("key", "other"));
    EXPECT_FALSE(keyless.has_key());
}

TEST(User, TellsNamesApartByEveryByte) {
    User user("u");
    const std::string names[] = {"a",
                                 "b",
                                 "aa",
                                 "12345678",
                                 "123456789",
                                 "1234567890123456",
                                 "1234567890123457",
                                 std::string("a\0", 2),
                                 std::string("12345678\0", 9),
                                 std::string(300, 'n'),
                                 std::string(299, 'n') + "m",
                                 "\xC3\xA9",
                                 "Key",
                                 "key ",
                                 "a.b"};
    for (std::size_t i = 0; i < std::size(names); ++i) ASSERT_TRUE(user.set(names[i], i));
    for (std::size_t i = 0; i < std::size(names); ++i)
        EXPECT_EQ(shown(user, names[i]), "integer:" + std::to_string(i)) << names[i];
    EXPECT_EQ(shown(user, std::string("a\0\0", 3)), "absent");
    EXPECT_EQ(shown(user, std::string(301, 'n')), "absent");
    EXPECT_EQ(shown(user, "1234567"), "absent");
}

TEST(User, ManyAttributesAreAllFoundAtEverySize) {
    User user("u");
    std::map<std::string, int> expected;
    for (int i = 0; i < 2'000; ++i) {
        const std::string name = (i % 3 == 0 ? "attribute-with-a-long-name-" : "a") + std::to_string(i);
        ASSERT_TRUE(user.set(name, i));
        expected[name] = i;
        if (i < 40 || i % 97 == 0) {
            for (const auto& [known, value] : expected)
                ASSERT_EQ(shown(user, known), "integer:" + std::to_string(value)) << "of " << i;
            ASSERT_EQ(user.find("b" + std::to_string(i)), nullptr);
        }
    }
    EXPECT_EQ(user.key(), "u");
}

TEST(User, CopiesAndMovesStandAlone) {
    for (const int attributes : {0, 3, 40}) {
        auto original = std::make_unique<User>(std::string(400, 'k'));
        for (int i = 0; i < attributes; ++i)
            original->set("name" + std::to_string(i), {i, "text " + std::to_string(i)});
        const std::string all = all_of(*original);
        const User copy(*original);
        User assigned("other", {{"gone", 1}});
        assigned = *original;
        User moved(std::move(*original));
        original.reset();
        EXPECT_EQ(all_of(copy), all);
        EXPECT_EQ(all_of(assigned), all);
        EXPECT_EQ(all_of(moved), all);
        moved.set("more", 1);
        EXPECT_EQ(all_of(copy), all);
        User target("x");
        target = std::move(moved);
        EXPECT_EQ(all_of(target), all + "more=integer:1 ");
        User& self = target;
        target = self;
        EXPECT_EQ(all_of(target), all + "more=integer:1 ");
    }
}

TEST(User, TakesAValueFromItself) {
    User user("u", {{"a", std::string(100, 'x')}});
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(user.set("a" + std::to_string(i), user.text(*user.find("a")))) << i;
        ASSERT_EQ(shown(user, "a" + std::to_string(i)), "string:" + std::string(100, 'x')) << i;
    }
}

TEST(User, TakesAListOfItsOwnTexts) {
    User user("u", {{"a", std::string(150, 'x')}, {"b", std::string(90, 'y')}});
    for (int i = 0; i < 12; ++i) {
        const std::string name = "l" + std::to_string(i);
        ASSERT_TRUE(user.set(name, {user.text(*user.find("a")), user.text(*user.find("b")), user.key()}));
        ASSERT_EQ(shown(user, name), "list:[string:" + std::string(150, 'x') +
                                         "][string:" + std::string(90, 'y') + "][string:u]")
            << i;
    }
}

TEST(User, RefusesWhatIsPastItsLimitsAndStaysAsItIs) {
    User many("u");
    std::size_t set = 0;
    while (set <= limits::user_attributes && many.set("a" + std::to_string(set), 1)) ++set;
    EXPECT_EQ(set, limits::user_attributes - 1) << "the key is one of them";
    EXPECT_FALSE(many.set("one-more", 1));
    EXPECT_TRUE(many.set("a7", 2)) << "one that is there may change";
    EXPECT_EQ(shown(many, "a7"), "integer:2");
    EXPECT_EQ(shown(many, "one-more"), "absent");

    User large("u", {{"a", 1}});
    EXPECT_FALSE(large.set("b", std::string(limits::user_bytes, 'x')));
    EXPECT_FALSE(large.set("a", std::string(limits::user_bytes, 'x')));
    EXPECT_EQ(all_of(large), "key=string:u a=integer:1 ");
    EXPECT_TRUE(large.set("b", std::string(limits::user_bytes / 2, 'x')));
    EXPECT_FALSE(large.set("c", std::string(limits::user_bytes / 2, 'x')));
    EXPECT_EQ(shown(large, "c"), "absent");
}

TEST(User, ANumberedValueKeepsItsHashForLookUps) {
    const User user("u", {{"s", "text"}, {"l", {"text"}}});
    EXPECT_EQ(user.find("s")->bits, hash64("text"));
    EXPECT_EQ(user.elements(*user.find("l"))[0].bits, hash64("text"));
}

/// As a user is that was made of these from the start.
void expect_same(const User& user, const User& made) {
    EXPECT_EQ(all_of(user), all_of(made));
    EXPECT_EQ(user.key(), made.key());
    ASSERT_EQ(user.has_key(), made.has_key());
    if (made.has_key()) { EXPECT_EQ(user.key_hash(), made.key_hash()); }
    made.for_each([&](std::string_view name, const User::Stored& value) {
        const User::Stored* const own = user.find(name);
        ASSERT_NE(own, nullptr) << name;
        EXPECT_EQ(own->bits, value.kind == ValueKind::list ? own->bits : value.bits) << name;
        ASSERT_EQ(own->short_version, value.short_version) << name;
        if (value.short_version) { EXPECT_EQ(user.version_key_of(*own), made.version_key_of(value)) << name; }
    });
}

TEST(User, IsAnotherOneWithTheSameNamesAfterAReset) {
    User user("user-42",
              {{"country", "DE"}, {"app_version", "4.3.2"}, {"a longer name", 3}, {"l", {"x", 2}}});
    ASSERT_TRUE(user.reset("user-4711"));
    expect_same(user, User("user-4711"));
    EXPECT_EQ(user.name_count(), 4u);
    EXPECT_TRUE(user.set_at(1, "4.4"));
    EXPECT_TRUE(user.set("country", "FR"));
    EXPECT_TRUE(user.set_at(3, Value({1, "two", true})));
    expect_same(user,
                User("user-4711", {{"country", "FR"}, {"app_version", "4.4"}, {"l", {1, "two", true}}}));
}

TEST(User, AResetTakesKeysOfEverySizeAndKind) {
    User user("u", {{"country", "DE"}, {"n", 1}});
    for (std::size_t size = 1; size < 600; size = size * 3 / 2 + 1) {
        for (const std::string& key : {std::string(size, 'x'), std::string("1.2"), std::string("10.0.0.4")}) {
            ASSERT_TRUE(user.reset(key));
            ASSERT_TRUE(user.set_at(0, std::string(size, 'c')));
            expect_same(user, User(key, {{"country", std::string(size, 'c')}}));
        }
    }
}

TEST(User, NamesThatAreNewAfterAResetOutliveTheNextOne) {
    User user("u", {{"country", "DE"}});
    for (int i = 0; i < 40; ++i) {
        ASSERT_TRUE(user.reset("user-" + std::to_string(i)));
        EXPECT_EQ(user.find("country"), nullptr);
        ASSERT_TRUE(user.set("a name that is new " + std::to_string(i), i));
        ASSERT_TRUE(user.set("country", "value " + std::to_string(i)));
        EXPECT_EQ(user.name_count(), static_cast<std::size_t>(i) + 2);
        for (int known = 0; known <= i; ++known)
            ASSERT_TRUE(user.set("a name that is new " + std::to_string(known), known)) << known;
        EXPECT_EQ(user.name_count(), static_cast<std::size_t>(i) + 2);
    }
}

TEST(User, AResetKeepsAUserWithoutAKeyApart) {
    User user("", {{"country", "DE"}});
    EXPECT_FALSE(user.reset("user-42"));
    EXPECT_EQ(shown(user, "country"), "string:DE");
    ASSERT_TRUE(user.reset(""));
    EXPECT_EQ(all_of(user), "");
    ASSERT_TRUE(user.set_at(0, "FR"));
    expect_same(user, User("", {{"country", "FR"}}));

    User keyed("user-42", {{"country", "DE"}});
    EXPECT_FALSE(keyed.reset(""));
    EXPECT_EQ(all_of(keyed), "key=string:user-42 country=string:DE ");
}

TEST(User, ACopyOfAUserThatWasResetStandsAlone) {
    User user("user-42", {{"country", "DE"}});
    ASSERT_TRUE(user.reset("user-43"));
    User copy = user;
    User moved = std::move(user);
    ASSERT_TRUE(copy.reset("user-44"));
    ASSERT_TRUE(copy.set_at(0, "FR"));
    ASSERT_TRUE(moved.reset("user-45"));
    ASSERT_TRUE(moved.set_at(0, "IT"));
    expect_same(copy, User("user-44", {{"country", "FR"}}));
    expect_same(moved, User("user-45", {{"country", "IT"}}));
    ASSERT_FALSE(user.has_key());  // NOLINT(bugprone-use-after-move)
    ASSERT_TRUE(user.reset(""));   // NOLINT(bugprone-use-after-move)
    ASSERT_TRUE(user.set("country", "PL"));
    expect_same(user, User("", {{"country", "PL"}}));
}

TEST(User, ResetsAreBoundedAsSetIs) {
    User user("u", {{"text", "x"}});
    ASSERT_TRUE(user.reset("v"));
    const std::string large(limits::user_bytes - 1'000, 'x');
    EXPECT_TRUE(user.set_at(0, large));
    EXPECT_FALSE(user.set_at(0, large));
    EXPECT_EQ(shown(user, "text").size(), large.size() + 7);
    ASSERT_TRUE(user.reset("w"));
    EXPECT_TRUE(user.set_at(0, large));
}

}  // namespace
}  // namespace expplat
