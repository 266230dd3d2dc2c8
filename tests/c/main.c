/* The program of the C face's tests: `expplat_c_test NAME`, or all of them without a name. */
#include <pthread.h>
#include <string.h>

#include "tests/c/check.h"

const char* const test_ruleset =
    "{\"format\": \"expplat.ruleset/1\", \"environment\": \"test\", \"version\": 1, \"flags\": {"
    "\"flag\": {\"type\": \"boolean\", \"variants\": {\"on\": true, \"off\": false}, \"off\": \"off\","
    "  \"rules\": [{\"id\": \"gold\", \"if\": {\"attribute\": \"tags\", \"is\": \"gold\"}, \"serve\": "
    "\"off\"},"
    "              {\"id\": \"three\", \"if\": {\"attribute\": \"tags\", \"is\": 3}, \"serve\": \"off\"}],"
    "  \"default\": \"on\"},"
    "\"count\": {\"type\": \"integer\", \"variants\": {\"many\": 9007199254740993}, \"off\": \"many\","
    "  \"default\": \"many\"},"
    "\"ratio\": {\"type\": \"double\", \"variants\": {\"half\": 0.5}, \"off\": \"half\", \"default\": "
    "\"half\"},"
    "\"title\": {\"type\": \"string\", \"variants\": {\"hello\": \"h\\u00e9llo\"}, \"off\": \"hello\","
    "  \"default\": \"hello\"},"
    "\"theme\": {\"type\": \"object\", \"variants\": {\"dark\": {\"b\": [1, 2]}}, \"off\": \"dark\","
    "  \"default\": \"dark\"}},"
    "\"experiments\": {\"exp\": {\"type\": \"string\", \"status\": \"running\","
    "  \"variants\": {\"green\": \"g\"}, \"split\": [{\"variant\": \"green\", \"weight\": 1}]}}}";

const char* const test_ruleset_two =
    "{\"format\": \"expplat.ruleset/1\", \"environment\": \"test\", \"version\": 2, \"flags\": {"
    "\"flag\": {\"type\": \"boolean\", \"variants\": {\"on\": true, \"off\": false}, \"off\": \"off\","
    "  \"default\": \"off\"}}}";

static pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER; /* guards the two below */
static int checks = 0;
static int failures = 0;

bool check(bool held, const char* what, const char* file, int line) {
    pthread_mutex_lock(&counting);
    ++checks;
    if (!held) {
        ++failures;
        printf("%s:%d: %s\n", file, line, what);
    }
    pthread_mutex_unlock(&counting);
    return held;
}

expplat_str str(const char* text) { return expplat_str_of(text); }

bool same(expplat_str text, const char* expected) {
    return text.size == strlen(expected) && memcmp(text.data, expected, text.size) == 0;
}

bool same_text(expplat_text text, const char* expected) {
    const expplat_str seen = {text.data, text.size};
    const bool result = text.data != NULL && same(seen, expected) && text.data[text.size] == '\0';
    if (!result) printf("is  %s\nnot %s\n", text.data == NULL ? "NULL" : text.data, expected);
    expplat_text_free(text);
    return result;
}

expplat_client* open_client(void) {
    expplat_config* const config = expplat_config_create();
    expplat_client* client;
    CHECK(expplat_config_source_text(config, str(test_ruleset)) == EXPPLAT_OK);
    client = expplat_open(config, NULL);
    expplat_config_destroy(config);
    CHECK(client != NULL);
    return client;
}

struct test {
    const char* name;
    void (*run)(void);
};
static const struct test tests[] = {
    {"abi", &test_abi},
    {"answers", &test_answers},
    {"callbacks", &test_callbacks},
    {"configurations", &test_configurations},
    {"garbage", &test_garbage},
    {"threads", &test_threads},
    {"users", &test_users},
};

int main(int count, char** words) {
    size_t i;
    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); ++i) {
        if (count < 2 || strcmp(words[1], tests[i].name) == 0) tests[i].run();
    }
    printf("%d checks, %d failed\n", checks, failures);
    return failures > 0 || checks == 0 ? 1 : 0;
}
