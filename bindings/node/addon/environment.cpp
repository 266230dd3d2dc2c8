#include "bindings/node/addon/environment.hpp"

#include <new>
#include <utility>

namespace expplat::node {
namespace {

template <class T>
std::span<T> room(Napi::Env env, Napi::Reference<Napi::ArrayBuffer>& kept, std::size_t count) {
    Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, count * sizeof(T));
    kept = Napi::Persistent(buffer);
    return {static_cast<T*>(buffer.Data()), count};
}

}  // namespace

Environment::Environment(Napi::Env env) : env_(env) {
    words_ = new (room<char>(env, words_buffer_, sizeof(Words)).data()) Words;
    napi_add_env_cleanup_hook(env, clean_up, this);
}

Environment::~Environment() {
    // Node drops what it references itself; by now the references may be gone with it.
    for (auto* reference : {&words_buffer_, &items_buffer_, &text_buffer_}) reference->SuppressDestruct();
    if (!is_ending_) napi_remove_env_cleanup_hook(env_, clean_up, this);
}

void Environment::clean_up(void* environment) noexcept {
    auto* const self = static_cast<Environment*>(environment);
    self->is_ending_ = true;
    self->close_all();
}

void Environment::close_all() noexcept {
    for (const std::unique_ptr<OpenClient>& client : clients_) {
        if (client != nullptr) client->close();
    }
}

std::uint32_t Environment::add(std::unique_ptr<OpenClient> client) {
    if (free_numbers_.empty()) {
        clients_.push_back(std::move(client));
        return static_cast<std::uint32_t>(clients_.size() - 1);
    }
    const std::uint32_t number = free_numbers_.back();
    free_numbers_.pop_back();
    clients_[number] = std::move(client);
    return number;
}

std::unique_ptr<OpenClient> Environment::remove(std::uint32_t number) noexcept {
    std::unique_ptr<OpenClient> client = std::move(clients_[number]);
    free_numbers_.push_back(number);
    return client;
}

const User* Environment::user() {
    if (words_->user > 0) return residents_.find(words_->user);
    if (words_->user < 0) return nullptr;
    passing_ = exchanged_user();
    return passing_ ? &*passing_ : nullptr;
}

std::optional<User> Environment::exchanged_user() const {
    if (words_->item_count > items_.size() || words_->text_size > text_.size()) return std::nullopt;
    return read_user(names_, items_.first(words_->item_count), {text_.data(), words_->text_size});
}

Napi::Value Environment::words(Napi::Env) const { return words_buffer_.Value(); }

Napi::Value Environment::reserve(Napi::Env env, std::size_t items, std::size_t text_bytes) {
    items_ = room<Item>(env, items_buffer_, items);
    text_ = room<char>(env, text_buffer_, text_bytes);
    Napi::Array both = Napi::Array::New(env, 2);
    both.Set(0u, items_buffer_.Value());
    both.Set(1u, text_buffer_.Value());
    return both;
}

}  // namespace expplat::node
