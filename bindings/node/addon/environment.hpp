// What the addon holds for one environment of Node: the main thread's, or a worker's.
//
// Made when the addon is loaded there, ended by the environment's clean-up, which closes the clients that are still open.
// Belongs to the environment's thread; nothing is shared between environments. Next: `question.cpp`, `open_client.hpp`.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bindings/node/addon/exchange.hpp"
#include "bindings/node/addon/open_client.hpp"
#include "bindings/node/addon/resident_users.hpp"
#include "bindings/node/addon/user_reader.hpp"

namespace expplat::node {

class Environment {
public:
    explicit Environment(Napi::Env env);
    ~Environment();
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    [[nodiscard]] static Environment& of(napi_env env) noexcept {
        void* found = nullptr;
        napi_get_instance_data(env, &found);
        return *static_cast<Environment*>(found);
    }

    /// `ask()` of JavaScript: what `words` says. Returns the description of a new answer, else nothing.
    [[nodiscard]] napi_value ask(napi_env env);
    /// The same for a key that has no number; always a description.
    [[nodiscard]] napi_value ask_text(napi_env env, std::string_view key);

    /// The user that `words` names: nothing where it could not be read. `user()` must not be called where it is not resident.
    [[nodiscard]] bool is_resident() const noexcept {
        return !(words_->user > 0) || residents_.find(words_->user) != nullptr;
    }
    [[nodiscard]] const User* user();
    /// The user in the exchange, for the call that is under way.
    [[nodiscard]] std::optional<User> exchanged_user() const;
    [[nodiscard]] ResidentUsers& residents() noexcept { return residents_; }

    /// The client that `words` names, or null.
    [[nodiscard]] OpenClient* client() const noexcept { return client(words_->client); }
    [[nodiscard]] OpenClient* client(std::uint32_t number) const noexcept {
        return number < clients_.size() ? clients_[number].get() : nullptr;
    }
    /// Returns the client's number.
    std::uint32_t add(std::unique_ptr<OpenClient> client);
    [[nodiscard]] std::unique_ptr<OpenClient> remove(std::uint32_t number) noexcept;
    void close_all() noexcept;
    /// The environment ends: nothing may be left to other threads.
    [[nodiscard]] bool is_ending() const noexcept { return is_ending_; }

    [[nodiscard]] NameTable& names() noexcept { return names_; }
    [[nodiscard]] Napi::Value words(Napi::Env env) const;
    /// New room for users: `[items, text]`, array buffers.
    [[nodiscard]] Napi::Value reserve(Napi::Env env, std::size_t items, std::size_t text_bytes);

private:
    static void clean_up(void* environment) noexcept;

    napi_env env_;
    bool is_ending_ = false;
    Words* words_ = nullptr;
    std::span<Item> items_;
    std::span<char> text_;
    Napi::Reference<Napi::ArrayBuffer> words_buffer_, items_buffer_, text_buffer_;
    NameTable names_;
    ResidentUsers residents_;
    std::optional<User> passing_;  // the user of one call
    std::vector<std::unique_ptr<OpenClient>> clients_;
    std::vector<std::uint32_t> free_numbers_;
};

}  // namespace expplat::node
