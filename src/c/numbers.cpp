// The frozen numbers of the C face: equal to those of C++, and their names.
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "expplat/base/error.hpp"
#include "expplat/base/reason.hpp"
#include "expplat/base/value.hpp"
#include "expplat/c/expplat.h"
#include "expplat/config.hpp"
#include "expplat/exposure/event.hpp"
#include "expplat/status.hpp"
#include "expplat/version.hpp"

namespace expplat::c {
namespace {

template <class Enumeration>
constexpr bool same(Enumeration value, std::int32_t number) {
    return static_cast<std::underlying_type_t<Enumeration>>(value) == number;
}

static_assert(same(ErrorCode::invalid_argument, EXPPLAT_INVALID_ARGUMENT));
static_assert(same(ErrorCode::not_found, EXPPLAT_NOT_FOUND));
static_assert(same(ErrorCode::io, EXPPLAT_IO));
static_assert(same(ErrorCode::invalid_ruleset, EXPPLAT_INVALID_RULESET));
static_assert(same(ErrorCode::invalid_image, EXPPLAT_INVALID_IMAGE));
static_assert(same(ErrorCode::image_version, EXPPLAT_IMAGE_VERSION));
static_assert(same(ErrorCode::too_large, EXPPLAT_TOO_LARGE));
static_assert(same(ErrorCode::unsupported, EXPPLAT_UNSUPPORTED));
static_assert(same(ErrorCode::not_ready, EXPPLAT_NOT_READY));
static_assert(same(ErrorCode::closed, EXPPLAT_CLOSED));
static_assert(same(ErrorCode::timeout, EXPPLAT_TIMEOUT));
static_assert(same(ErrorCode::unauthorized, EXPPLAT_UNAUTHORIZED));
static_assert(same(ErrorCode::network, EXPPLAT_NETWORK));

static_assert(same(Reason::disabled, EXPPLAT_REASON_DISABLED));
static_assert(same(Reason::prerequisite_failed, EXPPLAT_REASON_PREREQUISITE_FAILED));
static_assert(same(Reason::targeting_match, EXPPLAT_REASON_TARGETING_MATCH));
static_assert(same(Reason::split, EXPPLAT_REASON_SPLIT));
static_assert(same(Reason::default_, EXPPLAT_REASON_DEFAULT));
static_assert(same(Reason::holdout, EXPPLAT_REASON_HOLDOUT));
static_assert(same(Reason::not_targeted, EXPPLAT_REASON_NOT_TARGETED));
static_assert(same(Reason::not_enrolled, EXPPLAT_REASON_NOT_ENROLLED));
static_assert(same(Reason::error, EXPPLAT_REASON_ERROR));
static_assert(same(Reason::stale, EXPPLAT_REASON_STALE));
static_assert(same(Reason::cached, EXPPLAT_REASON_CACHED));

static_assert(same(EvaluationError::none, EXPPLAT_EVALUATION_NONE));
static_assert(same(EvaluationError::flag_not_found, EXPPLAT_EVALUATION_FLAG_NOT_FOUND));
static_assert(same(EvaluationError::type_mismatch, EXPPLAT_EVALUATION_TYPE_MISMATCH));
static_assert(same(EvaluationError::targeting_key_missing, EXPPLAT_EVALUATION_TARGETING_KEY_MISSING));
static_assert(same(EvaluationError::parse_error, EXPPLAT_EVALUATION_PARSE_ERROR));
static_assert(same(EvaluationError::provider_not_ready, EXPPLAT_EVALUATION_PROVIDER_NOT_READY));
static_assert(same(EvaluationError::general, EXPPLAT_EVALUATION_GENERAL));

static_assert(same(ValueKind::null, EXPPLAT_KIND_NULL));
static_assert(same(ValueKind::boolean, EXPPLAT_KIND_BOOLEAN));
static_assert(same(ValueKind::integer, EXPPLAT_KIND_INTEGER));
static_assert(same(ValueKind::number, EXPPLAT_KIND_NUMBER));
static_assert(same(ValueKind::string, EXPPLAT_KIND_STRING));
static_assert(same(ValueKind::list, EXPPLAT_KIND_LIST));
static_assert(same(ValueKind::object, EXPPLAT_KIND_OBJECT));

static_assert(same(LogLevel::debug, EXPPLAT_LOG_DEBUG) && same(LogLevel::info, EXPPLAT_LOG_INFO) &&
              same(LogLevel::warning, EXPPLAT_LOG_WARNING) && same(LogLevel::error, EXPPLAT_LOG_ERROR));
static_assert(same(State::connecting, EXPPLAT_STATE_CONNECTING) && same(State::ready, EXPPLAT_STATE_READY) &&
              same(State::stale, EXPPLAT_STATE_STALE) &&
              same(State::unauthorized, EXPPLAT_STATE_UNAUTHORIZED) &&
              same(State::closed, EXPPLAT_STATE_CLOSED));
static_assert(same(Origin::none, EXPPLAT_ORIGIN_NONE) && same(Origin::text, EXPPLAT_ORIGIN_TEXT) &&
              same(Origin::file, EXPPLAT_ORIGIN_FILE) && same(Origin::cache, EXPPLAT_ORIGIN_CACHE) &&
              same(Origin::server, EXPPLAT_ORIGIN_SERVER));
static_assert(same(Following::none, EXPPLAT_FOLLOWING_NONE) &&
              same(Following::streaming, EXPPLAT_FOLLOWING_STREAMING) &&
              same(Following::polling, EXPPLAT_FOLLOWING_POLLING));
static_assert(same(exposure::EventType::exposure, EXPPLAT_EVENT_EXPOSURE) &&
              same(exposure::EventType::track, EXPPLAT_EVENT_TRACK));

/// The name of a number of an enumeration that has all from 0 to `last`; the names are literals, which end with a NUL.
template <class Enumeration>
const char* name_of(std::int32_t number, Enumeration last) noexcept {
    if (number < 0 || number > static_cast<std::int32_t>(last)) return "";
    return name(static_cast<Enumeration>(number)).data();
}

}  // namespace
}  // namespace expplat::c

using namespace expplat::c;

extern "C" {

const char* expplat_version(void) { return expplat::version.data(); }

const char* expplat_code_name(expplat_code code) {
    if (code == EXPPLAT_OK) return "ok";
    if (code == EXPPLAT_OUT_OF_MEMORY) return "out_of_memory";
    return code < 0 ? "" : name_of(code, expplat::ErrorCode::network);
}
const char* expplat_reason_name(int32_t reason) { return name_of(reason, expplat::Reason::cached); }
const char* expplat_evaluation_name(int32_t error) {
    return name_of(error, expplat::EvaluationError::general);
}
const char* expplat_state_name(int32_t state) { return name_of(state, expplat::State::closed); }
const char* expplat_origin_name(int32_t origin) { return name_of(origin, expplat::Origin::server); }
const char* expplat_following_name(int32_t following) {
    return name_of(following, expplat::Following::polling);
}

}  // extern "C"
