// `OpenStreams`: the streams that are open, by who opened them, so that they can be ended with the right to them.
//
// A stream is let in once and then lives for days: when its key is taken back here it is closed at once, and every few
// seconds the program asks the store about all of them (`Gate::review`), which finds what other servers took back, what has
// expired, and who was shut out. Safe from many threads.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/auth/permission.hpp"
#include "server/http/listener.hpp"

namespace expplat::server::api {

/// Who opened a stream, and what they must still be allowed for it to go on.
struct StreamHolder {
    auth::PrincipalKind kind = auth::PrincipalKind::server_key;
    std::string id;  // of the key or the person
    auth::Operation operation = auth::Operation::sdk_stream;
    std::string project;
    std::string environment;
    std::int64_t epoch = 0;  // of a person: the one that the token was of

    friend auto operator<=>(const StreamHolder&, const StreamHolder&) = default;
};

class OpenStreams {
public:
    /// `number` from `next()`, which `remove` is told when the stream has ended.
    [[nodiscard]] std::uint64_t next();
    void add(std::uint64_t number, StreamHolder holder, http::Stream stream);
    void remove(std::uint64_t number);

    /// Each one once.
    [[nodiscard]] std::vector<StreamHolder> holders() const;
    void close(const StreamHolder& holder);
    /// All of a key or a person.
    void close_of(const std::string& id);

private:
    using Streams = std::unordered_map<std::uint64_t, http::Stream>;
    mutable std::mutex mutex_;  // guards all below
    std::uint64_t last_ = 0;
    std::map<StreamHolder, Streams> by_holder_;
    std::unordered_map<std::uint64_t, const StreamHolder*> holder_of_;  // the map's keys
};

}  // namespace expplat::server::api
