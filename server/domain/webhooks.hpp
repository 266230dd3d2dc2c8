// `Webhooks`: who is told of a project's changes: a URL, a filter of actions, a secret that signs what is sent.
//
// Registration alone: nothing is delivered yet, and nothing is queued for it either. Whoever delivers one day follows the
// audit by its sequence. Safe from many threads; `plane` outlives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/control_plane.hpp"
#include "server/domain/nouns.hpp"

namespace expplat::server::domain {

struct Webhook {
    std::string id;
    std::string project;
    std::string url;                  // https://… (http:// to a loopback address)
    std::vector<std::string> events;  // actions; a `*` at the end stands for the rest: `flag.*`, `*`
    std::string secret;               // shown once, when it is made
    bool enabled = true;
    std::int64_t revision = 1;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

struct WebhookChange {
    std::optional<std::string> url = {};
    std::optional<std::vector<std::string>> events = {};
    std::optional<bool> enabled = {};
};

class Webhooks {
public:
    explicit Webhooks(const ControlPlane& plane) : plane_(plane) {}

    /// `secret`: at least 16 bytes, made by the caller.
    Outcome<Webhook> create(const Caller& caller, const std::string& project, const std::string& url,
                            const std::vector<std::string>& events, const std::string& secret) const;
    Outcome<Webhook> get(const Caller& caller, const std::string& project, const std::string& id) const;
    /// All of the project, by id.
    Outcome<std::vector<Webhook>> list(const Caller& caller, const std::string& project) const;
    Outcome<Webhook> update(const Caller& caller, const std::string& project, const std::string& id,
                            const WebhookChange& change, std::optional<std::int64_t> if_revision = {}) const;
    Outcome<void> remove(const Caller& caller, const std::string& project, const std::string& id) const;

private:
    const ControlPlane& plane_;
};

/// Without the secret.
[[nodiscard]] std::string to_json(const Webhook& webhook);

[[nodiscard]] bool wants(const Webhook& webhook, std::string_view action) noexcept;

}  // namespace expplat::server::domain
