// `RulesetBucket`: puts what was published into a bucket of S3, for those who read it there: Lambdas, and SDKs by a CDN.
//
// Of each environment: its document under its SHA-256, which never changes, and then the pointer `current.json` to it, so that
// whoever reads the pointer finds all of what it points to. Beside them what each client key may see, under a path that only
// its holder knows, deleted when the key is revoked or has expired; it and the pointer go when the environment or its project is
// archived, and come back with it. The rows of the store's outbox say what is to be done;
// one server at a time holds them, and gives them back where S3 failed: so nothing is left out and no pointer goes back. One
// thread with its own transport. Made by the program's root where RULESET_BUCKET is set. Source: CONTROL-PLANE.md.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "expplat/base/result.hpp"
#include "server/domain/store.hpp"
#include "server/domain/tables/access.hpp"
#include "server/domain/tables/rulesets.hpp"
#include "server/publish/hub.hpp"
#include "src/aws/s3.hpp"
#include "src/aws/surroundings.hpp"
#include "src/net/backoff.hpp"
#include "src/net/http_transport.hpp"

namespace expplat::server::publish {

inline constexpr std::int64_t bucket_lease_ms = 60'000;
inline constexpr std::int64_t bucket_reserve_ms = 30'000;  // of a lease: with less left it is made longer
inline constexpr std::int64_t bucket_look_ms = 5'000;      // for rows that other servers have left
inline constexpr std::int64_t bucket_retry_first_ms = 1'000;
inline constexpr std::int64_t bucket_retry_most_ms = 60'000;
inline constexpr std::size_t bucket_prefix_bytes = 200;
inline constexpr std::int64_t bucket_rows = 500;  // of one lease

class RulesetBucket {
public:
    enum class Count : std::uint8_t { published, failed };

    struct Settings {
        std::string bucket;
        std::string prefix;  // before every key; empty, or ends with a slash
        aws::Surroundings surroundings = aws::system_surroundings();
        std::function<std::int64_t()> now_ms;
        /// A client key's places, from its id: with each secret that is still good, the first one's first.
        std::function<Result<std::vector<std::string>>(const std::string& key_id)> capabilities;
        /// The pointer is there, or a first try has failed. Must not wait.
        std::function<void(const EnvironmentName& name, std::uint64_t version)> announce;
        std::function<void(Count)> count;
        std::function<void(std::string_view level, std::string line)> log;
    };

    /// Sends nothing yet. Errors: a bucket or a prefix that is none, no region, a broken profile or endpoint.
    [[nodiscard]] static Result<std::unique_ptr<RulesetBucket>> open(Settings settings, domain::Store& store);
    /// What `open` would refuse.
    [[nodiscard]] static Result<aws::Endpoint> check(const std::string& bucket, const std::string& prefix,
                                                     const aws::Surroundings& surroundings);
    ~RulesetBucket();
    RulesetBucket(const RulesetBucket&) = delete;
    RulesetBucket& operator=(const RulesetBucket&) = delete;

    void start();
    /// Where what a client key may see lies.
    [[nodiscard]] Result<std::string> client_object(const std::string& key_id) const;
    /// There may be rows in the outbox. From any thread; never waits.
    void look();
    /// What is under way is given up; its rows are taken again when their lease has run out, or given back.
    void stop();

private:
    struct Environment {
        EnvironmentName name;
        std::uint64_t version = 0;
        std::vector<std::int64_t> rows;
        std::int64_t held_until_ms = 0;  // the rows
        bool first_try = true;
    };

    RulesetBucket(Settings settings, domain::Store& store, aws::Endpoint endpoint,
                  std::unique_ptr<net::HttpTransport> transport);
    void run();
    [[nodiscard]] bool work();
    [[nodiscard]] std::vector<Environment> lease(std::int64_t until_ms);
    [[nodiscard]] Result<void> publish(const Environment& environment);
    [[nodiscard]] Result<void> withdraw(const std::string& pointer, const std::vector<domain::Key>& keys);
    [[nodiscard]] Result<void> publish_for_clients(const domain::Published& published,
                                                   const std::vector<domain::Key>& keys);
    [[nodiscard]] Result<void> publish_for_client(const domain::Key& key, const std::string& document);
    [[nodiscard]] Result<void> remove_expired();
    void settle(const Environment& environment, bool done);
    void fail(const std::string& why);
    [[nodiscard]] std::string object_of(const std::string& capability) const {
        return settings_.prefix + "clients/" + capability + ".json";
    }
    [[nodiscard]] Result<void> put(const std::string& key, std::string body, std::string_view cache_control);
    [[nodiscard]] Result<void> remove(const std::string& key);
    [[nodiscard]] Result<void> keep_lease();
    [[nodiscard]] Result<void> wait_for(const std::function<void(aws::S3::Done)>& call);
    [[nodiscard]] bool ends();

    const Settings settings_;
    domain::Store& store_;

    std::mutex mutex_;  // guards what follows
    std::condition_variable woken_;
    bool ends_ = false;
    bool looks_ = false;

    // The thread's own.
    std::unique_ptr<net::HttpTransport> transport_;
    aws::S3 s3_;
    net::Backoff backoff_{bucket_retry_first_ms, bucket_retry_most_ms};
    std::mt19937 random_{std::random_device{}()};
    std::set<std::string> removed_;  // keys whose objects are gone
    std::int64_t expired_until_ms_ = 0;
    std::set<std::string> said_;   // faults, until it works again
    Environment* held_ = nullptr;  // the one that is being published

    std::thread thread_;
};

}  // namespace expplat::server::publish
