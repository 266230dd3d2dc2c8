#include "src/client/parts.hpp"

#include <string>
#include <utility>

#include "src/client/agent.hpp"
#include "src/sinks/callback_sink.hpp"
#include "src/sinks/dead_letters.hpp"
#include "src/sinks/deferred_sink.hpp"
#include "src/sinks/file_sink.hpp"
#include "src/sinks/http_sink.hpp"
#include "src/sinks/kinesis_sink.hpp"
#include "src/sinks/spool.hpp"

namespace expplat::runtime {

namespace {

using SinkResult = Result<std::unique_ptr<exposure::EventSink>>;

SinkResult open_http(const Config& config, net::Transport& transport,
                     const std::shared_ptr<const Clock>& clock) {
    sinks::HttpSinkSettings settings;
    settings.url = config.sink.http_settings().url;
    settings.key = config.sink.http_settings().key;
    const bool has_server = config.source.kind() == Source::Kind::server;
    if (settings.url.empty() && has_server) settings.url = config.source.content();
    if (settings.key.empty() && has_server) settings.key = config.source.key();
    settings.user_agent = agent_of(config);
    settings.connect_timeout_ms = config.network.connect_timeout_ms;
    settings.request_timeout_ms = config.network.request_timeout_ms;
    return sinks::HttpSink::open(transport, std::move(settings), clock);
}

SinkResult open_kinesis(const Config& config, net::Transport& transport,
                        const std::shared_ptr<const Clock>& clock) {
    const KinesisSettings& asked = config.sink.kinesis_settings();
    sinks::KinesisSinkSettings settings;
    settings.stream = asked.stream;
    settings.region = asked.region;
    settings.endpoint_url = asked.endpoint_url;
    settings.profile = asked.profile;
    settings.access_key_id = asked.access_key_id;
    settings.secret_access_key = asked.secret_access_key;
    settings.session_token = asked.session_token;
    settings.aggregate = asked.aggregate;
    settings.use_fips = asked.use_fips;
    settings.use_dual_stack = asked.use_dual_stack;
    Result<std::unique_ptr<sinks::KinesisSink>> sink = sinks::KinesisSink::open(settings, transport, clock);
    if (!sink) return sink.error();
    // What is wrong with the stream is said at the start, not with the first batch.
    (*sink)->describe([logger = config.logger](const Result<aws::StreamSummary>& summary) {
        if (!summary && logger) logger(LogLevel::error, "events: " + summary.error().message);
    });
    return std::unique_ptr<exposure::EventSink>(std::move(*sink));
}

SinkResult open_sink(const Config& config, net::Transport* transport,
                     const std::shared_ptr<const Clock>& clock, std::function<void()> wake) {
    switch (config.sink.kind()) {
        case Sink::Kind::file: {
            const FileSettings& file = config.sink.file_settings();
            return sinks::FileSink::open({file.path, file.rotate_bytes, file.rotated_files});
        }
        case Sink::Kind::custom:
            if (!config.sink.callback())
                return Error{ErrorCode::invalid_argument, "Sink::custom was given no function"};
            return std::unique_ptr<exposure::EventSink>(
                std::make_unique<sinks::CallbackSink>(config.sink.callback()));
        case Sink::Kind::deferred:
            if (!config.sink.deferred_callback())
                return Error{ErrorCode::invalid_argument, "Sink::deferred was given no function"};
            return std::unique_ptr<exposure::EventSink>(
                std::make_unique<sinks::DeferredSink>(config.sink.deferred_callback(), std::move(wake)));
        case Sink::Kind::http: return open_http(config, *transport, clock);
        case Sink::Kind::kinesis: return open_kinesis(config, *transport, clock);
        case Sink::Kind::none: break;
    }
    return Error{ErrorCode::invalid_argument, "there is no sink to record for"};
}

}  // namespace

Result<std::unique_ptr<net::HttpTransport>> open_transport(const Config& config) {
    const bool needed = config.source.kind() == Source::Kind::server ||
                        config.sink.kind() == Sink::Kind::http || config.sink.kind() == Sink::Kind::kinesis;
    if (!needed) return std::unique_ptr<net::HttpTransport>();
    net::HttpTransportSettings settings;
    settings.proxy = config.network.proxy;
    settings.ca_file = config.network.ca_file;
    settings.user_agent = agent_of(config);
    return net::HttpTransport::open(std::move(settings));
}

sync::FollowerSettings follower_settings(const Config& config) {
    sync::FollowerSettings settings;
    settings.url = config.source.content();
    settings.key = config.source.key();
    settings.streaming = config.streaming;
    settings.poll_interval_ms = config.poll_interval_ms;
    settings.user_agent = agent_of(config);
    settings.timeouts.connect_ms = config.network.connect_timeout_ms;
    settings.timeouts.total_ms = config.network.request_timeout_ms;
    return settings;
}

Result<std::unique_ptr<Delivery>> open_delivery(const Config& config, exposure::EventQueue& queue,
                                                net::Transport* transport,
                                                const std::shared_ptr<const Clock>& clock,
                                                std::function<void()> wake) {
    SinkResult sink = open_sink(config, transport, clock, std::move(wake));
    if (!sink) return sink.error();
    std::unique_ptr<sinks::Spool> spool;
    if (!config.spool.empty()) {
        auto opened = sinks::Spool::open(config.spool, config.spool_bytes, clock);
        if (!opened) return opened.error();
        spool = std::move(*opened);
    }
    std::unique_ptr<sinks::DeadLetters> dead_letters;
    if (!config.dead_letters.empty()) {
        auto opened = sinks::DeadLetters::open(config.dead_letters);
        if (!opened) return opened.error();
        dead_letters = std::move(*opened);
    }
    return std::make_unique<Delivery>(std::move(*sink), queue, config, clock, std::move(spool),
                                      std::move(dead_letters));
}

}  // namespace expplat::runtime
