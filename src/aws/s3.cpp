#include "src/aws/s3.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "src/aws/signed_post.hpp"
#include "src/net/http_date.hpp"

namespace expplat::aws {
namespace {

constexpr std::size_t code_bytes = 64;
constexpr std::size_t message_bytes = 300;

[[nodiscard]] bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// RFC 3986, 2.3, and the slash, which stays one: what AWS wants to see signed.
[[nodiscard]] std::string encoded_path(std::string_view key) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string path;
    for (const char c : key) {
        if (is_alphanumeric(c) || std::string_view("-._~/").find(c) != std::string_view::npos) {
            path += c;
            continue;
        }
        path += '%';
        path += digits[static_cast<unsigned char>(c) >> 4];
        path += digits[static_cast<unsigned char>(c) & 15];
    }
    return path;
}

/// The text of an element of S3's error documents, which are flat and have no attributes.
[[nodiscard]] std::string element(std::string_view xml, std::string_view name) {
    const std::string begin = '<' + std::string(name) + '>', end = "</" + std::string(name) + '>';
    const std::size_t from = xml.find(begin);
    if (from == std::string_view::npos) return {};
    const std::size_t to = xml.find(end, from);
    if (to == std::string_view::npos) return {};
    return std::string(xml.substr(from + begin.size(), to - from - begin.size()));
}

[[nodiscard]] FaultKind kind_of_s3(std::string_view code, int status) noexcept {
    if (code == "OperationAborted") return FaultKind::server;
    if (code == "InvalidToken") return FaultKind::credentials;
    return kind_of(code, status);
}

[[nodiscard]] S3Fault fault_of(const net::Response& answer) {
    S3Fault fault;
    fault.status = answer.head.status;
    fault.code = element(answer.body, "Code");
    if (fault.code.size() > code_bytes || !std::all_of(fault.code.begin(), fault.code.end(), is_alphanumeric))
        fault.code.clear();
    fault.kind = kind_of_s3(fault.code, fault.status);
    fault.message = "S3 answered " + std::to_string(fault.status);
    if (!fault.code.empty()) fault.message += ' ' + fault.code;
    // What is said of a signature quotes the request with its token.
    std::string words = fault.code == "SignatureDoesNotMatch" ? "" : element(answer.body, "Message");
    if (words.size() > message_bytes) words.resize(message_bytes);
    std::replace_if(
        words.begin(), words.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    if (!words.empty()) fault.message += ": " + words;
    return fault;
}

[[nodiscard]] S3Fault fault_of(const Error& error, FaultKind kind) { return {kind, 0, {}, error.message}; }

}  // namespace

Result<void> check_bucket_name(std::string_view name) {
    const auto is_edge = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    const bool good =
        name.size() >= 3 && name.size() <= 63 && is_edge(name.front()) && is_edge(name.back()) &&
        name.find("..") == std::string_view::npos &&
        std::all_of(name.begin(), name.end(), [&](char c) { return is_edge(c) || c == '.' || c == '-'; });
    if (good) return {};
    return Error{ErrorCode::invalid_argument,
                 "a bucket is named by 3 to 63 lower-case letters, digits, `.` and `-`, a letter or digit at "
                 "both ends"};
}

S3::S3(Endpoint endpoint, std::string bucket, CredentialSettings credentials, net::Transport& transport,
       std::shared_ptr<const Clock> clock)
    : endpoint_(std::move(endpoint)),
      bucket_(std::move(bucket)),
      transport_(transport),
      clock_(std::move(clock)),
      credentials_(std::move(credentials), transport) {
    const std::size_t host = endpoint_.url.find("://") + 3;
    const std::size_t path = std::min(endpoint_.url.find('/', host), endpoint_.url.size());
    const std::string_view name = std::string_view(endpoint_.url).substr(host, path - host);
    const bool is_aws = (name.starts_with("s3.") || name.starts_with("s3-")) &&
                        name.find(".amazonaws.com") != std::string_view::npos;
    uses_path_ = !is_aws || bucket_.find('.') != std::string::npos;
    origin_ = uses_path_ ? endpoint_.url.substr(0, path)
                         : endpoint_.url.substr(0, host) + bucket_ + '.' + std::string(name);
    base_path_ = endpoint_.url.substr(path) + '/';
    if (uses_path_) base_path_ += bucket_ + '/';
}

S3::~S3() {
    *alive_ = false;
    for (const CallPtr& call : calls_) {
        call->answered = nullptr;
        if (call->exchange != 0) transport_.cancel(call->exchange);
    }
}

void S3::put(std::string_view key, S3Object object, Done done) {
    if (object.body.size() > s3_put_bytes)
        return done(S3Fault{FaultKind::invalid, 0, {}, "an object has at most 256 MiB"});
    begin("PUT", key, std::move(object), s3_error_bytes,
          [done = std::move(done)](S3Outcome<net::Response> outcome) {
              if (S3Fault* const fault = std::get_if<S3Fault>(&outcome)) return done(std::move(*fault));
              done(Nothing{});
          });
}

void S3::get(std::string_view key, std::size_t most_bytes, Got got) {
    begin("GET", key, {}, most_bytes, [got = std::move(got)](S3Outcome<net::Response> outcome) {
        if (S3Fault* const fault = std::get_if<S3Fault>(&outcome)) return got(std::move(*fault));
        got(std::move(std::get<net::Response>(outcome).body));
    });
}

void S3::remove(std::string_view key, Done done) {
    begin("DELETE", key, {}, s3_error_bytes, [done = std::move(done)](S3Outcome<net::Response> outcome) {
        S3Fault* const fault = std::get_if<S3Fault>(&outcome);
        if (fault != nullptr && fault->code != "NoSuchKey") return done(std::move(*fault));
        done(Nothing{});
    });
}

void S3::begin(std::string method, std::string_view key, S3Object object, std::size_t answer_bytes,
               Answered answered) {
    if (key.empty() || key.size() > s3_key_bytes || key.front() == '/')
        return answered(S3Fault{FaultKind::invalid, 0, {}, "an object's key has 1 to 1024 bytes"});
    const auto call = std::make_shared<Call>();
    call->path = base_path_ + encoded_path(key);
    call->request.method = std::move(method);
    call->request.url = origin_ + call->path;
    call->request.body = std::move(object.body);
    call->request.body_limit = answer_bytes;
    call->request.accept_encoded = false;
    call->request.timeouts.first_byte_ms = s3_first_byte_ms;
    call->request.timeouts.total_ms = s3_total_ms;
    if (!object.content_type.empty())
        call->request.headers.push_back({"Content-Type", std::move(object.content_type)});
    if (!object.cache_control.empty())
        call->request.headers.push_back({"Cache-Control", std::move(object.cache_control)});
    call->answered = std::move(answered);
    calls_.insert(call);
    sign_and_send(call);
}

void S3::sign_and_send(const CallPtr& call) {
    credentials_.get(clock_->unix_ms() + skew_ms_, [this, call, alive = alive_](Result<Credentials> found) {
        if (!*alive) return;
        if (found) return send(call, *found);
        const ErrorCode code = found.error().code;
        const bool passes = code == ErrorCode::network || code == ErrorCode::timeout;
        finish(call, fault_of(found.error(), passes ? FaultKind::network : FaultKind::credentials));
    });
}

void S3::send(const CallPtr& call, const Credentials& credentials) {
    call->credentials = credentials;
    const Result<std::string> hash = payload_hash(call->request.body);
    if (!hash) return finish(call, fault_of(hash.error(), FaultKind::credentials));
    const std::string_view host = host_of(origin_);
    std::vector<HeaderView> views{{"Host", host}};
    for (const net::Header& header : call->request.headers) views.push_back({header.name, header.value});
    const SigningContext context{.credentials = credentials.signing(),
                                 .region = endpoint_.region,
                                 .service = endpoint_.signing_name,
                                 .unix_seconds = (clock_->unix_ms() + skew_ms_) / 1000,
                                 .normalize_path = false,
                                 .double_encode_path = false};
    Result<Signed> made =
        sign_headers({call->request.method, call->path, {}, views, *hash}, context, ContentHeader::present);
    if (!made) return finish(call, fault_of(made.error(), FaultKind::credentials));
    net::Request request = call->request;
    for (Header& header : made->headers)
        request.headers.push_back({std::move(header.name), std::move(header.value)});
    call->exchange = net::fetch(transport_, std::move(request), [this, call](Result<net::Response> answer) {
        call->exchange = 0;
        settle(call, std::move(answer));
    });
}

void S3::settle(const CallPtr& call, Result<net::Response> answer) {
    if (!answer) return finish(call, fault_of(answer.error(), FaultKind::network));
    if (answer->head.status / 100 == 2) return finish(call, std::move(*answer));
    S3Fault fault = fault_of(*answer);
    if (mend(*call, fault, answer->head)) return sign_and_send(call);
    finish(call, std::move(fault));
}

bool S3::mend(Call& call, const S3Fault& fault, const net::Head& head) {
    if (fault.kind == FaultKind::clock) {
        const auto date = net::parse_http_date(head.find("Date"));
        if (!date || call.clock_corrected) return false;
        skew_ms_ = *date * 1000 - clock_->unix_ms();
        return call.clock_corrected = true;
    }
    if (fault.kind != FaultKind::credentials) return false;
    credentials_.expire(call.credentials);  // also for the calls after this one
    return !std::exchange(call.credentials_renewed, true);
}

void S3::finish(const CallPtr& call, S3Outcome<net::Response> outcome) {
    calls_.erase(call);
    const Answered answered = std::exchange(call->answered, nullptr);
    if (answered) answered(std::move(outcome));  // may destroy this
}

}  // namespace expplat::aws
