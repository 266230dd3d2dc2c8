/* Answers: variants, typed values, handles, JSON. */
#include <string.h>

#include "tests/c/check.h"

static void variants(expplat_client* client, const expplat_user* user) {
    expplat_answer answer;
    expplat_text text;
    memset(&answer, 0xAA, sizeof(answer));
    expplat_variant(client, str("flag"), user, &answer);
    CHECK(answer.version == 1);
    CHECK(answer.kind == EXPPLAT_KIND_BOOLEAN && answer.value.boolean);
    CHECK(strcmp(answer.variant, "on") == 0 && answer.variant_size == 2);
    CHECK(answer.rule_size == 0 && answer.rule[0] == '\0');
    CHECK(answer.reason == EXPPLAT_REASON_DEFAULT && answer.error == EXPPLAT_EVALUATION_NONE);
    CHECK(!answer.exposure);

    expplat_variant(client, str("exp"), user, &answer);
    CHECK(answer.reason == EXPPLAT_REASON_SPLIT && answer.exposure);
    CHECK(answer.kind == EXPPLAT_KIND_STRING && answer.value.bits == 0);

    expplat_variant(client, str("count"), user, &answer);
    CHECK(answer.kind == EXPPLAT_KIND_INTEGER && answer.value.integer == INT64_C(9007199254740993));
    expplat_variant(client, str("ratio"), user, &answer);
    CHECK(answer.kind == EXPPLAT_KIND_NUMBER && answer.value.number == 0.5);

    expplat_variant(client, str("unknown"), user, &answer);
    CHECK(answer.variant_size == 0 && answer.variant[0] == '\0' && answer.kind == EXPPLAT_KIND_NULL);
    CHECK(answer.reason == EXPPLAT_REASON_ERROR && answer.error == EXPPLAT_EVALUATION_FLAG_NOT_FOUND);

    expplat_variant_with_text(client, str("theme"), user, &answer, &text);
    CHECK(answer.kind == EXPPLAT_KIND_OBJECT);
    CHECK(same_text(text, "{\"b\":[1,2]}"));
    expplat_variant_with_text(client, str("title"), user, &answer, &text);
    CHECK(same_text(text, "h\xc3\xa9llo"));
    expplat_variant_with_text(client, str("flag"), user, &answer, &text);
    CHECK(text.data == NULL && text.size == 0);
}

static void typed_values(expplat_client* client, const expplat_user* user) {
    expplat_answer answer;
    CHECK(expplat_boolean(client, str("flag"), user, false, &answer));
    CHECK(strcmp(answer.variant, "on") == 0);
    CHECK(expplat_boolean(client, str("flag"), user, false, NULL));
    CHECK(expplat_boolean(client, str("count"), user, true, &answer));
    CHECK(answer.reason == EXPPLAT_REASON_ERROR && answer.error == EXPPLAT_EVALUATION_TYPE_MISMATCH);
    CHECK(expplat_integer(client, str("count"), user, 1, NULL) == INT64_C(9007199254740993));
    CHECK(expplat_integer(client, str("flag"), user, -7, NULL) == -7);
    CHECK(expplat_number(client, str("ratio"), user, 2.0, NULL) == 0.5);
    CHECK(expplat_number(client, str("unknown"), user, 2.0, &answer) == 2.0);
    CHECK(answer.error == EXPPLAT_EVALUATION_FLAG_NOT_FOUND);
    CHECK(same_text(expplat_string(client, str("title"), user, str("x"), &answer), "h\xc3\xa9llo"));
    CHECK(strcmp(answer.variant, "hello") == 0);
    CHECK(same_text(expplat_string(client, str("theme"), user, str("fallback"), &answer), "fallback"));
    CHECK(answer.error == EXPPLAT_EVALUATION_TYPE_MISMATCH && !answer.exposure);
    CHECK(same_text(expplat_object(client, str("theme"), user, str("{}"), NULL), "{\"b\":[1,2]}"));
    CHECK(same_text(expplat_object(client, str("title"), user, str(NULL), NULL), ""));
}

static void handles(expplat_client* client, const expplat_user* user) {
    expplat_answer by_key;
    expplat_answer by_handle;
    expplat_text text;
    expplat_handle* const handle = expplat_handle_create(client, str("title"));
    expplat_handle* const unknown = expplat_handle_create(client, str("unknown"));
    int round;
    for (round = 0; round < 3; ++round) {
        expplat_handle_variant(handle, user, &by_handle);
        expplat_variant(client, str("title"), user, &by_key);
        CHECK(strcmp(by_key.variant, by_handle.variant) == 0);
        CHECK(by_key.reason == by_handle.reason && by_key.version == by_handle.version);
        expplat_handle_variant(unknown, user, &by_handle);
        CHECK(by_handle.error == EXPPLAT_EVALUATION_FLAG_NOT_FOUND);
    }
    expplat_handle_variant_with_text(handle, user, &by_handle, &text);
    CHECK(same_text(text, "h\xc3\xa9llo"));
    expplat_handle_destroy(handle);
    expplat_handle_destroy(unknown);
}

