#include "src/client/recorder.hpp"

#include "expplat/base/hash.hpp"
#include "expplat/base/json_text.hpp"
#include "src/ruleset/answer_json.hpp"

namespace expplat::runtime {

namespace {

/// Texts of an event: names and keys of up to 128 bytes, ids that are usually short.
constexpr std::size_t average_event_bytes = 256;

std::string_view unit_name(const image::Unit& unit, const std::byte* base) {
    return unit.name == 0 ? std::string_view("key") : image::text_at(base, unit.name);
}

}  // namespace

Recorder::Recorder(const Limits& limits, const std::vector<std::string>& attributes,
                   std::shared_ptr<const Clock> clock)
    : wake_at_events_(limits.wake_at_events),
      clock_(std::move(clock)),
      attributes_(attributes),
      dedupe_(limits::dedupe_entries, limits.dedupe_window_ms),
      queue_(limits.queue_events, limits.queue_events * average_event_bytes,
             limits.memory != nullptr ? limits.memory : std::pmr::new_delete_resource()) {}

bool Recorder::exposure(const image::View& view, const eval::Answer& answer, const User& user,
                        std::uint32_t stripe) noexcept {
    const std::byte* const base = image::base_of(*answer.entity);
    const eval::UnitValue unit(base, *answer.unit, user);
    const std::string_view key = image::key_of(*answer.entity);
    const std::uint64_t subject =
        detail::fold_multiply(hash64(key) ^ 0x9E3779B97F4A7C15u, unit.hash() ^ answer.unit->name_word);
    if (!dedupe_.admit(subject, hash64(answer.variant_key()), clock_->steady_ms())) {
        deduplicated_[stripe % stripes].count.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    exposure::Event event;
    event.type = exposure::EventType::exposure;
    event.time_ms = clock_->unix_ms();
    event.ruleset_version = view.version();
    event.environment = view.environment();
    event.name = key;
    event.variant = answer.variant_key();
    event.unit = unit_name(*answer.unit, base);
    event.unit_id = unit.text();
    if (!attributes_.empty()) event.attributes = attributes_json(user);
    return push(event);
}

bool Recorder::track(std::string_view environment, std::string_view name, const User& user,
                     std::optional<double> value, std::string_view properties) noexcept {
    exposure::Event event;
    event.type = exposure::EventType::track;
    event.time_ms = clock_->unix_ms();
    event.environment = environment;
    event.name = name;
    event.unit = "key";
    event.unit_id = user.key();
    event.has_value = value.has_value();
    event.value = value.value_or(0);
    event.properties = properties;
    return push(event);
}

bool Recorder::push(const exposure::Event& event) noexcept {
    std::size_t depth = 0;
    std::size_t bytes = 0;
    if (!queue_.push(event, depth, &bytes)) return false;
    // Once for each time that a batch is reached: from there on the loop is awake and looks for itself.
    return depth == wake_at_events_ ||
           (bytes >= limits::batch_bytes && bytes - event.text_size() < limits::batch_bytes);
}

/// The attributes that the configuration names, as a JSON object in memory that the thread keeps.
std::string_view Recorder::attributes_json(const User& user) const {
    thread_local std::string json;
    json.clear();
    for (const std::string& attribute : attributes_) {
        const User::Stored* const value = user.find(attribute);
        if (value == nullptr) continue;
        json += json.empty() ? '{' : ',';
        append_json_string(json, attribute);
        json += ':';
        ruleset::append_json_value(json, user, *value);
    }
    if (!json.empty()) json += '}';
    return json;
}

std::uint64_t Recorder::deduplicated() const noexcept {
    std::uint64_t sum = 0;
    for (const Counter& counter : deduplicated_) sum += counter.count.load(std::memory_order_relaxed);
    return sum;
}

void Recorder::reset_counts() noexcept {
    for (Counter& counter : deduplicated_) counter.count.store(0, std::memory_order_relaxed);
}

}  // namespace expplat::runtime
