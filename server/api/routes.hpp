// Routes of the interface: what every handler gets, and how its answer or refusal becomes a response.
//
// A handler is a function of a `Call` to a `Response`; refusals are thrown as `domain::Refusal`. Those that may wait for the
// store run on the workers, never on the listener's threads. Each noun adds its own routes (`add_*` below); the program's
// root puts them together. Safe from many threads once they are added.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "server/api/attempts.hpp"
#include "server/api/body.hpp"
#include "server/api/gate.hpp"
#include "server/domain/audit_log.hpp"
#include "server/domain/change_requests.hpp"
#include "server/domain/configurations.hpp"
#include "server/domain/entities.hpp"
#include "server/domain/event_stream.hpp"
#include "server/domain/history.hpp"
#include "server/domain/idempotency.hpp"
#include "server/domain/keys.hpp"
#include "server/domain/people.hpp"
#include "server/domain/projects.hpp"
#include "server/domain/roles.hpp"
#include "server/domain/schedules.hpp"
#include "server/domain/webhooks.hpp"
#include "server/http/metrics.hpp"
#include "server/http/problem.hpp"
#include "server/http/router.hpp"
#include "server/http/workers.hpp"
#include "server/publish/hub.hpp"
#include "server/publish/publisher.hpp"

namespace expplat::server::api {

/// Of one answer that is made in memory.
inline constexpr std::size_t export_bytes = std::size_t{256} << 20;

/// All that routes work with; the program's root makes it, and it outlives them.
struct Services {
    const domain::ControlPlane& plane;
    const domain::Projects& projects;
    const domain::Entities& entities;
    const domain::Configurations& configurations;
    const domain::History& history;
    const domain::AuditLog& audit;
    const domain::Idempotency& idempotency;
    const domain::Keys& keys;
    const domain::People& people;
    const domain::Roles& roles;
    const domain::ChangeRequests& change_requests;
    const domain::Schedules& schedules;
    const domain::Webhooks& webhooks;
    const auth::TokenAuthority& tokens;
    const Gate& gate;
    Attempts& attempts;
    Throttle& throttle;
    OpenStreams& streams;
    publish::Hub& hub;
    publish::Publisher& publisher;
    std::function<std::string(const std::string& key_id)>
        client_object;                  // where a client key's ruleset lies in the bucket; empty: nowhere
    domain::EventStream* event_stream;  // null: events are kept in the store
    http::Metrics& metrics;
    http::Workers& workers;
    std::string metrics_token;      // who shows it sees the metrics; empty: nobody by a token
    bool are_metrics_open = false;  // everybody sees them
    std::function<std::int64_t()> now_ms;
    std::function<domain::Outcome<void>()> is_ready;  // the store answers
    std::function<void(const std::string& line)> log;
};

/// One request while it is answered.
class Call {
public:
    Call(const http::Request& request, Entry entry) : request_(request), entry_(std::move(entry)) {}

    [[nodiscard]] const http::Request& request() const noexcept { return request_; }
    [[nodiscard]] const domain::Caller& caller() const noexcept { return entry_.caller; }
    [[nodiscard]] const Entry& entry() const noexcept { return entry_; }
    /// Of the route's path.
    [[nodiscard]] std::string parameter(std::string_view name) const {
        return std::string(request_.parameter(name));
    }
    /// Of the query; empty where there is none.
    [[nodiscard]] std::string query(std::string_view name) const {
        return std::string(request_.query_value(name).value_or(""));
    }
    [[nodiscard]] bool query_flag(std::string_view name) const { return query(name) == "true"; }
    /// `after` and `limit` of the query.
    [[nodiscard]] domain::PageRequest page() const;
    /// Of `If-Match`: nothing where there is none, or `*`. Refuses what is no revision.
    [[nodiscard]] std::optional<std::int64_t> if_revision() const;
    /// `If-Match: *`: the thing must be there, whatever its version.
    [[nodiscard]] bool must_exist() const;
    [[nodiscard]] Body body() const { return Body::read(request_.body); }
    /// Refuses (`forbidden`) what the caller may not do there.
    void require(auth::Operation operation, std::string_view project, std::string_view environment,
                 std::int64_t now_ms) const;
    /// Of a key that is of an environment: refuses (`forbidden`) another that the request names; empty: it names none. An
    /// answer of its own would be taken for one of the other.
    void require_own_place(std::string_view project, std::string_view environment) const;
    /// What `require` has refused; nothing where it has not.
    [[nodiscard]] const std::optional<domain::Operation>& denied() const noexcept { return denied_; }

private:
    const http::Request& request_;
    Entry entry_;
    mutable std::optional<domain::Operation> denied_;
};

using Handle = std::function<http::Response(Call&)>;

/// Called once, from any thread.
using Answer = std::function<void(http::Response)>;
using WaitingHandle = std::function<void(Call&, Answer)>;

/// What a request leaves behind.
enum class Effect : std::uint8_t {
    publishes,  // a change of what is published
    none,       // a change of something else
    answers,    // nothing: it only asks, so that `Idempotency-Key` has no part in it
};

class Routes {
public:
    Routes(http::Router& router, const Services& services) : router_(router), services_(services) {}
    [[nodiscard]] const Services& services() const noexcept { return services_; }

