/*
 * scan - 64 bytes at a time to bit masks of quotes, delimiters and line ends; from these the places
 * where fields end.
 *
 * A quote toggles "inside": the parity of the quotes before a byte says whether it is inside, for 64
 * bytes by one carry-less multiplication (or six shifts and xors). What RFC 4180 does not allow (a quote
 * within a plain field, text behind a closing quote) is noticed by masks too, and only then looked for byte
 * by byte, in csv/rows. Method: Langdale and Lemire, "Parsing Gigabytes of JSON per Second", VLDB
 * Journal 28 (2019), section 3.1.
 *
 * One file per instruction set holds the two loops, behind one table of functions; each gives what
 * scan_scalar.c gives.
 */
#ifndef CD4ML_CSV_SCAN_H
#define CD4ML_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

enum { CSV_SCAN_BLOCK = 64 };

/** What is known between two blocks. csv_scan_init() before the first byte of a row. */
struct csv_scan_state {
	char delimiter, quote;
	uint64_t has_quote; /* all ones, or 0 when the dialect has no quote */
	uint64_t inside; /* all ones when the next byte is inside quotes, else 0 */
	uint64_t may_open; /* 1 when the next byte may be an opening or doubled quote */
	uint64_t closed; /* 1 when the byte before closed a quote */
	uint64_t bad_quotes; /* not 0: a quote stands where none may */
	uint64_t inner_newline; /* not 0: there were newlines inside quotes */
	bool has_nul; /* there was a NUL */
};

/** Before the first byte of a row. `quote` 0: there are none. */
void csv_scan_init(struct csv_scan_state *s, char delimiter, char quote);

struct csv_scan {
	/**
	 * Writes the positions (`base` plus offset from `p`) of all delimiters and newlines outside of quotes in
	 * `n_blocks` blocks, ascending. `out` has room for 64 * (n_blocks + 1): a few entries behind
	 * the last one are overwritten. Returns how many. Behind the last row, blocks are filled with '\r'.
	 */
	size_t (*index)(struct csv_scan_state *s, const char *p, size_t n_blocks, uint32_t base,
		uint32_t *out);
	/** Adds the numbers of quotes and of newlines in `len` bytes (any address, any length). */
	void (*count)(
		const char *p, size_t len, char quote, uint64_t *n_quotes, uint64_t *n_newlines);
};

/** The functions for an instruction set; NULL where this build has none for it. */
const struct csv_scan *csv_scan_for(enum cpu_isa isa);
/** The best for this machine (asks the CPU: keep the answer). Never NULL. */
const struct csv_scan *csv_scan_best(void);

#endif
