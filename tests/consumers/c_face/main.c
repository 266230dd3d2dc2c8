/* A program of somebody else's project, in C: opens a ruleset and prints all answers. Built by CMake and by pkg-config. */
#include <expplat/c/expplat.h>

#include <stdio.h>

int main(int count, char** words) {
    expplat_error* error = NULL;
    expplat_config* config;
    expplat_client* client;
    expplat_user* user;
    expplat_text answers;
    if (count != 2) return 2;
    config = expplat_config_create();
    expplat_config_source_file(config, expplat_str_of(words[1]), 0);
    client = expplat_open(config, &error);
    expplat_config_destroy(config);
    if (client == NULL) {
        const expplat_str why = expplat_error_message(error);
        fprintf(stderr, "%.*s\n", (int)why.size, why.data);
        expplat_error_free(error);
        return 1;
    }
    user = expplat_user_create(expplat_str_of("user-42"));
    answers = expplat_evaluate_all(client, user);
    fputs(answers.data == NULL ? "" : answers.data, stdout);
    count = answers.size > 0 ? 0 : 1;
    expplat_text_free(answers);
    expplat_user_destroy(user);
    expplat_destroy(client);
    return count;
}
