// The C face of expplat: everything that a program or a binding in another language needs. C99, and C++.
//
// Conventions:
//
//  1. Objects are opaque handles. `X_create`, `X_from_…`, `X_clone` and `expplat_open` make one, `X_destroy` or `X_free`
//     ends it; NULL may be destroyed. Nothing of the library may be given to `free`, nothing of yours is kept.
//  2. Texts are UTF-8 with a size (`expplat_str`): they need no NUL at their end and may hold one. They are read during
//     the call and copied where they are kept. A text whose `data` is NULL is empty. Texts that the library hands out as
//     `const char*` are static and end with a NUL.
//  3. `expplat_text` is a text that you own; it ends with a NUL beyond its size. Give it to `expplat_text_free`.
//  4. What can fail returns a code (`EXPPLAT_OK` is 0) or NULL, and fills `*error` where `error` is not NULL and something
//     failed; it leaves `*error` alone otherwise. Give the error to `expplat_error_free`.
//  5. What answers never fails: the caller's default comes back with a reason. Without a client it is ERROR /
//     PROVIDER_NOT_READY, without a user (NULL: one that could not be read, say) ERROR / PARSE_ERROR.
//  6. No argument makes the library crash but one that is no such object, or is one no longer. No C++ exception leaves it.
//     Where memory runs out, what returns a pointer returns NULL and what answers gives the caller's default.
//  7. Every number below is frozen. Structs that begin with `struct_size` grow at their end: set it to `sizeof` before
//     the call, and the library fills no more than that. The others never change.
//  8. Clients and handles may be used by all threads at once, but for their `destroy`. A user may be read by many threads
//     while none sets an attribute. Configurations belong to one thread.
//  9. Callbacks get the `user_data` that they were set with. `release`, which may be NULL, is called with it once: when
//     no configuration and no client uses it any more, or at once where setting the callback failed. Callbacks run on
//     the client's thread, or on the one that opens, reloads, polls, flushes or closes; they may ask the client anything
//     but `close`, `flush` and `destroy`. What they are given lives as long as the call. They must not throw or jump out.
// 10. A child of `fork` goes on with its copy of a client: it has its own thread, empty queues and counts. It releases
//     no `user_data` of a sink that the parent delivers with.
// 11. The shared library may be unloaded once its clients are destroyed; the C library keeps it in memory until the last
//     thread ends that has asked a client.
//
// Sources: docs/RULESET.md (users, answers), docs/EVENTS.md (events). The C++ face is `expplat/client.hpp`.
#pragma once
#ifndef EXPPLAT_C_EXPPLAT_H
#define EXPPLAT_C_EXPPLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define EXPPLAT_API __attribute__((visibility("default")))
#else
#define EXPPLAT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- texts and errors ---- */

typedef struct expplat_str {
    const char* data;
    size_t size; /* bytes */
} expplat_str;

/* A text up to its NUL; NULL is empty. */
static inline expplat_str expplat_str_of(const char* text) {
    expplat_str result = {text, 0};
    if (text != NULL) {
        while (text[result.size] != '\0') ++result.size;
    }
    return result;
}

typedef struct expplat_text {
    char* data; /* NULL only where memory ran out, or where there is no text */
    size_t size;
} expplat_text;
EXPPLAT_API void expplat_text_free(expplat_text text);

typedef int32_t expplat_code;
enum {
    EXPPLAT_OK = 0,
    EXPPLAT_INVALID_ARGUMENT = 1, /* a configuration or an argument */
    EXPPLAT_NOT_FOUND = 2,        /* a file, key or host that is not there */
    EXPPLAT_IO = 3,               /* the operating system refused */
    EXPPLAT_INVALID_RULESET = 4,  /* refused by RULESET.md; the message lists every error */
    EXPPLAT_INVALID_IMAGE = 5,
    EXPPLAT_IMAGE_VERSION = 6, /* an image of another release: compile it again from its JSON */
    EXPPLAT_TOO_LARGE = 7,
    EXPPLAT_UNSUPPORTED = 8, /* this build or platform cannot do it, and says what could */
    EXPPLAT_NOT_READY = 9,
    EXPPLAT_CLOSED = 10,
    EXPPLAT_TIMEOUT = 11,
    EXPPLAT_UNAUTHORIZED = 12,
    EXPPLAT_NETWORK = 13,
    EXPPLAT_OUT_OF_MEMORY = 14
};

