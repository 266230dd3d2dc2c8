// A table of states by name that strangers may fill: it has a bound, and what was not used for longest makes room.
//
// Under lock-out and rate limits. Not thread-safe; its owner holds a lock or a strand.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <utility>

namespace expplat::server::auth {

template <class State>
class BoundedTable {
public:
    explicit BoundedTable(std::size_t capacity) : capacity_(capacity == 0 ? 1 : capacity) {}

    /// The state of that name, made where there is none; from now the newest. Valid until the next `at`.
    State& at(std::string_view name) {
        if (const auto found = by_name_.find(name); found != by_name_.end()) {
            entries_.splice(entries_.begin(), entries_, found->second);
            return found->second->second;
        }
        if (entries_.size() >= capacity_) {
            by_name_.erase(entries_.back().first);
            entries_.pop_back();
        }
        entries_.emplace_front(std::string(name), State{});
        by_name_.emplace(entries_.front().first, entries_.begin());
        return entries_.front().second;
    }

    /// Null where there is none; its age stays.
    [[nodiscard]] const State* find(std::string_view name) const {
        const auto found = by_name_.find(name);
        return found == by_name_.end() ? nullptr : &found->second->second;
    }

    void erase(std::string_view name) {
        const auto found = by_name_.find(name);
        if (found == by_name_.end()) return;
        const auto entry = found->second;
        by_name_.erase(found);
        entries_.erase(entry);
    }

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
    using Entries = std::list<std::pair<std::string, State>>;
    std::size_t capacity_;
    Entries entries_;                                                            // the newest first
    absl::flat_hash_map<std::string_view, typename Entries::iterator> by_name_;  // the names are the entries'
};

}  // namespace expplat::server::auth
