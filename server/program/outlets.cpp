#include "server/program/outlets.hpp"

#include <utility>

#include "server/auth/api_key.hpp"
#include "server/publish/redis_address.hpp"
#include "src/net/tls_context.hpp"

namespace expplat::server::program {
namespace {

void judge_redis(const Settings& settings, std::vector<std::string>& faults) {
    if (settings.redis.empty()) {
        if (!settings.redis_ca_file.empty())
            faults.emplace_back("REDIS_CA_FILE: without REDIS_URL it means nothing");
        return;
    }
    const Result<publish::RedisAddress> address = publish::RedisAddress::parse(settings.redis);
    if (!address) return faults.push_back("REDIS_URL: " + address.error().message);
    if (settings.redis_ca_file.empty()) return;
    if (!address->url.tls) faults.emplace_back("REDIS_CA_FILE: REDIS_URL must then begin with rediss://");
    if (const auto tls = net::TlsContext::open(settings.redis_ca_file, net::Alpn::none); !tls)
        faults.push_back("REDIS_CA_FILE: " + tls.error().message);
}

void judge_bucket(const Settings& settings, std::vector<std::string>& faults) {
    if (settings.bucket.empty()) {
        if (!settings.bucket_prefix.empty())
            faults.emplace_back("RULESET_PREFIX: without RULESET_BUCKET it means nothing");
        return;
    }
    const auto checked =
        publish::RulesetBucket::check(settings.bucket, settings.bucket_prefix, aws::system_surroundings());
    if (!checked) faults.push_back("RULESET_BUCKET: " + checked.error().message);
}

void judge_stream(const Settings& settings, std::vector<std::string>& faults) {
    if (settings.stream.empty()) {
        if (!settings.stream_aggregates)
            faults.emplace_back("KINESIS_AGGREGATION: without KINESIS_STREAM it means nothing");
        return;
    }
    const auto checked = pipeline::KinesisIntake::check(settings.stream, aws::system_surroundings());
    if (!checked) faults.push_back("KINESIS_STREAM: " + checked.error().message);
}

}  // namespace

void judge_outlets(const Settings& settings, std::vector<std::string>& faults) {
    judge_redis(settings, faults);
    judge_bucket(settings, faults);
    judge_stream(settings, faults);
}

Result<void> Outlets::open(publish::Publisher& publisher) {
    if (Result<void> opened = open_redis(publisher); !opened) return opened;
    if (Result<void> opened = open_bucket(); !opened) return opened;
    return open_intake();
}

void Outlets::stop() {
    if (bucket_ != nullptr) bucket_->stop();
    if (hints_ != nullptr) hints_->stop();
    stop_events();
}

void Outlets::stop_events() {
    if (intake_ != nullptr) intake_->stop();
}

void Outlets::announce(const publish::EnvironmentName& name, std::uint64_t version) {
    if (hints_ != nullptr) hints_->announce({name, version});
}

void Outlets::look_into_outbox() {
    if (bucket_ != nullptr) bucket_->look();
}

std::string Outlets::client_object(const std::string& key_id) const {
    if (bucket_ == nullptr) return {};
    const Result<std::string> object = bucket_->client_object(key_id);
    return object ? *object : std::string();
}

/// It is not waited for: a Redis that is away makes changes of others late, and no more.
Result<void> Outlets::open_redis(publish::Publisher& publisher) {
    if (around_.settings.redis.empty()) return {};
    Result<publish::RedisAddress> address = publish::RedisAddress::parse(around_.settings.redis);
    if (!address) return Error{address.error().code, "REDIS_URL: " + address.error().message};
    using Count = publish::RedisHints::Count;
    constexpr std::string_view help = "Hints of new versions that went through Redis.";
    http::Counter* const sent =
        &around_.metrics.counter("expplat_redis_hints_total", help, {{"way", "sent"}});
    http::Counter* const heard =
        &around_.metrics.counter("expplat_redis_hints_total", help, {{"way", "heard"}});
    http::Counter* const faults =
        &around_.metrics.counter("expplat_redis_faults_total",
                                 "Connections to Redis that were lost or not made, and hints it refused.");
    auto hints = publish::RedisHints::open(
        {.address = std::move(*address),
         .ca_file = around_.settings.redis_ca_file,
         .heard =
             [this, &publisher](const publish::Hint& hint) {
                 if (around_.hub.version(hint.name) < hint.version) publisher.look();
             },
         .missed = [&publisher] { publisher.look(); },
         .count =
             [sent, heard, faults](Count what) {
                 (what == Count::sent ? sent : what == Count::heard ? heard : faults)->add();
             },
         .log = [this](std::string_view level, const std::string& line) { around_.log(level, line); }});
    if (!hints) return hints.error();
    hints_ = std::move(*hints);
    around_.metrics.gauge("expplat_redis_connected", "1 while hints are heard and can be sent.",
                          [this] { return hints_->is_connected() ? 1.0 : 0.0; });
    return {};
}

/// A bucket that is missing or refuses keeps nobody from publishing on this server.
Result<void> Outlets::open_bucket() {
    if (around_.settings.bucket.empty()) return {};
    constexpr std::string_view help = "Publications that were put into the bucket, and tries that failed.";
    constexpr std::string_view family = "expplat_ruleset_bucket_total";
    http::Counter* const published = &around_.metrics.counter(family, help, {{"outcome", "published"}});
    http::Counter* const failed = &around_.metrics.counter(family, help, {{"outcome", "failed"}});
    publish::RulesetBucket::Settings settings;
    settings.bucket = around_.settings.bucket;
    settings.prefix = around_.settings.bucket_prefix;
    settings.now_ms = around_.now_ms;
    settings.capabilities = [this](const std::string& key_id) -> Result<std::vector<std::string>> {
        std::vector<std::string> capabilities;
        for (const std::string& secret : around_.secrets) {
            Result<std::string> one = auth::path_capability(secret, key_id);
            if (!one) return one.error();
            capabilities.push_back(std::move(*one));
        }
        return capabilities;
    };
    settings.announce = [this](const publish::EnvironmentName& name, std::uint64_t version) {
        announce(name, version);
    };
    settings.count = [published, failed](publish::RulesetBucket::Count what) {
        (what == publish::RulesetBucket::Count::published ? published : failed)->add();
    };
    settings.log = [this](std::string_view level, const std::string& line) { around_.log(level, line); };
    auto bucket = publish::RulesetBucket::open(std::move(settings), around_.store);
    if (!bucket) return Error{bucket.error().code, "RULESET_BUCKET: " + bucket.error().message};
    bucket_ = std::move(*bucket);
    bucket_->start();
    return {};
}

/// A stream that is away or refuses makes whoever sends events offer them again.
Result<void> Outlets::open_intake() {
    if (around_.settings.stream.empty()) return {};
    http::Counter* const failed =
        &around_.metrics.counter("expplat_event_stream_failures_total",
                                 "Calls to the stream of events that failed, whole or in part.");
    pipeline::KinesisIntake::Settings settings;
    settings.stream = around_.settings.stream;
    settings.aggregate = around_.settings.stream_aggregates;
    settings.log = [this](std::string_view level, const std::string& line) { around_.log(level, line); };
    settings.failed = [failed] { failed->add(); };
    auto intake = pipeline::KinesisIntake::open(std::move(settings));
    if (!intake) return Error{intake.error().code, "KINESIS_STREAM: " + intake.error().message};
    intake_ = std::move(*intake);
    around_.metrics.gauge("expplat_event_stream_waiting", "Events that wait for the stream to take them.",
                          [this] { return static_cast<double>(intake_->waiting()); });
    return {};
}

}  // namespace expplat::server::program