typedef struct expplat_error expplat_error;
EXPPLAT_API expplat_code expplat_error_code(const expplat_error* error);   /* EXPPLAT_OK for NULL */
EXPPLAT_API expplat_str expplat_error_message(const expplat_error* error); /* lives as long as the error */
EXPPLAT_API void expplat_error_free(expplat_error* error);

/* `0.1.0` */
EXPPLAT_API const char* expplat_version(void);

/* ---- users (RULESET.md, section 2) ---- */

typedef struct expplat_user expplat_user;

/* An empty key: a user without one. NULL only where memory ran out or the key is over 64 MiB. */
EXPPLAT_API expplat_user* expplat_user_create(expplat_str key);
/* `{"key": "u1", "attributes": {"country": "DE", "device": {"os": "ios"}}}`. NULL and an error for what RULESET.md answers
   with PARSE_ERROR (EXPPLAT_INVALID_ARGUMENT) and for more than a user may have (EXPPLAT_TOO_LARGE). */
EXPPLAT_API expplat_user* expplat_user_from_json(expplat_str json, expplat_error** error);
EXPPLAT_API expplat_user* expplat_user_clone(const expplat_user* user);
EXPPLAT_API void expplat_user_destroy(expplat_user* user);

/* False, and nothing changes, for the names `` and `key`, or past a limit of `expplat/base/limits.hpp`. */
EXPPLAT_API bool expplat_user_set_bool(expplat_user* user, expplat_str name, bool value);
EXPPLAT_API bool expplat_user_set_int(expplat_user* user, expplat_str name, int64_t value);
EXPPLAT_API bool expplat_user_set_double(expplat_user* user, expplat_str name, double value);
EXPPLAT_API bool expplat_user_set_string(expplat_user* user, expplat_str name, expplat_str value);
/* Takes the attribute away. */
EXPPLAT_API bool expplat_user_set_null(expplat_user* user, expplat_str name);

enum {
    EXPPLAT_KIND_NULL = 0,
    EXPPLAT_KIND_BOOLEAN = 1,
    EXPPLAT_KIND_INTEGER = 2,
    EXPPLAT_KIND_NUMBER = 3, /* a double */
    EXPPLAT_KIND_STRING = 4,
    EXPPLAT_KIND_LIST = 5,
    EXPPLAT_KIND_OBJECT = 6
};

/* An element of a list. Null ones, and kinds that a list cannot hold, are left out. */
typedef struct expplat_value {
    int32_t kind; /* EXPPLAT_KIND_… */
    int32_t reserved;
    union {
        bool boolean;
        int64_t integer;
        double number;
        expplat_str string;
    } as;
} expplat_value;
EXPPLAT_API bool expplat_user_set_list(expplat_user* user, expplat_str name, const expplat_value* values,
                                       size_t count);

/* ---- what callbacks are given ---- */

enum { EXPPLAT_LOG_DEBUG = 0, EXPPLAT_LOG_INFO = 1, EXPPLAT_LOG_WARNING = 2, EXPPLAT_LOG_ERROR = 3 };

enum {
    EXPPLAT_STATE_CONNECTING = 0, /* no ruleset yet: everything answers the caller's default */
    EXPPLAT_STATE_READY = 1,
    EXPPLAT_STATE_STALE = 2,        /* a cached or older ruleset, and the source does not answer */
    EXPPLAT_STATE_UNAUTHORIZED = 3, /* the server refuses the key; the last ruleset goes on serving */
    EXPPLAT_STATE_CLOSED = 4
};

