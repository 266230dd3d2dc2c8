// `Sink`: where a client's exposures and track events go, as a program writes it down.
//
// A plain value, made by one of its named constructors and checked by `Client::open`; the seam behind it is
// `exposure/sink.hpp`. Source: EVENTS.md, "Producing". Next: `config.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "expplat/base/limits.hpp"
#include "expplat/exposure/sink.hpp"

namespace expplat {

/// A stream of Amazon Kinesis Data Streams. What is left open is looked up where AWS's own tools look (environment, shared
/// configuration and credentials files, web identity, container and instance roles).
struct KinesisSettings {
    std::string stream;    // the stream's name, or its ARN
    std::string region{};  // else AWS_REGION, AWS_DEFAULT_REGION, the profile's
    std::string
        endpoint_url{};     // else AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL, the profile's, else by region
    std::string profile{};  // else AWS_PROFILE, else `default`
    std::string access_key_id{};      // with `secret_access_key`: these and no others
    std::string secret_access_key{};  // never logged
    std::string session_token{};      // never logged
    bool aggregate = true;            // many events in one record, in the Kinesis Producer Library's format
    std::optional<bool> use_fips{};
    std::optional<bool> use_dual_stack{};
};

/// An expplat server's intake (docs/PROTOCOL.md). Both empty: those of `Source::server`.
struct HttpSettings {
    std::string url{};
    std::string key{};  // never logged
};

/// A file of JSON lines. When it would grow over `rotate_bytes` it is renamed to `PATH.1`, and older ones to `PATH.2` …
/// up to `rotated_files`; the oldest is removed. 0: it grows without an end.
struct FileSettings {
    std::string path;
    std::uint64_t rotate_bytes = 0;
    std::size_t rotated_files = limits::rotated_files;
};

class Sink {
public:
    enum class Kind : std::uint8_t { none, file, custom, http, kinesis, deferred };
    using Callback = std::function<exposure::Delivery(std::span<const exposure::Event>)>;
    using DeferredCallback = std::function<void(std::span<const exposure::Event>, exposure::Answer)>;

    /// Nothing is recorded.
    [[nodiscard]] static Sink none() { return {}; }
    /// JSON lines (EVENTS.md, "The record"), appended to a file.
    [[nodiscard]] static Sink file(FileSettings settings) {
        Sink sink(Kind::file);
        sink.file_ = std::move(settings);
        return sink;
    }
    [[nodiscard]] static Sink file(std::string path) { return file(FileSettings{std::move(path)}); }
    /// A function that delivers a batch. Called from the client's thread, one batch at a time; it must not throw.
    [[nodiscard]] static Sink custom(Callback callback) {
        Sink sink(Kind::custom);
        sink.callback_ = std::move(callback);
        return sink;
    }
    /// A function that takes batches with it, and answers each when it can, from any thread. Called from the client's thread, which
    /// does not wait for the answer; at most `limits::batches_under_way` have none at a time. It copies what it keeps.
    [[nodiscard]] static Sink deferred(DeferredCallback callback) {
        Sink sink(Kind::deferred);
        sink.deferred_ = std::move(callback);
        return sink;
    }
    [[nodiscard]] static Sink http(HttpSettings settings = {}) {
        Sink sink(Kind::http);
        sink.http_ = std::move(settings);
        return sink;
    }
    [[nodiscard]] static Sink kinesis(KinesisSettings settings) {
        Sink sink(Kind::kinesis);
        sink.kinesis_ = std::move(settings);
        return sink;
    }

    Sink() = default;
    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] const FileSettings& file_settings() const noexcept { return file_; }
    [[nodiscard]] const Callback& callback() const noexcept { return callback_; }
    [[nodiscard]] const DeferredCallback& deferred_callback() const noexcept { return deferred_; }
    [[nodiscard]] const HttpSettings& http_settings() const noexcept { return http_; }
    [[nodiscard]] const KinesisSettings& kinesis_settings() const noexcept { return kinesis_; }

private:
    explicit Sink(Kind kind) : kind_(kind) {}

    Kind kind_ = Kind::none;
    FileSettings file_;
    Callback callback_;
    DeferredCallback deferred_;
    HttpSettings http_;
    KinesisSettings kinesis_;
};

}  // namespace expplat
