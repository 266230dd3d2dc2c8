#include "server/api/open_streams.hpp"

namespace expplat::server::api {

std::uint64_t OpenStreams::next() {
    const std::scoped_lock lock(mutex_);
    return ++last_;
}

void OpenStreams::add(std::uint64_t number, StreamHolder holder, http::Stream stream) {
    {
        const std::scoped_lock lock(mutex_);
        const auto held = by_holder_.try_emplace(std::move(holder)).first;
        held->second.emplace(number, stream);
        holder_of_.emplace(number, &held->first);
    }
    if (stream.is_closed()) remove(number);  // it ended before it was added, and nobody will say so again
}

void OpenStreams::remove(std::uint64_t number) {
    const std::scoped_lock lock(mutex_);
    const auto found = holder_of_.find(number);
    if (found == holder_of_.end()) return;
    const auto held = by_holder_.find(*found->second);
    held->second.erase(number);
    holder_of_.erase(found);
    if (held->second.empty()) by_holder_.erase(held);
}

std::vector<StreamHolder> OpenStreams::holders() const {
    const std::scoped_lock lock(mutex_);
    std::vector<StreamHolder> all;
    all.reserve(by_holder_.size());
    for (const auto& [holder, streams] : by_holder_) all.push_back(holder);
    return all;
}

void OpenStreams::close(const StreamHolder& holder) {
    std::vector<http::Stream> closing;
    {
        const std::scoped_lock lock(mutex_);
        const auto held = by_holder_.find(holder);
        if (held == by_holder_.end()) return;
        for (const auto& [number, stream] : held->second) closing.push_back(stream);
    }
    for (const http::Stream& stream : closing) stream.close();
}

void OpenStreams::close_of(const std::string& id) {
    for (const StreamHolder& holder : holders()) {
        if (holder.id == id) close(holder);
    }
}

}  // namespace expplat::server::api