/* Where the ruleset came from. */
enum {
    EXPPLAT_ORIGIN_NONE = 0,
    EXPPLAT_ORIGIN_TEXT = 1,
    EXPPLAT_ORIGIN_FILE = 2,
    EXPPLAT_ORIGIN_CACHE = 3,
    EXPPLAT_ORIGIN_SERVER = 4
};

/* How a server is followed. */
enum { EXPPLAT_FOLLOWING_NONE = 0, EXPPLAT_FOLLOWING_STREAMING = 1, EXPPLAT_FOLLOWING_POLLING = 2 };

typedef struct expplat_status {
    size_t struct_size;
    int32_t state;
    int32_t origin;
    int32_t following;
    int32_t reserved;
    uint64_t ruleset_version;
    int64_t since_ms;         /* Unix milliseconds: when `state` began */
    uint64_t unsupported;     /* entities of the ruleset that this library does not support */
    expplat_text environment; /* of the ruleset */
    expplat_text error;       /* the last one that has not been mended since; empty where all is well */
} expplat_status;

typedef struct expplat_ruleset_change {
    size_t struct_size;
    uint64_t version;
    int32_t origin;
    bool everything;         /* a client's first ruleset: `keys` is empty */
    const expplat_str* keys; /* flags and experiments that are new, gone or evaluate by other rules */
    size_t key_count;
} expplat_ruleset_change;

enum { EXPPLAT_EVENT_EXPOSURE = 1, EXPPLAT_EVENT_TRACK = 2 };

/* EVENTS.md, "The record". */
typedef struct expplat_event {
    size_t struct_size;
    int32_t type;
    bool has_value;  /* track */
    uint8_t id[16];  /* UUIDv7; a repeat carries the same one */
    int64_t time_ms; /* Unix milliseconds */
    uint64_t ruleset_version;
    double value; /* track */
    expplat_str project;
    expplat_str environment;
    expplat_str name;    /* exposure: the flag or experiment; track: the event */
    expplat_str variant; /* exposure */
    expplat_str unit;
    expplat_str unit_id;
    expplat_str properties; /* track: a JSON object, or empty */
    expplat_str attributes; /* exposure: a JSON object, or empty */
    expplat_str sdk;        /* what sends it, with its version */
} expplat_event;
/* The record as JSON, in one line. */
EXPPLAT_API expplat_text expplat_event_json(const expplat_event* event);

/* What became of a batch. Events that are neither acknowledged nor rejected are offered again. */
typedef struct expplat_delivery expplat_delivery;
/* The first `count` events, which will never be offered again. */
EXPPLAT_API void expplat_delivery_acknowledge(expplat_delivery* delivery, size_t count);
/* `count` events after those can never succeed: dead letters. */
EXPPLAT_API void expplat_delivery_reject(expplat_delivery* delivery, size_t count);
/* Why something failed; logged. */
EXPPLAT_API void expplat_delivery_set_message(expplat_delivery* delivery, expplat_str message);

typedef void (*expplat_release)(void* user_data);
typedef void (*expplat_log_callback)(void* user_data, int32_t level, expplat_str line);
typedef void (*expplat_status_callback)(void* user_data, const expplat_status* status);
typedef void (*expplat_ruleset_callback)(void* user_data, const expplat_ruleset_change* change);
/* Delivers a batch, one at a time. */
typedef void (*expplat_sink_callback)(void* user_data, const expplat_event* const* events, size_t count,
                                      expplat_delivery* delivery);

/* ---- configurations ---- */

typedef struct expplat_config expplat_config;
EXPPLAT_API expplat_config* expplat_config_create(void);
EXPPLAT_API expplat_config* expplat_config_clone(const expplat_config* config);
EXPPLAT_API void expplat_config_destroy(expplat_config* config);

/* Where the ruleset comes from: the last of these counts. */
EXPPLAT_API expplat_code expplat_config_source_server(expplat_config* config, expplat_str url,
                                                      expplat_str key);
