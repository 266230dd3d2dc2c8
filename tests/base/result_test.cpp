// `Result<T>`: a value or an error, and never both.
#include "expplat/base/result.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

namespace expplat {
namespace {

[[nodiscard]] Result<int> half_of(int number) {
    if (number % 2 != 0) return Error{ErrorCode::invalid_argument, "odd"};
    return number / 2;
}

TEST(Result, HoldsAValue) {
    const Result<int> result = half_of(8);
    ASSERT_TRUE(result.ok());
    EXPECT_TRUE(static_cast<bool>(result));
    EXPECT_EQ(result.value(), 4);
    EXPECT_EQ(*result, 4);
}

TEST(Result, HoldsAnError) {
    const Result<int> result = half_of(7);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(result.error().message, "odd");
}

TEST(Result, HandsOverWhatCannotBeCopied) {
    Result<std::unique_ptr<int>> result(std::make_unique<int>(3));
    EXPECT_EQ(**result, 3);
    const std::unique_ptr<int> taken = *std::move(result);
    EXPECT_EQ(*taken, 3);
    static_assert(!std::is_copy_constructible_v<Result<std::unique_ptr<int>>>);
}

TEST(Result, TellsAValueFromAnErrorOfTheSameType) {
    const Result<std::string> result(std::string("invalid_argument"));
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result->size(), 16u);
}

TEST(Result, OfNothingIsSuccessOrAnError) {
    const Result<void> done;
    EXPECT_TRUE(done.ok());
    const Result<void> failed = Error{ErrorCode::timeout, "late"};
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, ErrorCode::timeout);
}

TEST(Result, NamesEveryCode) {
    for (int code = 1; code <= 13; ++code) {
        EXPECT_NE(name(static_cast<ErrorCode>(code)), "unknown") << code;
    }
    EXPECT_EQ(name(static_cast<ErrorCode>(0)), "unknown");
    EXPECT_EQ(name(static_cast<ErrorCode>(14)), "unknown");
}

}  // namespace
}  // namespace expplat
