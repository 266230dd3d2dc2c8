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

}  // namespace
}  // namespace expplat