/* JSON or an image; looked at every `watch_interval_ms` (0: only by `expplat_reload`). */
EXPPLAT_API expplat_code expplat_config_source_file(expplat_config* config, expplat_str path,
                                                    int64_t watch_interval_ms);
EXPPLAT_API expplat_code expplat_config_source_text(expplat_config* config, expplat_str json);

/* Where events go: the last of these counts; without one nothing is recorded. */
EXPPLAT_API expplat_code expplat_config_sink_none(expplat_config* config);
/* JSON lines; a file that would grow over `rotate_bytes` (0: never) is renamed to `PATH.1`. */
EXPPLAT_API expplat_code expplat_config_sink_file(expplat_config* config, expplat_str path,
                                                  uint64_t rotate_bytes);
/* An expplat server's intake; both empty: those of the source. */
EXPPLAT_API expplat_code expplat_config_sink_http(expplat_config* config, expplat_str url, expplat_str key);
/* A stream's name or ARN; see the settings `kinesis.…`. */
EXPPLAT_API expplat_code expplat_config_sink_kinesis(expplat_config* config, expplat_str stream);
EXPPLAT_API expplat_code expplat_config_sink_custom(expplat_config* config, expplat_sink_callback callback,
                                                    void* user_data, expplat_release release);

EXPPLAT_API expplat_code expplat_config_on_log(expplat_config* config, expplat_log_callback callback,
                                               void* user_data, expplat_release release);
EXPPLAT_API expplat_code expplat_config_on_status(expplat_config* config, expplat_status_callback callback,
                                                  void* user_data, expplat_release release);
EXPPLAT_API expplat_code expplat_config_on_ruleset(expplat_config* config, expplat_ruleset_callback callback,
                                                   void* user_data, expplat_release release);

/* Settings by name, as `expplat::Config` has them; an unknown name is EXPPLAT_NOT_FOUND, a value that a setting cannot
   have EXPPLAT_INVALID_ARGUMENT.

     texts     cache, project, sdk, spool, dead_letters, event_attributes (added, one a call),
               network.proxy, network.ca_file,
               kinesis.region, kinesis.endpoint_url, kinesis.profile, kinesis.access_key_id, kinesis.secret_access_key,
               kinesis.session_token
     integers  poll_interval_ms, queue_events, batch_age_ms, batch_events, dedupe_window_ms, spool_bytes,
               shutdown_timeout_ms, network.connect_timeout_ms, network.request_timeout_ms, file.rotated_files
     booleans  streaming, manual_poll, kinesis.aggregate, kinesis.use_fips, kinesis.use_dual_stack */
EXPPLAT_API expplat_code expplat_config_set_string(expplat_config* config, expplat_str name,
                                                   expplat_str value);
EXPPLAT_API expplat_code expplat_config_set_int(expplat_config* config, expplat_str name, int64_t value);
EXPPLAT_API expplat_code expplat_config_set_bool(expplat_config* config, expplat_str name, bool value);

/* ---- clients ---- */

typedef struct expplat_client expplat_client;

/* A file or a text is adopted before this returns; a server is not waited for. The configuration is copied. */
EXPPLAT_API expplat_client* expplat_open(const expplat_config* config, expplat_error** error);
/* Flushes for at most `shutdown_timeout_ms` and stops. Later calls answer from the last ruleset and record nothing. */
EXPPLAT_API void expplat_close(expplat_client* client);
/* Closes and ends the client. No other call may be under way, its handles must be gone. */
EXPPLAT_API void expplat_destroy(expplat_client* client);

/* Waits until there is a ruleset. False where `timeout_ms` passed first. */
EXPPLAT_API bool expplat_wait_ready(expplat_client* client, int64_t timeout_ms);
/* Reads a file's ruleset again. On an error the last good one stays. */
EXPPLAT_API expplat_code expplat_reload(expplat_client* client, expplat_error** error);
/* Sends what is queued. False where that took longer than `timeout_ms`; the rest stays queued. */
EXPPLAT_API bool expplat_flush(expplat_client* client, int64_t timeout_ms);
/* Does what is due; only with the setting `manual_poll`, from one thread at a time. Returns in how many milliseconds it
   should be called again at the latest. `expplat_poll_at` takes the time of a clock that never goes back. */
