/* Callbacks: logger, status, ruleset, sink with partial deliveries; what they are given is released once. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/c/check.h"

struct seen {
    int logs;
    int statuses;
    int rulesets;
    int batches;
    size_t events;
    int released;
    size_t acknowledge; /* how many of the next batch; the rest is offered again */
    size_t reject;
    char first_id[64];
    bool repeated; /* the first event was offered again under the same id */
};

static void on_log(void* user_data, int32_t level, expplat_str line) {
    struct seen* const seen = user_data;
    CHECK(level >= EXPPLAT_LOG_DEBUG && level <= EXPPLAT_LOG_ERROR && line.size > 0);
    ++seen->logs;
}

static void on_status(void* user_data, const expplat_status* status) {
    struct seen* const seen = user_data;
    CHECK(status->struct_size >= sizeof(expplat_status));
    if (status->state == EXPPLAT_STATE_READY) CHECK(strcmp(status->environment.data, "test") == 0);
    ++seen->statuses;
}

static void on_ruleset(void* user_data, const expplat_ruleset_change* change) {
    struct seen* const seen = user_data;
    CHECK(change->struct_size >= sizeof(expplat_ruleset_change) && change->version >= 1);
    CHECK(change->everything == (seen->rulesets == 0));
    ++seen->rulesets;
}

static void on_batch(void* user_data, const expplat_event* const* events, size_t count,
                     expplat_delivery* delivery) {
    struct seen* const seen = user_data;
    size_t i;
    ++seen->batches;
    for (i = 0; i < count; ++i) {
        const expplat_text json = expplat_event_json(events[i]);
        CHECK(events[i]->struct_size >= sizeof(expplat_event) && events[i]->time_ms > 0);
        CHECK(same(events[i]->environment, "test") && same(events[i]->unit, "key"));
        CHECK(json.data != NULL && strstr(json.data, "\"v\":1") != NULL);
        CHECK(strncmp(events[i]->sdk.data, "my-engine/", 10) == 0);
        CHECK(json.data != NULL && strstr(json.data, "\"sdk\":\"my-engine/") != NULL);
        if (i == 0 && json.data != NULL) {
            char id[64] = "";
            const char* const at = strstr(json.data, "\"id\":\"");
            if (at != NULL) memcpy(id, at + 6, 36);
            if (strcmp(id, seen->first_id) == 0) seen->repeated = true;
            memcpy(seen->first_id, id, sizeof(id));
        }
        expplat_text_free(json);
        if (events[i]->type == EXPPLAT_EVENT_TRACK) {
            CHECK(events[i]->has_value && events[i]->value == 2.5 && same(events[i]->name, "buy"));
            CHECK(same(events[i]->properties, "{\"a\":1}"));
        } else {
            CHECK(same(events[i]->name, "exp") && same(events[i]->variant, "green") &&
                  events[i]->ruleset_version == 1);
        }
    }
    if (seen->acknowledge < count) {
        expplat_delivery_acknowledge(delivery, seen->acknowledge);
        expplat_delivery_reject(delivery, seen->reject);
        expplat_delivery_set_message(delivery, str("the receiver took not all"));
        seen->events += seen->acknowledge + seen->reject;
        seen->acknowledge = SIZE_MAX;
    } else {
        expplat_delivery_acknowledge(delivery, count + 5); /* more than there are: all of them */
        seen->events += count;
    }
}

static void release(void* user_data) { ++((struct seen*)user_data)->released; }

static void a_sink_takes_batches_in_part(void) {
    struct seen seen;
    expplat_config* const config = expplat_config_create();
    expplat_user* const user = expplat_user_create(str("u1"));
    expplat_client* client;
    expplat_stats stats;
    const double value = 2.5;
    int round;
    memset(&seen, 0, sizeof(seen));
    seen.acknowledge = 0; /* the first batch: nothing is taken, then all */
    CHECK(expplat_config_source_text(config, str(test_ruleset)) == EXPPLAT_OK);
    CHECK(expplat_config_set_string(config, str("sdk"), str("my-engine")) == EXPPLAT_OK);
    CHECK(expplat_config_sink_custom(config, &on_batch, &seen, &release) == EXPPLAT_OK);
    CHECK(expplat_config_on_log(config, &on_log, &seen, &release) == EXPPLAT_OK);
    CHECK(expplat_config_on_status(config, &on_status, &seen, NULL) == EXPPLAT_OK);
    CHECK(expplat_config_on_ruleset(config, &on_ruleset, &seen, &release) == EXPPLAT_OK);
    client = expplat_open(config, NULL);
    expplat_config_destroy(config);
    CHECK(client != NULL && seen.released == 0 && seen.statuses >= 1 && seen.rulesets == 1);

    for (round = 0; round < 3; ++round) { /* deduplicated */
        expplat_answer answer;
        expplat_variant(client, str("exp"), user, &answer);
    }
    CHECK(expplat_track(client, str("buy"), user, &value, str("{\"a\": 1}")) == EXPPLAT_OK);
    CHECK(expplat_flush(client, 10000));
    CHECK(seen.events == 2 && seen.batches >= 2 && seen.repeated && seen.logs >= 1);
    stats.struct_size = sizeof(stats);
    CHECK(expplat_get_stats(client, &stats) == EXPPLAT_OK);
    CHECK(stats.recorded == 4 && stats.deduplicated == 2 && stats.acknowledged == 2 && stats.in_flight == 0);

    seen.acknowledge = 1; /* of two: one is taken, one can never succeed */
    seen.reject = 1;
    CHECK(expplat_track(client, str("buy"), user, &value, str("{\"a\": 1}")) == EXPPLAT_OK);
    CHECK(expplat_track(client, str("buy"), user, &value, str("{\"a\": 1}")) == EXPPLAT_OK);
    CHECK(expplat_flush(client, 10000));
    CHECK(expplat_get_stats(client, &stats) == EXPPLAT_OK);
    CHECK(stats.acknowledged + stats.dead_lettered == 4 && stats.in_flight == 0);
    expplat_destroy(client);
    CHECK(seen.released == 3);
    expplat_user_destroy(user);
}

static void user_data_is_released_once(void) {
    struct seen seen;
    expplat_config* const config = expplat_config_create();
    expplat_config* copy;
    memset(&seen, 0, sizeof(seen));
    CHECK(expplat_config_on_log(NULL, &on_log, &seen, &release) == EXPPLAT_INVALID_ARGUMENT);
    CHECK(seen.released == 1); /* at once: setting it failed */
    CHECK(expplat_config_sink_custom(config, NULL, &seen, &release) == EXPPLAT_INVALID_ARGUMENT);
    CHECK(seen.released == 2);
    CHECK(expplat_config_on_log(config, &on_log, &seen, &release) == EXPPLAT_OK);
    CHECK(seen.released == 2);
    CHECK(expplat_config_on_log(config, &on_log, &seen, &release) == EXPPLAT_OK);
    CHECK(seen.released == 3); /* the one before it */
    copy = expplat_config_clone(config);
    expplat_config_destroy(config);
    CHECK(seen.released == 3);
    CHECK(expplat_open(copy, NULL) == NULL); /* no source */
    CHECK(seen.released == 3);
    expplat_config_destroy(copy);
    CHECK(seen.released == 4);
}

void test_callbacks(void) {
    a_sink_takes_batches_in_part();
    user_data_is_released_once();
}
