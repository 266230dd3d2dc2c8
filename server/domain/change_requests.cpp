#include "server/domain/change_requests.hpp"

#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/tables/access.hpp"
#include "server/domain/tables/projects.hpp"
#include "server/domain/text_rules.hpp"

namespace expplat::server::domain {

namespace {

constexpr std::string_view select_request =
    "SELECT id, project, title, change, base_revision, state, author, author_name, reviewer, reviewer_name, "
    "comment, "
    "revision, created_ms, updated_ms FROM change_requests WHERE project = ?";

ChangeRequest request_of(const Row& row) {
    return {row.text(0),          row.text(1),          row.text(2),  parse_change(row.text(1), row.text(3)),
            row.integer(4),       row.text(5),          row.text(6),  row.text(7),
            row.optional_text(8), row.optional_text(9), row.text(10), row.integer(11),
            row.integer(12),      row.integer(13)};
}

ChangeRequest require(Transaction& t, const std::string& project, const std::string& id) {
    const Rows rows = t.execute(std::string(select_request) + " AND id = ?", {project, id});
    if (rows.empty()) throw Refusal(ProblemType::not_found, "there is no change request `" + id + "`");
    return request_of(rows[0]);
}

void insert(Transaction& t, const ChangeRequest& r) {
    (void)t.execute(
        "INSERT INTO change_requests (id, project, environment, title, change, base_revision, state, author, "
        "author_name, comment, revision, created_ms, updated_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {r.id, r.project, r.change.environment, r.title, to_json(r.change), r.base_revision, r.state,
         r.author, r.author_name, r.comment, r.revision, r.created_ms, r.updated_ms});
}

/// Writes the new state and notes it.
ChangeRequest move_to(Work& work, ChangeRequest request, const std::string& state, const std::string& verb) {
    const std::string before = to_json(request);
    request.state = state;
    ++request.revision;
    request.updated_ms = work.now_ms();
    (void)work.transaction().execute(
        "UPDATE change_requests SET state = ?, reviewer = ?, reviewer_name = ?, comment = ?, revision = ?, "
        "updated_ms = ? "
        "WHERE id = ?",
        {request.state, cell(request.reviewer), cell(request.reviewer_name), request.comment,
         request.revision, request.updated_ms, request.id});
    work.record("change-request." + verb, request.project, request.change.environment,
                "change-request/" + request.id, before, to_json(request));
    return request;
}

/// Two people see each change: keys review nothing, and who made the key that proposed it is its author.
void check_reviewer(Work& work, const ChangeRequest& request) {
    if (work.actor().kind != Actor::Kind::person)
        throw Refusal(ProblemType::forbidden, "a change request is reviewed by a person");
    const std::string reviewer = as_recorded(work.actor().id);
    const std::optional<Key> key = tables::find_key(work.transaction(), request.author);
    if (reviewer == request.author || (key && reviewer == as_recorded(key->created_by))) {
        throw Refusal(ProblemType::forbidden,
                      "a change request is reviewed by somebody else than its author");
    }
}

void require_state(const ChangeRequest& request, std::string_view state, std::string_view what) {
    if (request.state == state) return;
    throw Refusal(ProblemType::conflict,
                  "the change request is " + request.state + " and cannot be " + std::string(what));
}

}  // namespace

std::string to_json(const ChangeRequest& r) {
    const auto text_or_null = [](ObjectWriter& writer, std::string_view name,
                                 const std::optional<std::string>& text) {
        text ? writer.text(name, *text) : writer.null(name);
    };
    ObjectWriter writer;
    writer.text("id", r.id).text("title", r.title).text("state", r.state).text("author", r.author);
    writer.text("author_name", r.author_name);
    text_or_null(writer, "reviewer", r.reviewer);
    text_or_null(writer, "reviewer_name", r.reviewer_name);
    writer.text("comment", r.comment)
        .integer("base_revision", r.base_revision)
        .integer("revision", r.revision)
        .integer("created_ms", r.created_ms)
        .integer("updated_ms", r.updated_ms)
        .json("change", to_json(r.change));
    return std::move(writer).done();
}

Outcome<ChangeRequest> ChangeRequests::propose(const Caller& caller, const std::string& project,
                                               const std::string& title,
                                               const std::string& change_json) const {
    const Outcome<void> rehearsed = plane_.rehearse(caller, [&](Work& work) {
        check_name(title, "/title", bounds::name_bytes);
        const Change change = parse_change(project, change_json, "/change");
        work.authorise("change-request.propose", project, change.environment);
        work.set_approved();
        domain::apply(work, change, "/change/body");
        return 0;
    });
    if (!rehearsed) return rehearsed.problem();
    return plane_.write(caller, [&](Work& work) {
        Transaction& t = work.transaction();
        const Rows open = t.execute(
            "SELECT COUNT(*) FROM change_requests WHERE project = ? AND state IN ('open', 'approved')",
            {project});
        if (open[0].integer(0) >= bounds::open_change_requests) {
            throw Refusal(ProblemType::too_large, "the project has too many open change requests");
        }
        ChangeRequest request;
        request.id = work.new_id();
        request.project = project;
        request.title = title;
        request.change = parse_change(project, change_json, "/change");
        work.authorise("change-request.propose", project, request.change.environment);
        request.base_revision = base_revision(work, request.change);
        request.state = "open";
        request.author = as_recorded(work.actor().id);
        request.author_name = as_recorded(work.actor().name);
        request.created_ms = request.updated_ms = work.now_ms();
        insert(t, request);
        work.record("change-request.propose", project, request.change.environment,
                    "change-request/" + request.id, {}, to_json(request));
        return request;
    });
}

