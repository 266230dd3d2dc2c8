#include "server/publish/channel.hpp"

#include <utility>

#include "server/publish/patch.hpp"
#include "src/net/fingerprint.hpp"
#include "src/net/gzip.hpp"

namespace expplat::server::publish {

Result<Channel::Prepared> Channel::prepare(std::string json) {
    Result<ruleset::Document> document = ruleset::parse_json(json);
    if (!document) return document.error();
    const std::shared_ptr<const Release> before = current();
    if (before != nullptr) {
        const ruleset::Node* const version = document->root().find("version");
        const std::uint64_t number = version == nullptr ? 0 : static_cast<std::uint64_t>(version->integer());
        if (number == before->version) return Prepared{};
        if (number < before->version) {
            return Error{ErrorCode::invalid_argument, "version " + std::to_string(number) + " comes after " +
                                                          std::to_string(before->version)};
        }
    }
    Result<ruleset::Compiled> compiled = workspace_.compile(json);
    if (!compiled) return compiled.error();
    const image::View view = compiled->image.view();
    auto compact = std::make_shared<const std::string>(ruleset::to_json(document->root()));
    std::optional<std::string> zipped = net::gzip(*compact);
    ruleset::PatternTable patterns(view, before == nullptr ? nullptr : &before->patterns);
    const std::string etag = '"' + net::fingerprint({*compact}).substr(0, 32) + '"';
    auto release = std::make_shared<const Release>(Release{
        .version = view.version(),
        .environment = std::string(view.environment()),
        .etag = etag,
        .json = compact,
        .json_gzip = zipped ? std::make_shared<const std::string>(std::move(*zipped)) : nullptr,
        .put = std::make_shared<const std::string>(stream_event("put", view.version(), *compact)),
        .change = std::make_shared<const std::string>(change_event(view.version(), etag)),
        .document = std::move(*document),
        .image = std::move(compiled->image),
        .patterns = std::move(patterns),
    });
    Prepared prepared{.release = release, .base = before == nullptr ? 0 : before->version, .patch = nullptr};
    std::optional<std::string> patch;
    if (before != nullptr) patch = patch_between(before->document.root(), release->document.root());
    if (patch && patch->size() < release->json->size())
        prepared.patch = std::make_shared<const std::string>(stream_event("patch", release->version, *patch));
    return prepared;
}

SharedText Channel::commit(Prepared prepared) {
    if (prepared.release == nullptr) return nullptr;
    const std::scoped_lock lock(mutex_);
    current_ = std::move(prepared.release);
    if (prepared.patch == nullptr) {
        steps_.clear();
        step_bytes_ = 0;
        return current_->put;
    }
    step_bytes_ += prepared.patch->size();
    steps_.push_back({prepared.base, prepared.patch});
    while (steps_.size() > patches_kept || step_bytes_ > patch_bytes_kept) {
        step_bytes_ -= steps_.front().patch->size();
        steps_.pop_front();
    }
    return prepared.patch;
}

Result<SharedText> Channel::publish(std::string json) {
    Result<Prepared> prepared = prepare(std::move(json));
    if (!prepared) return prepared.error();
    return commit(std::move(*prepared));
}

void Channel::clear() {
    const std::scoped_lock lock(mutex_);
    current_ = nullptr;
    steps_.clear();
    step_bytes_ = 0;
}

std::shared_ptr<const Release> Channel::current() const {
    const std::scoped_lock lock(mutex_);
    return current_;
}

std::vector<SharedText> Channel::first_events(std::optional<std::uint64_t> version) const {
    const std::scoped_lock lock(mutex_);
    if (current_ == nullptr || version == current_->version) return {};
    std::vector<SharedText> events;
    std::size_t bytes = 0;
    for (auto step = steps_.rbegin(); version && step != steps_.rend(); ++step) {
        events.insert(events.begin(), step->patch);
        bytes += step->patch->size();
        if (bytes >= current_->put->size()) break;
        if (step->base == *version) return events;
    }
    return {current_->put};
}

}  // namespace expplat::server::publish
