// `EventQueue`: a bounded ring of events between the threads that record and the loop that sends.
//
// Recording copies an event into memory that was allocated at the start; a full queue drops the newest and says so. Any
// number of threads may push; one thread takes. Guarded by one mutex: a push holds it for the length of a copy, a take only
// to look and to give the room back, as nobody writes to what is queued. So the two seldom meet, and a recording thread
// seldom sleeps (which cost as much again as recording). Ids are given when a batch is taken: before anything can be sent or
// stored, and off the recording threads' path. Source: EVENTS.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <mutex>
#include <string_view>
#include <vector>

#include "expplat/base/bytes.hpp"
#include "expplat/exposure/event.hpp"

namespace expplat::exposure {

/// Events that were taken out, and the bytes their views point into.
struct Batch {
    std::vector<std::byte> bytes;
    std::vector<Event> events;

    [[nodiscard]] std::size_t size() const noexcept { return events.size(); }
};

class EventQueue {
public:
    /// `capacity` events and `capacity_bytes` of texts at most; both are allocated now, from `memory`.
    EventQueue(std::size_t capacity, std::size_t capacity_bytes,
               std::pmr::memory_resource* memory = std::pmr::new_delete_resource())
        : records_(capacity, memory), ring_(capacity_bytes, memory) {}

    /// Copies the event in. False, and it is not kept, where the queue is full. `depth` is how many are queued then,
    /// `bytes` the size of their texts.
    bool push(const Event& event, std::size_t& depth, std::size_t* bytes = nullptr) noexcept {
        const std::size_t size = event.text_size();
        const std::scoped_lock lock(mutex_);
        depth = count_;
        if (count_ == records_.size() || ring_.size() - used_ < size) {
            ++totals_.refused;
            return false;
        }
        ++totals_.accepted;
        const std::size_t place = first_ + count_;
        Record& record = records_[place < records_.size() ? place : place - records_.size()];
        record.type = event.type;
        record.has_value = event.has_value;
        record.time_ms = event.time_ms;
        record.ruleset_version = event.ruleset_version;
        record.value = event.value;
        const std::string_view texts[] = {event.name,       event.variant,    event.unit,       event.unit_id,
                                          event.properties, event.attributes, event.environment};
        for (std::size_t i = 0; i < text_count; ++i)
            record.sizes[i] = static_cast<std::uint32_t>(texts[i].size());
        if (ring_.size() - end_ > size) {
            char* to = ring_.data() + end_;
            for (const std::string_view text : texts) {
                copy_bytes(to, text);
                to += text.size();
            }
            end_ += size;
        } else {
            for (const std::string_view text : texts) append(text);
        }
        used_ += size;
        depth = ++count_;
        if (bytes != nullptr) *bytes = used_;
        return true;
    }

    /// Moves up to `most` events out, oldest first, of at most `most_bytes` of texts (one event always), each with a
    /// new id from `make_id(time_ms)`.
    template <class MakeId>
    void take(Batch& batch, std::size_t most, std::size_t most_bytes, MakeId&& make_id) {
        batch.events.clear();
        std::size_t first = 0;
        std::size_t begin = 0;
        std::size_t count = 0;
        {
            const std::scoped_lock lock(mutex_);
            first = first_;
            begin = begin_;
            count = count_ < most ? count_ : most;
        }
        const auto record = [this, first](std::size_t i) -> const Record& {
            return records_[first + i < records_.size() ? first + i : first + i - records_.size()];
        };
        std::size_t bytes = 0;
        std::size_t taken = 0;
        for (; taken < count; ++taken) {
            const std::size_t size = record(taken).size();
            if (taken > 0 && bytes + size > most_bytes) break;
            bytes += size;
        }
        batch.bytes.resize(bytes);
        copy_out(begin, batch.bytes);
        std::size_t at = 0;
        for (std::size_t i = 0; i < taken; ++i)
            batch.events.push_back(view(record(i), batch.bytes, at, make_id));

        const std::scoped_lock lock(mutex_);
        first_ = first + taken < records_.size() ? first + taken : first + taken - records_.size();
        begin_ = begin + bytes < ring_.size() ? begin + bytes : begin + bytes - ring_.size();
        count_ -= taken;
        used_ -= bytes;
        if (count_ == 0) first_ = begin_ = end_ = 0;  // what was just read is still in the cache
    }

