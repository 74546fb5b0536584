/*
 * fuzz - what each target includes. A target states one property of one parser and aborts when it
 * does not hold: "what is written reads back", "the vector kernel says what the scalar one says".
 *
 *	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
 *	{
 *		...
 *		MUST(slice_eq(written, read));
 *		return 0;
 *	}
 *
 * `make fuzz` links it with clang's libFuzzer; `make check` with driver.c, which replays the files in
 * corpus/TARGET. A finding becomes a file there, named after what it shows.
 */
#ifndef CD4ML_TESTS_FUZZ_H
#define CD4ML_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** The property: dies with its place if `cond` is false. An expression, also with NDEBUG. */
#define MUST(cond) ((cond) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #cond))

static inline void fuzz_fail(const char *file, int line, const char *cond)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, cond);
	abort();
}

#endif
