/* The frozen binary interface of 64-bit platforms: sizes and places of every public struct, and every number. A change
   here breaks programs that are built already: append to a struct that begins with `struct_size`, add numbers, never edit. */
#include "tests/c/check.h"

#define PLACE(type, member, offset) CHECK(offsetof(type, member) == (offset))
#define SIZE(type, size) CHECK(sizeof(type) == (size))

static void structs(void) {
    SIZE(expplat_str, 16);
    PLACE(expplat_str, data, 0);
    PLACE(expplat_str, size, 8);
    SIZE(expplat_text, 16);
    PLACE(expplat_text, data, 0);
    PLACE(expplat_text, size, 8);
    SIZE(expplat_value, 24);
    PLACE(expplat_value, kind, 0);
    PLACE(expplat_value, as, 8);
    SIZE(expplat_status, 80);
    PLACE(expplat_status, struct_size, 0);
    PLACE(expplat_status, state, 8);
    PLACE(expplat_status, origin, 12);
    PLACE(expplat_status, following, 16);
    PLACE(expplat_status, ruleset_version, 24);
    PLACE(expplat_status, since_ms, 32);
    PLACE(expplat_status, unsupported, 40);
    PLACE(expplat_status, environment, 48);
    PLACE(expplat_status, error, 64);
    SIZE(expplat_ruleset_change, 40);
    PLACE(expplat_ruleset_change, struct_size, 0);
    PLACE(expplat_ruleset_change, version, 8);
    PLACE(expplat_ruleset_change, origin, 16);
    PLACE(expplat_ruleset_change, everything, 20);
    PLACE(expplat_ruleset_change, keys, 24);
    PLACE(expplat_ruleset_change, key_count, 32);
    SIZE(expplat_event, 200);
    PLACE(expplat_event, struct_size, 0);
    PLACE(expplat_event, type, 8);
    PLACE(expplat_event, has_value, 12);
    PLACE(expplat_event, id, 13);
    PLACE(expplat_event, time_ms, 32);
    PLACE(expplat_event, ruleset_version, 40);
    PLACE(expplat_event, value, 48);
    PLACE(expplat_event, project, 56);
    PLACE(expplat_event, environment, 72);
    PLACE(expplat_event, name, 88);
    PLACE(expplat_event, variant, 104);
    PLACE(expplat_event, unit, 120);
    PLACE(expplat_event, unit_id, 136);
    PLACE(expplat_event, properties, 152);
    PLACE(expplat_event, attributes, 168);
    PLACE(expplat_event, sdk, 184);
    SIZE(expplat_answer, 288);
    PLACE(expplat_answer, version, 0);
    PLACE(expplat_answer, value, 8);
    PLACE(expplat_answer, kind, 16);
    PLACE(expplat_answer, reason, 17);
    PLACE(expplat_answer, error, 18);
    PLACE(expplat_answer, exposure, 19);
    PLACE(expplat_answer, variant_size, 20);
    PLACE(expplat_answer, rule_size, 21);
    PLACE(expplat_answer, variant, 24);
    PLACE(expplat_answer, rule, 153);
    SIZE(expplat_stats, 160);
    PLACE(expplat_stats, struct_size, 0);
    PLACE(expplat_stats, recorded, 8);
    PLACE(expplat_stats, adopted, 16);
    PLACE(expplat_stats, deduplicated, 24);
    PLACE(expplat_stats, acknowledged, 32);
    PLACE(expplat_stats, spooled, 40);
    PLACE(expplat_stats, dead_lettered, 48);
    PLACE(expplat_stats, dropped_queue_full, 56);
    PLACE(expplat_stats, dropped_shutdown, 64);
    PLACE(expplat_stats, dropped_spool, 72);
    PLACE(expplat_stats, in_flight, 80);
    PLACE(expplat_stats, batches, 88);
    PLACE(expplat_stats, failed_deliveries, 96);
    PLACE(expplat_stats, ruleset_version, 104);
    PLACE(expplat_stats, rulesets_adopted, 112);
    PLACE(expplat_stats, rulesets_refused, 120);
    PLACE(expplat_stats, unsupported_entities, 128);
    PLACE(expplat_stats, live_images, 136);
    PLACE(expplat_stats, image_bytes, 144);
    PLACE(expplat_stats, stream_connections, 152);
}

