// The intake of events (docs/PROTOCOL.md): what is acknowledged is in the store, or in the stream where there is one; and a
// look at what arrived.
#include "expplat/base/json_text.hpp"
#include "server/api/event_record.hpp"
#include "server/api/routes.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/tables/projects.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

constexpr std::size_t events_most = 500;
constexpr std::size_t bytes_most = std::size_t{1} << 20;
constexpr std::int64_t listed = 100;
constexpr std::int64_t retry_after_s = 1;

/// A key's own environment, or the one that the query names.
[[nodiscard]] Operation place_of(const Call& call) {
    if (!call.entry().environment.empty()) {
        call.require_own_place(call.query("project"), call.query("environment"));
        return {"", call.entry().project, call.entry().environment};
    }
    Operation place{"", call.query("project"), call.query("environment")};
    if (place.project.empty() || place.environment.empty())
        refuse_member(place.project.empty() ? "/project" : "/environment",
                      "is missing: the query must name `project` and `environment`");
    return place;
}

void append_outcome(std::string& json, std::string_view id, std::string_view status,
                    std::string_view reason = {}) {
    if (json.back() != '[') json += ',';
    json += R"({"id":)";
    append_json_string(json, id);
    json += R"(,"status":")";
    json += status;
    json += '"';
    if (!reason.empty()) {
        json += R"(,"reason":)";
        append_json_string(json, reason);
    }
    json += '}';
}

struct Counters {
    http::Counter& accepted;
    http::Counter& rejected;
    http::Counter& retry;
};

/// A request of the intake, read.
struct Batch {
    Operation place;
    std::vector<RawEvent> events;
    std::vector<StreamedEvent> streamed;        // the same; empty where they go into the store
    std::string outcomes = R"({"outcomes":[)";  // of what is wrong
    std::uint64_t bad = 0;
};

[[nodiscard]] Batch read_batch(const Services& services, Call& call) {
    Batch batch{.place = place_of(call), .events = {}, .streamed = {}};
    const Operation& place = batch.place;
    call.require(auth::Operation::events_write, place.project, place.environment, services.now_ms());
    if (call.request().body.size() > bytes_most)
        throw Refusal(ProblemType::too_large, "a batch has at most 1 MiB of JSON");
    Body body = call.body();
    const std::int64_t received_ms = services.now_ms();
    const SenderClock clock(body.optional_integer("sent_at"), received_ms);
    const ruleset::Node* const records = body.value("events");
    body.done();
    if (records == nullptr || records->kind() != ruleset::NodeKind::array)
        refuse_member("/events", "must be a list of records");
    if (records->items().size() > events_most)
        throw Refusal(ProblemType::too_large,
                      "a batch has at most " + std::to_string(events_most) + " events");
    for (const ruleset::Node& record : records->items()) {
        auto event = read_event(record, place.project, place.environment, clock, received_ms);
        if (auto* const raw = std::get_if<RawEvent>(&event)) {
            if (services.event_stream != nullptr) batch.streamed.push_back(streamed(record, *raw));
            batch.events.push_back(std::move(*raw));
            continue;
        }
        const BadEvent& wrong = std::get<BadEvent>(event);
        append_outcome(batch.outcomes, wrong.id, "rejected", wrong.reason);
        ++batch.bad;
    }
    return batch;
}

/// A key's environment is there; a person may name any.
void require_place(Transaction& t, const Call& call, const Operation& place) {
    if (call.entry().environment.empty())
        (void)tables::require_environment(t, place.project, place.environment);
}

[[nodiscard]] http::Response take_in(const Services& services, Call& call, const Counters& counters) {
    Batch batch = read_batch(services, call);
    check(services.plane.store().write([&](Transaction& t) {
        require_place(t, call, batch.place);
        (void)tables::insert_events(t, batch.events);
    }));
    for (const RawEvent& event : batch.events) append_outcome(batch.outcomes, event.id, "accepted");
    counters.accepted.add(batch.events.size());
    counters.rejected.add(batch.bad);
    return http::Response::json(200, batch.outcomes + "]}");
}

/// Nothing of a batch is in the stream.
[[nodiscard]] http::Response put_off(bool throttled) {
    http::Problem problem{.status = 503,
                          .type = "unavailable",
                          .detail = "The stream of events takes none at present; offer these again.",
                          .retry_after_s = retry_after_s};
    if (throttled) {
        problem.status = 429;
        problem.type = "too-many-requests";
        problem.detail = "These are more events than the stream takes at once; offer them again.";
    }
    return problem.response();
}

