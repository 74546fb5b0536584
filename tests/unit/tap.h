/*
 * tap - the frame of the unit tests: each check prints a line of TAP, done_testing() prints the plan.
 *
 *	int main(void)
 *	{
 *		int64_t v = 0;
 *
 *		ok(num_parse_int(slice_of("12"), &v), "12 is a number");
 *		is_int(v, 12, "and its value is right");
 *		ok(!num_parse_int(slice_of("12x"), &v), "12x is not");
 *		return done_testing();
 *	}
 *
 * Run from anywhere; TEST_ROOT is the root of the tree: TEST_ROOT "/tests/data/x.csv". One thread
 * checks; others may run what is tested.
 */
#ifndef CD4ML_TESTS_TAP_H
#define CD4ML_TESTS_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** One check; the name is printf's. Returns the condition. */
#define ok(cond, ...) tap_ok(__FILE__, __LINE__, #cond, (cond), __VA_ARGS__)
/** The two texts are the same; NULL is only NULL. */
#define is_text(got, want, ...) tap_is_text(__FILE__, __LINE__, (got), (want), __VA_ARGS__)
#define is_int(got, want, ...) \
	tap_is_int(__FILE__, __LINE__, (int64_t)(got), (int64_t)(want), __VA_ARGS__)
/** The same double, bit for bit, except that all NaN are one. */
#define is_num(got, want, ...) tap_is_num(__FILE__, __LINE__, (got), (want), __VA_ARGS__)
/** `e` has this code, and "place: what; hint" contains `text` (NULL: any); clears it. */
#define is_err(e, code, text, ...) tap_is_err(__FILE__, __LINE__, (e), (code), (text), __VA_ARGS__)
/** `e` holds no error: prints it if it does. */
#define no_err(e, ...) tap_no_err(__FILE__, __LINE__, (e), __VA_ARGS__)
/** Counts as skipped, with the reason. */
void skip(const char *why);
/** A line of comment. */
void diag(const char *fmt, ...) PRINTF_LIKE(1, 2);
/** Prints the plan; the exit status for main: 0, or 1 if a check failed. */
int done_testing(void);

/**
 * Makes an empty folder and works in it from now on; removed at the end of the program. Each call
 * makes a new one. Returns its absolute path, valid until the end.
 */
const char *scratch(void);
/** Writes a file of these bytes (text: strlen); dies if it cannot. */
void write_file(const char *path, const void *p, size_t len);
void write_text(const char *path, const char *text);
/** The whole file with a NUL behind, to be freed; NULL if it is not there. `len` may be NULL. */
char *read_file(const char *path, size_t *len);
/** How many entries the folder has, "." and ".." not counted: to see that nothing was left behind. */
int count_files(const char *dir);

/*
 * Failing allocations. The program is linked with --wrap, so that each malloc, calloc, realloc,
 * aligned_alloc and posix_memalign of the library and of the test (not those inside libc or
 * third-party libraries) is counted and can fail.
 */

/** The n-th allocation from now, counted from 1, fails; and all after it too with `sticky`. 0: none. */
void alloc_fail(size_t n, bool sticky);
/** Allocations since alloc_fail(), or since the start. */
size_t alloc_count(void);

/**
 * Runs `run` over and over: with no failure, then with the 1st, 2nd, 3rd, ... allocation failing,
 * until it gets through (of more than 300 allocations a sample is taken). One check in all: without
 * a failure it must return 0; with one it must return -1 and fill `e` with ERR_SYSTEM. `run` frees
 * whatever it got, in both cases: under ASan a leak is then found by the sanitizer.
 *
 *	static int read_all(void *ctx, struct err *e);
 *	...
 *	survives_oom(read_all, "a.csv", "reading a table");
 */
typedef int tap_run(void *ctx, struct err *e);
#define survives_oom(run, ctx, ...) \
	tap_survives_oom(__FILE__, __LINE__, (run), (void *)(uintptr_t)(ctx), __VA_ARGS__)

/* What the macros call. */
bool tap_ok(const char *file, int line, const char *cond, bool good, const char *name, ...)
	PRINTF_LIKE(5, 6);
bool tap_is_text(const char *file, int line, const char *got, const char *want, const char *name,
	...) PRINTF_LIKE(5, 6);
bool tap_is_int(const char *file, int line, int64_t got, int64_t want, const char *name, ...)
	PRINTF_LIKE(5, 6);
bool tap_is_num(const char *file, int line, double got, double want, const char *name, ...)
	PRINTF_LIKE(5, 6);
bool tap_is_err(const char *file, int line, struct err *e, enum err_code code, const char *text,
	const char *name, ...) PRINTF_LIKE(6, 7);
bool tap_no_err(const char *file, int line, struct err *e, const char *name, ...) PRINTF_LIKE(4, 5);
bool tap_survives_oom(const char *file, int line, tap_run *run, void *ctx, const char *name, ...)
	PRINTF_LIKE(5, 6);

#endif
