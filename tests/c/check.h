// What the tests of the C face share: a check that goes on, and the ruleset they ask.
//
// C99. A failed check prints its place and is counted; `main.c` ends with 1 where there was one.
// Counting is safe from any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "expplat/c/expplat.h"

extern const char* const test_ruleset;     /* version 1 */
extern const char* const test_ruleset_two; /* version 2: `flag` gives false */

/* Counts; returns `held`. */
bool check(bool held, const char* what, const char* file, int line);
#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)

bool same(expplat_str text, const char* expected);
/* Frees the text. */
bool same_text(expplat_text text, const char* expected);
expplat_str str(const char* text);

/* A client of the test ruleset without a sink; the caller destroys it. */
expplat_client* open_client(void);

void test_abi(void);
void test_answers(void);
void test_callbacks(void);
void test_configurations(void);
void test_garbage(void);
void test_threads(void);
void test_users(void);
