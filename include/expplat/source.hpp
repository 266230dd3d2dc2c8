// `Source`: where a client's ruleset comes from: a server, a file, or a text.
//
// A plain value, made by one of its named constructors and checked by `Client::open`. Next: `config.hpp`.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace expplat {

class Source {
public:
    enum class Kind : std::uint8_t { none, file, text, server };

    /// A server's ruleset: streamed, and polled every `poll_interval_ms` of the configuration (± 10 %) while streams do
    /// not get through. `url` is the base of docs/PROTOCOL.md (`https://flags.example.com`), `key` the SDK key.
    [[nodiscard]] static Source server(std::string url, std::string key) {
        Source source{Kind::server, std::move(url), 0};
        source.key_ = std::move(key);
        return source;
    }
    /// A ruleset as JSON, or a compiled image; told apart by their first bytes. The file may be replaced atomically
    /// (by rename): `Client::reload` picks it up, and so does a watch, looking every `watch_interval_ms` (0: no watch).
    [[nodiscard]] static Source file(std::string path, std::int64_t watch_interval_ms = 0) {
        return {Kind::file, std::move(path), watch_interval_ms};
    }
    /// A ruleset as JSON text.
    [[nodiscard]] static Source text(std::string json) { return {Kind::text, std::move(json), 0}; }

    Source() = default;
    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    /// The file's path, the text itself, or the server's URL.
    [[nodiscard]] const std::string& content() const noexcept { return content_; }
    /// Of a server. A secret: never logged.
    [[nodiscard]] const std::string& key() const noexcept { return key_; }
    [[nodiscard]] std::int64_t watch_interval_ms() const noexcept { return watch_interval_ms_; }

private:
    Source(Kind kind, std::string content, std::int64_t watch_interval_ms)
        : kind_(kind), content_(std::move(content)), watch_interval_ms_(watch_interval_ms) {}

    Kind kind_ = Kind::none;
    std::string content_;
    std::string key_;
    std::int64_t watch_interval_ms_ = 0;
};

}  // namespace expplat
