// `S3`: the calls of Amazon S3 that are made here, typed: an object of a bucket is put, read and deleted.
//
// One for a bucket, used by the server's publisher of rulesets. A call is signed with credentials of the chain (with the
// payload's hash), sent, and answered with what came of it or an `S3Fault`. Two faults are mended here, once a call:
// credentials that AWS knows no longer are looked up anew, and a clock that AWS finds wrong is corrected by the answer's
// `Date`. All other retries are the owner's. Belongs to the loop of its transport; not thread-safe. Source: Amazon S3 API
// Reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>

#include "expplat/base/clock.hpp"
#include "expplat/base/result.hpp"
#include "src/aws/credential_chain.hpp"
#include "src/aws/endpoint.hpp"
#include "src/aws/kinesis_fault.hpp"
#include "src/net/transport.hpp"

namespace expplat::aws {

inline constexpr std::size_t s3_key_bytes = 1024;
inline constexpr std::size_t s3_put_bytes = std::size_t{256} << 20;  // of one object; AWS takes 5 GiB
inline constexpr std::size_t s3_error_bytes = 64 * 1024;             // of an answer that is no object

inline constexpr std::int64_t s3_first_byte_ms = 10'000;
inline constexpr std::int64_t s3_total_ms = 20'000;  // of one try

/// `invalid_argument` for what is no bucket's name: 3 to 63 of `a-z`, `0-9`, `.` and `-`.
[[nodiscard]] Result<void> check_bucket_name(std::string_view name);

struct S3Fault {
    FaultKind kind = FaultKind::network;
    int status = 0;       // 0: there was no answer
    std::string code;     // AWS's; empty where there is none
    std::string message;  // for people; no signature, no token
};

template <class Answer>
using S3Outcome = std::variant<Answer, S3Fault>;

struct S3Object {
    std::string body;
    std::string content_type;
    std::string cache_control;
};

class S3 {
public:
    struct Nothing {};
    using Done = std::function<void(S3Outcome<Nothing>)>;
    using Got = std::function<void(S3Outcome<std::string>)>;

    /// The transport outlives this.
    S3(Endpoint endpoint, std::string bucket, CredentialSettings credentials, net::Transport& transport,
       std::shared_ptr<const Clock> clock);
    /// Cancels all calls; none of their `done` is called.
    ~S3();
    S3(const S3&) = delete;
    S3& operator=(const S3&) = delete;

    /// `done` is called once; from within these calls only where nothing could be sent. A key has 1 to 1024 bytes.
    void put(std::string_view key, S3Object object, Done done);
    /// At most `most_bytes`: more is a fault.
    void get(std::string_view key, std::size_t most_bytes, Got got);
    /// Also where there is no such object.
    void remove(std::string_view key, Done done);

    /// How the bucket is addressed: as a part of the host at AWS, of the path where the endpoint is another, or where the
    /// bucket's name has dots, which no certificate of AWS covers.
    [[nodiscard]] bool uses_path() const noexcept { return uses_path_; }

private:
    using Answered = std::function<void(S3Outcome<net::Response>)>;
    struct Call {
        net::Request request;  // without what signing adds
        std::string path;      // of the URL
        Answered answered;
        Credentials credentials;  // of the last try
        net::ExchangeId exchange = 0;
        bool credentials_renewed = false;
        bool clock_corrected = false;
    };
    using CallPtr = std::shared_ptr<Call>;

    void begin(std::string method, std::string_view key, S3Object object, std::size_t answer_bytes,
               Answered answered);
    void sign_and_send(const CallPtr& call);
    void send(const CallPtr& call, const Credentials& credentials);
    void settle(const CallPtr& call, Result<net::Response> answer);
    [[nodiscard]] bool mend(Call& call, const S3Fault& fault, const net::Head& head);
    void finish(const CallPtr& call, S3Outcome<net::Response> outcome);

    Endpoint endpoint_;
    std::string bucket_;
    bool uses_path_;
    std::string origin_;     // scheme and host, with the bucket where that is a part of it
    std::string base_path_;  // before the key, ends with a slash
    net::Transport& transport_;
    std::shared_ptr<const Clock> clock_;
    CredentialChain credentials_;
    std::int64_t skew_ms_ = 0;
    std::unordered_set<CallPtr> calls_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace expplat::aws
