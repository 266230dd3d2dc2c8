// What is behind the handles of the C face: each is a struct with the C++ object inside it.
//
// Used by `src/c`, where no cast is needed, and by bindings that open clients by the C face and answer by the core. As
// thread-safe as what they hold. Next: `config.cpp`, `answer.cpp`.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "expplat/base/hash.hpp"
#include "expplat/c/expplat.h"
#include "expplat/client.hpp"
#include "expplat/config.hpp"
#include "expplat/sink.hpp"

struct expplat_user {
    expplat::User user;
};

/// A configuration that is still being written: the sink's settings stand apart until the client is opened.
struct expplat_config {
    expplat::Config config;
    expplat::Sink::Kind sink = expplat::Sink::Kind::none;
    expplat::FileSettings file;
    expplat::HttpSettings http;
    expplat::KinesisSettings kinesis;
    expplat::Sink::Callback callback;
    expplat::Sink::DeferredCallback deferred;  // set by bindings alone

    /// What `Client::open` takes.
    [[nodiscard]] expplat::Config complete() const;
};

struct expplat_client {
    explicit expplat_client(expplat::Client opened)
        : client(std::move(opened)), runtime(expplat::runtime::runtime_of(client)) {}

    expplat::Client client;
    const expplat::runtime::Runtime& runtime;
};

struct expplat_handle {
    expplat_handle(const expplat::runtime::Runtime& client, std::string_view key)
        : runtime(client), place(key) {}

    const expplat::runtime::Runtime& runtime;
    expplat::runtime::KeyPlace place;
};

/// What a program's sink says of a batch.
struct expplat_delivery {
    expplat::exposure::Delivery delivery;
};
