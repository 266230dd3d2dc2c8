#include "server/domain/webhooks.hpp"

#include <algorithm>

#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/tables/projects.hpp"
#include "server/domain/text_rules.hpp"

namespace expplat::server::domain {

namespace {

constexpr std::size_t secret_bytes_least = 16;
constexpr std::size_t secret_bytes_most = 200;
constexpr std::string_view select_webhook =
    "SELECT id, project, url, events, secret, enabled, revision, created_ms, updated_ms FROM webhooks WHERE "
    "project = ?";

Webhook webhook_of(const Row& row) {
    return {row.text(0),   row.text(1),    row.text(2),    texts_of_list(row.text(3)),
            row.text(4),   row.boolean(5), row.integer(6), row.integer(7),
            row.integer(8)};
}

Webhook require(Transaction& t, const std::string& project, const std::string& id) {
    const Rows rows = t.execute(std::string(select_webhook) + " AND id = ?", {project, id});
    if (rows.empty()) throw Refusal(ProblemType::not_found, "there is no webhook `" + id + "`");
    return webhook_of(rows[0]);
}

void check(const Webhook& webhook) {
    check_name(webhook.url, "/url", bounds::url_bytes);
    const std::string_view url = webhook.url;
    const bool is_loopback = url.starts_with("http://127.0.0.1:") || url.starts_with("http://127.0.0.1/") ||
                             url.starts_with("http://localhost:") || url.starts_with("http://localhost/");
    const std::size_t host = url.find("://") + 3;
    if ((!url.starts_with("https://") && !is_loopback) || host >= url.size() ||
        url.substr(host, url.find('/', host) - host).find('@') != std::string_view::npos ||
        url.find_first_of(" \t\r\n\"<>\\") != std::string_view::npos) {
        refuse_member("/url", "must be an https URL without a user name (http to this machine alone)");
    }
    if (webhook.events.empty() || webhook.events.size() > bounds::tags) {
        refuse_member("/events", "must be 1 to " + std::to_string(bounds::tags) + " actions");
    }
    for (std::size_t i = 0; i < webhook.events.size(); ++i) {
        const std::string& event = webhook.events[i];
        const std::string pointer = "/events/" + std::to_string(i);
        check_name(event, pointer, bounds::tag_bytes);
        const std::size_t star = event.find('*');
        if (star != std::string::npos && star + 1 != event.size()) {
            refuse_member(pointer, "must have its `*` at the end");
        }
    }
}

}  // namespace

std::string to_json(const Webhook& w) {
    ObjectWriter writer;
    writer.text("id", w.id)
        .text("url", w.url)
        .json("events", json_list(w.events))
        .boolean("enabled", w.enabled)
        .integer("revision", w.revision)
        .integer("created_ms", w.created_ms)
        .integer("updated_ms", w.updated_ms);
    return std::move(writer).done();
}

bool wants(const Webhook& webhook, std::string_view action) noexcept {
    return webhook.enabled && std::ranges::any_of(webhook.events, [action](std::string_view event) {
               return event.ends_with('*') ? action.starts_with(event.substr(0, event.size() - 1))
                                           : action == event;
           });
}

Outcome<Webhook> Webhooks::create(const Caller& caller, const std::string& project, const std::string& url,
                                  const std::vector<std::string>& events, const std::string& secret) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise("webhook.create", project);
        Transaction& t = work.transaction();
        (void)tables::require_project(t, project);
        const Webhook webhook{"", project, url, events, secret, true, 1, work.now_ms(), work.now_ms()};
        check(webhook);
        if (secret.size() < secret_bytes_least) {
            refuse_member("/secret", "must be at least " + std::to_string(secret_bytes_least) + " bytes");
        }
        check_text(secret, "/secret", secret_bytes_most);
        const Rows there = t.execute("SELECT COUNT(*) FROM webhooks WHERE project = ?", {project});
        if (there[0].integer(0) >= bounds::webhooks) {
            throw Refusal(ProblemType::too_large,
                          "a project has at most " + std::to_string(bounds::webhooks) + " webhooks");
        }
        Webhook made = webhook;
        made.id = work.new_id();
        (void)t.execute(
            "INSERT INTO webhooks (id, project, url, events, secret, enabled, revision, created_ms, "
            "updated_ms) "
            "VALUES (?, ?, ?, ?, ?, 1, 1, ?, ?)",
            {made.id, project, url, json_list(events), secret, made.created_ms, made.updated_ms});
        work.record("webhook.create", project, "", "webhook/" + made.id, {}, to_json(made));
        return made;
    });
}

Outcome<Webhook> Webhooks::get(const Caller& caller, const std::string& project,
                               const std::string& id) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("webhook.read", project);
        return require(work.transaction(), project, id);
    });
}

Outcome<std::vector<Webhook>> Webhooks::list(const Caller& caller, const std::string& project) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("webhook.read", project);
        (void)tables::require_project(work.transaction(), project);
        const Rows rows =
            work.transaction().execute(std::string(select_webhook) + " ORDER BY id COLLATE \"C\"", {project});
        std::vector<Webhook> webhooks;
        for (std::size_t i = 0; i < rows.size(); ++i) webhooks.push_back(webhook_of(rows[i]));
        return webhooks;
    });
}

Outcome<Webhook> Webhooks::update(const Caller& caller, const std::string& project, const std::string& id,
                                  const WebhookChange& change,
                                  std::optional<std::int64_t> if_revision) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise("webhook.update", project);
        Webhook webhook = require(work.transaction(), project, id);
        check_revision(if_revision, webhook.revision);
        const std::string before = to_json(webhook);
        webhook.url = change.url.value_or(webhook.url);
        webhook.events = change.events.value_or(webhook.events);
        webhook.enabled = change.enabled.value_or(webhook.enabled);
        check(webhook);
        ++webhook.revision;
        webhook.updated_ms = work.now_ms();
        (void)work.transaction().execute(
            "UPDATE webhooks SET url = ?, events = ?, enabled = ?, revision = ?, updated_ms = ? WHERE id = ?",
            {webhook.url, json_list(webhook.events), std::int64_t{webhook.enabled}, webhook.revision,
             webhook.updated_ms, id});
        work.record("webhook.update", project, "", "webhook/" + id, before, to_json(webhook));
        return webhook;
    });
}

Outcome<void> Webhooks::remove(const Caller& caller, const std::string& project,
                               const std::string& id) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise("webhook.delete", project);
        const Webhook webhook = require(work.transaction(), project, id);
        (void)work.transaction().execute("DELETE FROM webhooks WHERE id = ?", {id});
        work.record("webhook.delete", project, "", "webhook/" + id, to_json(webhook), {});
    });
}

}  // namespace expplat::server::domain
