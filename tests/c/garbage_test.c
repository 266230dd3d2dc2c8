/* NULL and nonsense everywhere: an error or the caller's default, never a crash. */
#include <string.h>

#include "tests/c/check.h"

static void without_a_client(const expplat_user* user) {
    expplat_answer answer;
    expplat_text text = {NULL, 5};
    expplat_stats stats;
    expplat_status status;
    expplat_error* error = NULL;
    stats.struct_size = sizeof(stats);
    status.struct_size = sizeof(status);

    expplat_variant(NULL, str("flag"), user, &answer);
    CHECK(answer.reason == EXPPLAT_REASON_ERROR && answer.error == EXPPLAT_EVALUATION_PROVIDER_NOT_READY);
    CHECK(answer.variant_size == 0 && answer.version == 0 && !answer.exposure);
    expplat_variant_with_text(NULL, str("flag"), user, &answer, &text);
    CHECK(text.data == NULL && text.size == 0);
    CHECK(expplat_boolean(NULL, str("flag"), user, true, &answer));
    CHECK(expplat_integer(NULL, str("flag"), user, 4, NULL) == 4);
    CHECK(expplat_number(NULL, str("flag"), user, 4.5, NULL) == 4.5);
    CHECK(same_text(expplat_string(NULL, str("flag"), user, str("f"), NULL), "f"));
    CHECK(same_text(expplat_object(NULL, str("flag"), user, str("{}"), &answer), "{}"));
    CHECK(same_text(expplat_evaluate_all(NULL, user), ""));
    CHECK(same_text(
        expplat_evaluate_json(NULL, str("k"), user),
        "{\"key\": \"k\", \"variant\": null, \"value\": null, \"reason\": \"ERROR\", \"rule\": null, "
        "\"error\": \"PROVIDER_NOT_READY\", \"exposure\": false, \"version\": 0}"));
    {
        const expplat_text line = expplat_evaluate_case(NULL, str("{\"key\": \"k\", \"user\": {}}"));
        CHECK(line.data != NULL && strstr(line.data, "PROVIDER_NOT_READY") != NULL);
        expplat_text_free(line);
    }
    CHECK(expplat_handle_create(NULL, str("flag")) == NULL);
    expplat_handle_variant(NULL, user, &answer);
    CHECK(answer.error == EXPPLAT_EVALUATION_PROVIDER_NOT_READY);
    CHECK(expplat_track(NULL, str("e"), user, NULL, str(NULL)) == EXPPLAT_INVALID_ARGUMENT);
    CHECK(expplat_reload(NULL, &error) == EXPPLAT_INVALID_ARGUMENT);
    CHECK(expplat_error_code(error) == EXPPLAT_INVALID_ARGUMENT);
    expplat_error_free(error);
    CHECK(!expplat_wait_ready(NULL, 10) && !expplat_flush(NULL, 10));
    CHECK(expplat_poll(NULL) > 0 && expplat_poll_at(NULL, 5) > 0);
    CHECK(expplat_get_stats(NULL, &stats) == EXPPLAT_INVALID_ARGUMENT);
    CHECK(expplat_get_status(NULL, &status) == EXPPLAT_INVALID_ARGUMENT);
    CHECK(expplat_stats_json(NULL).data == NULL && expplat_status_json(NULL).data == NULL);
    expplat_close(NULL);
    expplat_destroy(NULL);
    expplat_handle_destroy(NULL);
}

static void without_a_user(expplat_client* client) {
    expplat_answer answer;
    expplat_text text;
    expplat_handle* const handle = expplat_handle_create(client, str("flag"));
    expplat_variant(client, str("flag"), NULL, &answer);
    CHECK(answer.reason == EXPPLAT_REASON_ERROR && answer.error == EXPPLAT_EVALUATION_PARSE_ERROR);
    expplat_variant_with_text(client, str("flag"), NULL, &answer, &text);
    CHECK(answer.error == EXPPLAT_EVALUATION_PARSE_ERROR && text.data == NULL);
    expplat_handle_variant(handle, NULL, &answer);
    CHECK(answer.error == EXPPLAT_EVALUATION_PARSE_ERROR);
    CHECK(!expplat_boolean(client, str("flag"), NULL, false, NULL));
    CHECK(same_text(expplat_string(client, str("title"), NULL, str("f"), &answer), "f"));
    CHECK(answer.error == EXPPLAT_EVALUATION_PARSE_ERROR);
    CHECK(expplat_track(client, str("e"), NULL, NULL, str("")) == EXPPLAT_INVALID_ARGUMENT);
    expplat_handle_destroy(handle);
    CHECK(expplat_user_clone(NULL) == NULL);
    CHECK(!expplat_user_set_bool(NULL, str("a"), true) && !expplat_user_set_null(NULL, str("a")));
    CHECK(!expplat_user_set_list(NULL, str("a"), NULL, 0));
    expplat_user_destroy(NULL);
}

