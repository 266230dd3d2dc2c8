#include "server/publish/hub.hpp"

#include <algorithm>

namespace expplat::server::publish {
namespace {

/// The first bytes of a stream that is up to date, and what a quiet one hears (docs/PROTOCOL.md: at least every 20 s).
[[nodiscard]] const SharedText& heartbeat() {
    static const SharedText text = std::make_shared<const std::string>(": heartbeat\n\n");
    return text;
}

}  // namespace

Hub::Environment& Hub::environment(const EnvironmentName& name) {
    const std::scoped_lock lock(mutex_);
    std::unique_ptr<Environment>& one = environments_[name];
    if (one == nullptr) one = std::make_unique<Environment>();
    return *one;
}

const Hub::Environment* Hub::find(const EnvironmentName& name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = environments_.find(name);
    return found == environments_.end() ? nullptr : found->second.get();
}

Result<void> Hub::publish(const EnvironmentName& name, std::string document, std::string client_document) {
    Environment& one = environment(name);
    for (auto [side, text] : {std::pair(&one.client, &client_document), std::pair(&one.server, &document)}) {
        const std::scoped_lock publishing(side->publishing);
        Result<Channel::Prepared> prepared = side->channel.prepare(std::move(*text));
        if (!prepared) return prepared.error();
        const std::scoped_lock lock(side->mutex);
        const SharedText event = side->channel.commit(std::move(*prepared));
        if (event == nullptr) continue;
        tell(side->streams, event);
        tell(side->watchers, side->channel.current()->change);
    }
    return {};
}

void Hub::retire(const EnvironmentName& name) {
    Environment& one = environment(name);
    for (Side* const side : {&one.client, &one.server}) {
        const std::scoped_lock lock(side->publishing, side->mutex);
        side->channel.clear();
        for (std::vector<Send>* const streams : {&side->streams, &side->watchers}) {
            for (const Send& send : *streams) (void)send(nullptr);
            streams_.fetch_sub(streams->size(), std::memory_order_relaxed);
            streams->clear();
        }
    }
}

std::vector<EnvironmentName> Hub::names() const {
    const std::scoped_lock lock(mutex_);
    std::vector<EnvironmentName> names;
    for (const auto& [name, one] : environments_) {
        if (one->server.channel.current() != nullptr) names.push_back(name);
    }
    return names;
}

/// The side's lock is held.
void Hub::tell(std::vector<Send>& streams, const SharedText& piece) {
    const std::size_t gone = std::erase_if(streams, [&](const Send& send) { return !send(piece); });
    streams_.fetch_sub(gone, std::memory_order_relaxed);
}

std::shared_ptr<const Release> Hub::current(const EnvironmentName& name, Audience audience) const {
    const Environment* const one = find(name);
    if (one == nullptr) return nullptr;
    return (audience == Audience::server ? one->server : one->client).channel.current();
}

std::uint64_t Hub::version(const EnvironmentName& name) const {
    const auto release = current(name, Audience::server);
    return release == nullptr ? 0 : release->version;
}

Hub::Side& Hub::side_of(const EnvironmentName& name, Audience audience) {
    Environment& one = environment(name);
    return audience == Audience::server ? one.server : one.client;
}

void Hub::follow(const EnvironmentName& name, Audience audience, std::optional<std::uint64_t> version,
                 Send send) {
    Side& side = side_of(name, audience);
    const std::scoped_lock lock(side.mutex);
    std::vector<SharedText> events = side.channel.first_events(version);
    if (events.empty()) events.push_back(heartbeat());
    for (const SharedText& event : events) {
        if (!send(event)) return;
    }
    side.streams.push_back(std::move(send));
    streams_.fetch_add(1, std::memory_order_relaxed);
}

void Hub::follow_changes(const EnvironmentName& name, Audience audience, std::optional<std::uint64_t> version,
                         Send send) {
    Side& side = side_of(name, audience);
    const std::scoped_lock lock(side.mutex);
    const std::shared_ptr<const Release> release = side.channel.current();
    const bool is_known = release == nullptr || version == release->version;
    if (!send(is_known ? heartbeat() : release->change)) return;
    side.watchers.push_back(std::move(send));
    streams_.fetch_add(1, std::memory_order_relaxed);
}

void Hub::beat() {
    std::vector<Environment*> all;
    {
        const std::scoped_lock lock(mutex_);
        for (const auto& [name, one] : environments_) all.push_back(one.get());
    }
    for (Environment* const one : all) {
        for (Side* const side : {&one->server, &one->client}) {
            const std::scoped_lock lock(side->mutex);
            tell(side->streams, heartbeat());
            tell(side->watchers, heartbeat());
        }
    }
}

}  // namespace expplat::server::publish
