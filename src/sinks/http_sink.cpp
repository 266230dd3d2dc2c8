#include "src/sinks/http_sink.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "expplat/base/limits.hpp"
#include "src/net/backoff.hpp"
#include "src/net/gzip.hpp"
#include "src/sinks/event_json.hpp"

namespace expplat::sinks {

namespace {

constexpr std::string_view path = "/api/v1/events";
constexpr std::string_view body_end = "]}";
constexpr std::size_t detail_bytes = 512;  // of what a server says that is kept
constexpr std::string_view too_large = "larger than the intake takes (1 MiB of JSON)";
constexpr std::size_t settled_index = static_cast<std::size_t>(-1);

bool is_to_be_repeated(int status) {
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

/// A text member of a JSON object; empty where it is none.
std::string_view text_of(const nlohmann::json& object, const char* name) {
    if (!object.is_object()) return {};
    const auto member = object.find(name);
    if (member == object.end() || !member->is_string()) return {};
    return std::string_view(member->get_ref<const std::string&>()).substr(0, detail_bytes);
}

/// `429 Too many requests: slow down`, by RFC 9457 where the body is such.
std::string words_of(const net::Response& response) {
    std::string words = std::to_string(response.head.status);
    const nlohmann::json problem = nlohmann::json::parse(response.body, nullptr, false);
    const std::string_view title = text_of(problem, "title");
    const std::string_view detail = text_of(problem, "detail");
    if (!title.empty()) words.append(" ").append(title);
    if (!detail.empty()) words.append(": ").append(detail);
    return words;
}

void add_range(std::vector<std::size_t>& indexes, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) indexes.push_back(i);
}

}  // namespace

Result<std::unique_ptr<exposure::EventSink>> HttpSink::open(net::Transport& transport,
                                                            HttpSinkSettings settings,
                                                            std::shared_ptr<const Clock> clock) {
    if (!settings.url.starts_with("http://") && !settings.url.starts_with("https://")) {
        return Error{ErrorCode::invalid_argument, "Sink::http: the URL must begin with http:// or https://"};
    }
    if (settings.key.empty()) return Error{ErrorCode::invalid_argument, "Sink::http was given no SDK key"};
    if (settings.key.find_first_of("\r\n") != std::string::npos)
        return Error{ErrorCode::invalid_argument, "Sink::http: the SDK key holds a line end"};
    while (settings.url.ends_with('/')) settings.url.pop_back();
    return std::unique_ptr<exposure::EventSink>(
        new HttpSink(transport, std::move(settings), std::move(clock)));
}

HttpSink::~HttpSink() {
    for (const Parcel& parcel : parcels_) transport_.cancel(parcel.exchange);
}

void HttpSink::send(std::span<const exposure::Event> batch, Done done) {
    Parcel parcel;
    parcel.events = batch;
    parcel.done = std::move(done);
    parcel.left.push_back({0, batch.size()});
    parcels_.push_back(std::move(parcel));
    go_on(std::prev(parcels_.end()));
}

/// Posts the next range of a parcel, or finishes it.
void HttpSink::go_on(Parcels::iterator parcel) {
    while (!parcel->left.empty()) {
        if (write_body(*parcel)) return post(parcel);
    }
    finish(parcel);
}

/// Takes as much of the next range as one post holds. False: it was one event that none holds.
bool HttpSink::write_body(Parcel& parcel) {
    const Range next = parcel.left.back();
    parcel.left.pop_back();
    body_ = "{\"sent_at\":" + std::to_string(clock_->unix_ms()) + ",\"events\":[";
    std::size_t end = next.begin;
    for (; end < next.end && end - next.begin < post_events; ++end) {
        const std::size_t before = body_.size();
        if (end > next.begin) body_ += ',';
        append_event_json(body_, parcel.events[end]);
        if (body_.size() + body_end.size() > post_bytes) {
            body_.resize(before);
            break;
        }
    }
    body_ += body_end;
    parcel.posted = {next.begin, end};
    if (end == next.begin) parcel.posted.end = end + 1;
    if (parcel.posted.end < next.end) parcel.left.push_back({parcel.posted.end, next.end});
    if (end > next.begin) return true;
    reject(parcel, std::string(too_large));
    return false;
}

void HttpSink::post(Parcels::iterator parcel) {
    net::Request request;
    request.method = "POST";
    request.url = settings_.url + std::string(path);
    request.headers = {{"Authorization", "Bearer " + settings_.key},
                       {"User-Agent", settings_.user_agent},
                       {"Content-Type", "application/json"}};
    if (std::optional<std::string> compressed = net::gzip(body_)) {
        request.headers.push_back({"Content-Encoding", "gzip"});
        request.body = std::move(*compressed);
    } else {
        request.body = body_;
    }
    request.timeouts.connect_ms = settings_.connect_timeout_ms;
    request.timeouts.first_byte_ms = settings_.request_timeout_ms;
    request.timeouts.total_ms = settings_.connect_timeout_ms + settings_.request_timeout_ms;
    parcel->exchange =
        net::fetch(transport_, std::move(request),
                   [this, parcel](const Result<net::Response>& answer) { answered(parcel, answer); });
}

void HttpSink::finish(Parcels::iterator parcel) {
    exposure::Report report = std::move(parcel->report);
    std::sort(report.retry.begin(), report.retry.end());
    std::sort(report.rejected.begin(), report.rejected.end(),
              [](const auto& a, const auto& b) { return a.index < b.index; });
    const Done done = std::move(parcel->done);
    parcels_.erase(parcel);
    done(std::move(report));
}

void HttpSink::answered(Parcels::iterator parcel, const Result<net::Response>& answer) {
    if (!answer) {
        give_up(*parcel, "the intake cannot be reached: " + answer.error().message, 0);
    } else if (answer->head.status == 200) {
        read_outcomes(*parcel, answer->body);
    } else {
        refused(*parcel, *answer);
    }
    go_on(parcel);
}

void HttpSink::refused(Parcel& parcel, const net::Response& response) {
    const int status = response.head.status;
    const Range range = parcel.posted;
    if (is_to_be_repeated(status)) {
        const auto asked_ms = net::parse_retry_after(response.head.find("Retry-After"), clock_->unix_ms());
        return give_up(parcel, "the intake answered " + words_of(response), asked_ms.value_or(0));
    }
    if (status == 401 || status == 403) {
        return give_up(parcel, "the intake refuses the SDK key; events are kept: " + words_of(response),
                       limits::unauthorized_retry_ms);
    }
    if (status == 413 && range.end - range.begin > 1) {
        const std::size_t middle = range.begin + (range.end - range.begin) / 2;
        parcel.left.push_back({middle, range.end});
        parcel.left.push_back({range.begin, middle});
        return;
    }
    if (status < 400 || status == 404) {
        return give_up(parcel, "the URL is no intake of ours; events are kept: " + words_of(response),
                       limits::unauthorized_retry_ms);
    }
    reject(parcel, status == 413 ? std::string(too_large) : words_of(response));
    parcel.report.message = "the intake refuses events for good: " + words_of(response);
}

/// By id; what has no outcome is offered again, and so is everything where the answer cannot be read.
void HttpSink::read_outcomes(Parcel& parcel, const std::string& body) {
    const nlohmann::json answer = nlohmann::json::parse(body, nullptr, false);
    const auto outcomes = answer.is_object() ? answer.find("outcomes") : answer.end();
    if (outcomes == answer.end() || !outcomes->is_array())
        return give_up(parcel, "the intake's answer cannot be read", 0);
    std::vector<std::pair<std::string, std::size_t>> ids;
    for (std::size_t i = parcel.posted.begin; i < parcel.posted.end; ++i)
        ids.emplace_back(to_string(parcel.events[i].id), i);
    std::sort(ids.begin(), ids.end());
    for (const nlohmann::json& outcome : *outcomes) {
        const std::string_view id = text_of(outcome, "id");
        const std::string_view status = text_of(outcome, "status");
        const auto found =
            std::lower_bound(ids.begin(), ids.end(), id,
                             [](const auto& entry, std::string_view key) { return entry.first < key; });
        if (found == ids.end() || found->first != id || found->second == settled_index) continue;
        if (status == "accepted") {
            found->second = settled_index;
        } else if (status == "rejected") {
            parcel.report.rejected.push_back({found->second, std::string(text_of(outcome, "reason"))});
            found->second = settled_index;
        }
    }
    std::size_t left = 0;
    for (const auto& [id, index] : ids) {
        if (index == settled_index) continue;
        parcel.report.retry.push_back(index);
        ++left;
    }
    if (left > 0 && parcel.report.message.empty())
        parcel.report.message = "the intake wants events to be offered again";
}

/// Neither the posted range nor the rest is delivered now.
void HttpSink::give_up(Parcel& parcel, std::string message, std::int64_t retry_after_ms) {
    add_range(parcel.report.retry, parcel.posted.begin, parcel.posted.end);
    for (const Range range : parcel.left) add_range(parcel.report.retry, range.begin, range.end);
    parcel.left.clear();
    parcel.report.message = std::move(message);
    parcel.report.retry_after_ms = std::max(parcel.report.retry_after_ms, retry_after_ms);
}

void HttpSink::reject(Parcel& parcel, const std::string& reason) {
    for (std::size_t i = parcel.posted.begin; i < parcel.posted.end; ++i)
        parcel.report.rejected.push_back({i, reason});
}

}  // namespace expplat::sinks
