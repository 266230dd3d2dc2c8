// `Kinesis`: the two calls of Kinesis Data Streams that the library makes, typed: PutRecords, DescribeStreamSummary.
//
// One for a stream; owned by the Kinesis sink. A call is signed with credentials of the chain, sent, and answered with
// what came of it or a `KinesisFault`. Two faults are mended here, once a call: credentials that AWS knows no longer are
// looked up anew, and a clock that AWS finds wrong is corrected by the answer's `Date`. All other retries are the owner's.
// Belongs to the loop of its transport; not thread-safe. Source: Kinesis Data Streams API Reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

#include "expplat/base/clock.hpp"
#include "expplat/base/result.hpp"
#include "src/aws/credential_chain.hpp"
#include "src/aws/endpoint.hpp"
#include "src/aws/kinesis_fault.hpp"
#include "src/net/transport.hpp"

namespace expplat::aws {

inline constexpr std::size_t put_records_most = 500;                       // records of one call
inline constexpr std::size_t put_records_bytes = std::size_t{5} << 20;     // of their keys and data
inline constexpr std::size_t kinesis_answer_bytes = std::size_t{4} << 20;  // of an answer

/// A stream as a program names it.
struct StreamName {
    std::string text;  // the name, or the ARN
    bool is_arn = false;
    std::string region;  // the ARN's; else empty
};

/// `invalid_argument` for what is neither a stream's name (1 to 128 letters, digits, `_`, `.`, `-`) nor its ARN.
[[nodiscard]] Result<StreamName> parse_stream_name(std::string_view text);

/// Views that live for the call.
struct StreamRecord {
    std::string_view partition_key;      // 1 to 256 characters, UTF-8
    std::string_view explicit_hash_key;  // empty: the partition key's MD5 decides
    std::string_view data;               // any bytes
};

/// What became of the records of a call: those that are not listed are in the stream.
struct PutRecordsAnswer {
    struct Failed {
        std::size_t index = 0;
        FaultKind kind = FaultKind::server;
        std::string code;
        std::string message;
    };
    std::vector<Failed> failed;  // indexes ascending
};

struct StreamSummary {
    std::string arn;
    std::string status;  // `ACTIVE`
    std::int64_t open_shards = 0;
};

template <class Answer>
using KinesisOutcome = std::variant<Answer, KinesisFault>;

class Kinesis {
public:
    using PutDone = std::function<void(KinesisOutcome<PutRecordsAnswer>)>;
    using DescribeDone = std::function<void(KinesisOutcome<StreamSummary>)>;

    /// The transport outlives this.
    Kinesis(Endpoint endpoint, StreamName stream, CredentialSettings credentials, net::Transport& transport,
            std::shared_ptr<const Clock> clock);
    /// Cancels all calls; none of their `done` is called.
    ~Kinesis();
    Kinesis(const Kinesis&) = delete;
    Kinesis& operator=(const Kinesis&) = delete;

    /// At most `put_records_most` records and `put_records_bytes`: more are a fault `invalid`. `done` is called once; from
    /// within this call only where nothing could be sent.
    void put_records(std::span<const StreamRecord> records, PutDone done);
    void describe_stream_summary(DescribeDone done);

    /// What is added to the clock since AWS found it wrong; 0 while it has not.
    [[nodiscard]] std::int64_t clock_skew_ms() const noexcept { return skew_ms_; }
    [[nodiscard]] const Endpoint& endpoint() const noexcept { return endpoint_; }

private:
    using Answered = std::function<void(KinesisOutcome<net::Response>)>;
    struct Call {
        std::string target;
        std::string body;
        Answered answered;
        Credentials credentials;  // of the last try
        std::int64_t signed_with_skew_ms = 0;
        net::ExchangeId exchange = 0;  // 0: waits for credentials
        bool credentials_renewed = false;
        bool clock_corrected = false;
    };
    using CallPtr = std::shared_ptr<Call>;

    [[nodiscard]] std::string body_of_stream() const;
    void begin(std::string_view operation, std::string body, Answered answered);
    void sign_and_send(const CallPtr& call);
    void send(const CallPtr& call, const Credentials& credentials);
    void settle(const CallPtr& call, Result<net::Response> answer);
    [[nodiscard]] bool mend(const CallPtr& call, const KinesisFault& fault, const net::Head& head);
    [[nodiscard]] bool correct_clock(Call& call, const KinesisFault& fault, const net::Head& head);
    void finish(const CallPtr& call, KinesisOutcome<net::Response> outcome);

    Endpoint endpoint_;
    StreamName stream_;
    net::Transport& transport_;
    std::shared_ptr<const Clock> clock_;
    CredentialChain credentials_;
    std::int64_t skew_ms_ = 0;
    std::unordered_set<CallPtr> calls_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace expplat::aws
