#include "server/pipeline/kinesis_intake.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <limits>
#include <utility>

#include "src/aws/profile_plan.hpp"

namespace expplat::server::pipeline {
namespace {

using Kind = domain::EventFate::Kind;

constexpr std::int64_t longest_poll_ms = 60'000;
constexpr std::int64_t shortest_poll_ms = 1;
constexpr std::size_t said_most = 20;
constexpr std::int64_t never_ms = std::numeric_limits<std::int64_t>::max();

}  // namespace

Result<KinesisIntake::Place> KinesisIntake::check(const std::string& stream,
                                                  const aws::Surroundings& surroundings) {
    Result<aws::StreamName> name = aws::parse_stream_name(stream);
    if (!name) return name.error();
    const Result<aws::Profiles> profiles = aws::load_profiles(surroundings);
    if (!profiles) return profiles.error();
    const aws::Environment environment =
        aws::with_profile(surroundings.environment, *profiles, aws::profile_name({}, surroundings));
    aws::EndpointChoice choice;
    choice.region = name->region;
    Result<aws::Endpoint> endpoint = aws::resolve_endpoint(aws::services::kinesis, choice, environment);
    if (!endpoint) return endpoint.error();
    return Place{std::move(*name), std::move(*endpoint)};
}

Result<std::unique_ptr<KinesisIntake>> KinesisIntake::open(Settings settings) {
    Result<Place> place = check(settings.stream, settings.surroundings);
    if (!place) return place.error();
    net::HttpTransportSettings transport_settings;
    transport_settings.user_agent = "expplat-server";
    auto transport = net::HttpTransport::open(std::move(transport_settings));
    if (!transport) return transport.error();
    try {
        auto intake = std::unique_ptr<KinesisIntake>(
            new KinesisIntake(std::move(settings), std::move(*place), std::move(*transport)));
        intake->thread_ = std::thread([&self = *intake] { self.run(); });
        return intake;
    } catch (const std::exception& error) {  // no thread
        return Error{ErrorCode::io, error.what()};
    }
}

KinesisIntake::KinesisIntake(Settings settings, Place place, std::unique_ptr<net::HttpTransport> transport)
    : settings_(std::move(settings)),
      described_("the Kinesis stream " + place.stream.text + " (" + place.endpoint.region + ')'),
      transport_(std::move(transport)) {
    aws::CredentialSettings credentials;
    credentials.surroundings = settings_.surroundings;
    kinesis_ =
        std::make_unique<aws::Kinesis>(std::move(place.endpoint), std::move(place.stream),
                                       std::move(credentials), *transport_, std::make_shared<SystemClock>());
}

KinesisIntake::~KinesisIntake() { stop(); }

bool KinesisIntake::put(std::vector<domain::StreamedEvent> events, Done done) {
    const auto group = std::make_shared<Group>();
    group->events = std::move(events);
    group->fates.resize(group->events.size());
    group->open = group->events.size();
    for (const domain::StreamedEvent& event : group->events) group->bytes += event.body.size();
    group->until_ms = clock_.steady_ms() + intake_patience_ms;
    group->done = std::move(done);
    {
        const std::scoped_lock lock(mutex_);
        if (ends_ || waiting_events_ + group->open > intake_waiting_events ||
            waiting_bytes_ + group->bytes > intake_waiting_bytes)
            return false;
        waiting_events_ += group->open;
        waiting_bytes_ += group->bytes;
        new_.push_back(group);
    }
    transport_->wake();
    return true;
}

std::size_t KinesisIntake::waiting() const {
    const std::scoped_lock lock(mutex_);
    return waiting_events_;
}

void KinesisIntake::stop() {
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
    }
    transport_->wake();
    if (thread_.joinable()) thread_.join();
}

void KinesisIntake::run() {
    for (;;) {
        {
            const std::scoped_lock lock(mutex_);
            if (ends_) break;
        }
        try {
            transport_->poll(work());
        } catch (const std::exception& error) {  // no memory; what waits is answered when its time is over
            settings_.log("error", std::string("the intake: ") + error.what());
        }
    }
    kinesis_.reset();  // cancels what is under way
    take_new();
    while (!unanswered_.empty()) {
        const GroupPtr group = unanswered_.front();
        unanswered_.pop_front();
        answer(group);
    }
}

