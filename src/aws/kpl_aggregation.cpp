#include "src/aws/kpl_aggregation.hpp"

#include <algorithm>
#include <optional>

#include "src/aws/digest.hpp"

namespace expplat::aws {

namespace {

constexpr std::string_view magic = "\xF3\x89\x9A\xC2";
constexpr std::size_t envelope_bytes = magic.size() + Md5().size();

// A field's tag is its number and its wire type; all of ours are one byte.
enum WireType : std::uint8_t { varint_type = 0, fixed64_type = 1, bytes_type = 2, fixed32_type = 5 };

[[nodiscard]] constexpr char tag_of(int field, WireType type) noexcept {
    return static_cast<char>(field << 3 | type);
}

// message AggregatedRecord
constexpr int partition_key_field = 1;
constexpr int explicit_hash_key_field = 2;
constexpr int record_field = 3;
// message Record
constexpr int partition_key_index_field = 1;
constexpr int explicit_hash_key_index_field = 2;
constexpr int content_field = 3;
constexpr int tag_field = 4;

// --- writing ----------------------------------------------------------------------------------------

[[nodiscard]] std::size_t varint_size(std::uint64_t number) noexcept {
    std::size_t size = 1;
    for (; number >= 0x80; number >>= 7) ++size;
    return size;
}

void append_varint(std::string& out, std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
    out += static_cast<char>(number);
}

void append_bytes(std::string& out, char tag, std::string_view bytes) {
    out += tag;
    append_varint(out, bytes.size());
    out += bytes;
}

[[nodiscard]] std::size_t field_size(std::size_t bytes) noexcept { return 1 + varint_size(bytes) + bytes; }

constexpr char partition_key_tag = tag_of(partition_key_field, bytes_type);
constexpr char explicit_hash_key_tag = tag_of(explicit_hash_key_field, bytes_type);

// --- reading ----------------------------------------------------------------------------------------

/// A field of a message: a number, or bytes.
struct Field {
    std::uint64_t number = 0;
    WireType type = varint_type;
    std::uint64_t value = 0;
    std::string_view bytes;
};

/// Reads a message field by field. `broken` once something in it is.
class MessageReader {
public:
    explicit MessageReader(std::string_view bytes) noexcept : rest_(bytes) {}

    /// False at the end, and where the message is broken.
    [[nodiscard]] bool next(Field& field) noexcept {
        if (rest_.empty() || broken_) return false;
        std::uint64_t tag = 0;
        field = {};
        broken_ = !read_varint(tag) || !read_value(field, tag);
        return !broken_;
    }
    [[nodiscard]] bool broken() const noexcept { return broken_; }

private:
    bool read_varint(std::uint64_t& number) noexcept {
        number = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            if (shift == 63 && byte > 1) return false;
            number |= std::uint64_t{byte & 0x7Fu} << shift;
            if (byte < 0x80) return true;
        }
        return false;
    }

    bool read_bytes(std::string_view& bytes, std::uint64_t size) noexcept {
        if (size > rest_.size()) return false;
        bytes = rest_.substr(0, static_cast<std::size_t>(size));
        rest_.remove_prefix(bytes.size());
        return true;
    }

    bool read_value(Field& field, std::uint64_t tag) noexcept {
        constexpr std::uint64_t most_field_number = (1u << 29) - 1;
        field.number = tag >> 3;
        field.type = static_cast<WireType>(tag & 7);
        if (field.number == 0 || field.number > most_field_number) return false;
        switch (field.type) {
            case varint_type: return read_varint(field.value);
            case fixed64_type: return read_bytes(field.bytes, 8);
            case bytes_type: return read_varint(field.value) && read_bytes(field.bytes, field.value);
            case fixed32_type: return read_bytes(field.bytes, 4);
        }
        return false;  // groups, which the format never had
    }

