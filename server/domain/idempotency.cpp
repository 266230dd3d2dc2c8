#include "server/domain/idempotency.hpp"

#include "server/domain/bounds.hpp"
#include "server/domain/digest.hpp"
#include "server/domain/text_rules.hpp"

namespace expplat::server::domain {

namespace {

void remove(Transaction& t, const std::string& scope, const std::string& key) {
    (void)t.execute("DELETE FROM idempotency WHERE scope = ? AND key = ?", {scope, key});
}

/// What was stored with that key and holds still; refuses where it is another request's, or is not done.
std::optional<StoredAnswer> stored(Transaction& t, const std::string& scope, const std::string& key,
                                   const std::string& request_hash, std::int64_t now_ms) {
    const Rows rows = t.execute(
        "SELECT request_hash, status, headers, body FROM idempotency "
        "WHERE scope = ? AND key = ? AND expires_ms > ?",
        {scope, key, now_ms});
    if (rows.empty()) return std::nullopt;
    if (rows[0].text(0) != request_hash) {
        throw Refusal(ProblemType::idempotency_conflict, "another request had this Idempotency-Key");
    }
    if (rows[0].integer(1) == 0) {
        throw Refusal(ProblemType::idempotency_conflict,
                      "the request with this Idempotency-Key is still being done");
    }
    return StoredAnswer{rows[0].integer(1), rows[0].text(2), rows[0].text(3)};
}

}  // namespace

Outcome<std::optional<StoredAnswer>> Idempotency::begin(const std::string& scope, const std::string& key,
                                                        std::string_view request) const {
    const std::int64_t now_ms = plane_.surroundings().now_ms();
    return plane_.store().answer(Access::ordered_write, [&](Transaction& t) -> std::optional<StoredAnswer> {
        check_name(key, "/Idempotency-Key", bounds::idempotency_key_bytes);
        const std::string hash = sha256_hex(request);
        if (std::optional<StoredAnswer> answer = stored(t, scope, key, hash, now_ms)) return answer;
        remove(t, scope, key);
        (void)t.execute(
            "INSERT INTO idempotency (scope, key, request_hash, status, headers, body, expires_ms) "
            "VALUES (?, ?, ?, 0, '', '', ?)",
            {scope, key, hash, now_ms + bounds::idempotency_running_ms});
        return std::nullopt;
    });
}

Outcome<void> Idempotency::finish(const std::string& scope, const std::string& key,
                                  const StoredAnswer& answer) const {
    if (answer.headers.size() + answer.body.size() > bounds::idempotency_body_bytes)
        return forget(scope, key);
    const std::int64_t expires_ms = plane_.surroundings().now_ms() + bounds::idempotency_ms;
    return plane_.store().answer(Access::ordered_write, [&](Transaction& t) {
        (void)t.execute(
            "UPDATE idempotency SET status = ?, headers = ?, body = ?, expires_ms = ? "
            "WHERE scope = ? AND key = ? AND status = 0",
            {answer.status, answer.headers, answer.body, expires_ms, scope, key});
    });
}

Outcome<void> Idempotency::forget(const std::string& scope, const std::string& key) const {
    return plane_.store().answer(Access::ordered_write, [&](Transaction& t) { remove(t, scope, key); });
}

Outcome<std::int64_t> Idempotency::expire() const {
    const std::int64_t now_ms = plane_.surroundings().now_ms();
    return plane_.store().answer(Access::ordered_write, [&](Transaction& t) {
        return t.execute("DELETE FROM idempotency WHERE expires_ms <= ?", {now_ms}).affected;
    });
}

}  // namespace expplat::server::domain