EXPPLAT_API int64_t expplat_poll(expplat_client* client);
EXPPLAT_API int64_t expplat_poll_at(expplat_client* client, int64_t now_ns);

/* ---- answers (RULESET.md, section 7) ---- */

enum {
    EXPPLAT_REASON_DISABLED = 0,
    EXPPLAT_REASON_PREREQUISITE_FAILED = 1,
    EXPPLAT_REASON_TARGETING_MATCH = 2,
    EXPPLAT_REASON_SPLIT = 3,
    EXPPLAT_REASON_DEFAULT = 4,
    EXPPLAT_REASON_HOLDOUT = 5,
    EXPPLAT_REASON_NOT_TARGETED = 6,
    EXPPLAT_REASON_NOT_ENROLLED = 7,
    EXPPLAT_REASON_ERROR = 8,
    EXPPLAT_REASON_STALE = 9,
    EXPPLAT_REASON_CACHED = 10
};

enum {
    EXPPLAT_EVALUATION_NONE = 0,
    EXPPLAT_EVALUATION_FLAG_NOT_FOUND = 1,
    EXPPLAT_EVALUATION_TYPE_MISMATCH = 2,
    EXPPLAT_EVALUATION_TARGETING_KEY_MISSING = 3,
    EXPPLAT_EVALUATION_PARSE_ERROR = 4,
    EXPPLAT_EVALUATION_PROVIDER_NOT_READY = 5,
    EXPPLAT_EVALUATION_GENERAL = 6
};

/* Yours; filled in place, nothing in it is to be freed. */
typedef struct expplat_answer {
    uint64_t version; /* the ruleset's */
    union {
        bool boolean;
        int64_t integer;
        double number;
        uint64_t bits; /* 0 for a string, an object or no variant */
    } value;
    uint8_t kind;   /* EXPPLAT_KIND_…: of the value; EXPPLAT_KIND_NULL where there is no variant */
    uint8_t reason; /* EXPPLAT_REASON_… */
    uint8_t error;  /* EXPPLAT_EVALUATION_… */
    bool exposure;  /* this evaluation counts as an exposure */
    uint8_t variant_size;
    uint8_t rule_size;
    uint8_t reserved[2];
    char variant
        [129]; /* the variant's key; empty: none, the caller's default applies. Ends with a NUL, what is
                          behind it is not set */
    char
        rule[129]; /* the rule's id, `targets` or empty; an id over 128 bytes is cut off between characters */
} expplat_answer;

/* The variant for the user; records the exposure. */
EXPPLAT_API void expplat_variant(expplat_client* client, expplat_str key, const expplat_user* user,
                                 expplat_answer* answer);
/* The same with the value of a string, or of an object as JSON, where it is one of these; else `text` is empty with NULL
   as its data. */
EXPPLAT_API void expplat_variant_with_text(expplat_client* client, expplat_str key, const expplat_user* user,
                                           expplat_answer* answer, expplat_text* text);

/* The value, or `fallback` where there is no variant or it has another type. `answer` may be NULL; it says ERROR /
   TYPE_MISMATCH where the type was another. An object is JSON text. */
EXPPLAT_API bool expplat_boolean(expplat_client* client, expplat_str key, const expplat_user* user,
                                 bool fallback, expplat_answer* answer);
EXPPLAT_API int64_t expplat_integer(expplat_client* client, expplat_str key, const expplat_user* user,
                                    int64_t fallback, expplat_answer* answer);
EXPPLAT_API double expplat_number(expplat_client* client, expplat_str key, const expplat_user* user,
                                  double fallback, expplat_answer* answer);
EXPPLAT_API expplat_text expplat_string(expplat_client* client, expplat_str key, const expplat_user* user,
                                        expplat_str fallback, expplat_answer* answer);