    std::string_view rest_;
    bool broken_ = false;
};

struct ReadRecord {
    std::optional<std::uint64_t> partition_key_index;
    std::optional<std::uint64_t> explicit_hash_key_index;
    std::optional<std::string_view> content;
};

/// Nothing where the message is broken or lacks what it must have.
[[nodiscard]] std::optional<ReadRecord> read_record(std::string_view message) noexcept {
    ReadRecord record;
    MessageReader reader(message);
    for (Field field; reader.next(field);) {
        if (field.number > tag_field) continue;
        const bool is_index = field.number <= explicit_hash_key_index_field;
        if (field.type != (is_index ? varint_type : bytes_type)) return std::nullopt;
        switch (field.number) {
            case partition_key_index_field: record.partition_key_index = field.value; break;
            case explicit_hash_key_index_field: record.explicit_hash_key_index = field.value; break;
            case content_field: record.content = field.bytes; break;
            default: break;  // tags
        }
    }
    if (reader.broken() || !record.partition_key_index || !record.content) return std::nullopt;
    return record;
}

/// The whole message. Nothing where it is broken, or an index leads past its table.
[[nodiscard]] std::optional<std::vector<KplRecord>> read_message(std::string_view message) {
    std::vector<std::string_view> partition_keys;
    std::vector<std::string_view> explicit_hash_keys;
    std::vector<std::string_view> records;
    MessageReader reader(message);
    for (Field field; reader.next(field);) {
        if (field.number > record_field) continue;
        if (field.type != bytes_type) return std::nullopt;
        if (field.number == partition_key_field) partition_keys.push_back(field.bytes);
        else if (field.number == explicit_hash_key_field) explicit_hash_keys.push_back(field.bytes);
        else records.push_back(field.bytes);
    }
    if (reader.broken()) return std::nullopt;

    std::vector<KplRecord> out;
    out.reserve(records.size());
    for (const std::string_view bytes : records) {
        const std::optional<ReadRecord> record = read_record(bytes);
        if (!record || *record->partition_key_index >= partition_keys.size()) return std::nullopt;
        KplRecord& read = out.emplace_back();
        read.partition_key = partition_keys[*record->partition_key_index];
        read.data = *record->content;
        if (!record->explicit_hash_key_index) continue;
        if (*record->explicit_hash_key_index >= explicit_hash_keys.size()) return std::nullopt;
        read.explicit_hash_key = explicit_hash_keys[*record->explicit_hash_key_index];
    }
    return out;
}

[[nodiscard]] std::string_view text_of(const Md5& digest) noexcept {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

[[nodiscard]] Error no_md5() {
    return {ErrorCode::unsupported,
            "OpenSSL has no MD5 on this host (a configuration without its default provider?), and the KPL "
            "format needs it; switch aggregation off"};
}

}  // namespace

bool is_partition_key(std::string_view key) noexcept {
    std::size_t characters = 0;
    for (const char c : key) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0u) != 0x80u) characters += byte >= 0xF0u ? 2 : 1;
    }
    return characters >= 1 && characters <= partition_key_characters;
}

