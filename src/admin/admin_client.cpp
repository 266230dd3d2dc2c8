#include "src/admin/admin_client.hpp"

#include <utility>

#include "expplat/base/json_text.hpp"
#include "src/admin/problem.hpp"

namespace expplat::admin {

namespace {

using ruleset::Document;
using ruleset::Node;

constexpr std::size_t page_items = 500;

/// RFC 3986: everything but what is unreserved.
std::string encoded(std::string_view text) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              c == '-' || c == '.' || c == '_' || c == '~';
        if (is_plain) {
            out += c;
        } else {
            out += '%';
            out += digits[static_cast<unsigned char>(c) >> 4];
            out += digits[static_cast<unsigned char>(c) & 15];
        }
    }
    return out;
}

std::string path_of(const std::string& project) { return "/api/v1/projects/" + encoded(project); }

std::string path_of(const std::string& project, EntityKind kind, const std::string& key) {
    return path_of(project) + "/" + std::string(ruleset::map_name(kind)) + "/" + encoded(key);
}

std::string environment_path(const std::string& project, const std::string& environment) {
    return path_of(project) + "/environments/" + encoded(environment);
}

std::string configuration_path(const std::string& project, const Change& change) {
    return path_of(project, change.kind, change.key) + "/environments/" + encoded(change.environment);
}

/// Of an environment, or of the whole project.
std::string keys_path(const std::string& project, const std::string& environment) {
    return (environment.empty() ? path_of(project) : environment_path(project, environment)) + "/keys";
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
    out.append(out.size() > 1 ? ",\"" : "\"").append(name).append("\":");
    append_json_string(out, text);
}

Error unreadable() { return {ErrorCode::network, "the server's answer is not that of an expplat server"}; }

Configuration with_name(Configuration configuration, EntityKind kind, const std::string& key) {
    configuration.kind = kind;
    configuration.key = key;
    return configuration;
}

}  // namespace

AdminClient::AdminClient(Exchanger& exchanger, AdminSettings settings)
    : exchanger_(exchanger), settings_(std::move(settings)) {
    while (settings_.url.ends_with('/')) settings_.url.pop_back();
}

