/* `expplat_c_dlopen_test LIBRARY`: the library is loaded, used with its thread and a sink, and unloaded, a hundred times;
   no thread and no file is left open. The C library keeps a library for as long as a thread lives that it has something
   to do for at its end, so each use is a thread's. */
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expplat/c/expplat.h"

enum { rounds = 100 };

static const char* const ruleset =
    "{\"format\": \"expplat.ruleset/1\", \"environment\": \"test\", \"version\": 1, \"experiments\": "
    "{\"exp\": {"
    "\"type\": \"string\", \"status\": \"running\", \"variants\": {\"green\": \"g\"},"
    "\"split\": [{\"variant\": \"green\", \"weight\": 1}]}}}";

static int entries(const char* folder) {
    DIR* const open = opendir(folder);
    int count = 0;
    if (open == NULL) return -1;
    while (readdir(open) != NULL) ++count;
    (void)closedir(open);
    return count;
}

/* A function of the library under its own type: POSIX promises that the pointer can be kept so. */
#define LOAD(library, name)                        \
    do {                                           \
        void* const found = dlsym(library, #name); \
        memcpy(&name##_, &found, sizeof(found));   \
        if (found == NULL) return 2;               \
    } while (0)

static void take(void* user_data, const expplat_event* const* events, size_t count,
                 expplat_delivery* delivery) {
    void (*acknowledge)(expplat_delivery*, size_t);
    (void)events;
    memcpy(&acknowledge, user_data, sizeof(acknowledge));
    acknowledge(delivery, count);
}

static int use(void* library) {
    expplat_config* (*expplat_config_create_)(void);
    expplat_code (*expplat_config_source_text_)(expplat_config*, expplat_str);
    expplat_code (*expplat_config_sink_custom_)(expplat_config*, expplat_sink_callback, void*,
                                                expplat_release);
    void (*expplat_config_destroy_)(expplat_config*);
    expplat_client* (*expplat_open_)(const expplat_config*, expplat_error**);
    expplat_user* (*expplat_user_create_)(expplat_str);
    void (*expplat_user_destroy_)(expplat_user*);
    void (*expplat_variant_)(expplat_client*, expplat_str, const expplat_user*, expplat_answer*);
    void (*expplat_destroy_)(expplat_client*);
    void (*expplat_delivery_acknowledge_)(expplat_delivery*, size_t);
    expplat_config* config;
    expplat_client* client;
    expplat_user* user;
    expplat_answer answer;
    LOAD(library, expplat_config_create);
    LOAD(library, expplat_config_source_text);
    LOAD(library, expplat_config_sink_custom);
    LOAD(library, expplat_config_destroy);
    LOAD(library, expplat_open);
    LOAD(library, expplat_user_create);
    LOAD(library, expplat_user_destroy);
    LOAD(library, expplat_variant);
    LOAD(library, expplat_destroy);
    LOAD(library, expplat_delivery_acknowledge);
    config = expplat_config_create_();
    expplat_config_source_text_(config, expplat_str_of(ruleset));
    expplat_config_sink_custom_(config, &take, &expplat_delivery_acknowledge_, NULL);
    client = expplat_open_(config, NULL);
    expplat_config_destroy_(config);
    if (client == NULL) return 3;
    user = expplat_user_create_(expplat_str_of("u1"));
    expplat_variant_(client, expplat_str_of("exp"), user, &answer);
    expplat_user_destroy_(user);
    expplat_destroy_(client);
    return strcmp(answer.variant, "green") == 0 ? 0 : 4;
}

struct use_of {
    void* library;
    int status;
};

static void* use_in_thread(void* argument) {
    struct use_of* const given = argument;
    given->status = use(given->library);
    return NULL;
}

int main(int count, char** words) {
    int files = 0;
    int round;
    if (count != 2) return 2;
    for (round = 0; round < rounds; ++round) {
        struct use_of given = {NULL, -1};
        pthread_t thread;
        given.library = dlopen(words[1], RTLD_NOW | RTLD_LOCAL);
        if (given.library == NULL) {
            printf("%s\n", dlerror());
            return 1;
        }
        if (pthread_create(&thread, NULL, &use_in_thread, &given) != 0 || pthread_join(thread, NULL) != 0)
            return 1;
        if (given.status != 0) {
            printf("round %d: using the library gave %d\n", round, given.status);
            return 1;
        }
        if (dlclose(given.library) != 0) {
            printf("%s\n", dlerror());
            return 1;
        }
        if (dlopen(words[1], RTLD_NOW | RTLD_NOLOAD) != NULL) {
            printf("round %d: the library stays loaded\n", round);
            return 1;
        }
        if (round == 0) files = entries("/proc/self/fd");
    }
    if (entries("/proc/self/fd") != files || entries("/proc/self/task") != 3) {
        printf("left open: %d files, not %d; %d threads\n", entries("/proc/self/fd"), files,
               entries("/proc/self/task") - 2);
        return 1;
    }
    printf("loaded and unloaded %d times\n", rounds);
    return 0;
}
