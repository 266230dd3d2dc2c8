// `AdminClient`: the server's interface as typed calls: what the command line's administration is made of.
//
// Asks as a person, by a session that it renews itself (and saves) when its access token is over, or as a key. Every call waits
// for its answer. What the server refuses comes back in its own words, with the places that are wrong (`problem.hpp`).
// Lists are whole: pages are followed. Not thread-safe. Next: `exchanger.hpp`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"
#include "src/admin/exchanger.hpp"
#include "src/admin/nouns.hpp"
#include "src/admin/session.hpp"

namespace expplat::admin {

inline constexpr std::int64_t renew_before_ms =
    30'000;  // an access token that is over so soon is renewed first
inline constexpr std::size_t answer_bytes = std::size_t{256} << 20;
inline constexpr std::int64_t long_answer_ms = 600'000;  // of an export
inline constexpr std::size_t list_items = 1'000'000;     // a longer list is refused

struct AdminSettings {
    std::string url;
    std::string key;  // empty: the session
    std::optional<Session> session = {};
    std::string session_path = {};  // where a renewed one is saved; empty: nowhere
    std::function<std::int64_t()> now_ms;
    std::string user_agent = {};
};

struct NewEntity {
    EntityKind kind = EntityKind::flag;
    std::string key;
    std::optional<std::string> name = {};
    std::optional<std::string> description = {};
    std::vector<std::string> tags = {};
    bool client_visible = false;
    std::map<std::string, std::string> bodies = {};  // by environment
};

enum class Attempt : std::uint8_t { for_good, rehearsal };

class AdminClient {
public:
    /// The exchanger outlives it.
    AdminClient(Exchanger& exchanger, AdminSettings settings);

    [[nodiscard]] Result<Session> log_in(const std::string& email, const std::string& password);
    /// Ends all sessions of the person, as the server knows no single ones.
    [[nodiscard]] Result<void> log_out();

    [[nodiscard]] Result<std::vector<std::string>> projects();
    /// The version of its ruleset; 0 before the first.
    [[nodiscard]] Result<std::int64_t> version_of(const std::string& project, const std::string& environment);
    /// The version that clients get from this server.
    [[nodiscard]] Result<std::int64_t> version_in_force(const std::string& project,
                                                        const std::string& environment);

    [[nodiscard]] Result<std::vector<Entity>> entities(const std::string& project, EntityKind kind,
                                                       bool archived);
    [[nodiscard]] Result<Entity> entity(const std::string& project, EntityKind kind, const std::string& key);
    [[nodiscard]] Result<Entity> create(const std::string& project, const NewEntity& entity);
    /// `archive` or `unarchive`.
    [[nodiscard]] Result<Entity> put_away(const std::string& project, EntityKind kind, const std::string& key,
                                          std::string_view verb);

    [[nodiscard]] Result<Configuration> configuration(const std::string& project, EntityKind kind,
                                                      const std::string& key, const std::string& environment);
    /// Error `not_ready`: it has another revision by now; `if_revision` 0: it is there by now.
    [[nodiscard]] Result<Configuration> configure(const std::string& project, const Change& change);
    /// `enable`, `disable`, `start`, `pause` or `complete`.
    [[nodiscard]] Result<Configuration> act(const std::string& project, const Change& change);

    /// All of an environment, by kind and key.
    [[nodiscard]] Result<std::vector<Configuration>> configurations(const std::string& project,
                                                                    const std::string& environment);
    /// All of them or none. A rehearsal only tells whether they would be accepted.
    [[nodiscard]] Result<void> change(const std::string& project, std::span<const Change> changes,
                                      Attempt attempt);

    /// `environment` empty: those of the whole project, which are admin keys.
    [[nodiscard]] Result<std::vector<Key>> keys(const std::string& project, const std::string& environment);
    [[nodiscard]] Result<Key> create_key(const std::string& project, const std::string& environment,
                                         const std::string& kind, const std::string& name,
                                         std::optional<std::int64_t> expires_ms);
    [[nodiscard]] Result<Key> revoke_key(const std::string& project, const std::string& id);

    /// `query`: of `/compliance/export`. `write` gets the file's pieces; false ends it (error `io`).
    [[nodiscard]] Result<void> export_audit(const std::string& query,
                                            const std::function<bool(std::string_view)>& write);

private:
    struct Ask {
        std::string method = "GET";
        std::string path;  // below the server's URL
        std::string body = {};
        std::optional<std::int64_t> if_revision = {};
    };

    [[nodiscard]] net::Request request_of(const Ask& ask) const;
    [[nodiscard]] Result<void> renew();
    /// The answer, whatever its status, with a session that was renewed where it was over.
    [[nodiscard]] Result<net::Response> exchange(const Ask& ask,
                                                 const std::function<bool(std::string_view)>& write = {});
    /// A success's document.
    [[nodiscard]] Result<ruleset::Document> answer(const Ask& ask);
    template <class T, class F>
    [[nodiscard]] Result<std::vector<T>> list(const std::string& path, F read);

    Exchanger& exchanger_;
    AdminSettings settings_;
};

}  // namespace expplat::admin