net::Request AdminClient::request_of(const Ask& ask) const {
    net::Request request;
    request.method = ask.method;
    request.url = settings_.url + ask.path;
    request.headers = {{"Accept", "application/json"}, {"User-Agent", settings_.user_agent}};
    const std::string& token =
        !settings_.key.empty() || !settings_.session ? settings_.key : settings_.session->access_token;
    if (!token.empty()) request.headers.push_back({"Authorization", "Bearer " + token});
    if (ask.if_revision)
        request.headers.push_back({"If-Match", "\"" + std::to_string(*ask.if_revision) + "\""});
    if (!ask.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    request.body = ask.body;
    request.body_limit = answer_bytes;
    return request;
}

Result<void> AdminClient::renew() {
    std::string body = "{";
    append_member(body, "refresh_token", settings_.session->refresh_token);
    net::Request request =
        request_of({.method = "POST", .path = "/api/v1/sessions/refresh", .body = body + '}'});
    std::erase_if(request.headers, [](const net::Header& header) { return header.name == "Authorization"; });
    const Result<net::Response> response = exchanger_.send(std::move(request));
    if (!response) return response.error();
    if (response->head.status == 401) {
        return Error{ErrorCode::unauthorized,
                     "the log-in at " + settings_.url + " is over: expplat login " + settings_.url};
    }
    if (response->head.status != 200) return error_of(problem_of(*response));
    Result<Session> session = parse_session(response->body, settings_.url);
    if (!session) return unreadable();
    settings_.session = std::move(*session);
    // Where it cannot be saved, the next command renews the old one again.
    if (!settings_.session_path.empty()) (void)save_session(settings_.session_path, *settings_.session).ok();
    return {};
}

Result<net::Response> AdminClient::exchange(const Ask& ask,
                                            const std::function<bool(std::string_view)>& write) {
    const bool has_session = settings_.key.empty() && settings_.session;
    bool is_renewed = false;
    if (has_session && settings_.session->expires_ms - settings_.now_ms() < renew_before_ms) {
        if (Result<void> renewed = renew(); !renewed) return renewed.error();
        is_renewed = true;
    }
    for (;;) {
        net::Request request = request_of(ask);
        if (write) {
            request.timeouts.total_ms = long_answer_ms;
            request.timeouts.first_byte_ms = long_answer_ms;
            request.body_limit = 0;
        }
        Result<net::Response> response = exchanger_.send(std::move(request), write);
        if (!response || response->head.status != 401 || !has_session || std::exchange(is_renewed, true))
            return response;
        // The server's clock is another, or its secret was changed.
        if (Result<void> renewed = renew(); !renewed) return renewed.error();
    }
}

Result<Document> AdminClient::answer(const Ask& ask) {
    Result<net::Response> response = exchange(ask);
    if (!response) return response.error();
    if (response->head.status / 100 != 2) return error_of(problem_of(*response));
    // An answer without a body is an empty object.
    Result<Document> document =
        ruleset::parse_json(response->body.empty() ? std::string_view("{}") : response->body, answer_bytes);
    if (!document || document->root().kind() != ruleset::NodeKind::object) return unreadable();
    return document;
}

template <class T, class F>
Result<std::vector<T>> AdminClient::list(const std::string& path, F read) {
    std::vector<T> items;
    std::string after;
    do {
        std::string query = path.find('?') == std::string::npos ? "?" : "&";
        query += "limit=" + std::to_string(page_items);
        if (!after.empty()) query += "&after=" + encoded(after);
        const Result<Document> page = answer({.path = path + query});
        if (!page) return page.error();
        const Node* const list = page->root().find("items");
        if (list == nullptr) return unreadable();
        for (const Node& item : list->items()) items.push_back(read(item));
        const Node* const next = page->root().find("next");
        std::string next_after = next == nullptr ? std::string() : std::string(next->text());
        if (!next_after.empty() && next_after == after) return unreadable();
        if (items.size() > list_items)
            return Error{ErrorCode::too_large,
                         "the server's list has more than " + std::to_string(list_items) + " items"};
        after = std::move(next_after);
    } while (!after.empty());
    return items;
}

Result<Session> AdminClient::log_in(const std::string& email, const std::string& password) {
    std::string body = "{";
    append_member(body, "email", email);
    append_member(body, "password", password);
    const Result<net::Response> response =
        exchanger_.send(request_of({.method = "POST", .path = "/api/v1/sessions", .body = body + '}'}));
    if (!response) return response.error();
    if (response->head.status != 200) return error_of(problem_of(*response));
    Result<Session> session = parse_session(response->body, settings_.url);
    if (!session) return unreadable();
    settings_.session = *session;
    return session;
}

Result<void> AdminClient::log_out() {
    const Result<Document> done = answer({.method = "DELETE", .path = "/api/v1/sessions"});
    if (!done) return done.error();
    return {};
}

Result<std::vector<std::string>> AdminClient::projects() {
    return list<std::string>("/api/v1/projects", [](const Node& item) {
        const Node* const key = item.find("key");
        return key == nullptr ? std::string() : std::string(key->text());
    });
}

Result<std::int64_t> AdminClient::version_of(const std::string& project, const std::string& environment) {
    const Result<Document> found = answer({.path = environment_path(project, environment)});
    if (!found) return found.error();
    const Node* const version = found->root().find("version");
    if (version == nullptr) return unreadable();
    return version->integer();
}

Result<std::int64_t> AdminClient::version_in_force(const std::string& project,
                                                   const std::string& environment) {
    const Result<Document> found = answer(
        {.path = "/api/v1/sdk/ruleset?project=" + encoded(project) + "&environment=" + encoded(environment)});
    if (!found) return found.error();
    const Node* const version = found->root().find("version");
    if (version == nullptr) return unreadable();
    return version->integer();
}

Result<std::vector<Entity>> AdminClient::entities(const std::string& project, EntityKind kind,
                                                  bool archived) {
    return list<Entity>(
        path_of(project) + "/" + std::string(ruleset::map_name(kind)) + (archived ? "?archived=true" : ""),
        entity_of);
}

Result<Entity> AdminClient::entity(const std::string& project, EntityKind kind, const std::string& key) {
    const Result<Document> found = answer({.path = path_of(project, kind, key)});
    if (!found) return found.error();
    return entity_of(found->root());
}

Result<Entity> AdminClient::create(const std::string& project, const NewEntity& entity) {
    std::string body = "{";
    append_member(body, "key", entity.key);
    if (entity.name) append_member(body, "name", *entity.name);
    if (entity.description) append_member(body, "description", *entity.description);
    if (!entity.tags.empty()) {
        std::string tags;
        for (const std::string& tag : entity.tags) {
            if (!tags.empty()) tags += ',';
            append_json_string(tags, tag);
        }
        body += ",\"tags\":[" + tags + "]";
    }
    if (entity.client_visible) body += ",\"client_visible\":true";
    if (!entity.bodies.empty()) {
        std::string bodies;
        for (const auto& [environment, text] : entity.bodies) {
            if (!bodies.empty()) bodies += ',';
            append_json_string(bodies, environment);
            bodies += ':' + text;
        }
        body += ",\"configurations\":{" + bodies + "}";
    }
    const Result<Document> made =
        answer({.method = "POST",
                .path = path_of(project) + "/" + std::string(ruleset::map_name(entity.kind)),
                .body = body + '}'});
    if (!made) return made.error();
    return entity_of(made->root());
}

Result<Entity> AdminClient::put_away(const std::string& project, EntityKind kind, const std::string& key,
                                     std::string_view verb) {
    const Result<Document> done =
        answer({.method = "POST", .path = path_of(project, kind, key) + "/" + std::string(verb)});
    if (!done) return done.error();
    return entity_of(done->root());
}

Result<Configuration> AdminClient::configuration(const std::string& project, EntityKind kind,
                                                 const std::string& key, const std::string& environment) {
    const Result<Document> found =
        answer({.path = path_of(project, kind, key) + "/environments/" + encoded(environment)});
    if (!found) return found.error();
    return with_name(configuration_of(found->root()), kind, key);
}

Result<Configuration> AdminClient::configure(const std::string& project, const Change& change) {
    std::string path = configuration_path(project, change);
    if (change.new_phase) path += "?new_phase=" + encoded(*change.new_phase);
    const Result<Document> done = answer(
        {.method = "PUT", .path = std::move(path), .body = change.body, .if_revision = change.if_revision});
    if (!done) return done.error();
    return with_name(configuration_of(done->root()), change.kind, change.key);
}

Result<Configuration> AdminClient::act(const std::string& project, const Change& change) {
    std::string body;
    if (change.winner) {
        body = "{";
        append_member(body, "winner", *change.winner);
        body += '}';
    }
    const Result<Document> done =
        answer({.method = "POST",
                .path = configuration_path(project, change) + "/" + change.operation,
                .body = body,
                .if_revision = change.if_revision});
    if (!done) return done.error();
    return with_name(configuration_of(done->root()), change.kind, change.key);
}

Result<std::vector<Configuration>> AdminClient::configurations(const std::string& project,
                                                               const std::string& environment) {
    return list<Configuration>(environment_path(project, environment) + "/configurations", configuration_of);
}

Result<void> AdminClient::change(const std::string& project, std::span<const Change> changes,
                                 Attempt attempt) {
    std::string list;
    for (const Change& change : changes) {
        if (!list.empty()) list += ',';
        list += to_json(change);
    }
    const std::string body = std::string("{\"rehearse\":") +
                             (attempt == Attempt::rehearsal ? "true" : "false") + ",\"changes\":[" + list +
                             "]}";
    const Result<Document> done =
        answer({.method = "POST", .path = path_of(project) + "/changes", .body = body});
    if (!done) return done.error();
    return {};
}

Result<std::vector<Key>> AdminClient::keys(const std::string& project, const std::string& environment) {
    return list<Key>(keys_path(project, environment), key_of);
}

Result<Key> AdminClient::create_key(const std::string& project, const std::string& environment,
                                    const std::string& kind, const std::string& name,
                                    std::optional<std::int64_t> expires_ms) {
    std::string body = "{";
    append_member(body, "kind", kind);
    append_member(body, "name", name);
    if (expires_ms) body += ",\"expires_ms\":" + std::to_string(*expires_ms);
    const Result<Document> made =
        answer({.method = "POST", .path = keys_path(project, environment), .body = body + '}'});
    if (!made) return made.error();
    return key_of(made->root());
}

Result<Key> AdminClient::revoke_key(const std::string& project, const std::string& id) {
    const Result<Document> done =
        answer({.method = "POST", .path = path_of(project) + "/keys/" + encoded(id) + "/revoke"});
    if (!done) return done.error();
    return key_of(done->root());
}

Result<void> AdminClient::export_audit(const std::string& query,
                                       const std::function<bool(std::string_view)>& write) {
    const Result<net::Response> response = exchange({.path = "/api/v1/compliance/export?" + query}, write);
    if (!response) return response.error();
    if (response->head.status != 200) return error_of(problem_of(*response));
    return {};
}

}  // namespace expplat::admin
