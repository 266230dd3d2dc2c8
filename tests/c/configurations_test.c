/* Configurations: every setting by name, sources, what is refused; files and events. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/c/check.h"

static void settings(void) {
    static const char* const texts[] = {"cache",
                                        "project",
                                        "sdk",
                                        "spool",
                                        "dead_letters",
                                        "event_attributes",
                                        "network.proxy",
                                        "network.ca_file",
                                        "kinesis.region",
                                        "kinesis.endpoint_url",
                                        "kinesis.profile",
                                        "kinesis.access_key_id",
                                        "kinesis.secret_access_key",
                                        "kinesis.session_token"};
    static const char* const positive[] = {"poll_interval_ms",
                                           "queue_events",
                                           "batch_age_ms",
                                           "batch_events",
                                           "network.connect_timeout_ms",
                                           "network.request_timeout_ms"};
    static const char* const from_zero[] = {"dedupe_window_ms", "spool_bytes", "shutdown_timeout_ms",
                                            "file.rotated_files"};
    static const char* const booleans[] = {"streaming", "manual_poll", "kinesis.aggregate",
                                           "kinesis.use_fips", "kinesis.use_dual_stack"};
    expplat_config* const config = expplat_config_create();
    size_t i;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        CHECK(expplat_config_set_string(config, str(texts[i]), str("x")) == EXPPLAT_OK);
        CHECK(expplat_config_set_string(NULL, str(texts[i]), str("x")) == EXPPLAT_INVALID_ARGUMENT);
        CHECK(expplat_config_set_int(config, str(texts[i]), 1) == EXPPLAT_NOT_FOUND);
    }
    for (i = 0; i < sizeof(positive) / sizeof(positive[0]); ++i) {
        CHECK(expplat_config_set_int(config, str(positive[i]), 100) == EXPPLAT_OK);
        CHECK(expplat_config_set_int(config, str(positive[i]), 0) == EXPPLAT_INVALID_ARGUMENT);
    }
    for (i = 0; i < sizeof(from_zero) / sizeof(from_zero[0]); ++i) {
        CHECK(expplat_config_set_int(config, str(from_zero[i]), 0) == EXPPLAT_OK);
        CHECK(expplat_config_set_int(config, str(from_zero[i]), -1) == EXPPLAT_INVALID_ARGUMENT);
    }
    for (i = 0; i < sizeof(booleans) / sizeof(booleans[0]); ++i) {
        CHECK(expplat_config_set_bool(config, str(booleans[i]), true) == EXPPLAT_OK);
    }
    CHECK(expplat_config_set_bool(config, str("nothing"), true) == EXPPLAT_NOT_FOUND);
    CHECK(expplat_config_set_bool(config, str(NULL), true) == EXPPLAT_NOT_FOUND);
    CHECK(expplat_config_sink_http(config, str(""), str("")) == EXPPLAT_OK);
    CHECK(expplat_config_sink_kinesis(config, str("stream")) == EXPPLAT_OK);
    CHECK(expplat_config_sink_none(config) == EXPPLAT_OK);
    CHECK(expplat_config_source_server(config, str("https://flags.example.com"), str("k")) == EXPPLAT_OK);
    CHECK(expplat_config_source_file(config, str("f"), -1) == EXPPLAT_INVALID_ARGUMENT);
    expplat_config_destroy(config);
}

static void refused(expplat_config* config, expplat_code code) {
    expplat_error* error = NULL;
    expplat_client* const client = expplat_open(config, &error);
    CHECK(client == NULL && expplat_error_code(error) == code);
    CHECK(expplat_error_message(error).size > 0);
    expplat_error_free(error);
    CHECK(expplat_open(config, NULL) == NULL);
}

static void refusals(void) {
    expplat_config* const config = expplat_config_create();
    refused(NULL, EXPPLAT_INVALID_ARGUMENT);
    refused(config, EXPPLAT_INVALID_ARGUMENT); /* no source */
    expplat_config_source_file(config, str("/nowhere/at/all.json"), 0);
    refused(config, EXPPLAT_NOT_FOUND);
    expplat_config_source_text(config, str("{}"));
    refused(config, EXPPLAT_INVALID_RULESET);
    expplat_config_source_text(config, str(test_ruleset));
    expplat_config_sink_file(config, str("/nowhere/at/all.jsonl"), 0);
    refused(config, EXPPLAT_IO);
    expplat_config_destroy(config);
    CHECK(expplat_config_clone(NULL) == NULL);
    CHECK(expplat_config_source_text(NULL, str("")) == EXPPLAT_INVALID_ARGUMENT);
    CHECK(expplat_config_source_server(NULL, str(""), str("")) == EXPPLAT_INVALID_ARGUMENT);
    CHECK(expplat_config_sink_none(NULL) == EXPPLAT_INVALID_ARGUMENT);
    CHECK(expplat_config_sink_file(NULL, str(""), 0) == EXPPLAT_INVALID_ARGUMENT);
    expplat_config_destroy(NULL);
}

