// `Work`: one call within its transaction: who asks, what time it is, what was changed.
//
// Rules call it to authorise, to note an audit entry and to touch environments; `finish` then publishes each touched
// environment once and writes the entries. Made by `ControlPlane` anew for each attempt; lives as long as the transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/domain/audit_entry.hpp"
#include "server/domain/caller.hpp"
#include "server/domain/store.hpp"

namespace expplat::server::domain {

/// What the layer takes from outside; tests own both.
struct Surroundings {
    std::function<std::int64_t()> now_ms;          // Unix milliseconds
    std::function<std::string()> new_id;           // unique, at most 64 bytes
    std::string secret;                            // of the server: signs the audit's head
    std::vector<std::string> former_secrets = {};  // what they have signed is still good
};

/// Where a problem of an entity in the whole ruleset lies in what the caller sent.
struct SentAt {
    std::string ruleset_pointer;  // `/flags/new-ui`
    std::string request_pointer;  // what stands for it: empty where the body is the request
};

class Work {
public:
    /// `denied` is set to the operation that the caller may not do.
    Work(Transaction& transaction, const Surroundings& surroundings, const Caller& caller,
         std::optional<Operation>& denied);

    [[nodiscard]] Transaction& transaction() noexcept { return transaction_; }
    [[nodiscard]] std::int64_t now_ms() const noexcept { return now_ms_; }
    [[nodiscard]] std::string new_id() const { return surroundings_.new_id(); }
    [[nodiscard]] const Actor& actor() const noexcept { return caller_.actor; }
    [[nodiscard]] const Surroundings& surroundings() const noexcept { return surroundings_; }

    /// Refuses (`forbidden`) what the caller may not.
    void authorise(std::string action, std::string project = {}, std::string environment = {});

    /// Refuses (`forbidden`) to give rights that the caller has not.
    void authorise_delegation(const Delegation& rights);

    /// Within a change request that was approved: environments that require approval take it.
    void set_approved() noexcept { is_approved_ = true; }
    [[nodiscard]] bool is_approved() const noexcept { return is_approved_; }

    /// Notes an entry; `before` and `after` are JSON.
    void record(std::string action, std::string project, std::string environment, std::string subject,
                std::optional<std::string> before, std::optional<std::string> after);

    /// The environment's ruleset is another now.
    void touch(const std::string& project, const std::string& environment,
               std::optional<SentAt> sent_at = {});

    /// Publishes and writes the audit; once.
    void finish();

private:
    Transaction& transaction_;
    const Surroundings& surroundings_;
    const Caller& caller_;
    std::optional<Operation>& denied_;
    const std::int64_t now_ms_;
    bool is_approved_ = false;
    std::vector<AuditEntry> entries_;
    std::map<std::pair<std::string, std::string>, std::vector<SentAt>>
        touched_;  // by project and environment
};

/// As the audit keeps a text that somebody else chose: UTF-8 without control characters, cut where it is too long.
[[nodiscard]] std::string as_recorded(std::string_view text);

}  // namespace expplat::server::domain