    /// For who is known; on the workers. A POST that changes something honours `Idempotency-Key`. Who changed something finds it in force: it is
    /// published before it is answered, on this server; on others within the publisher's interval.
    void add(std::string_view method, std::string_view pattern, Handle handle,
             Effect effect = Effect::publishes);
    /// For who is known, where the answer comes later from elsewhere and no worker waits for it. Begins on the workers; the
    /// call is gone when the handler returns, and one that throws has not taken the answer. A POST honours
    /// `Idempotency-Key`.
    void add_waiting(std::string_view method, std::string_view pattern, WaitingHandle handle);
    /// For who is known, where the answer waits for nothing: on the listener's thread if the caller is remembered.
    void add_quick(std::string_view method, std::string_view pattern, Handle handle);
    /// For anybody; on the workers.
    void add_open(std::string_view method, std::string_view pattern,
                  std::function<http::Response(const http::Request&)> handle);
    /// For who is known; answers by itself, and may leave the response open.
    void add_stream(std::string_view pattern, std::function<void(Call&, http::Responder&)> handle);
    /// For anybody; answers by itself, and may leave the response open.
    void add_open_stream(std::string_view pattern,
                         std::function<void(const http::Request&, http::Responder&)> handle);
    /// For anybody, on the listener's thread.
    void add_at_once(std::string_view method, std::string_view pattern,
                     std::function<http::Response(const http::Request&)> handle);

private:
    void work(std::shared_ptr<http::Request> request, http::Responder responder,
              std::function<http::Response(const http::Request&)> answer) const;

    http::Router& router_;
    const Services& services_;
};

void add_projects(Routes& routes);
void add_entities(Routes& routes);
void add_configurations(Routes& routes);
void add_keys(Routes& routes);
void add_people(Routes& routes);
void add_roles(Routes& routes);
void add_change_requests(Routes& routes);
void add_schedules(Routes& routes);
void add_webhooks(Routes& routes);
void add_sessions(Routes& routes);
void add_audit(Routes& routes);
void add_distribution(Routes& routes);
void add_evaluation(Routes& routes);
void add_events(Routes& routes);
void add_health(Routes& routes);
void add_ofrep(Routes& routes);
void add_reference(Routes& routes);

/// The value of an outcome, or its problem as a `Refusal`.
template <class T>
[[nodiscard]] T value_of(domain::Outcome<T> outcome) {
    if (!outcome) throw domain::Refusal(outcome.problem());
    return std::move(outcome).value();
}
inline void check(const domain::Outcome<void>& outcome) {
    if (!outcome) throw domain::Refusal(outcome.problem());
}

/// A problem of the domain as HTTP answers it. The detail of an internal one stays in the log.
[[nodiscard]] http::Response response_of(const domain::Problem& problem);

[[nodiscard]] std::string etag_of(std::int64_t revision);
/// JSON with that `ETag`; empty: none.
[[nodiscard]] http::Response tagged(unsigned status, std::string etag, std::string json);
/// 201 with the `Location` of what was made: the segments of its path behind `/api/v1`, not encoded yet.
[[nodiscard]] http::Response created(std::initializer_list<std::string_view> path, std::string etag,
                                     std::string json);
/// JSON with the `ETag` of a revision.
[[nodiscard]] http::Response revised(unsigned status, std::int64_t revision, std::string json);

/// `{"items":[…],"next":…}`
[[nodiscard]] http::Response page_of(const std::vector<std::string>& items,
                                     const std::optional<std::string>& next);

}  // namespace expplat::server::api
