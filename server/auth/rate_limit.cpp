#include "server/auth/rate_limit.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace expplat::server::auth {

RateAnswer take(TokenBucket& bucket, const RateLimit& limit, std::int64_t now_ms,
                std::uint32_t cost) noexcept {
    const std::int64_t full = std::int64_t{limit.burst} * 1000;
    const std::int64_t per_ms = limit.per_second;  // thousandths
    if (!bucket.filled_ms) bucket = {full, now_ms};
    const std::int64_t elapsed_ms = std::max<std::int64_t>(0, now_ms - *bucket.filled_ms);
    const std::int64_t missing = std::max<std::int64_t>(0, full - bucket.thousandths);
    // Compared before it is multiplied: a long silence cannot overflow.
    const bool is_full = per_ms > 0 && elapsed_ms >= (missing + per_ms - 1) / per_ms;
    bucket.thousandths = is_full ? full : std::min(full, bucket.thousandths + elapsed_ms * per_ms);
    bucket.filled_ms = std::max(*bucket.filled_ms, now_ms);

    const std::int64_t wanted = std::int64_t{cost} * 1000;
    RateAnswer answer;
    answer.is_allowed = wanted <= bucket.thousandths;
    if (answer.is_allowed) bucket.thousandths -= wanted;
    else if (wanted > full || per_ms == 0) answer.retry_after_ms = -1;
    else answer.retry_after_ms = (wanted - bucket.thousandths + per_ms - 1) / per_ms;
    answer.remaining = static_cast<std::uint32_t>(bucket.thousandths / 1000);
    return answer;
}

namespace {

[[nodiscard]] std::optional<std::uint32_t> number_of(std::string_view text) noexcept {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number == 0 || number > RateLimits::most)
        return std::nullopt;
    return number;
}

}  // namespace

Result<RateLimits> RateLimits::parse(std::string_view text) {
    if (text == "off") return RateLimits{{}, {}, {}, {}, {}};
    RateLimits limits;
    const std::array<std::pair<std::string_view, std::optional<RateLimit>*>, 5> names = {{
        {"server", &limits.server},
        {"client", &limits.client},
        {"admin", &limits.admin},
        {"person", &limits.person},
        {"log-in", &limits.log_in},
    }};
    while (!text.empty()) {
        std::string_view member = text.substr(0, text.find(','));
        text.remove_prefix(std::min(member.size() + 1, text.size()));
        while (member.starts_with(' ')) member.remove_prefix(1);
        while (member.ends_with(' ')) member.remove_suffix(1);
        const auto refuse = [member](const char* why) {
            return Error{ErrorCode::invalid_argument, '`' + std::string(member) + "` " + why};
        };
        const std::size_t equals = std::min(member.find('='), member.size());
        const auto named = std::find_if(names.begin(), names.end(), [&](const auto& known) {
            return known.first == member.substr(0, equals);
        });
        if (named == names.end() || equals == member.size())
            return refuse("must be server, client, admin, person or log-in, `=` and a limit");
        const std::string_view value = member.substr(equals + 1);
        if (value == "off") {
            named->second->reset();
            continue;
        }
        const std::size_t slash = std::min(value.find('/'), value.size());
        const std::optional<std::uint32_t> per_second = number_of(value.substr(0, slash));
        const std::optional<std::uint32_t> burst =
            slash == value.size() ? std::nullopt : number_of(value.substr(slash + 1));
        if (!per_second || !burst) return refuse("must have PER_SECOND/BURST, from 1 to 10000000, or off");
        *named->second = RateLimit{*per_second, *burst};
    }
    return limits;
}

}  // namespace expplat::server::auth
