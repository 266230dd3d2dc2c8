#include "src/sinks/kinesis_sink.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "src/aws/endpoint.hpp"
#include "src/aws/profile_plan.hpp"

namespace expplat::sinks {

namespace {

[[nodiscard]] aws::CredentialSettings credentials_of(const KinesisSinkSettings& settings) {
    return {settings.access_key_id, settings.secret_access_key, settings.session_token, settings.profile,
            settings.region,        settings.surroundings};
}

[[nodiscard]] ErrorCode code_of(const aws::KinesisFault& fault) noexcept {
    if (fault.code == "ResourceNotFoundException") return ErrorCode::not_found;
    switch (fault.kind) {
        case aws::FaultKind::network: return fault.timeout ? ErrorCode::timeout : ErrorCode::network;
        case aws::FaultKind::server:
        case aws::FaultKind::throttled: return ErrorCode::network;
        case aws::FaultKind::clock:
        case aws::FaultKind::credentials:
        case aws::FaultKind::refused: return ErrorCode::unauthorized;
        case aws::FaultKind::invalid: return ErrorCode::invalid_argument;
    }
    return ErrorCode::network;
}

/// What an operator has to do, behind AWS's words.
[[nodiscard]] std::string_view advice_for(const aws::KinesisFault& fault) noexcept {
    if (fault.code == "ResourceNotFoundException") return " (make the stream, or correct its name or region)";
    if (fault.kind == aws::FaultKind::clock) return " (the secret key is wrong, or this machine's clock)";
    return {};
}

}  // namespace

Result<std::unique_ptr<KinesisSink>> KinesisSink::open(const KinesisSinkSettings& settings,
                                                       net::Transport& transport,
                                                       std::shared_ptr<const Clock> clock) {
    Result<aws::StreamName> stream = aws::parse_stream_name(settings.stream);
    if (!stream) return stream.error();
    if (!stream->region.empty() && !settings.region.empty() && stream->region != settings.region)
        return Error{ErrorCode::invalid_argument, "the stream's ARN is of the region " + stream->region +
                                                      ", and the configured one is " + settings.region};
    if (settings.access_key_id.empty() != settings.secret_access_key.empty())
        return Error{ErrorCode::invalid_argument,
                     "access_key_id and secret_access_key are given together or not at all"};
    const Result<aws::Profiles> profiles = aws::load_profiles(settings.surroundings);
    if (!profiles) return profiles.error();
    const aws::Environment environment =
        aws::with_profile(settings.surroundings.environment, *profiles,
                          aws::profile_name(settings.profile, settings.surroundings));
    const aws::EndpointChoice choice{stream->is_arn ? stream->region : settings.region, settings.endpoint_url,
                                     settings.use_fips, settings.use_dual_stack};
    Result<aws::Endpoint> endpoint = aws::resolve_endpoint(aws::services::kinesis, choice, environment);
    if (!endpoint) return endpoint.error();
    return std::unique_ptr<KinesisSink>(
        new KinesisSink(std::move(*endpoint), std::move(*stream), settings, transport, std::move(clock)));
}

KinesisSink::KinesisSink(aws::Endpoint endpoint, aws::StreamName stream, const KinesisSinkSettings& settings,
                         net::Transport& transport, std::shared_ptr<const Clock> clock)
    : described_("the Kinesis stream " + stream.text + " (" + endpoint.region + ')'),
      aggregate_(settings.aggregate),
      clock_(clock),
      kinesis_(std::move(endpoint), std::move(stream), credentials_of(settings), transport,
               std::move(clock)) {}

void KinesisSink::send(std::span<const exposure::Event> batch, Done done) {
    const auto attempt = std::make_shared<Attempt>();
    attempt->batch = batch;
    attempt->done = std::move(done);
    attempt->fates.resize(batch.size(), Attempt::Fate::retry);
    attempt->reasons.resize(batch.size());
    KinesisRecords packed = pack_records(batch, aggregate_);
    for (exposure::Report::Rejected& rejected : packed.rejected) {
        attempt->fates[rejected.index] = Attempt::Fate::rejected;
        attempt->reasons[rejected.index] = std::move(rejected.reason);
    }
    for (std::vector<KinesisRecord>& records : split_into_calls(std::move(packed.records))) {
        attempt->pending.push_back(std::move(records));
    }
    advance(attempt);
}

void KinesisSink::describe(std::function<void(Result<aws::StreamSummary>)> done) {
    kinesis_.describe_stream_summary(
        [described = described_, done = std::move(done)](aws::KinesisOutcome<aws::StreamSummary> outcome) {
            if (aws::StreamSummary* const summary = std::get_if<aws::StreamSummary>(&outcome))
                return done(std::move(*summary));
            const auto& fault = std::get<aws::KinesisFault>(outcome);
            done(Error{code_of(fault), described + ": " + fault.message + std::string(advice_for(fault))});
        });
}

// ---- one batch ----

/// Starts what may be started; where nothing is left, the batch is done.
void KinesisSink::advance(const AttemptPtr& attempt) {
    attempt->advancing = true;
    while (!attempt->pending.empty() && attempt->under_way < kinesis_calls_at_once) {
        const std::int64_t wait_ms = retry_.wait_before_sending_ms(clock_->steady_ms());
        if (wait_ms > 0) {
            note(*attempt, described_ + ": sending is held back after throttling", wait_ms);
            attempt->pending.clear();
            break;
        }
        std::vector<KinesisRecord> records = std::move(attempt->pending.front());
        attempt->pending.pop_front();
        start(attempt, std::move(records));
    }
    attempt->advancing = false;
    if (attempt->under_way == 0 && attempt->pending.empty()) finish(attempt);
}

void KinesisSink::start(const AttemptPtr& attempt, std::vector<KinesisRecord> records) {
    std::vector<aws::StreamRecord> views;
    views.reserve(records.size());
    for (const KinesisRecord& record : records) views.push_back({record.partition_key, {}, record.data});
    ++attempt->under_way;
    // The views are read within the call; the records themselves live on in the handler.
    const auto kept = std::make_shared<std::vector<KinesisRecord>>(std::move(records));
    kinesis_.put_records(views, [this, attempt, kept](aws::KinesisOutcome<aws::PutRecordsAnswer> outcome) {
        --attempt->under_way;
        settle(*attempt, std::move(*kept), std::move(outcome));
        if (!attempt->advancing) advance(attempt);
    });
}

void KinesisSink::settle(Attempt& attempt, std::vector<KinesisRecord> records,
                         aws::KinesisOutcome<aws::PutRecordsAnswer> outcome) {
    if (const auto* const answer = std::get_if<aws::PutRecordsAnswer>(&outcome)) {
        return settle_answer(attempt, records, *answer);
    }
    settle_fault(attempt, std::move(records), std::get<aws::KinesisFault>(outcome));
}

void KinesisSink::settle_answer(Attempt& attempt, const std::vector<KinesisRecord>& records,
                                const aws::PutRecordsAnswer& answer) {
    const auto mark = [&](const KinesisRecord& record, Attempt::Fate fate) {
        for (const std::size_t event : record.events) attempt.fates[event] = fate;
    };
    for (const KinesisRecord& record : records) mark(record, Attempt::Fate::acknowledged);
    std::int64_t wait_ms = 0;
    for (const aws::PutRecordsAnswer::Failed& failed : answer.failed) {
        mark(records[failed.index], Attempt::Fate::retry);
        if (failed.kind == aws::FaultKind::refused) wait_ms = refused_wait_ms();
    }
    const std::int64_t now_ms = clock_->steady_ms();
    // Some records that a hot shard refused are no reason to slow all down; all of them are.
    const bool all_throttled =
        answer.failed.size() == records.size() && answer.failed.front().kind == aws::FaultKind::throttled;
    if (all_throttled) {
        retry_.throttled(now_ms);
        wait_ms = std::max(wait_ms, retry_.expected_wait_ms(now_ms));
    } else {
        retry_.succeeded(now_ms, std::exchange(paid_for_retry_, 0));
        if (wait_ms == 0) refused_wait_ms_ = refused_until_ms_ = 0;
    }
    if (answer.failed.empty()) return;
    const aws::PutRecordsAnswer::Failed& first = answer.failed.front();
    std::string message = described_ + " did not take " + std::to_string(answer.failed.size()) + " of " +
                          std::to_string(records.size()) + " records";
    if (!first.code.empty()) message += ": " + first.code;
    if (!first.message.empty()) message += ": " + first.message;
    note(attempt, std::move(message), wait_ms);
}

void KinesisSink::settle_fault(Attempt& attempt, std::vector<KinesisRecord> records,
                               const aws::KinesisFault& fault) {
    if (fault.kind == aws::FaultKind::invalid) {
        retry_.failed(clock_->steady_ms());
        return isolate(attempt, std::move(records), fault);
    }
    attempt.pending.clear();  // it would meet the same
    note(attempt, described_ + ": " + fault.message + std::string(advice_for(fault)), wait_after(fault));
}

/// A call that can never succeed: its halves are tried apart, then the events of an aggregate one by one, until what is
/// refused is one event.
void KinesisSink::isolate(Attempt& attempt, std::vector<KinesisRecord> records,
                          const aws::KinesisFault& fault) {
    if (records.size() > 1) {
        const auto middle = records.begin() + static_cast<std::ptrdiff_t>(records.size() / 2);
        attempt.pending.emplace_back(std::make_move_iterator(middle), std::make_move_iterator(records.end()));
        records.erase(middle, records.end());
        attempt.pending.push_back(std::move(records));
        return;
    }
    const std::vector<std::size_t>& events = records.front().events;
    if (events.size() > 1) {
        for (auto& call : split_into_calls(plain_records(attempt.batch, events))) {
            attempt.pending.push_back(std::move(call));
        }
        return;
    }
    attempt.fates[events.front()] = Attempt::Fate::rejected;
    attempt.reasons[events.front()] = fault.message;
}

void KinesisSink::note(Attempt& attempt, std::string message, std::int64_t retry_after_ms) {
    if (attempt.message.empty()) attempt.message = std::move(message);
    attempt.retry_after_ms = std::max(attempt.retry_after_ms, retry_after_ms);
}

void KinesisSink::finish(const AttemptPtr& attempt) {
    exposure::Report report;
    for (std::size_t i = 0; i < attempt->fates.size(); ++i) {
        if (attempt->fates[i] == Attempt::Fate::retry) report.retry.push_back(i);
        if (attempt->fates[i] == Attempt::Fate::rejected) {
            report.rejected.push_back({i, std::move(attempt->reasons[i])});
        }
    }
    report.retry_after_ms = report.retry.empty() ? 0 : attempt->retry_after_ms;
    report.message = std::move(attempt->message);
    if (report.message.empty() && !report.rejected.empty()) {
        report.message = described_ + " refuses an event: " + report.rejected.front().reason;
    }
    const Done done = std::exchange(attempt->done, nullptr);
    done(std::move(report));  // may destroy this
}

// ---- waiting ----

std::int64_t KinesisSink::wait_after(const aws::KinesisFault& fault) {
    const std::int64_t now_ms = clock_->steady_ms();
    if (!fault.is_transient()) {
        retry_.failed(now_ms);
        return std::max(refused_wait_ms(), fault.retry_after_ms);
    }
    std::int64_t wait_ms = fault.retry_after_ms;
    if (fault.kind == aws::FaultKind::throttled) {
        retry_.throttled(now_ms);
        wait_ms = std::max(wait_ms, retry_.expected_wait_ms(now_ms));
    } else {
        retry_.failed(now_ms);
    }
    const int paid = retry_.pay_for_retry(fault.timeout);
    if (paid == 0) return std::max(wait_ms, kinesis_no_quota_ms);
    paid_for_retry_ = paid;
    return wait_ms;
}

/// Grows once in each wait, however many batches met the same in it.
std::int64_t KinesisSink::refused_wait_ms() {
    const std::int64_t now_ms = clock_->steady_ms();
    if (now_ms >= refused_until_ms_) {
        refused_wait_ms_ = refused_wait_ms_ == 0 ? kinesis_refused_first_ms
                                                 : std::min(refused_wait_ms_ * 2, kinesis_refused_most_ms);
        refused_until_ms_ = now_ms + refused_wait_ms_;
    }
    return refused_wait_ms_;
}

}  // namespace expplat::sinks
