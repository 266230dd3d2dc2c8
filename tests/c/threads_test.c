/* Threads that ask, record and read counts at once, by key and by a shared handle, while rulesets are replaced. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/c/check.h"

enum { asking_threads = 4, rounds = 2000 };

struct asked {
    expplat_client* client;
    expplat_handle* handle;
    int number;
};

static void* ask(void* argument) {
    const struct asked* const asked = argument;
    char key[32];
    expplat_user* user;
    int round;
    int wrong = 0;
    (void)snprintf(key, sizeof(key), "u%d", asked->number);
    user = expplat_user_create(str(key));
    for (round = 0; round < rounds; ++round) {
        expplat_answer by_key;
        expplat_answer by_handle;
        expplat_variant(asked->client, str("exp"), user, &by_key);
        expplat_handle_variant(asked->handle, user, &by_handle);
        if (by_key.version < 1 || by_handle.version < 1) ++wrong;
        if (by_handle.version == 1 && strcmp(by_handle.variant, "green") != 0) ++wrong;
        if (by_handle.version == 2 && by_handle.error != EXPPLAT_EVALUATION_FLAG_NOT_FOUND) ++wrong;
        if (round % 100 == 0) {
            expplat_stats stats;
            stats.struct_size = sizeof(stats);
            if (expplat_get_stats(asked->client, &stats) != EXPPLAT_OK) ++wrong;
            if (stats.recorded != stats.deduplicated + stats.acknowledged + stats.dead_lettered +
                                      stats.dropped_queue_full + stats.dropped_shutdown +
                                      stats.dropped_spool + stats.in_flight)
                ++wrong;
            (void)expplat_track(asked->client, str("e"), user, NULL, str(""));
        }
    }
    CHECK(wrong == 0);
    expplat_user_destroy(user);
    return NULL;
}

static void on_batch(void* user_data, const expplat_event* const* events, size_t count,
                     expplat_delivery* delivery) {
    (void)events;
    *(size_t*)user_data += count; /* one batch at a time, and read after the client is gone */
    expplat_delivery_acknowledge(delivery, count);
}

static void replace(const char* path, const char* content) {
    char beside[80];
    FILE* file;
    (void)snprintf(beside, sizeof(beside), "%s.part", path);
    file = fopen(beside, "wb");
    if (!CHECK(file != NULL)) return;
    (void)fputs(content, file);
    (void)fclose(file);
    CHECK(rename(beside, path) == 0);
}

void test_threads(void) {
    char folder[] = "/tmp/expplat_c_XXXXXX";
    char rules[64];
    size_t delivered = 0;
    expplat_config* const config = expplat_config_create();
    pthread_t threads[asking_threads];
    struct asked asked[asking_threads];
    expplat_client* client;
    expplat_handle* handle;
    expplat_stats stats;
    int i;
    if (!CHECK(mkdtemp(folder) != NULL)) return;
    (void)snprintf(rules, sizeof(rules), "%s/rules.json", folder);
    replace(rules, test_ruleset);
    expplat_config_source_file(config, str(rules), 1);
    expplat_config_sink_custom(config, &on_batch, &delivered, NULL);
    client = expplat_open(config, NULL);
    expplat_config_destroy(config);
    if (!CHECK(client != NULL)) return;
    handle = expplat_handle_create(client, str("exp"));
    for (i = 0; i < asking_threads; ++i) {
        asked[i].client = client;
        asked[i].handle = handle;
        asked[i].number = i;
        CHECK(pthread_create(&threads[i], NULL, &ask, &asked[i]) == 0);
    }
    for (i = 0; i < 20; ++i) {
        replace(rules, i % 2 == 0 ? test_ruleset_two : test_ruleset);
        CHECK(expplat_reload(client, NULL) == EXPPLAT_OK);
    }
    for (i = 0; i < asking_threads; ++i) pthread_join(threads[i], NULL);
    CHECK(expplat_flush(client, 10000));
    stats.struct_size = sizeof(stats);
    CHECK(expplat_get_stats(client, &stats) == EXPPLAT_OK);
    CHECK(stats.acknowledged == stats.recorded - stats.deduplicated && stats.acknowledged > 0);
    expplat_handle_destroy(handle);
    expplat_destroy(client);
    CHECK(delivered == stats.acknowledged);
    (void)unlink(rules);
    (void)rmdir(folder);
}
