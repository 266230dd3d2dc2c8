/* The quickstart in C: expplat/c/expplat.h and libexpplat.so, nothing else. */
#include <expplat/c/expplat.h>

#include <stdio.h>
#include <string.h>

int main(int count, char** words) {
    expplat_error* error = NULL;
    expplat_config* const config = expplat_config_create();
    expplat_config_source_file(config, expplat_str_of(count > 1 ? words[1] : "examples/quickstart.json"), 0);
    expplat_config_sink_file(config, expplat_str_of(count > 2 ? words[2] : "exposures.jsonl"), 0);
    expplat_client* const client = expplat_open(config, &error);
    expplat_config_destroy(config);
    if (client == NULL) {
        const expplat_str why = expplat_error_message(error);
        fprintf(stderr, "%.*s\n", (int)why.size, why.data);
        expplat_error_free(error);
        return 1;
    }

    expplat_user* const user = expplat_user_create(expplat_str_of("user-7"));
    expplat_user_set_string(user, expplat_str_of("country"), expplat_str_of("DE"));
    expplat_user_set_string(user, expplat_str_of("app_version"), expplat_str_of("2.5.1"));
    expplat_user_set_bool(user, expplat_str_of("beta"), true);

    const bool new_ui = expplat_boolean(client, expplat_str_of("new-ui"), user, false, NULL);
    expplat_answer button;
    expplat_variant(client, expplat_str_of("checkout-cta"), user, &button); /* records the exposure */
    printf("new-ui: %s\n", new_ui ? "on" : "off");
    printf("checkout-cta: %s\n", strcmp(button.variant, "green") == 0 ? "green" : "blue");

    const double price = 12.5;
    expplat_track(client, expplat_str_of("purchase"), user, &price, expplat_str_of("{\"sku\": \"a1\"}"));

    expplat_user_destroy(user);
    expplat_destroy(client); /* sends what is left */
    return 0;
}