static void texts(expplat_client* client, const expplat_user* user) {
    const expplat_str nothing = {NULL, 100};
    expplat_answer answer;
    char long_key[1000];
    memset(long_key, 'k', sizeof(long_key));
    expplat_variant(client, nothing, user, &answer);
    CHECK(answer.error == EXPPLAT_EVALUATION_FLAG_NOT_FOUND);
    expplat_variant(client, (expplat_str){long_key, sizeof(long_key)}, user, &answer);
    CHECK(answer.error == EXPPLAT_EVALUATION_FLAG_NOT_FOUND);
    expplat_variant(client, str("\xff\xfe"), user, &answer);
    CHECK(answer.error == EXPPLAT_EVALUATION_FLAG_NOT_FOUND);
    expplat_variant(client, str("flag"), user, NULL);
    expplat_variant_with_text(client, str("flag"), user, NULL, NULL);
    expplat_variant_with_text(client, str("title"), user, &answer, NULL);
    CHECK(strcmp(answer.variant, "hello") == 0);
    expplat_handle_variant(NULL, NULL, NULL);
    expplat_user_destroy(expplat_user_create(nothing));
    CHECK(expplat_user_create((expplat_str){"x", (size_t)1 << 62}) == NULL);
    CHECK(expplat_event_json(NULL).data == NULL);
    expplat_text_free((expplat_text){NULL, 3});
    expplat_status_free(NULL);
    expplat_delivery_acknowledge(NULL, 1);
    expplat_delivery_reject(NULL, 1);
    expplat_delivery_set_message(NULL, str("m"));
}

static void errors_and_names(void) {
    CHECK(expplat_error_code(NULL) == EXPPLAT_OK);
    CHECK(expplat_error_message(NULL).size == 0);
    expplat_error_free(NULL);
    CHECK(strchr(expplat_version(), '.') != NULL);
    CHECK(strcmp(expplat_code_name(EXPPLAT_OK), "ok") == 0);
    CHECK(strcmp(expplat_code_name(EXPPLAT_NOT_FOUND), "not_found") == 0);
    CHECK(strcmp(expplat_code_name(EXPPLAT_OUT_OF_MEMORY), "out_of_memory") == 0);
    CHECK(strcmp(expplat_reason_name(EXPPLAT_REASON_TARGETING_MATCH), "TARGETING_MATCH") == 0);
    CHECK(strcmp(expplat_evaluation_name(EXPPLAT_EVALUATION_FLAG_NOT_FOUND), "FLAG_NOT_FOUND") == 0);
    CHECK(strcmp(expplat_evaluation_name(EXPPLAT_EVALUATION_NONE), "") == 0);
    CHECK(strcmp(expplat_state_name(EXPPLAT_STATE_STALE), "STALE") == 0);
    CHECK(strcmp(expplat_origin_name(EXPPLAT_ORIGIN_CACHE), "cache") == 0);
    CHECK(strcmp(expplat_following_name(EXPPLAT_FOLLOWING_POLLING), "polling") == 0);
    CHECK(strcmp(expplat_code_name(-1), "") == 0 && strcmp(expplat_code_name(9999), "") == 0);
    CHECK(strcmp(expplat_reason_name(-1), "") == 0 && strcmp(expplat_reason_name(11), "") == 0);
    CHECK(strcmp(expplat_state_name(5), "") == 0 && strcmp(expplat_origin_name(INT32_MAX), "") == 0);
}

void test_garbage(void) {
    expplat_client* const client = open_client();
    expplat_user* const user = expplat_user_create(str("u1"));
    without_a_client(user);
    without_a_user(client);
    texts(client, user);
    errors_and_names();
    expplat_user_destroy(user);
    expplat_destroy(client);
}
