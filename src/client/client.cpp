#include "expplat/client.hpp"

#include <string>
#include <utility>

#include "expplat/base/hash.hpp"
#include "src/client/answering.hpp"
#include "src/client/epoch.hpp"
#include "src/client/runtime.hpp"

namespace expplat {

using runtime::Published;
using runtime::ReadGuard;
using runtime::record_if_counted;
using runtime::Runtime;
using runtime::with_answer;
using runtime::with_answer_at;

namespace {

template <class T, class Read>
Detail<T> typed(const Runtime& client, std::string_view key, const User& user, T fallback, ValueKind kind,
                Read&& read) {
    return with_answer(client, key, user,
                       [&](const Published& ruleset, const eval::Answer& answer, const ReadGuard& guard) {
                           Detail<T> detail{std::move(fallback), Variant(answer, ruleset.view.version())};
                           if (!answer.has_variant()) return detail;
                           if (answer.value_kind() != kind) {
                               detail.variant = detail.variant.mismatched();
                               return detail;
                           }
                           detail.value = read(answer);
                           record_if_counted(client, ruleset, answer, user, guard);
                           return detail;
                       });
}

}  // namespace

// ---- opening and closing ----

Result<Client> Client::open(Config config) {
    Result<std::unique_ptr<Runtime>> runtime = Runtime::open(std::move(config));
    if (!runtime) return runtime.error();
    return Client(std::move(*runtime));
}

Client::Client(std::unique_ptr<Runtime> runtime) noexcept : runtime_(std::move(runtime)) {}
Client::Client(Client&& other) noexcept = default;
Client& Client::operator=(Client&& other) noexcept = default;
Client::~Client() = default;

const Runtime& runtime::runtime_of(const Client& client) noexcept { return *client.runtime_; }

void Client::close() { runtime_->close(); }
bool Client::flush(std::chrono::milliseconds timeout) const { return runtime_->flush(timeout); }
bool Client::wait_ready(std::chrono::milliseconds timeout) const { return runtime_->wait_ready(timeout); }
std::int64_t Client::poll() { return runtime_->poll(std::nullopt); }
std::int64_t Client::poll(std::chrono::steady_clock::time_point now) { return runtime_->poll(now); }
Result<void> Client::reload() { return runtime_->reload(); }
Status Client::status() const { return runtime_->status(); }
Stats Client::stats() const { return runtime_->stats(); }

// ---- answers ----

Variant Client::variant(std::string_view key, const User& user) const noexcept {
    return with_answer(*runtime_, key, user,
                       [&](const Published& ruleset, const eval::Answer& answer, const ReadGuard& guard) {
                           record_if_counted(*runtime_, ruleset, answer, user, guard);
                           return Variant(answer, ruleset.view.version());
                       });
}

Detail<bool> Client::boolean_detail(std::string_view key, const User& user, bool fallback) const noexcept {
    return typed(*runtime_, key, user, fallback, ValueKind::boolean,
                 [](const eval::Answer& answer) { return answer.record().bits != 0; });
}

Detail<std::int64_t> Client::integer_detail(std::string_view key, const User& user,
                                            std::int64_t fallback) const noexcept {
    return typed(*runtime_, key, user, fallback, ValueKind::integer,
                 [](const eval::Answer& answer) { return static_cast<std::int64_t>(answer.record().bits); });
}

Detail<double> Client::number_detail(std::string_view key, const User& user, double fallback) const noexcept {
    return typed(*runtime_, key, user, fallback, ValueKind::number,
                 [](const eval::Answer& answer) { return std::bit_cast<double>(answer.record().bits); });
}

Detail<std::string> Client::string_detail(std::string_view key, const User& user,
                                          std::string_view fallback) const {
    return typed(*runtime_, key, user, std::string(fallback), ValueKind::string,
                 [](const eval::Answer& answer) { return std::string(answer.text()); });
}

Detail<std::string> Client::object_detail(std::string_view key, const User& user,
                                          std::string_view fallback) const {
    return typed(*runtime_, key, user, std::string(fallback), ValueKind::object,
                 [](const eval::Answer& answer) { return std::string(answer.text()); });
}

bool Client::boolean(std::string_view key, const User& user, bool fallback) const noexcept {
    return boolean_detail(key, user, fallback).value;
}
std::int64_t Client::integer(std::string_view key, const User& user, std::int64_t fallback) const noexcept {
    return integer_detail(key, user, fallback).value;
}
double Client::number(std::string_view key, const User& user, double fallback) const noexcept {
    return number_detail(key, user, fallback).value;
}
std::string Client::string(std::string_view key, const User& user, std::string_view fallback) const {
    return string_detail(key, user, fallback).value;
}
std::string Client::object(std::string_view key, const User& user, std::string_view fallback) const {
    return object_detail(key, user, fallback).value;
}

void Client::track(std::string_view event, const User& user, std::optional<double> value,
                   std::string_view properties) const noexcept {
    runtime_->track(event, user, value, properties);
}

// ---- handles ----

Client::Handle Client::handle(std::string_view key) const { return Handle(runtime_.get(), key); }

runtime::KeyPlace::KeyPlace(std::string_view name) : key_hash(hash64(name)), key(name) {}

Variant Client::Handle::variant(const User& user) const noexcept {
    return with_answer_at(*client_, place_, user,
                          [&](const Published& ruleset, const eval::Answer& answer, const ReadGuard& guard) {
                              record_if_counted(*client_, ruleset, answer, user, guard);
                              return Variant(answer, ruleset.view.version());
                          });
}

// ---- snapshots ----

Snapshot Client::snapshot() const noexcept {
    const ReadGuard guard;
    const Published* const current = runtime_->publication().current();
    current->hold();
    return Snapshot(current);
}

Snapshot::Snapshot(const Snapshot& other) noexcept : published_(other.published_) {
    if (published_ != nullptr) published_->hold();
}
Snapshot::Snapshot(Snapshot&& other) noexcept : published_(std::exchange(other.published_, nullptr)) {}
Snapshot& Snapshot::operator=(Snapshot other) noexcept {
    std::swap(published_, other.published_);
    return *this;
}
Snapshot::~Snapshot() {
    if (published_ != nullptr) published_->release();
}

image::View Snapshot::view() const noexcept { return published_->view; }
std::uint64_t Snapshot::version() const noexcept { return published_->view.version(); }
eval::Patterns Snapshot::patterns() const noexcept { return published_->patterns; }
eval::Answer Snapshot::evaluate(std::string_view key, const User& user) const noexcept {
    return eval::evaluate(published_->view, key, user, published_->patterns);
}

}  // namespace expplat
