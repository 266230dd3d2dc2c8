#include "expplat/client.hpp"

#include <string>
#include <utility>

#include "expplat/base/hash.hpp"
#include "expplat/base/inline.hpp"
#include "src/client/epoch.hpp"
#include "src/client/runtime.hpp"

namespace expplat {

using runtime::Published;
using runtime::ReadGuard;
using runtime::Runtime;

namespace {

/// Takes note of an answer that must be counted. It is made again here from what the recorder reads: so an answer that
/// need not be counted never has to be in memory.
EXPPLAT_NOINLINE void record(const Runtime& client, const Published& ruleset, const image::Entity& entity,
                             std::uint32_t variant, const image::Unit* unit, const User& user,
                             std::uint32_t slot) noexcept {
    runtime::Recorder* const recorder = client.recorder();
    if (recorder == nullptr) return;
    eval::Answer answer;
    answer.entity = &entity;
    answer.variant = variant;
    answer.unit = unit;
    if (recorder->exposure(ruleset.view, answer, user, slot)) client.wake();
}

EXPPLAT_INLINE void record_if_counted(const Runtime& client, const Published& ruleset,
                                      const eval::Answer& answer, const User& user,
                                      const ReadGuard& guard) noexcept {
    if (answer.exposure)
        record(client, ruleset, *answer.entity, answer.variant, answer.unit, user, guard.slot_number());
}

/// Answers from a ruleset; from the one that stands in before there is any, that the client is not ready.
EXPPLAT_INLINE eval::Answer answer_of(const Published& ruleset, std::string_view key,
                                      const User& user) noexcept {
    eval::Answer answer = eval::evaluate(ruleset.view, key, user, ruleset.patterns);
    if (answer.error == EvaluationError::flag_not_found && !ruleset.ready) [[unlikely]]
        answer.error = EvaluationError::provider_not_ready;
    return answer;
}

/// Evaluates under a guard and hands the answer on while its views are valid.
template <class Use>
auto with_answer(const Runtime& client, std::string_view key, const User& user, Use&& use) {
    const ReadGuard guard;
    const Published& ruleset = *client.publication().current();
    const eval::Answer answer = answer_of(ruleset, key, user);
    return use(ruleset, answer, guard);
}

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
    user.prefetch();
    const ReadGuard guard;
    const Published& ruleset = *runtime_->publication().current();
    const eval::Answer answer = answer_of(ruleset, key, user);
    record_if_counted(*runtime_, ruleset, answer, user, guard);
    return Variant(answer, ruleset.view.version());
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

Client::Handle::Handle(const Runtime* client, std::string_view key)
    : client_(client), key_(key), key_hash_(hash64(key)) {}

Variant Client::Handle::variant(const User& user) const noexcept {
    user.prefetch();
    const ReadGuard guard;
    const Published& ruleset = *client_->publication().current();
    std::uint64_t place = place_.load(std::memory_order_relaxed);
    if ((place >> 32) != ruleset.serial) {  // the first call on this ruleset: look the key up
        const image::Entity* const found = ruleset.view.find(key_, key_hash_);
        place =
            (std::uint64_t{ruleset.serial} << 32) | (found == nullptr ? 0 : ruleset.view.offset_of(*found));
        place_.store(place, std::memory_order_relaxed);
    }
    const auto offset = static_cast<image::Offset>(place);
    if (offset == 0) {
        eval::Answer unknown;
        unknown.error = ruleset.ready ? EvaluationError::flag_not_found : EvaluationError::provider_not_ready;
        return Variant(unknown, ruleset.view.version());
    }
    const eval::Answer answer =
        eval::evaluate(ruleset.view, ruleset.view.entity(offset), user, ruleset.patterns);
    record_if_counted(*client_, ruleset, answer, user, guard);
    return Variant(answer, ruleset.view.version());
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
