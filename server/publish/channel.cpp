#include "server/publish/channel.hpp"

#include <utility>

#include "server/publish/patch.hpp"
#include "src/net/fingerprint.hpp"
#include "src/net/gzip.hpp"

namespace expplat::server::publish {

Result<SharedText> Channel::publish(std::string json) {
    Result<ruleset::Document> document = ruleset::parse_json(json);
    if (!document) return document.error();
    const std::shared_ptr<const Release> before = current();
    if (before != nullptr) {
        const ruleset::Node* const version = document->root().find("version");
        const std::uint64_t number = version == nullptr ? 0 : static_cast<std::uint64_t>(version->integer());
        if (number == before->version) return SharedText{};
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
    auto release = std::make_shared<const Release>(Release{
        .version = view.version(),
        .environment = std::string(view.environment()),
        .etag = '"' + net::fingerprint({*compact}).substr(0, 32) + '"',
        .json = compact,
        .json_gzip = zipped ? std::make_shared<const std::string>(std::move(*zipped)) : nullptr,
        .put = std::make_shared<const std::string>(stream_event("put", view.version(), *compact)),
        .document = std::move(*document),
        .image = std::move(compiled->image),
        .patterns = std::move(patterns),
    });
    const std::scoped_lock lock(mutex_);
    SharedText event = keep_patch(before.get(), *release);
    current_ = std::move(release);
    return event;
}

/// What leads from the release before to this one; remembered where it is a patch.
SharedText Channel::keep_patch(const Release* before, const Release& release) {
    std::optional<std::string> patch;
    if (before != nullptr) patch = patch_between(before->document.root(), release.document.root());
    if (!patch || patch->size() >= release.json->size()) {
        steps_.clear();
        step_bytes_ = 0;
        return release.put;
    }
    auto event = std::make_shared<const std::string>(stream_event("patch", release.version, *patch));
    step_bytes_ += event->size();
    steps_.push_back({before->version, event});
    while (steps_.size() > patches_kept || step_bytes_ > patch_bytes_kept) {
        step_bytes_ -= steps_.front().patch->size();
        steps_.pop_front();
    }
    return event;
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
