// `offer_ruleset` and `offer_patch`: no version goes back, and what is held already is not compiled again.
#include "src/sync/adopter.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "tests/sync/followed.hpp"

namespace expplat::tests {
namespace {

using sync::Adopter;
using sync::Adoption;
using sync::Offer;

struct Held {
    std::optional<std::uint64_t> version;
    Result<void> answer;
    int puts = 0;
    int patches = 0;
    Adopter adopter{[this](std::string_view) { return ++puts, answer; },
                    [this](std::string_view) { return ++patches, answer; }, [this] { return version; }};
};

TEST(Offer, OfAFirstOrANewerVersionIsAdopted) {
    Held held;
    EXPECT_EQ(offer_ruleset(held.adopter, document(5)).adoption, Adoption::adopted);
    held.version = 5;
    EXPECT_EQ(offer_ruleset(held.adopter, document(6)).adoption, Adoption::adopted);
    EXPECT_EQ(offer_patch(held.adopter, patch(5, 6)).adoption, Adoption::adopted);
    EXPECT_EQ(held.puts, 2);
    EXPECT_EQ(held.patches, 1);
}

TEST(Offer, OfTheHeldVersionIsNotCompiled) {
    Held held;
    held.version = 5;
    EXPECT_EQ(offer_ruleset(held.adopter, document(5)).adoption, Adoption::held);
    EXPECT_EQ(offer_patch(held.adopter, patch(4, 5)).adoption, Adoption::held);
    EXPECT_EQ(held.puts + held.patches, 0);
}

TEST(Offer, OfAnOlderVersionIsRefusedWithoutBeingCompiled) {
    Held held;
    held.version = 5;
    const Offer older = offer_ruleset(held.adopter, document(4));
    EXPECT_EQ(older.adoption, Adoption::refused);
    EXPECT_EQ(older.error.message, "version 4 is older than version 5, which is held");
    EXPECT_TRUE(older.is_faulty());
    EXPECT_EQ(offer_patch(held.adopter, patch(3, 4)).adoption, Adoption::refused);
    EXPECT_EQ(held.puts + held.patches, 0);
}

TEST(Offer, OfABrokenTextHasItsCompilersWords) {
    Held held;
    held.version = 5;
    held.answer = Error{ErrorCode::invalid_ruleset, ": line 1, column 3: no JSON"};
    const Offer broken = offer_ruleset(held.adopter, "{oops");
    EXPECT_EQ(broken.adoption, Adoption::refused);
    EXPECT_EQ(broken.error.message, ": line 1, column 3: no JSON");
    EXPECT_EQ(held.puts, 1);
}

TEST(Offer, OfAPatchThatMissesItsBaseIsNoFault) {
    Held held;
    held.version = 5;
    for (const ErrorCode code : {ErrorCode::not_ready, ErrorCode::invalid_argument}) {
        held.answer = Error{code, "no base"};
        const Offer offer = offer_patch(held.adopter, patch(6, 7));
        EXPECT_EQ(offer.adoption, Adoption::refused);
        EXPECT_FALSE(offer.is_faulty());
    }
}

}  // namespace
}  // namespace expplat::tests