static void numbers(void) {
    CHECK(EXPPLAT_OK == 0);
    CHECK(EXPPLAT_INVALID_ARGUMENT == 1);
    CHECK(EXPPLAT_NOT_FOUND == 2);
    CHECK(EXPPLAT_IO == 3);
    CHECK(EXPPLAT_INVALID_RULESET == 4);
    CHECK(EXPPLAT_INVALID_IMAGE == 5);
    CHECK(EXPPLAT_IMAGE_VERSION == 6);
    CHECK(EXPPLAT_TOO_LARGE == 7);
    CHECK(EXPPLAT_UNSUPPORTED == 8);
    CHECK(EXPPLAT_NOT_READY == 9);
    CHECK(EXPPLAT_CLOSED == 10);
    CHECK(EXPPLAT_TIMEOUT == 11);
    CHECK(EXPPLAT_UNAUTHORIZED == 12);
    CHECK(EXPPLAT_NETWORK == 13);
    CHECK(EXPPLAT_OUT_OF_MEMORY == 14);
    CHECK(EXPPLAT_KIND_NULL == 0);
    CHECK(EXPPLAT_KIND_BOOLEAN == 1);
    CHECK(EXPPLAT_KIND_INTEGER == 2);
    CHECK(EXPPLAT_KIND_NUMBER == 3);
    CHECK(EXPPLAT_KIND_STRING == 4);
    CHECK(EXPPLAT_KIND_LIST == 5);
    CHECK(EXPPLAT_KIND_OBJECT == 6);
    CHECK(EXPPLAT_LOG_DEBUG == 0);
    CHECK(EXPPLAT_LOG_INFO == 1);
    CHECK(EXPPLAT_LOG_WARNING == 2);
    CHECK(EXPPLAT_LOG_ERROR == 3);
    CHECK(EXPPLAT_STATE_CONNECTING == 0);
    CHECK(EXPPLAT_STATE_READY == 1);
    CHECK(EXPPLAT_STATE_STALE == 2);
    CHECK(EXPPLAT_STATE_UNAUTHORIZED == 3);
    CHECK(EXPPLAT_STATE_CLOSED == 4);
    CHECK(EXPPLAT_ORIGIN_NONE == 0);
    CHECK(EXPPLAT_ORIGIN_TEXT == 1);
    CHECK(EXPPLAT_ORIGIN_FILE == 2);
    CHECK(EXPPLAT_ORIGIN_CACHE == 3);
    CHECK(EXPPLAT_ORIGIN_SERVER == 4);
    CHECK(EXPPLAT_FOLLOWING_NONE == 0);
    CHECK(EXPPLAT_FOLLOWING_STREAMING == 1);
    CHECK(EXPPLAT_FOLLOWING_POLLING == 2);
    CHECK(EXPPLAT_EVENT_EXPOSURE == 1);
    CHECK(EXPPLAT_EVENT_TRACK == 2);
    CHECK(EXPPLAT_REASON_DISABLED == 0);
    CHECK(EXPPLAT_REASON_PREREQUISITE_FAILED == 1);
    CHECK(EXPPLAT_REASON_TARGETING_MATCH == 2);
    CHECK(EXPPLAT_REASON_SPLIT == 3);
    CHECK(EXPPLAT_REASON_DEFAULT == 4);
    CHECK(EXPPLAT_REASON_HOLDOUT == 5);
    CHECK(EXPPLAT_REASON_NOT_TARGETED == 6);
    CHECK(EXPPLAT_REASON_NOT_ENROLLED == 7);
    CHECK(EXPPLAT_REASON_ERROR == 8);
    CHECK(EXPPLAT_REASON_STALE == 9);
    CHECK(EXPPLAT_REASON_CACHED == 10);
    CHECK(EXPPLAT_EVALUATION_NONE == 0);
    CHECK(EXPPLAT_EVALUATION_FLAG_NOT_FOUND == 1);
    CHECK(EXPPLAT_EVALUATION_TYPE_MISMATCH == 2);
    CHECK(EXPPLAT_EVALUATION_TARGETING_KEY_MISSING == 3);
    CHECK(EXPPLAT_EVALUATION_PARSE_ERROR == 4);
    CHECK(EXPPLAT_EVALUATION_PROVIDER_NOT_READY == 5);
    CHECK(EXPPLAT_EVALUATION_GENERAL == 6);
}

void test_abi(void) {
    if (sizeof(void*) == 8) structs();
    numbers();
}
