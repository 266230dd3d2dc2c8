#include "src/aws/kinesis.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "expplat/base/json_text.hpp"
#include "src/aws/partition.hpp"
#include "src/aws/signed_post.hpp"
#include "src/net/http_date.hpp"

namespace expplat::aws {

namespace {

constexpr std::string_view target_prefix = "Kinesis_20131202.";
constexpr std::size_t stream_name_characters = 128;
constexpr std::size_t record_message_bytes = 256;
/// A clock that is off by less than this is none that AWS refuses; then another word of the same answer is meant.
constexpr std::int64_t believed_skew_ms = 240'000;

void append_base64(std::string& out, std::string_view bytes) {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t begin = out.size();
    out.resize(begin + (bytes.size() + 2) / 3 * 4);
    char* at = out.data() + begin;
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
    };
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const unsigned word = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        *at++ = digits[word >> 18];
        *at++ = digits[word >> 12 & 63];
        *at++ = i + 1 < bytes.size() ? digits[word >> 6 & 63] : '=';
        *at++ = i + 2 < bytes.size() ? digits[word & 63] : '=';
    }
}

[[nodiscard]] std::string text_of(const nlohmann::json& object, const char* name) {
    const auto member = object.find(name);
    return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

[[nodiscard]] KinesisFault not_kinesis(std::string message) {
    KinesisFault fault;
    fault.kind = FaultKind::server;
    fault.status = 200;
    fault.message = "the answer of Kinesis " + std::move(message);
    return fault;
}

[[nodiscard]] KinesisFault fault_of(const Error& error, FaultKind kind) {
    KinesisFault fault;
    fault.kind = kind;
    fault.timeout = error.code == ErrorCode::timeout;
    fault.message = error.message;
    return fault;
}

[[nodiscard]] KinesisOutcome<PutRecordsAnswer> read_put_records(std::string_view body, std::size_t records) {
    const nlohmann::json object = nlohmann::json::parse(body, nullptr, false);
    if (!object.is_object()) return not_kinesis("is no JSON object");
    const auto list = object.find("Records");
    if (list == object.end() || !list->is_array() || list->size() != records)
        return not_kinesis("has not one entry for each record");
    PutRecordsAnswer answer;
    for (std::size_t i = 0; i < records; ++i) {
        const nlohmann::json& record = (*list)[i];
        if (!record.is_object()) return not_kinesis("has an entry that is no object");
        std::string code = text_of(record, "ErrorCode");
        // What is in the stream has a sequence number; nothing else is believed to be.
        if (code.empty() && !text_of(record, "SequenceNumber").empty()) continue;
        std::string message = text_of(record, "ErrorMessage");
        if (message.size() > record_message_bytes) message.resize(record_message_bytes);
        const FaultKind kind = kind_of(code, 500);
        answer.failed.push_back({i, kind, std::move(code), std::move(message)});
    }
    return answer;
}

[[nodiscard]] KinesisOutcome<StreamSummary> read_summary(std::string_view body) {
    const nlohmann::json object = nlohmann::json::parse(body, nullptr, false);
    const auto description =
        object.is_object() ? object.find("StreamDescriptionSummary") : nlohmann::json::const_iterator();
    if (!object.is_object() || description == object.end() || !description->is_object())
        return not_kinesis("has no StreamDescriptionSummary");
    StreamSummary summary{text_of(*description, "StreamARN"), text_of(*description, "StreamStatus"), 0};
    const auto shards = description->find("OpenShardCount");
    if (shards != description->end() && shards->is_number_integer()) {
        summary.open_shards = shards->get<std::int64_t>();
    }
    return summary;
}

}  // namespace

Result<StreamName> parse_stream_name(std::string_view text) {
    const auto is_name = [](std::string_view name) {
        return !name.empty() && name.size() <= stream_name_characters &&
               std::all_of(name.begin(), name.end(), [](char c) {
                   return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          c == '_' || c == '.' || c == '-';
               });
    };
    if (is_name(text)) return StreamName{std::string(text), false, {}};
    // arn:PARTITION:kinesis:REGION:ACCOUNT:stream/NAME
    std::array<std::string_view, 6> parts;
    std::string_view rest = text;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        parts[i] = rest.substr(0, colon);
        rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
    parts[5] = rest;
    constexpr std::string_view kind = "stream/";
    const bool is_account =
        parts[4].size() == 12 && parts[4].find_first_not_of("0123456789") == std::string_view::npos;
    if (parts[0] == "arn" && parts[1].starts_with("aws") && is_region(parts[1]) && parts[2] == "kinesis" &&
        is_region(parts[3]) && is_account && parts[5].starts_with(kind) &&
        is_name(parts[5].substr(kind.size()))) {
        return StreamName{std::string(text), true, std::string(parts[3])};
    }
    return Error{ErrorCode::invalid_argument,
                 "the Kinesis stream is named by 1 to 128 letters, digits, `_`, `.` and `-`, or by an ARN "
                 "(arn:aws:kinesis:REGION:ACCOUNT:stream/NAME)"};
}

Kinesis::Kinesis(Endpoint endpoint, StreamName stream, CredentialSettings credentials,
                 net::Transport& transport, std::shared_ptr<const Clock> clock)
    : endpoint_(std::move(endpoint)),
      stream_(std::move(stream)),
      transport_(transport),
      clock_(std::move(clock)),
      credentials_(std::move(credentials), transport) {}

Kinesis::~Kinesis() {
    *alive_ = false;
    for (const CallPtr& call : calls_) {
        call->answered = nullptr;
        if (call->exchange != 0) transport_.cancel(call->exchange);
    }
}