static void as_json(expplat_client* client, const expplat_user* user) {
    CHECK(same_text(
        expplat_evaluate_json(client, str("exp"), user),
        "{\"key\": \"exp\", \"variant\": \"green\", \"value\": \"g\", \"reason\": \"SPLIT\", \"rule\": null, "
        "\"error\": null, \"exposure\": true, \"version\": 1}"));
    CHECK(same_text(
        expplat_evaluate_json(client, str("exp"), NULL),
        "{\"key\": \"exp\", \"variant\": null, \"value\": null, \"reason\": \"ERROR\", \"rule\": null, "
        "\"error\": \"PARSE_ERROR\", \"exposure\": false, \"version\": 1}"));
    {
        const expplat_text all = expplat_evaluate_all(client, user);
        const char* const keys[] = {"\"flag\"",  "\"count\"", "\"ratio\"",
                                    "\"title\"", "\"theme\"", "\"exp\""};
        const char* line = all.data;
        size_t i;
        for (i = 0; i < 6 && CHECK(line != NULL); ++i) { /* document order: flags, then experiments */
            const char* const key = strstr(line, "{\"key\": ");
            if (CHECK(key == line)) CHECK(strncmp(key + 8, keys[i], strlen(keys[i])) == 0);
            line = strchr(line, '\n');
            if (line != NULL) ++line;
        }
        CHECK(line != NULL && *line == '\0');
        expplat_text_free(all);
    }
}

static void counts_and_status(expplat_client* client) {
    expplat_status status;
    expplat_stats stats;
    memset(&status, 0, sizeof(status));
    memset(&stats, 0xFF, sizeof(stats));
    status.struct_size = sizeof(status);
    stats.struct_size = sizeof(stats);
    CHECK(expplat_get_status(client, &status) == EXPPLAT_OK);
    CHECK(status.state == EXPPLAT_STATE_READY && status.origin == EXPPLAT_ORIGIN_TEXT);
    CHECK(status.following == EXPPLAT_FOLLOWING_NONE && status.ruleset_version == 1);
    CHECK(strcmp(status.environment.data, "test") == 0 && status.error.size == 0);
    expplat_status_free(&status);
    CHECK(status.environment.data == NULL);
    expplat_status_free(&status);
    CHECK(expplat_get_stats(client, &stats) == EXPPLAT_OK);
    CHECK(stats.ruleset_version == 1 && stats.live_images == 1 && stats.recorded == 0);
    CHECK(stats.stream_connections == 0 && stats.struct_size == sizeof(stats));
    {
        const expplat_text text = expplat_stats_json(client);
        CHECK(strncmp(text.data, "{\"recorded\": 0, ", 16) == 0);
        expplat_text_free(text);
    }
    {
        const expplat_text text = expplat_status_json(client);
        CHECK(strncmp(text.data, "{\"state\": \"READY\", \"origin\": \"text\"", 35) == 0);
        expplat_text_free(text);
    }
    status.struct_size = 8; /* less than the first release had */
    CHECK(expplat_get_status(client, &status) == EXPPLAT_INVALID_ARGUMENT);
    stats.struct_size = 0;
    CHECK(expplat_get_stats(client, &stats) == EXPPLAT_INVALID_ARGUMENT);
}

/* A program that was built with a later header: the library leaves alone what it does not know. */
static void longer_structs(expplat_client* client) {
    struct {
        expplat_stats known;
        uint64_t later;
    } longer;
    memset(&longer, 0xFF, sizeof(longer));
    longer.known.struct_size = sizeof(longer);
    CHECK(expplat_get_stats(client, &longer.known) == EXPPLAT_OK);
    CHECK(longer.known.recorded == 0 && longer.later == UINT64_MAX);
}

void test_answers(void) {
    expplat_client* const client = open_client();
    expplat_user* const user = expplat_user_create(str("u1"));
    variants(client, user);
    typed_values(client, user);
    handles(client, user);
    as_json(client, user);
    counts_and_status(client);
    longer_structs(client);
    expplat_close(client);
    expplat_close(client);
    CHECK(expplat_boolean(client, str("flag"), user, false, NULL)); /* the last ruleset goes on answering */
    expplat_user_destroy(user);
    expplat_destroy(client);
}
