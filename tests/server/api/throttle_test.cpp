// How often who may ask, and how often one may try a password.
#include "server/api/throttle.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "server/api/attempts.hpp"
#include "server/domain/problem.hpp"

namespace expplat::server::api {
namespace {

auth::Principal key(auth::KeyKind kind, std::string id) {
    auth::StoredKey stored;
    stored.id = std::move(id);
    stored.kind = kind;
    return auth::Principal::key(stored);
}

/// How long to wait; nothing: come in.
template <class Ask>
std::optional<std::int64_t> waits_ms(Ask ask) {
    try {
        ask();
        return std::nullopt;
    } catch (const domain::Refusal& refusal) {
        EXPECT_EQ(refusal.problem().type, domain::ProblemType::too_many);
        return refusal.problem().retry_after_ms;
    }
}

TEST(Throttle, EachKeyHasItsOwn) {
    std::int64_t now_ms = 0;
    auth::RateLimits limits;
    limits.server = auth::RateLimit{10, 2};
    limits.client.reset();
    Throttle throttle(limits, [&now_ms] { return now_ms; });
    const auto one = key(auth::KeyKind::server, "one");
    const auto other = key(auth::KeyKind::server, "other");
    const auto open = key(auth::KeyKind::client, "client");
    for (int i = 0; i < 2; ++i) EXPECT_EQ(waits_ms([&] { throttle.admit(one); }), std::nullopt);
    EXPECT_EQ(waits_ms([&] { throttle.admit(one); }), 100);
    EXPECT_EQ(waits_ms([&] { throttle.admit(other); }), std::nullopt);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(waits_ms([&] { throttle.admit(open); }), std::nullopt);
    now_ms = 100;
    EXPECT_EQ(waits_ms([&] { throttle.admit(one); }), std::nullopt);
    EXPECT_EQ(waits_ms([&] { throttle.admit(one); }), 100);
}

TEST(Throttle, LogInsAreCountedByAddress) {
    auth::RateLimits limits;
    limits.log_in = auth::RateLimit{1, 1};
    Throttle throttle(limits, [] { return std::int64_t{0}; });
    EXPECT_EQ(waits_ms([&] { throttle.admit_log_in("192.0.2.1"); }), std::nullopt);
    EXPECT_EQ(waits_ms([&] { throttle.admit_log_in("192.0.2.1"); }), 1000);
    EXPECT_EQ(waits_ms([&] { throttle.admit_log_in("192.0.2.2"); }), std::nullopt);
    EXPECT_EQ(waits_ms([&] { throttle.admit(key(auth::KeyKind::server, "192.0.2.1")); }), std::nullopt);
}

TEST(Attempts, SayWhenToComeAgain) {
    std::int64_t now_ms = 0;
    Attempts attempts([&now_ms] { return now_ms; });
    for (int i = 0; i < 5; ++i) {
        attempts.begin("kim", "192.0.2.1");
        attempts.failed("kim", "192.0.2.1");
    }
    EXPECT_EQ(waits_ms([&] { attempts.begin("kim", "192.0.2.9"); }), 30'000);
    EXPECT_EQ(waits_ms([&] { attempts.begin("lee", "192.0.2.1"); }), std::nullopt);
    now_ms = 30'000;
    EXPECT_EQ(waits_ms([&] { attempts.begin("kim", "192.0.2.9"); }), std::nullopt);
}

}  // namespace
}  // namespace expplat::server::api
