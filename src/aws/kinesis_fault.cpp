#include "src/aws/kinesis_fault.hpp"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "src/net/backoff.hpp"

namespace expplat::aws {

namespace {

constexpr std::size_t code_bytes = 128;
constexpr std::size_t message_bytes = 512;

struct Row {
    std::string_view code;
    FaultKind kind;
};

constexpr Row rows[] = {
    {"BandwidthLimitExceeded", FaultKind::throttled},
    {"EC2ThrottledException", FaultKind::throttled},
    {"KMSThrottlingException", FaultKind::throttled},
    {"LimitExceededException", FaultKind::throttled},
    {"PriorRequestNotComplete", FaultKind::throttled},
    {"ProvisionedThroughputExceededException", FaultKind::throttled},
    {"RequestLimitExceeded", FaultKind::throttled},
    {"RequestThrottled", FaultKind::throttled},
    {"RequestThrottledException", FaultKind::throttled},
    {"SlowDown", FaultKind::throttled},
    {"ThrottledException", FaultKind::throttled},
    {"Throttling", FaultKind::throttled},
    {"ThrottlingException", FaultKind::throttled},
    {"TooManyRequestsException", FaultKind::throttled},
    {"TransactionInProgressException", FaultKind::throttled},

    {"InternalError", FaultKind::server},
    {"InternalFailure", FaultKind::server},
    {"InternalFailureException", FaultKind::server},
    {"InternalServerError", FaultKind::server},
    {"InternalServiceError", FaultKind::server},
    {"RequestTimeout", FaultKind::server},
    {"RequestTimeoutException", FaultKind::server},
    {"ServiceUnavailable", FaultKind::server},
    {"ServiceUnavailableException", FaultKind::server},

    {"AuthFailure", FaultKind::clock},
    {"InvalidSignature", FaultKind::clock},
    {"InvalidSignatureException", FaultKind::clock},
    {"RequestExpired", FaultKind::clock},
    {"RequestInTheFuture", FaultKind::clock},
    {"RequestTimeTooSkewed", FaultKind::clock},
    {"SignatureDoesNotMatch", FaultKind::clock},

    {"ExpiredToken", FaultKind::credentials},
    {"ExpiredTokenException", FaultKind::credentials},
    {"IncompleteSignature", FaultKind::credentials},
    {"IncompleteSignatureException", FaultKind::credentials},
    {"InvalidAccessKeyId", FaultKind::credentials},
    {"InvalidClientTokenId", FaultKind::credentials},
    {"MissingAuthenticationToken", FaultKind::credentials},
    {"MissingAuthenticationTokenException", FaultKind::credentials},
    {"TokenRefreshRequired", FaultKind::credentials},
    {"UnrecognizedClientException", FaultKind::credentials},

    {"AccessDenied", FaultKind::refused},
    {"AccessDeniedException", FaultKind::refused},
    {"KMSAccessDeniedException", FaultKind::refused},
    {"KMSDisabledException", FaultKind::refused},
    {"KMSInvalidStateException", FaultKind::refused},
    {"KMSNotFoundException", FaultKind::refused},
    {"KMSOptInRequired", FaultKind::refused},
    {"NotAuthorized", FaultKind::refused},
    {"OptInRequired", FaultKind::refused},
    {"ResourceInUseException", FaultKind::refused},
    {"ResourceNotFoundException", FaultKind::refused},
    {"UnknownOperationException", FaultKind::refused},

    {"InvalidArgumentException", FaultKind::invalid},
    {"InvalidParameterValue", FaultKind::invalid},
    {"SerializationException", FaultKind::invalid},
    {"ValidationError", FaultKind::invalid},
    {"ValidationException", FaultKind::invalid},
};

/// `com.amazonaws.kinesis.v20131202#ResourceNotFoundException:http://...` is the word between.
[[nodiscard]] std::string bare_code(std::string_view code) {
    code = code.substr(0, code.find(':'));
    if (const std::size_t hash = code.rfind('#'); hash != std::string_view::npos)
        code.remove_prefix(hash + 1);
    const bool is_word = code.size() <= code_bytes && std::all_of(code.begin(), code.end(), [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                    (c >= '0' && c <= '9') || c == '.' || c == '_';
                         });
    return is_word ? std::string(code) : std::string();
}

[[nodiscard]] std::string text_of(const nlohmann::json& object, const char* name) {
    const auto member = object.find(name);
    return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

/// AWS's own words, cut; not those about signatures, which quote the request with its token.
[[nodiscard]] std::string words_of(FaultKind kind, std::string message) {
    if (kind == FaultKind::clock || kind == FaultKind::credentials)
        message = message.substr(0, message.find('\n'));
    if (message.find("Canonical") != std::string::npos) return {};
    if (message.size() > message_bytes) message.resize(message_bytes);
    std::replace_if(
        message.begin(), message.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    return message;
}

[[nodiscard]] bool names_stream(std::string_view message) noexcept {
    constexpr std::string_view members[] = {"streamName", "StreamName", "streamARN", "StreamARN",
                                            "StreamArn"};
    return std::any_of(std::begin(members), std::end(members), [&](std::string_view member) {
        return message.find(member) != std::string_view::npos;
    });
}

}  // namespace

std::string_view name(FaultKind kind) noexcept {
    constexpr std::string_view names[] = {"network",     "server",  "throttled", "clock",
                                          "credentials", "refused", "invalid"};
    return names[static_cast<std::uint8_t>(kind)];
}

FaultKind kind_of(std::string_view code, int status) noexcept {
    const auto* const row =
        std::find_if(std::begin(rows), std::end(rows), [&](const Row& each) { return each.code == code; });
    if (row != std::end(rows)) return row->kind;
    if (status == 429) return FaultKind::throttled;
    if (status >= 500) return FaultKind::server;
    if (status == 401 || status == 403) return FaultKind::refused;
    if (status == 408) return FaultKind::server;
    if (status == 413) return FaultKind::invalid;
    // A code that AWS may add, a proxy's page, a redirection: none of them speaks about the records.
    return status == 0 ? FaultKind::network : FaultKind::refused;
}

KinesisFault classify(const net::Response& response, std::int64_t now_unix_ms) {
    KinesisFault fault;
    fault.status = response.head.status;
    fault.code = bare_code(response.head.find("x-amzn-ErrorType"));
    std::string words;
    const nlohmann::json body = nlohmann::json::parse(response.body, nullptr, false);
    if (body.is_object()) {
        if (fault.code.empty()) fault.code = bare_code(text_of(body, "__type"));
        words = text_of(body, "message");
        if (words.empty()) words = text_of(body, "Message");
    }
    fault.kind = kind_of(fault.code, fault.status);
    // What is wrong with the stream's name is wrong with every record: a matter of the configuration.
    if (fault.kind == FaultKind::invalid && names_stream(words)) fault.kind = FaultKind::refused;
    words = words_of(fault.kind, std::move(words));
    if (const auto wait = net::parse_retry_after(response.head.find("Retry-After"), now_unix_ms)) {
        fault.retry_after_ms = *wait;
    }
    fault.message = "Kinesis answered " + std::to_string(fault.status);
    if (!fault.code.empty()) fault.message += ' ' + fault.code;
    if (!words.empty()) fault.message += ": " + words;
    return fault;
}

}  // namespace expplat::aws