std::string Kinesis::body_of_stream() const {
    std::string body = stream_.is_arn ? "{\"StreamARN\":" : "{\"StreamName\":";
    append_json_string(body, stream_.text);
    return body;
}

void Kinesis::put_records(std::span<const StreamRecord> records, PutDone done) {
    std::size_t bytes = 0;
    for (const StreamRecord& record : records) bytes += record.partition_key.size() + record.data.size();
    if (records.empty() || records.size() > put_records_most || bytes > put_records_bytes) {
        KinesisFault fault;
        fault.kind = FaultKind::invalid;
        fault.message = "a call of PutRecords has 1 to 500 records and at most 5 MiB";
        return done(std::move(fault));
    }
    constexpr std::size_t frame_bytes = 128;  // of one record around its key and data
    std::string body = body_of_stream();
    body.reserve(body.size() + bytes * 3 / 2 + records.size() * frame_bytes);
    body += ",\"Records\":[";
    for (const StreamRecord& record : records) {
        body += "{\"Data\":\"";
        append_base64(body, record.data);
        body += "\",\"PartitionKey\":";
        append_json_string(body, record.partition_key);
        if (!record.explicit_hash_key.empty()) {
            body += ",\"ExplicitHashKey\":";
            append_json_string(body, record.explicit_hash_key);
        }
        body += "},";
    }
    body.back() = ']';
    body += '}';
    begin("PutRecords", std::move(body),
          [count = records.size(), done = std::move(done)](KinesisOutcome<net::Response> outcome) {
              if (KinesisFault* const fault = std::get_if<KinesisFault>(&outcome))
                  return done(std::move(*fault));
              done(read_put_records(std::get<net::Response>(outcome).body, count));
          });
}

void Kinesis::describe_stream_summary(DescribeDone done) {
    begin("DescribeStreamSummary", body_of_stream() + '}',
          [done = std::move(done)](KinesisOutcome<net::Response> outcome) {
              if (KinesisFault* const fault = std::get_if<KinesisFault>(&outcome))
                  return done(std::move(*fault));
              done(read_summary(std::get<net::Response>(outcome).body));
          });
}

void Kinesis::begin(std::string_view operation, std::string body, Answered answered) {
    const auto call = std::make_shared<Call>();
    call->target = std::string(target_prefix) + std::string(operation);
    call->body = std::move(body);
    call->answered = std::move(answered);
    calls_.insert(call);
    sign_and_send(call);
}

void Kinesis::sign_and_send(const CallPtr& call) {
    const std::int64_t now_unix_ms = clock_->unix_ms() + skew_ms_;
    credentials_.get(now_unix_ms, [this, call, alive = alive_](Result<Credentials> credentials) {
        if (!*alive) return;
        if (credentials) return send(call, *credentials);
        const ErrorCode code = credentials.error().code;
        const bool passes = code == ErrorCode::network || code == ErrorCode::timeout;
        finish(call, fault_of(credentials.error(), passes ? FaultKind::network : FaultKind::credentials));
    });
}

void Kinesis::send(const CallPtr& call, const Credentials& credentials) {
    call->credentials = credentials;
    call->signed_with_skew_ms = skew_ms_;
    Result<net::Request> request =
        signed_post(endpoint_, credentials,
                    {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", call->target}},
                    call->body, clock_->unix_ms() + skew_ms_);
    if (!request) return finish(call, fault_of(request.error(), FaultKind::credentials));
    request->body_limit = kinesis_answer_bytes;
    call->exchange = net::fetch(transport_, std::move(*request), [this, call](Result<net::Response> answer) {
        call->exchange = 0;
        settle(call, std::move(answer));
    });
}

void Kinesis::settle(const CallPtr& call, Result<net::Response> answer) {
    if (!answer) return finish(call, fault_of(answer.error(), FaultKind::network));
    if (answer->head.status == 200) return finish(call, std::move(*answer));
    KinesisFault fault = classify(*answer, clock_->unix_ms());
    if (mend(call, fault, answer->head)) return sign_and_send(call);
    finish(call, std::move(fault));
}

bool Kinesis::mend(const CallPtr& call, const KinesisFault& fault, const net::Head& head) {
    if (fault.kind == FaultKind::clock) return correct_clock(*call, fault, head);
    if (fault.kind != FaultKind::credentials) return false;
    credentials_.expire(call->credentials);  // also for the calls after this one
    return !std::exchange(call->credentials_renewed, true);
}

bool Kinesis::correct_clock(Call& call, const KinesisFault& fault, const net::Head& head) {
    const auto date = net::parse_http_date(head.find("Date"));
    if (!date) return false;
    const std::int64_t skew_ms = *date * 1000 - clock_->unix_ms();
    const bool is_about_time = fault.code.starts_with("RequestTime") || fault.code == "RequestExpired" ||
                               fault.code == "RequestInTheFuture";
    const std::int64_t off_by_ms = std::abs(skew_ms - call.signed_with_skew_ms);
    if (off_by_ms < (is_about_time ? 1000 : believed_skew_ms)) return false;
    skew_ms_ = skew_ms;
    return !std::exchange(call.clock_corrected, true);
}

void Kinesis::finish(const CallPtr& call, KinesisOutcome<net::Response> outcome) {
    calls_.erase(call);
    const Answered answered = std::exchange(call->answered, nullptr);
    if (answered) answered(std::move(outcome));  // may destroy this
}

}  // namespace expplat::aws