    [[nodiscard]] std::size_t size() const noexcept {
        const std::scoped_lock lock(mutex_);
        return count_;
    }

    /// Texts of what is queued.
    [[nodiscard]] std::size_t bytes() const noexcept {
        const std::scoped_lock lock(mutex_);
        return used_;
    }

    struct Totals {
        std::uint64_t accepted = 0;  // pushed and kept
        std::uint64_t refused = 0;   // the queue was full
    };
    [[nodiscard]] Totals totals() const noexcept {
        const std::scoped_lock lock(mutex_);
        return totals_;
    }

    /// Forgets everything, totals too: a forked child does not own its parent's events. The caller holds `mutex()`.
    void clear() noexcept {
        first_ = count_ = begin_ = end_ = used_ = 0;
        totals_ = {};
    }

    /// Held over a fork, so that the child's copy is whole.
    [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }

private:
    static constexpr std::size_t text_count = 7;

    struct Record {
        EventType type = EventType::exposure;
        bool has_value = false;
        std::uint32_t sizes[text_count] = {};
        std::int64_t time_ms = 0;
        std::uint64_t ruleset_version = 0;
        double value = 0;

        [[nodiscard]] std::size_t size() const noexcept {
            std::size_t sum = 0;
            for (const std::uint32_t part : sizes) sum += part;
            return sum;
        }
    };

    /// Writes into the ring, around its end where need be.
    void append(std::string_view text) noexcept {
        const std::size_t head = text.size() < ring_.size() - end_ ? text.size() : ring_.size() - end_;
        if (head > 0) std::memcpy(ring_.data() + end_, text.data(), head);
        if (head < text.size()) std::memcpy(ring_.data(), text.data() + head, text.size() - head);
        end_ = end_ + text.size() < ring_.size() ? end_ + text.size() : end_ + text.size() - ring_.size();
    }

    void copy_out(std::size_t begin, std::vector<std::byte>& bytes) const noexcept {
        const std::size_t head = bytes.size() < ring_.size() - begin ? bytes.size() : ring_.size() - begin;
        if (head > 0) std::memcpy(bytes.data(), ring_.data() + begin, head);
        if (head < bytes.size()) std::memcpy(bytes.data() + head, ring_.data(), bytes.size() - head);
    }

    template <class MakeId>
    static Event view(const Record& record, const std::vector<std::byte>& bytes, std::size_t& at,
                      MakeId& make_id) {
        Event event;
        event.type = record.type;
        event.id = make_id(record.time_ms);
        event.time_ms = record.time_ms;
        event.ruleset_version = record.ruleset_version;
        event.has_value = record.has_value;
        event.value = record.value;
        std::string_view* const texts[] = {&event.name,       &event.variant,    &event.unit,
                                           &event.unit_id,    &event.properties, &event.attributes,
                                           &event.environment};
        for (std::size_t i = 0; i < text_count; ++i) {
            *texts[i] = {reinterpret_cast<const char*>(bytes.data()) + at, record.sizes[i]};
            at += record.sizes[i];
        }
        return event;
    }

    // Guards all below. What is queued is written to by nobody, and read by who takes.
    mutable std::mutex mutex_;
    std::pmr::vector<Record> records_;  // a ring of `count_` from `first_`
    std::pmr::vector<char> ring_;       // their texts: `used_` bytes from `begin_` to `end_`
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t used_ = 0;
    Totals totals_;
};

}  // namespace expplat::exposure