/// Does what can be done; how long nothing else will have to be.
std::int64_t KinesisIntake::work() {
    take_new();
    const std::int64_t now_ms = clock_.steady_ms();
    give_up_late(now_ms);
    look(now_ms);
    while (now_ms >= hold_until_ms_ && under_way_ < intake_calls_at_once) {
        Batch batch = next_batch();
        if (batch.empty()) break;
        send(std::move(batch));
    }
    std::int64_t until_ms = looking_ ? never_ms : look_at_ms_;
    if (!unanswered_.empty()) until_ms = std::min(until_ms, unanswered_.front()->until_ms);
    const bool waits_for_pause = !unanswered_.empty() && (!items_.empty() || !halves_.empty());
    if (waits_for_pause && under_way_ < intake_calls_at_once) until_ms = std::min(until_ms, hold_until_ms_);
    const std::int64_t left_ms = until_ms == never_ms ? longest_poll_ms : until_ms - clock_.steady_ms();
    return std::clamp(left_ms, shortest_poll_ms, longest_poll_ms);
}

void KinesisIntake::take_new() {
    std::deque<GroupPtr> arrived;
    {
        const std::scoped_lock lock(mutex_);
        arrived.swap(new_);
    }
    for (const GroupPtr& group : arrived) {
        unanswered_.push_back(group);
        for (std::size_t i = 0; i < group->events.size(); ++i) items_.push_back({group, i});
        if (group->open == 0) answer(group);
    }
}

/// Whose time is over is answered with what is known; what is under way for it counts for nothing any more.
void KinesisIntake::give_up_late(std::int64_t now_ms) {
    while (!unanswered_.empty() && (!unanswered_.front()->done || unanswered_.front()->until_ms <= now_ms)) {
        const GroupPtr group = unanswered_.front();
        unanswered_.pop_front();
        answer(group);
    }
    // While nothing can be sent, what was given up must not gather.
    if (items_.size() > intake_waiting_events)
        std::erase_if(items_, [](const Item& item) { return !item.group->done; });
}

KinesisIntake::Batch KinesisIntake::next_batch() {
    Batch batch;
    const auto is_wanted = [](const Item& item) { return static_cast<bool>(item.group->done); };
    while (!halves_.empty() && batch.empty()) {
        batch = std::move(halves_.front());
        halves_.pop_front();
        std::erase_if(batch, [&](const Item& item) { return !is_wanted(item); });
    }
    if (!batch.empty()) return batch;
    std::size_t bytes = 0;
    while (!items_.empty() && batch.size() < aws::put_records_most) {
        const Item& item = items_.front();
        if (is_wanted(item)) {
            bytes += item.group->events[item.index].body.size();
            if (bytes > intake_call_bytes && !batch.empty()) break;
            batch.push_back(item);
        }
        items_.pop_front();
    }
    return batch;
}

void KinesisIntake::send(Batch batch) {
    std::vector<std::string> keys;
    keys.reserve(batch.size());
    std::vector<sinks::KeyedText> texts;
    for (const Item& item : batch) {
        const domain::StreamedEvent& event = item.group->events[item.index];
        keys.push_back(sinks::partition_key_of(event.unit_id, event.id));
        texts.push_back({keys.back(), event.body});
    }
    sinks::KinesisRecords packed = sinks::pack_texts(texts, settings_.aggregate);
    for (const exposure::Report::Rejected& rejected : packed.rejected)
        decide(batch[rejected.index], Kind::rejected, rejected.reason);
    // A batch fits into one call: no more records than it has events, and their frames are small.
    const auto records = std::make_shared<const std::vector<sinks::KinesisRecord>>(std::move(packed.records));
    if (records->empty()) return;
    std::vector<aws::StreamRecord> views;
    for (const sinks::KinesisRecord& record : *records)
        views.push_back({record.partition_key, {}, record.data});
    ++under_way_;
    kinesis_->put_records(
        views, [this, batch = std::move(batch), records](aws::KinesisOutcome<aws::PutRecordsAnswer> outcome) {
            --under_way_;
            if (const auto* const answer = std::get_if<aws::PutRecordsAnswer>(&outcome))
                return settle(batch, *records, *answer);
            Batch sent;
            for (const sinks::KinesisRecord& record : *records) {
                for (const std::size_t event : record.events) sent.push_back(batch[event]);
            }
            fail(std::move(sent), std::get<aws::KinesisFault>(outcome));
        });
}

void KinesisIntake::settle(const Batch& batch, const std::vector<sinks::KinesisRecord>& records,
                           const aws::PutRecordsAnswer& answer) {
    std::vector<bool> is_failed(records.size());
    for (const aws::PutRecordsAnswer::Failed& failed : answer.failed) is_failed[failed.index] = true;
    Batch again;
    for (std::size_t i = 0; i < records.size(); ++i) {
        for (const std::size_t event : records[i].events) {
            if (is_failed[i]) again.push_back(batch[event]);
            else decide(batch[event], Kind::accepted);
        }
    }
    if (answer.failed.empty()) return works();
    const aws::PutRecordsAnswer::Failed& first = answer.failed.front();
    say(first.code, "did not take " + std::to_string(answer.failed.size()) + " of " +
                        std::to_string(records.size()) + " records: " + first.code + ' ' + first.message);
    put_back(again, first.kind);
    hold_back(0);
}

