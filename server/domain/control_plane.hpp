// `ControlPlane`: what every service of the layer works with, and how a call becomes one transaction.
//
// `write` runs a body over a `Work`, then publishes what it touched and writes its audit, all in that transaction; `read` is
// the same without the rest. A refusal for want of a right is written into the audit, in a transaction of its own. Made once
// by the program; safe from many threads; outlives the services.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "server/domain/caller.hpp"
#include "server/domain/denied_attempts.hpp"
#include "server/domain/store.hpp"
#include "server/domain/work.hpp"

namespace expplat::server::domain {

class ControlPlane {
public:
    /// `store` outlives it.
    ControlPlane(Store& store, Surroundings surroundings)
        : store_(store), surroundings_(std::move(surroundings)) {}

    template <class F>
    auto write(const Caller& caller, F body) const {
        return call(Access::ordered_write, caller, std::move(body));
    }
    template <class F>
    auto read(const Caller& caller, F body) const {
        return call(Access::read, caller, std::move(body));
    }
    /// Does all that `write` does and undoes it: whether it would be accepted.
    template <class F>
    Outcome<void> rehearse(const Caller& caller, F body) const {
        bool is_accepted = false;
        const auto answer = write(caller, [&](Work& work) {
            is_accepted = false;
            (void)body(work);
            work.finish();
            is_accepted = true;
            throw Refusal(ProblemType::internal, "rehearsed");
        });
        if (is_accepted) return {};
        return answer.problem();
    }

    /// Writes into the audit that the caller was refused for want of a right: for what is asked outside of a transaction. Of
    /// one caller so many in an hour as `bounds::denied_entries` says; the last one says so.
    void note_denied(const Caller& caller, const Operation& denied) const;

    [[nodiscard]] Store& store() const noexcept { return store_; }
    [[nodiscard]] const Surroundings& surroundings() const noexcept { return surroundings_; }

private:
    template <class F, class T = std::invoke_result_t<F&, Work&>>
    Outcome<T> call(Access access, const Caller& caller, F body) const {
        std::optional<Operation> denied;
        Outcome<T> answer = store_.answer(access, [&](Transaction& transaction) -> T {
            Work work(transaction, surroundings_, caller, denied);
            if constexpr (std::is_void_v<T>) {
                body(work);
                work.finish();
            } else {
                T value = body(work);
                work.finish();
                return value;
            }
        });
        if (!answer && answer.problem().type == ProblemType::forbidden && denied)
            note_denied(caller, *denied);
        return answer;
    }

    Store& store_;
    const Surroundings surroundings_;
    mutable DeniedAttempts denied_;
};

}  // namespace expplat::server::domain