Outcome<ChangeRequestView> ChangeRequests::get(const Caller& caller, const std::string& project,
                                               const std::string& id) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("change-request.read", project);
        ChangeRequestView view{require(work.transaction(), project, id), false, {}};
        const ChangeRequest& request = view.request;
        work.authorise("change-request.read", project, request.change.environment);
        view.is_current = base_revision(work, request.change) == request.base_revision;
        if (request.state == "open" || request.state == "approved")
            view.differences = effect_of(work, request.change);
        return view;
    });
}

Outcome<Page<ChangeRequest>> ChangeRequests::list(const Caller& caller, const std::string& project,
                                                  const std::string& state,
                                                  const PageRequest& request) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("change-request.read", project);
        const std::int64_t limit = checked_limit(request);
        check_text(state, "/state", bounds::tag_bytes);
        (void)tables::require_project(work.transaction(), project);
        const Rows rows = work.transaction().execute(
            std::string(select_request) +
                " AND (? = '' OR state = ?) AND id COLLATE \"C\" > ? ORDER BY id COLLATE \"C\" LIMIT ?",
            {project, state, state, request.after, limit + 1});
        Page<ChangeRequest> page;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (static_cast<std::int64_t>(i) == limit) {
                page.next = rows[i - 1].text(0);
                break;
            }
            ChangeRequest one = request_of(rows[i]);
            if (caller.may({"change-request.read", project, one.change.environment}, work.transaction()))
                page.items.push_back(std::move(one));
        }
        return page;
    });
}

Outcome<ChangeRequest> ChangeRequests::review(const Caller& caller, const std::string& project,
                                              const std::string& id, bool approve,
                                              const std::string& comment) const {
    return plane_.write(caller, [&](Work& work) {
        ChangeRequest request = require(work.transaction(), project, id);
        work.authorise("change-request.review", project, request.change.environment);
        check_text(comment, "/comment", bounds::comment_bytes);
        require_state(request, "open", "reviewed");
        check_reviewer(work, request);
        request.reviewer = as_recorded(work.actor().id);
        request.reviewer_name = as_recorded(work.actor().name);
        request.comment = comment;
        return move_to(work, std::move(request), approve ? "approved" : "rejected",
                       approve ? "approve" : "reject");
    });
}

Outcome<ChangeRequest> ChangeRequests::withdraw(const Caller& caller, const std::string& project,
                                                const std::string& id) const {
    return plane_.write(caller, [&](Work& work) {
        ChangeRequest request = require(work.transaction(), project, id);
        work.authorise("change-request.propose", project, request.change.environment);
        if (request.author != as_recorded(work.actor().id)) {
            throw Refusal(ProblemType::forbidden, "a change request is withdrawn by its author");
        }
        if (request.state != "approved") require_state(request, "open", "withdrawn");
        return move_to(work, std::move(request), "withdrawn", "withdraw");
    });
}

Outcome<ChangeRequest> ChangeRequests::apply(const Caller& caller, const std::string& project,
                                             const std::string& id) const {
    return plane_.write(caller, [&](Work& work) {
        ChangeRequest request = require(work.transaction(), project, id);
        work.authorise("change-request.apply", project, request.change.environment);
        const Operation operation = operation_of(request.change);
        work.authorise(operation.action, operation.project, operation.environment);
        require_state(request, "approved", "applied");
        if (base_revision(work, request.change) != request.base_revision) {
            throw Refusal(ProblemType::conflict,
                          "the configuration has changed since: propose the change anew");
        }
        work.set_approved();
        domain::apply(work, request.change);
        return move_to(work, std::move(request), "applied", "apply");
    });
}

Outcome<std::int64_t> ChangeRequests::remove_ended() const {
    const std::int64_t before_ms = plane_.surroundings().now_ms() - bounds::ended_kept_ms;
    return plane_.store().write([&](Transaction& t) {
        return t
            .execute(
                "DELETE FROM change_requests WHERE id IN (SELECT id FROM change_requests "
                "WHERE state NOT IN ('open', 'approved') AND updated_ms < ? LIMIT ?)",
                {before_ms, bounds::ended_at_once})
            .affected;
    });
}

}  // namespace expplat::server::domain