static void write_file(const char* path, const char* content) {
    FILE* const file = fopen(path, "wb");
    if (!CHECK(file != NULL)) return;
    CHECK(fwrite(content, 1, strlen(content), file) == strlen(content));
    CHECK(fclose(file) == 0);
}

static size_t lines_of(const char* path) {
    FILE* const file = fopen(path, "rb");
    size_t lines = 0;
    int c;
    if (file == NULL) return 0;
    while ((c = fgetc(file)) != EOF) lines += c == '\n' ? 1u : 0u;
    (void)fclose(file);
    return lines;
}

/* A file is followed by `reload`, events go to a file, and the program steps it: no thread. */
static void files(void) {
    char folder[] = "/tmp/expplat_c_XXXXXX";
    char rules[64];
    char events[64];
    expplat_config* const config = expplat_config_create();
    expplat_user* const user = expplat_user_create(str("u1"));
    expplat_client* client;
    expplat_error* error = NULL;
    expplat_stats stats;
    const double value = 12.5;
    if (!CHECK(mkdtemp(folder) != NULL)) return;
    (void)snprintf(rules, sizeof(rules), "%s/rules.json", folder);
    (void)snprintf(events, sizeof(events), "%s/events.jsonl", folder);
    write_file(rules, test_ruleset);
    expplat_config_source_file(config, str(rules), 0);
    expplat_config_sink_file(config, str(events), 0);
    expplat_config_set_bool(config, str("manual_poll"), true);
    client = expplat_open(config, &error);
    expplat_config_destroy(config);
    if (!CHECK(client != NULL)) return;
    CHECK(expplat_wait_ready(client, 0));

    CHECK(same_text(expplat_string(client, str("exp"), user, str(""), NULL), "g"));
    CHECK(expplat_track(client, str("purchase"), user, &value, str("{\"sku\": \"a1\"}")) == EXPPLAT_OK);
    CHECK(expplat_track(client, str("visit"), user, NULL, str(NULL)) == EXPPLAT_OK);
    CHECK(expplat_track(client, str(""), user, NULL, str(NULL)) == EXPPLAT_INVALID_ARGUMENT);
    CHECK(expplat_poll(client) >= 0);
    CHECK(expplat_poll_at(client, INT64_C(3600000000000)) >= 0);
    CHECK(expplat_flush(client, 5000));
    CHECK(lines_of(events) == 3);
    stats.struct_size = sizeof(stats);
    CHECK(expplat_get_stats(client, &stats) == EXPPLAT_OK);
    CHECK(stats.recorded == 3 && stats.acknowledged == 3 && stats.in_flight == 0);

    write_file(rules, test_ruleset_two);
    CHECK(expplat_boolean(client, str("flag"), user, false, NULL));
    CHECK(expplat_reload(client, &error) == EXPPLAT_OK && error == NULL);
    CHECK(!expplat_boolean(client, str("flag"), user, true, NULL));
    write_file(rules, "{");
    CHECK(expplat_reload(client, &error) == EXPPLAT_INVALID_RULESET);
    expplat_error_free(error);
    CHECK(!expplat_boolean(client, str("flag"), user, true, NULL));
    expplat_destroy(client);
    expplat_user_destroy(user);
    (void)unlink(rules);
    (void)unlink(events);
    (void)rmdir(folder);
}

void test_configurations(void) {
    settings();
    refusals();
    files();
}