/// A whole call has failed.
void KinesisIntake::fail(Batch batch, const aws::KinesisFault& fault) {
    say(fault.code.empty() ? std::string(aws::name(fault.kind)) : fault.code, fault.message);
    if (fault.is_transient()) {
        put_back(batch, fault.kind);
        return hold_back(fault.retry_after_ms);
    }
    if (fault.kind == aws::FaultKind::invalid) {
        if (batch.size() == 1) return decide(batch.front(), Kind::rejected, fault.message);
        const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
        halves_.emplace_back(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
        batch.erase(middle, batch.end());
        halves_.push_back(std::move(batch));
        return;
    }
    // An operator must mend it: nobody is kept waiting.
    for (const Item& item : batch) {
        item.group->failed_otherwise = true;
        decide(item, Kind::retry);
    }
}

void KinesisIntake::put_back(const Batch& batch, aws::FaultKind kind) {
    for (const Item& item : batch) {
        (kind == aws::FaultKind::throttled ? item.group->throttled : item.group->failed_otherwise) = true;
        if (item.group->done) items_.push_back(item);
    }
}

void KinesisIntake::hold_back(std::int64_t at_least_ms) {
    const std::int64_t pause_ms = backoff_.next_ms(random_, std::min(at_least_ms, intake_patience_ms));
    hold_until_ms_ = std::max(hold_until_ms_, clock_.steady_ms() + pause_ms);
}

void KinesisIntake::decide(const Item& item, Kind kind, std::string reason) {
    Group& group = *item.group;
    if (!group.done) return;
    group.fates[item.index] = {kind, std::move(reason)};
    if (--group.open == 0) answer(item.group);
}

void KinesisIntake::answer(const GroupPtr& group) {
    const Done done = std::exchange(group->done, nullptr);
    if (!done) return;
    {
        const std::scoped_lock lock(mutex_);
        waiting_events_ -= group->events.size();
        waiting_bytes_ -= group->bytes;
    }
    group->events = {};  // what is still under way for it needs them no more
    done({std::move(group->fates), group->throttled && !group->failed_otherwise});
}

/// Whether the stream is there and takes events. Once, and again while it is not.
void KinesisIntake::look(std::int64_t now_ms) {
    if (looking_ || now_ms < look_at_ms_) return;
    looking_ = true;
    look_at_ms_ = never_ms;
    kinesis_->describe_stream_summary([this](aws::KinesisOutcome<aws::StreamSummary> outcome) {
        looking_ = false;
        if (const auto* const summary = std::get_if<aws::StreamSummary>(&outcome)) {
            if (summary->status != "ACTIVE" && summary->status != "UPDATING")
                return miss(summary->status, "is not there yet, or no more: it is " + summary->status);
            settings_.log("info", described_ + " is there, with " + std::to_string(summary->open_shards) +
                                      " open shards");
            return works();
        }
        const aws::KinesisFault& fault = std::get<aws::KinesisFault>(outcome);
        if (fault.kind != aws::FaultKind::refused || fault.code == "ResourceNotFoundException")
            return miss(fault.code.empty() ? std::string(aws::name(fault.kind)) : fault.code, fault.message);
        // Who may put events into a stream may not always look at it.
        settings_.log("info", described_ + " cannot be looked at beforehand: " + fault.message);
    });
}

void KinesisIntake::miss(const std::string& code, const std::string& why) {
    look_at_ms_ = clock_.steady_ms() + intake_look_ms;
    failing_.store(true, std::memory_order_relaxed);
    if (said_.size() >= said_most || !said_.insert(code).second) return;
    settings_.log("error", described_ + ": " + why + "; until that is mended no event is taken in");
}

/// Said once, until it works again.
void KinesisIntake::say(const std::string& code, const std::string& why) {
    settings_.failed();
    failing_.store(true, std::memory_order_relaxed);
    if (said_.size() >= said_most || !said_.insert(code).second) return;
    settings_.log("error", described_ + ": " + why + "; who sent these events is asked to offer them again");
}

void KinesisIntake::works() {
    backoff_.reset();
    failing_.store(false, std::memory_order_relaxed);
    look_at_ms_ = never_ms;
    if (std::exchange(said_, {}).empty()) return;
    settings_.log("info", described_ + " takes events again");
}

}  // namespace expplat::server::pipeline
