#include "server/domain/work.hpp"

#include "server/domain/bounds.hpp"
#include "server/domain/control_plane.hpp"
#include "server/domain/publishing.hpp"
#include "server/domain/tables/audit.hpp"
#include "server/domain/utf8.hpp"

namespace expplat::server::domain {

namespace {

Actor recorded(const Actor& actor) {
    return {actor.kind, domain::as_recorded(actor.id), domain::as_recorded(actor.name),
            domain::as_recorded(actor.remote), domain::as_recorded(actor.request_id)};
}

}  // namespace

std::string as_recorded(std::string_view text) {
    std::string kept(text.substr(0, bounds::subject_bytes));
    if (kept.size() < text.size()) {
        while (!kept.empty() && (static_cast<unsigned char>(kept.back()) & 0xC0u) == 0x80u) kept.pop_back();
        if (!kept.empty() && static_cast<unsigned char>(kept.back()) >= 0xC0u) kept.pop_back();
    }
    const bool is_text = is_utf8(kept);
    for (char& c : kept) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F || (!is_text && byte >= 0x80)) c = '?';
    }
    return kept;
}

Work::Work(Transaction& transaction, const Surroundings& surroundings, const Caller& caller,
           std::optional<Operation>& denied)
    : transaction_(transaction),
      surroundings_(surroundings),
      caller_(caller),
      denied_(denied),
      now_ms_(surroundings.now_ms()) {
    denied_.reset();
}

void Work::authorise(std::string action, std::string project, std::string environment) {
    Operation operation{std::move(action), std::move(project), std::move(environment)};
    if (caller_.may && caller_.may(operation, transaction_)) return;
    std::string detail = "`" + operation.action + "` is not allowed to this caller";
    if (!operation.project.empty()) detail += " in project `" + operation.project + "`";
    if (!operation.environment.empty()) detail += ", environment `" + operation.environment + "`";
    denied_ = std::move(operation);
    throw Refusal(ProblemType::forbidden, std::move(detail));
}

void Work::authorise_delegation(const Delegation& rights) {
    if (caller_.may_delegate && caller_.may_delegate(rights, transaction_)) return;
    denied_ = Operation{rights.of == Delegation::Of::key ? "key.delegate" : "role.delegate", rights.project,
                        rights.environment};
    throw Refusal(ProblemType::forbidden, "nobody gives rights that they have not themselves");
}

void Work::record(std::string action, std::string project, std::string environment, std::string subject,
                  std::optional<std::string> before, std::optional<std::string> after) {
    AuditEntry entry;
    entry.time_ms = now_ms_;
    entry.actor = recorded(caller_.actor);
    entry.action = std::move(action);
    entry.project = std::move(project);
    entry.environment = std::move(environment);
    entry.subject = std::move(subject);
    entry.before = std::move(before);
    entry.after = std::move(after);
    entries_.push_back(std::move(entry));
}

void Work::touch(const std::string& project, const std::string& environment, std::optional<SentAt> sent_at) {
    std::vector<SentAt>& places = touched_[{project, environment}];
    if (sent_at) places.push_back(std::move(*sent_at));
}

void Work::finish() {
    for (const auto& [where, places] : touched_) publish(*this, where.first, where.second, places);
    touched_.clear();
    for (AuditEntry& noted : entries_) {
        (void)tables::append_audit(transaction_, std::move(noted), surroundings_.secret,
                                   surroundings_.former_secrets);
    }
    entries_.clear();
}

void ControlPlane::note_denied(const Caller& caller, const Operation& denied) const {
    const DeniedAttempts::Entry entry = denied_.take(caller.actor.id, surroundings_.now_ms());
    if (entry == DeniedAttempts::Entry::none) return;
    std::optional<std::string> after;
    if (entry == DeniedAttempts::Entry::last) after = R"({"note":"what follows in this hour is not noted"})";
    // Where this fails the caller is told of the refusal all the same.
    (void)write(caller, [&](Work& work) {
        work.record("denied", as_recorded(denied.project), as_recorded(denied.environment),
                    "operation/" + denied.action, {}, after);
    });
}

}  // namespace expplat::server::domain
