#include "server/program/program.hpp"

#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "expplat/base/json_text.hpp"
#include "server/api/routes.hpp"
#include "server/auth/password.hpp"
#include "server/http/access_log.hpp"
#include "server/http/listener.hpp"
#include "server/program/chores.hpp"
#include "server/program/key_set_fetch.hpp"
#include "server/program/outlets.hpp"
#include "server/program/random_text.hpp"
#include "server/store/database.hpp"

namespace expplat::server::program {
namespace {

constexpr std::chrono::seconds heartbeat{15};  // docs/PROTOCOL.md: at least every 20 s
/// As the publisher's: what other servers took back ends here.
constexpr std::chrono::seconds review_interval{5};

[[nodiscard]] std::int64_t unix_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

[[nodiscard]] std::int64_t steady_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Strangers choose methods: only those that there are get a series of their own.
[[nodiscard]] std::string_view known_method(std::string_view method) noexcept {
    for (const std::string_view known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
        if (known == method) return known;
    }
    return "other";
}

[[nodiscard]] Error with(const char* what, const domain::Problem& problem) {
    const bool away = problem.type == domain::ProblemType::unavailable;
    return Error{away ? ErrorCode::network : ErrorCode::invalid_argument,
                 std::string(what) + ": " + problem.detail};
}

[[nodiscard]] std::optional<std::string> fault_of_role(const std::string& key,
                                                       const std::vector<std::string>& operations) {
    const Result<auth::Role> role = auth::Role::custom(key, operations);
    return role ? std::nullopt : std::optional(role.error().message);
}

}  // namespace

std::string log_line(std::string_view level, std::string_view message, std::int64_t unix_ms) {
    std::string line = "{\"time\":" + std::to_string(unix_ms) + ",\"log\":\"server\",\"level\":\"";
    line += level;
    line += "\",\"message\":";
    append_json_string(line, auth::redact_keys_in(message));
    return line + '}';
}

/// In the order of their making; they go in the other one.
class Program::Parts {
public:
    Parts(const Settings& settings, LogWriter& log) : settings_(settings), log_(log) {}
    ~Parts() { stop(); }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    [[nodiscard]] Result<void> start();
    void stop();
    [[nodiscard]] std::vector<std::string> routes() const { return router_.routes(); }

    std::string made_password;
    std::unique_ptr<http::Listener> listener;

private:
    [[nodiscard]] Result<void> open_store();
    [[nodiscard]] Result<void> open_access();
    [[nodiscard]] Result<void> judge_kept_secret(const KeptSecret& secret);
    [[nodiscard]] Result<void> make_first_admin();
    [[nodiscard]] Result<void> open_publishing();
    [[nodiscard]] Result<void> listen();
    void count(const http::Finished& finished);
    void beat();
    void review();
    void review_streams();
    void say(std::string_view level, std::string_view message) const {
        log_.write(log_line(level, message, unix_ms()));
    }

    const Settings settings_;
    LogWriter& log_;
    std::vector<std::string> secrets_;  // the first signs
    std::unique_ptr<store::Database> database_;
    std::unique_ptr<domain::ControlPlane> plane_;
    std::unique_ptr<domain::Projects> projects_;
    std::unique_ptr<domain::Entities> entities_;
    std::unique_ptr<domain::Configurations> configurations_;
    std::unique_ptr<domain::History> history_;
    std::unique_ptr<domain::AuditLog> audit_;
    std::unique_ptr<domain::Idempotency> idempotency_;
    std::unique_ptr<domain::Schedules> schedules_;
    std::unique_ptr<domain::Keys> keys_;
    std::unique_ptr<domain::People> people_;
    std::unique_ptr<domain::Roles> roles_;
    std::unique_ptr<domain::ChangeRequests> change_requests_;
    std::unique_ptr<domain::Webhooks> webhooks_;
    std::unique_ptr<auth::TokenAuthority> tokens_;
    std::unique_ptr<api::Throttle> throttle_;
    std::unique_ptr<api::UserPool> user_pool_;
    std::unique_ptr<api::Gate> gate_;
    api::Attempts attempts_{steady_ms};
    api::OpenStreams streams_;
    publish::Hub hub_;
    std::unique_ptr<publish::Publisher> publisher_;
    std::unique_ptr<Chores> chores_;
    http::Metrics metrics_;
    std::unique_ptr<Outlets> outlets_;
    std::unique_ptr<http::Workers> workers_;
    std::unique_ptr<api::Services> services_;
    http::Router router_;
    std::unique_ptr<api::Routes> routes_;

