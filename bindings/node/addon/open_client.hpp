// A client that JavaScript has opened, with what is kept of it on this side: its keys and its described answers.
//
// Belongs to its environment's thread, but for `flush`, `reload` and `close`, which wait and are called by others. Next:
// `messenger.hpp`, `question.cpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>

#include "bindings/node/addon/answer_table.hpp"
#include "bindings/node/addon/messenger.hpp"
#include "src/c/objects.hpp"

namespace expplat::node {

struct ClientDeleter {
    void operator()(expplat_client* client) const noexcept { expplat_destroy(client); }
};
using ClientPointer = std::unique_ptr<expplat_client, ClientDeleter>;

class OpenClient {
public:
    OpenClient(ClientPointer client, std::shared_ptr<Messenger> messenger)
        : client_(std::move(client)), messenger_(std::move(messenger)) {}

    [[nodiscard]] expplat_client* get() const noexcept { return client_.get(); }
    [[nodiscard]] const runtime::Runtime& runtime() const noexcept { return client_->runtime; }
    void close() noexcept { expplat_close(client_.get()); }

    /// From the environment's thread: no callback comes any more.
    void silence() noexcept { messenger_->end(); }

    /// A number for the key; `no_number` where there are too many: it is then asked for by its text.
    [[nodiscard]] std::uint32_t intern(std::string_view key) {
        if (keys_.size() >= most_keys) return no_number;
        keys_.emplace_back(key);
        return static_cast<std::uint32_t>(keys_.size() - 1);
    }
    [[nodiscard]] const runtime::KeyPlace* key(std::uint32_t number) const noexcept {
        return number < keys_.size() ? &keys_[number] : nullptr;
    }
    [[nodiscard]] AnswerTable& answers() noexcept { return answers_; }

    static constexpr std::uint32_t no_number = 0xFFFF'FFFF;

private:
    static constexpr std::size_t most_keys = 131'072;  // more than a ruleset can have

    ClientPointer client_;
    std::shared_ptr<Messenger> messenger_;
    std::deque<runtime::KeyPlace> keys_;
    AnswerTable answers_;
};

}  // namespace expplat::node