bool is_explicit_hash_key(std::string_view key) noexcept {
    constexpr std::string_view most = "340282366920938463463374607431768211455";  // 2^128 - 1
    if (key.empty() || key.size() > most.size() || (key[0] == '0' && key.size() > 1)) return false;
    if (!std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
    return key.size() < most.size() || key <= most;
}

std::uint64_t KplAggregator::KeyTable::find(std::string_view key) const noexcept {
    const auto entry = indexes.find(key);
    return entry == indexes.end() ? indexes.size() : entry->second;
}

std::size_t KplAggregator::KeyTable::growth(std::string_view key) const noexcept {
    return indexes.contains(key) ? 0 : field_size(key.size());
}

void KplAggregator::KeyTable::insert(std::string_view key, char tag) {
    if (indexes.try_emplace(std::string(key), indexes.size()).second) append_bytes(fields, tag, key);
}

KplAggregator::Added KplAggregator::add(const KplRecord& record) {
    const bool hashed = !record.explicit_hash_key.empty();
    if (!is_partition_key(record.partition_key) ||
        (hashed && !is_explicit_hash_key(record.explicit_hash_key))) {
        return Added::invalid_key;
    }
    // First, so that no sum below can overflow; keys are short.
    if (record.data.size() > most_bytes_) return Added::too_large;

    const auto size_with = [&](std::uint64_t key_index, std::uint64_t hash_key_index) {
        return 1 + varint_size(key_index) + (hashed ? 1 + varint_size(hash_key_index) : 0) +
               field_size(record.data.size());
    };
    const std::uint64_t key_index = partition_keys_.find(record.partition_key);
    const std::uint64_t hash_key_index = hashed ? explicit_hash_keys_.find(record.explicit_hash_key) : 0;
    const std::size_t message_size = size_with(key_index, hash_key_index);
    const std::size_t growth = partition_keys_.growth(record.partition_key) +
                               (hashed ? explicit_hash_keys_.growth(record.explicit_hash_key) : 0) +
                               field_size(message_size);
    if (size_bytes() + growth > most_bytes_) {
        const std::size_t alone = envelope_bytes + field_size(record.partition_key.size()) +
                                  (hashed ? field_size(record.explicit_hash_key.size()) : 0) +
                                  field_size(size_with(0, 0));
        return alone > most_bytes_ ? Added::too_large : Added::full;
    }

    partition_keys_.insert(record.partition_key, partition_key_tag);
    record_fields_ += tag_of(record_field, bytes_type);
    append_varint(record_fields_, message_size);
    record_fields_ += tag_of(partition_key_index_field, varint_type);
    append_varint(record_fields_, key_index);
    if (hashed) {
        explicit_hash_keys_.insert(record.explicit_hash_key, explicit_hash_key_tag);
        record_fields_ += tag_of(explicit_hash_key_index_field, varint_type);
        append_varint(record_fields_, hash_key_index);
    }
    append_bytes(record_fields_, tag_of(content_field, bytes_type), record.data);
    if (records_++ == 0) first_partition_key_ = record.partition_key;
    return Added::added;
}

std::size_t KplAggregator::size_bytes() const noexcept {
    return envelope_bytes + partition_keys_.fields.size() + explicit_hash_keys_.fields.size() +
           record_fields_.size();
}

Result<KplAggregate> KplAggregator::take() {
    if (empty()) return Error{ErrorCode::invalid_argument, "an aggregate needs a record"};
    KplAggregate out;
    out.bytes.reserve(size_bytes());
    out.bytes.append(magic)
        .append(partition_keys_.fields)
        .append(explicit_hash_keys_.fields)
        .append(record_fields_);
    const std::optional<Md5> digest = md5(std::string_view(out.bytes).substr(magic.size()));
    if (!digest) return no_md5();
    out.bytes += text_of(*digest);
    out.partition_key = std::move(first_partition_key_);
    out.records = records_;
    for (KeyTable* const table : {&partition_keys_, &explicit_hash_keys_}) {
        table->indexes.clear();
        table->fields.clear();
    }
    record_fields_.clear();
    first_partition_key_.clear();
    records_ = 0;
    return out;
}

Result<KplContent> deaggregate(std::string_view bytes) {
    KplContent content;
    if (bytes.size() < envelope_bytes || !bytes.starts_with(magic)) return content;
    const std::string_view message = bytes.substr(magic.size(), bytes.size() - envelope_bytes);
    const std::optional<Md5> digest = md5(message);
    if (!digest) return no_md5();
    if (!bytes.ends_with(text_of(*digest))) return content;
    std::optional<std::vector<KplRecord>> records = read_message(message);
    if (!records) {
        return Error{ErrorCode::invalid_argument,
                     "a KPL aggregate whose checksum is right has a broken message"};
    }
    content.aggregated = true;
    content.records = std::move(*records);
    return content;
}

}  // namespace expplat::aws