    std::mutex mutex_;  // guards `ends_`
    std::condition_variable ending_;
    bool ends_ = false;
    std::thread beating_;
    std::thread reviewing_;
};

Result<void> Program::Parts::start() {
    if (::mkdir(settings_.data.c_str(), 0700) != 0 && errno != EEXIST)
        return Error{ErrorCode::io, settings_.data + ": cannot be made"};
    // The first person last: a password that was made is told by a server that started, and by no other.
    for (const auto step : {&Parts::open_store, &Parts::open_access, &Parts::open_publishing, &Parts::listen,
                            &Parts::make_first_admin}) {
        if (Result<void> done = (this->*step)(); !done) return done;
    }
    return {};
}

Result<void> Program::Parts::open_store() {
    const Result<store::Address> address = store::Address::parse(settings_.database_url());
    if (!address) return address.error();
    auto database = store::Database::open(*address, {.connections = settings_.workers + 2});
    if (!database) return with("the database", database.problem());
    database_ = std::move(*database);
    const auto schema = database_->migrate();
    if (!schema) return with("the database's schema", schema.problem());
    say("info", "database " + address->shown + ", schema " + std::to_string(*schema));
    return {};
}

Result<void> Program::Parts::open_access() {
    std::vector<std::string> secrets = settings_.secrets;
    if (secrets.empty()) {
        Result<KeptSecret> secret = kept_secret(settings_.data);
        if (!secret) return secret.error();
        if (Result<void> judged = judge_kept_secret(*secret); !judged) return judged;
        secrets.push_back(std::move(secret->text));
    }
    secrets_ = secrets;
    Result<auth::TokenAuthority> tokens = auth::TokenAuthority::open({.secrets = secrets});
    if (!tokens) return Error{tokens.error().code, "SECRET_KEY: " + tokens.error().message};
    tokens_ = std::make_unique<auth::TokenAuthority>(std::move(*tokens));
    plane_ = std::make_unique<domain::ControlPlane>(
        *database_, domain::Surroundings{unix_ms,
                                         [] { return random_text(16).value(); },
                                         secrets_.front(),
                                         {secrets_.begin() + 1, secrets_.end()}});
    projects_ = std::make_unique<domain::Projects>(*plane_);
    entities_ = std::make_unique<domain::Entities>(*plane_);
    configurations_ = std::make_unique<domain::Configurations>(*plane_);
    history_ = std::make_unique<domain::History>(*plane_);
    audit_ = std::make_unique<domain::AuditLog>(*plane_);
    idempotency_ = std::make_unique<domain::Idempotency>(*plane_);
    schedules_ = std::make_unique<domain::Schedules>(
        *plane_, [](const domain::Actor& author, const domain::Operation& operation, domain::Transaction& t) {
            return api::may_now(author, operation, t, unix_ms());
        });
    keys_ = std::make_unique<domain::Keys>(*plane_);
    people_ = std::make_unique<domain::People>(
        *plane_, [](const std::string& role) { return auth::Role::built_in(role).has_value(); });
    roles_ = std::make_unique<domain::Roles>(*plane_, &fault_of_role);
    change_requests_ = std::make_unique<domain::ChangeRequests>(*plane_);
    webhooks_ = std::make_unique<domain::Webhooks>(*plane_);
    throttle_ = std::make_unique<api::Throttle>(settings_.rate_limits, steady_ms);
    if (settings_.user_pool) {
        Result<auth::CognitoPool> pool = auth::CognitoPool::open(*settings_.user_pool);
        if (!pool) return pool.error();
        user_pool_ =
            std::make_unique<api::UserPool>(std::move(*pool), fetch_key_set, unix_ms,
                                            [this](const std::string& line) { say("warning", line); });
        user_pool_->refresh();
    }
    gate_ = std::make_unique<api::Gate>(*keys_, *people_, *tokens_, *throttle_, user_pool_.get(), unix_ms);
    return {};
}

/// A server that goes on with such a secret says so: nobody else would notice.
Result<void> Program::Parts::judge_kept_secret(const KeptSecret& secret) {
    const std::string path = settings_.data + "/secret-key";
    if (secret.is_exposed)
        say("warning", path +
                           ": others than its owner may read or change it, and who knows it can make tokens; "
                           "chmod 600, and a new one if it was read");
    if (!secret.is_new) return {};
    const auto people =
        database_->read([](domain::Transaction& t) { return domain::tables::count_people(t); });
    if (!people) return with("the database", people.problem());
    if (*people > 0)
        say("warning",
            path +
                ": was not there and is made anew, but the database is an old one: every log-in has "
                "ended, and the audit's signatures cannot be checked any more without the old one "
                "(SECRET_KEY, or SECRET_KEY_PREVIOUS)");
    return {};
}

Result<void> Program::Parts::make_first_admin() {
    const auto count =
        database_->read([](domain::Transaction& t) { return domain::tables::count_people(t); });
    if (!count) return with("the database", count.problem());
    if (*count > 0) return {};
    std::optional<std::string> hash;  // none: comes in by the user pool
    std::string password = settings_.admin_password;
    if (!settings_.user_pool) {
        if (password.empty()) {
            Result<std::string> made = random_text(12);
            if (!made) return made.error();
            password = *made;
        }
        Result<std::string> hashed = auth::hash_password(password);
        if (!hashed) return hashed.error();
        hash = std::move(*hashed);
    }
    const auto first = people_->bootstrap(settings_.admin_email, hash);
    if (!first) return with("the first admin", first.problem());
    if (!*first) return {};  // another server was faster
    say("info", "the first admin is " + settings_.admin_email);
    if (hash && settings_.admin_password.empty()) made_password = password;
    return {};
}

Result<void> Program::Parts::open_publishing() {
    outlets_ = std::make_unique<Outlets>(Outlets::Surroundings{
        .settings = settings_,
        .secrets = secrets_,
        .store = *database_,
        .hub = hub_,
        .metrics = metrics_,
        .now_ms = unix_ms,
        .log = [this](std::string_view level, std::string_view line) { say(level, line); }});
    publisher_ = std::make_unique<publish::Publisher>(
        *database_, hub_, unix_ms, [this](const std::string& line) { say("error", line); },
        [this](const publish::EnvironmentName& name, std::uint64_t version) {
            outlets_->announce(name, version);
        },
        outlets_->empties_outbox() ? [this] { outlets_->look_into_outbox(); } : std::function<void()>());
    if (Result<void> opened = outlets_->open(*publisher_); !opened) return opened;
    if (!publisher_->publish_now()) return Error{ErrorCode::network, "the database cannot be read"};
    publisher_->start();
    constexpr std::int64_t day_ms = 86'400'000;
    chores_ = std::make_unique<Chores>(
        Chores::Surroundings{.store = *database_,
                             .schedules = *schedules_,
                             .change_requests = *change_requests_,
                             .keys = *keys_,
                             .idempotency = *idempotency_,
                             .publisher = *publisher_,
                             .now_ms = unix_ms,
                             .events_kept_ms = settings_.events_days * day_ms,
                             .log = [this](const std::string& line) { say("error", line); }});
    chores_->start();
    return {};
}

Result<void> Program::Parts::listen() {
    workers_ = std::make_unique<http::Workers>(
        settings_.workers, http::Workers::queued_most,
        [this](const std::string& fault) { say("error", "a worker's job: " + fault); });
    services_ = std::make_unique<api::Services>(api::Services{
        .plane = *plane_,
        .projects = *projects_,
        .entities = *entities_,
        .configurations = *configurations_,
        .history = *history_,
        .audit = *audit_,
        .idempotency = *idempotency_,
        .keys = *keys_,
        .people = *people_,
        .roles = *roles_,
        .change_requests = *change_requests_,
        .schedules = *schedules_,
        .webhooks = *webhooks_,
        .tokens = *tokens_,
        .gate = *gate_,
        .attempts = attempts_,
        .throttle = *throttle_,
        .streams = streams_,
        .hub = hub_,
        .publisher = *publisher_,
        .client_object = [this](const std::string& id) { return outlets_->client_object(id); },
        .event_stream = outlets_->event_stream(),
        .metrics = metrics_,
        .workers = *workers_,
        .metrics_token = settings_.metrics_token,
        .are_metrics_open = settings_.metrics_token.empty() && http::is_loopback(settings_.address),
        .now_ms = unix_ms,
        .is_ready = [this] { return database_->check(); },
        .log = [this](const std::string& line) { say("error", line); }});
    routes_ = std::make_unique<api::Routes>(router_, *services_);
    for (const auto add :
         {api::add_projects, api::add_entities, api::add_configurations, api::add_keys, api::add_people,
          api::add_roles, api::add_change_requests, api::add_schedules, api::add_webhooks, api::add_sessions,
          api::add_audit, api::add_distribution, api::add_evaluation, api::add_events, api::add_health,
          api::add_ofrep, api::add_reference})
        add(*routes_);
    http::ListenerSettings listening;
    listening.address = settings_.address;
    listening.port = settings_.port;
    listening.threads = settings_.threads;
    listening.certificate_file = settings_.certificate_file;
    listening.private_key_file = settings_.private_key_file;
    listening.cors = settings_.cors;
    listening.trusted_proxies = settings_.trusted_proxies;
    listening.finished = [this](const http::Finished& finished) { count(finished); };
    auto started = http::Listener::start(
        std::move(listening), [this](std::shared_ptr<http::Request> request, http::Responder responder) {
            router_(std::move(request), std::move(responder));
        });
    if (!started) return started.error();
    listener = std::move(*started);
    metrics_.gauge("expplat_connections", "Open connections.",
                   [this] { return static_cast<double>(listener->connections()); });
    metrics_.gauge("expplat_streams", "Open streams of rulesets.",
                   [this] { return static_cast<double>(listener->streams()); });
    metrics_.gauge("expplat_jobs_waiting", "Requests that wait for a worker.",
                   [this] { return static_cast<double>(workers_->queued()); });
    metrics_.gauge("expplat_log_lines_dropped", "Lines of the log that nobody took.",
                   [this] { return static_cast<double>(log_.dropped()); });
    beating_ = std::thread([this] { beat(); });
    reviewing_ = std::thread([this] { review(); });
    return {};
}

void Program::Parts::count(const http::Finished& finished) {
    const std::string status = std::to_string(finished.status);
    const std::string_view route = finished.request == nullptr || finished.request->pattern.empty()
                                       ? std::string_view("none")
                                       : finished.request->pattern;
    const std::string_view method =
        finished.request == nullptr ? std::string_view("none") : known_method(finished.request->method);
    metrics_
        .counter("expplat_http_requests_total", "Requests that were answered.",
                 {{"method", method}, {"route", route}, {"status", status}})
        .add();
    metrics_
        .histogram("expplat_http_request_seconds", "From a request's first byte to its answer's last.",
                   {{"route", route}})
        .observe(static_cast<std::uint64_t>(finished.took.count()));
    if (settings_.access_log) log_.write(auth::redact_keys_in(http::access_line(finished, unix_ms())));
}

/// Closes the streams of who may follow no longer.
void Program::Parts::review_streams() {
    const std::vector<api::StreamHolder> holders = streams_.holders();
    if (holders.empty()) return;
    const auto ended = gate_->review(holders);
    if (!ended) return say("error", ended.problem().detail);
    for (const api::StreamHolder& holder : *ended) {
        gate_->forget_key(holder.id);
        streams_.close(holder);
    }
}

/// On a thread of its own: it may wait for the database, and for the user pool.
void Program::Parts::review() {
    std::unique_lock lock(mutex_);
    while (!ending_.wait_for(lock, review_interval, [this] { return ends_; })) {
        lock.unlock();
        review_streams();
        if (user_pool_ != nullptr) user_pool_->refresh();
        lock.lock();
    }
}

/// On a thread of its own: it must not wait for the database.
void Program::Parts::beat() {
    std::unique_lock lock(mutex_);
    while (!ending_.wait_for(lock, heartbeat, [this] { return ends_; })) {
        lock.unlock();
        hub_.beat();
        lock.lock();
    }
}

void Program::Parts::stop() {
    if (listener != nullptr) {
        say("info", "ends, within " + std::to_string(settings_.drain_ms) +
                        " ms: " + std::to_string(listener->connections()) + " connections, " +
                        std::to_string(listener->streams()) + " streams");
        listener->stop(std::chrono::milliseconds(settings_.drain_ms));
    }
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
    }
    ending_.notify_all();
    if (beating_.joinable()) beating_.join();
    if (reviewing_.joinable()) reviewing_.join();
    if (outlets_ != nullptr) outlets_->stop_events();  // which answers by the workers
    workers_.reset();                                  // what is queued has nobody to answer any more
    listener.reset();
    chores_.reset();
    if (outlets_ != nullptr) outlets_->stop();  // which tells the publisher
    publisher_.reset();
}

Result<std::unique_ptr<Program>> Program::start(const Settings& settings, LogWriter& log) {
    auto parts = std::make_unique<Parts>(settings, log);
    if (Result<void> started = parts->start(); !started) return started.error();
    return std::unique_ptr<Program>(new Program(std::move(parts)));
}

Program::Program(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}
Program::~Program() = default;

std::uint16_t Program::port() const noexcept {
    return parts_->listener == nullptr ? 0 : parts_->listener->port();
}
const std::string& Program::made_password() const noexcept { return parts_->made_password; }
std::vector<std::string> Program::routes() const { return parts_->routes(); }
void Program::stop() { parts_->stop(); }

}  // namespace expplat::server::program