EXPPLAT_API expplat_text expplat_object(expplat_client* client, expplat_str key, const expplat_user* user,
                                        expplat_str fallback, expplat_answer* answer);

/* A key that is looked up once for each ruleset. Borrows the client. NULL without a client. */
typedef struct expplat_handle expplat_handle;
EXPPLAT_API expplat_handle* expplat_handle_create(expplat_client* client, expplat_str key);
EXPPLAT_API void expplat_handle_destroy(expplat_handle* handle);
EXPPLAT_API void expplat_handle_variant(const expplat_handle* handle, const expplat_user* user,
                                        expplat_answer* answer);
EXPPLAT_API void expplat_handle_variant_with_text(const expplat_handle* handle, const expplat_user* user,
                                                  expplat_answer* answer, expplat_text* text);

/* Answers as JSON that record nothing: one object, or a line for each flag, then each experiment, in the order of the
   document and all from one ruleset. */
EXPPLAT_API expplat_text expplat_evaluate_json(expplat_client* client, expplat_str key,
                                               const expplat_user* user);
/* One line of a file of cases (RULESET.md, section 8): `{"key": "new-ui", "user": {…}}`. */
EXPPLAT_API expplat_text expplat_evaluate_case(expplat_client* client, expplat_str line);
EXPPLAT_API expplat_text expplat_evaluate_all(expplat_client* client, const expplat_user* user);

/* ---- track events ---- */

/* Something happened to the user. `value` may be NULL; `properties` is a JSON object, or empty: the event is recorded
   without properties that are none, and that is logged. EXPPLAT_INVALID_ARGUMENT without a client, a user or a name. */
EXPPLAT_API expplat_code expplat_track(expplat_client* client, expplat_str event, const expplat_user* user,
                                       const double* value, expplat_str properties);

/* ---- status and counts ---- */

/* Fills the status; give it to `expplat_status_free` afterwards. */
EXPPLAT_API expplat_code expplat_get_status(expplat_client* client, expplat_status* status);
EXPPLAT_API void expplat_status_free(expplat_status* status);
EXPPLAT_API expplat_text expplat_status_json(expplat_client* client);

/* At any moment: recorded + adopted = deduplicated + acknowledged + spooled + dead_lettered + dropped_queue_full +
   dropped_shutdown + dropped_spool + in_flight. */
typedef struct expplat_stats {
    size_t struct_size;
    uint64_t recorded;
    uint64_t adopted; /* found in the spools of processes that died */
    uint64_t deduplicated;
    uint64_t acknowledged;
    uint64_t spooled;
    uint64_t dead_lettered;
    uint64_t dropped_queue_full;
    uint64_t dropped_shutdown;
    uint64_t dropped_spool; /* were on disk, and could not be read back */
    uint64_t in_flight;
    uint64_t batches;
    uint64_t failed_deliveries;
    uint64_t ruleset_version;
    uint64_t rulesets_adopted;
    uint64_t rulesets_refused;
    uint64_t unsupported_entities;
    uint64_t live_images;
    uint64_t image_bytes;
    uint64_t stream_connections;
} expplat_stats;
EXPPLAT_API expplat_code expplat_get_stats(expplat_client* client, expplat_stats* stats);
EXPPLAT_API expplat_text expplat_stats_json(expplat_client* client);

/* ---- names of numbers: as RULESET.md and the C++ face spell them; empty for a number that is none ---- */

EXPPLAT_API const char* expplat_code_name(expplat_code code);      /* not_found */
EXPPLAT_API const char* expplat_reason_name(int32_t reason);       /* TARGETING_MATCH */
EXPPLAT_API const char* expplat_evaluation_name(int32_t error);    /* FLAG_NOT_FOUND */
EXPPLAT_API const char* expplat_state_name(int32_t state);         /* READY */
EXPPLAT_API const char* expplat_origin_name(int32_t origin);       /* server */
EXPPLAT_API const char* expplat_following_name(int32_t following); /* streaming */

#ifdef __cplusplus
}
#endif

#endif
