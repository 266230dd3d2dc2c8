/* Users: attributes of every kind, from JSON, copies. */
#include <string.h>

#include "tests/c/check.h"

static bool flag_of(expplat_client* client, const expplat_user* user) {
    return expplat_boolean(client, str("flag"), user, false, NULL);
}

static void lists(expplat_client* client) {
    expplat_user* const user = expplat_user_create(str("u1"));
    expplat_value values[6];
    memset(values, 0, sizeof(values));
    values[0].kind = EXPPLAT_KIND_STRING;
    values[0].as.string = str("silver");
    values[1].kind = EXPPLAT_KIND_STRING;
    values[1].as.string = str("gold");
    CHECK(flag_of(client, user));
    CHECK(expplat_user_set_list(user, str("tags"), values, 1));
    CHECK(flag_of(client, user));
    CHECK(expplat_user_set_list(user, str("tags"), values, 2));
    CHECK(!flag_of(client, user)); /* an element is `gold` */
    values[1].kind = EXPPLAT_KIND_INTEGER;
    values[1].as.integer = 3;
    CHECK(expplat_user_set_list(user, str("tags"), values, 2));
    CHECK(!flag_of(client, user));
    values[1].kind = EXPPLAT_KIND_NUMBER;
    values[1].as.number = 3.0; /* equal as a number */
    CHECK(expplat_user_set_list(user, str("tags"), values, 2));
    CHECK(!flag_of(client, user));
    values[1].kind = EXPPLAT_KIND_BOOLEAN;
    values[1].as.boolean = true;
    values[2].kind = EXPPLAT_KIND_LIST; /* a list cannot hold these: left out */
    values[3].kind = EXPPLAT_KIND_OBJECT;
    values[4].kind = 77;
    values[5].kind = EXPPLAT_KIND_STRING;
    CHECK(expplat_user_set_list(user, str("tags"), values, 6));
    CHECK(flag_of(client, user));
    CHECK(expplat_user_set_list(user, str("tags"), NULL, 0));
    CHECK(flag_of(client, user));
    CHECK(!expplat_user_set_list(user, str("tags"), NULL, 1));
    CHECK(!expplat_user_set_list(user, str("tags"), values, (size_t)-1));
    expplat_user_destroy(user);
}

static void scalars(expplat_client* client) {
    expplat_user* const user = expplat_user_create(str("u1"));
    expplat_user* copy;
    CHECK(expplat_user_set_string(user, str("tags"), str("gold")));
    CHECK(!flag_of(client, user));
    copy = expplat_user_clone(user);
    CHECK(expplat_user_set_null(user, str("tags")));
    CHECK(flag_of(client, user));
    CHECK(!flag_of(client, copy));
    CHECK(expplat_user_set_int(user, str("tags"), 3));
    CHECK(!flag_of(client, user));
    CHECK(expplat_user_set_double(user, str("tags"), 3.5));
    CHECK(flag_of(client, user));
    CHECK(expplat_user_set_bool(user, str("tags"), true));
    CHECK(flag_of(client, user));
    CHECK(!expplat_user_set_bool(user, str(""), true));
    CHECK(!expplat_user_set_string(user, str("key"), str("other")));
    expplat_user_destroy(copy);
    expplat_user_destroy(user);
}

static void from_json(expplat_client* client) {
    static const char* const refused[] = {"",
                                          "{",
                                          "[]",
                                          "null",
                                          "{\"attributes\": []}",
                                          "{\"key\": 1, \"key\": 2}",
                                          "{\"a\": 1e999}",
                                          "\xff",
                                          "{\"key\": \"\\ud800\"}"};
    size_t i;
    expplat_error* error = NULL;
    expplat_user* user = expplat_user_from_json(
        str("{\"key\": \"u1\", \"attributes\": {\"tags\": [\"gold\"], \"device\": {\"os\": \"ios\"}}}"),
        &error);
    CHECK(user != NULL && error == NULL);
    CHECK(!flag_of(client, user));
    expplat_user_destroy(user);
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); ++i) {
        error = NULL;
        user = expplat_user_from_json(str(refused[i]), &error);
        CHECK(user == NULL && expplat_error_code(error) == EXPPLAT_INVALID_ARGUMENT);
        CHECK(expplat_error_message(error).size > 0);
        expplat_error_free(error);
        CHECK(expplat_user_from_json(str(refused[i]), NULL) == NULL);
    }
}

static void keys(expplat_client* client) {
    expplat_answer answer;
    const expplat_str with_nul = {"a\0b", 3};
    expplat_user* user = expplat_user_create(str(""));
    expplat_variant(client, str("exp"), user, &answer);
    CHECK(answer.error == EXPPLAT_EVALUATION_TARGETING_KEY_MISSING);
    expplat_user_destroy(user);
    user = expplat_user_create(with_nul);
    expplat_variant(client, str("exp"), user, &answer);
    CHECK(answer.reason == EXPPLAT_REASON_SPLIT);
    expplat_user_destroy(user);
}

void test_users(void) {
    expplat_client* const client = open_client();
    lists(client);
    scalars(client);
    from_json(client);
    keys(client);
    expplat_destroy(client);
}
