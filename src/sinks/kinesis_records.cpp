#include "src/sinks/kinesis_records.hpp"

#include <array>
#include <optional>
#include <utility>

#include "src/aws/hash_key.hpp"
#include "src/aws/kinesis.hpp"
#include "src/aws/kpl_aggregation.hpp"
#include "src/aws/sigv4.hpp"
#include "src/sinks/event_json.hpp"

namespace expplat::sinks {

namespace {

/// Well-formed by the Unicode Standard, table 3-7: no overlong forms, no surrogates.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    std::size_t i = 0;
    while (i < text.size()) {
        const unsigned first = byte(i);
        const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
        if ((first >= 0x80 && first < 0xC2) || first > 0xF4) return false;
        for (std::size_t k = 1; k < length; ++k) {
            if ((byte(i + k) & 0xC0u) != 0x80u) return false;
        }
        const unsigned second = byte(i + 1);
        if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
            (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
            return false;
        i += length;
    }
    return true;
}

/// Aggregates that are being filled, one for each range of hashes.
class Lanes {
public:
    Lanes(std::size_t count, std::vector<KinesisRecord>& out) : count_(count), out_(out) {}

    /// False where the record must be sent plain.
    [[nodiscard]] bool add(std::string_view key, std::string_view data, std::size_t event) {
        const std::optional<aws::HashKey> hash = aws::hash_key(key);
        if (!hash) return false;
        Lane& lane = lanes_[(*hash)[0] * count_ / 256];
        for (;;) {
            if (lane.aggregator.empty()) lane.hash_key = aws::decimal(*hash);
            switch (lane.aggregator.add({key, lane.hash_key, data})) {
                case aws::KplAggregator::Added::added: lane.events.push_back(event); return true;
                case aws::KplAggregator::Added::full: take(lane); break;
                case aws::KplAggregator::Added::too_large:
                case aws::KplAggregator::Added::invalid_key: return false;
            }
        }
    }

    void take_all() {
        for (Lane& lane : lanes_) {
            if (!lane.aggregator.empty()) take(lane);
        }
    }

private:
    struct Lane {
        aws::KplAggregator aggregator;
        std::string hash_key;  // of the first record's partition key: the one the whole is sent under
        std::vector<std::size_t> events;
    };

    void take(Lane& lane) {
        Result<aws::KplAggregate> aggregate = lane.aggregator.take();
        // MD5 has just served for the hash key; a host that loses it now keeps these events for the next try.
        if (!aggregate) {
            lane = Lane();
            return;
        }
        out_.push_back({std::move(aggregate->partition_key), std::move(aggregate->bytes),
                        std::exchange(lane.events, {})});
    }

    std::size_t count_;
    std::array<Lane, kinesis_lanes> lanes_;
    std::vector<KinesisRecord>& out_;
};

[[nodiscard]] std::size_t lanes_of(std::size_t events) noexcept {
    return events >= kinesis_lanes_from_events ? kinesis_lanes : 1;
}

/// One event more.
void pack(std::string key, std::string_view data, std::size_t event, bool aggregate, Lanes& lanes,
          KinesisRecords& packed) {
    if (key.size() + data.size() > aws::kinesis_record_bytes) {
        packed.rejected.push_back({event, "the event has " + std::to_string(data.size()) +
                                              " bytes, and a record of Kinesis takes 1 MiB"});
        return;
    }
    if (aggregate && lanes.add(key, data, event)) return;
    packed.records.push_back({std::move(key), std::string(data), {event}});
}

}  // namespace

std::string partition_key_of(const exposure::Event& event) {
    std::string key = partition_key_of(event.unit_id, {});
    return key.empty() ? to_string(event.id) : key;
}

std::string partition_key_of(std::string_view unit_id, std::string_view otherwise) {
    if (!unit_id.empty() && is_utf8(unit_id)) {
        if (aws::is_partition_key(unit_id)) return std::string(unit_id);
        if (Result<std::string> digest = aws::payload_hash(unit_id)) return std::move(*digest);
    }
    return std::string(otherwise);
}

KinesisRecords pack_records(std::span<const exposure::Event> batch, bool aggregate) {
    KinesisRecords packed;
    Lanes lanes(lanes_of(batch.size()), packed.records);
    std::string data;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        data.clear();
        append_event_json(data, batch[i]);
        pack(partition_key_of(batch[i]), data, i, aggregate, lanes, packed);
    }
    lanes.take_all();
    return packed;
}

KinesisRecords pack_texts(std::span<const KeyedText> texts, bool aggregate) {
    KinesisRecords packed;
    Lanes lanes(lanes_of(texts.size()), packed.records);
    for (std::size_t i = 0; i < texts.size(); ++i)
        pack(std::string(texts[i].key), texts[i].data, i, aggregate, lanes, packed);
    lanes.take_all();
    return packed;
}

std::vector<KinesisRecord> plain_records(std::span<const exposure::Event> batch,
                                         std::span<const std::size_t> events) {
    std::vector<KinesisRecord> records;
    records.reserve(events.size());
    for (const std::size_t event : events) {
        KinesisRecord& record = records.emplace_back();
        record.partition_key = partition_key_of(batch[event]);
        append_event_json(record.data, batch[event]);
        record.events = {event};
    }
    return records;
}

std::vector<std::vector<KinesisRecord>> split_into_calls(std::vector<KinesisRecord> records) {
    std::vector<std::vector<KinesisRecord>> calls;
    std::size_t bytes = 0;
    for (KinesisRecord& record : records) {
        const std::size_t size = record.partition_key.size() + record.data.size();
        if (calls.empty() || calls.back().size() == aws::put_records_most ||
            bytes + size > aws::put_records_bytes) {
            calls.emplace_back();
            bytes = 0;
        }
        bytes += size;
        calls.back().push_back(std::move(record));
    }
    return calls;
}

}  // namespace expplat::sinks