/// What the stream made of a batch.
[[nodiscard]] http::Response outcomes_of(const std::vector<std::string>& ids, std::string json,
                                         std::uint64_t bad, const StreamReport& report,
                                         const Counters& counters) {
    std::uint64_t retry = 0;
    std::uint64_t rejected = bad;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const EventFate& fate = report.fates[i];
        switch (fate.kind) {
            case EventFate::Kind::accepted: append_outcome(json, ids[i], "accepted"); break;
            case EventFate::Kind::rejected:
                append_outcome(json, ids[i], "rejected", fate.reason);
                ++rejected;
                break;
            case EventFate::Kind::retry:
                append_outcome(json, ids[i], "retry");
                ++retry;
                break;
        }
    }
    counters.retry.add(retry);
    if (retry > 0 && retry == ids.size() + bad) return put_off(report.throttled);
    counters.rejected.add(rejected);
    counters.accepted.add(ids.size() + bad - rejected - retry);
    http::Response response = http::Response::json(200, json + "]}");
    if (retry > 0) response.headers.set("Retry-After", std::to_string(retry_after_s));
    return response;
}

/// Answered when the stream has them.
void hand_on(const Services& services, Call& call, const Answer& answer, const Counters& counters) {
    Batch batch = read_batch(services, call);
    if (call.entry().environment.empty())
        check(services.plane.store().read([&](Transaction& t) { require_place(t, call, batch.place); }));
    std::vector<std::string> ids;
    for (RawEvent& event : batch.events) ids.push_back(std::move(event.id));
    const std::size_t count = ids.size();
    if (count == 0) return answer(outcomes_of(ids, std::move(batch.outcomes), batch.bad, {}, counters));
    const bool taken = services.event_stream->put(
        std::move(batch.streamed),
        [ids = std::move(ids), outcomes = std::move(batch.outcomes), bad = batch.bad, answer, counters](
            const StreamReport& report) { answer(outcomes_of(ids, outcomes, bad, report, counters)); });
    if (taken) return;
    counters.retry.add(count);
    answer(put_off(true));
}

/// Who looks for events has to look where they are.
void require_store(const Services& services) {
    if (services.event_stream != nullptr)
        throw Refusal(ProblemType::conflict,
                      "this server keeps no events: they go into a stream, whose readers have them");
}

}  // namespace

void add_events(Routes& routes) {
    const Services& services = routes.services();
    const auto counter = [&services](std::string_view outcome) -> http::Counter& {
        return services.metrics.counter("expplat_events_total", "Events that the intake answered.",
                                        {{"outcome", outcome}});
    };
    const Counters counters{counter("accepted"), counter("rejected"), counter("retry")};

    if (services.event_stream == nullptr) {
        routes.add(
            "POST", "/api/v1/events",
            [&services, counters](Call& call) { return take_in(services, call, counters); }, Effect::none);
    } else {
        routes.add_waiting("POST", "/api/v1/events", [&services, counters](Call& call, const Answer& answer) {
            hand_on(services, call, answer, counters);
        });
    }
    routes.add("GET", "/api/v1/events", [&services](Call& call) {
        const Operation place = place_of(call);
        call.require(auth::Operation::events_read, place.project, place.environment, services.now_ms());
        require_store(services);
        std::vector<std::string> items;
        for (const RawEvent& event : value_of(services.plane.store().read([&](Transaction& t) {
                 (void)tables::require_environment(t, place.project, place.environment);
                 return tables::newest_events(t, place.project, place.environment, listed);
             }))) {
            ObjectWriter writer;
            writer.integer("received_ms", event.received_ms).json("event", event.body);
            items.push_back(std::move(writer).done());
        }
        return page_of(items, {});
    });
    /// Raw exposures by experiment and variant: they show that events arrive, and are no results.
    routes.add("GET", "/api/v1/events/counts", [&services](Call& call) {
        const Operation place = place_of(call);
        call.require(auth::Operation::events_read, place.project, place.environment, services.now_ms());
        require_store(services);
        std::vector<std::string> items;
        for (const EventCounter& counter : value_of(services.plane.store().read([&](Transaction& t) {
                 (void)tables::require_environment(t, place.project, place.environment);
                 return tables::event_counters(t, place.project, place.environment);
             }))) {
            ObjectWriter writer;
            // More names came than are counted by themselves: the rest together has none.
            if (counter.experiment.empty()) writer.null("experiment").null("variant");
            else writer.text("experiment", counter.experiment).text("variant", counter.variant);
            writer.integer("events", counter.events);
            items.push_back(std::move(writer).done());
        }
        return page_of(items, {});
    });
}

}  // namespace expplat::server::api
