/*
 * num - text to numbers, sizes, dates, strictly; numbers to the shortest text that reads back.
 *
 * The whole slice must be the value: no blanks, no half-parsed "12x", no overflow, no locale.
 */
#ifndef CD4ML_BASE_NUM_H
#define CD4ML_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

/** [+-]digits. False if it is anything else or does not fit. */
bool num_parse_int(struct slice s, int64_t *v);
/** digits. */
bool num_parse_uint(struct slice s, uint64_t *v);
/**
 * A decimal number with optional fraction and exponent, correctly rounded to the nearest double.
 * Also nan, inf, infinity in any case with sign, if `specials`. No hexadecimal. False for all else;
 * a value too large is false, one too small is 0.
 */
bool num_parse_double(struct slice s, bool specials, double *v);
/** The value of a hexadecimal digit of either case; -1: it is none. */
static inline int num_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
/** A number of bytes: digits and an optional K, M, G, T (powers of 1024; "k", "KiB", "KB" too). */
bool num_parse_size(struct slice s, uint64_t *v);

struct num_date {
	int year, month, day; /* month and day from 1 */
};
/** A date that exists, as yyyymmdd, yyyy-mm-dd or yyyy/mm/dd; what follows a 'T' or blank is left out. */
bool num_parse_date(struct slice s, struct num_date *d);
/** Days since 1970-01-01 in the Gregorian calendar, and back. */
int64_t num_date_to_days(const struct num_date *d);
void num_date_from_days(int64_t days, struct num_date *d);

enum { NUM_TEXT_MAX = 32 }; /* room for any of the following, with the NUL */
/** The shortest text that reads back as the same double; "nan", "inf", "-inf". Integers without a point. */
size_t num_format_double(char out[NUM_TEXT_MAX], double v);
/**
 * The shortest significant digits that read back as v (finite, not 0), without zeros at the end, and the exponent
 * of ten of the first. Returns how many. The sign is left out.
 */
size_t num_shortest_digits(char digits[18], int *exponent, double v);
/** The same as num_format_double for a float. */
size_t num_format_float(char out[NUM_TEXT_MAX], float v);
/** Decimal digits of an integer; much faster than printf. Returns the length. */
size_t num_format_int(char out[NUM_TEXT_MAX], int64_t v);
/** Bytes for people: "1.5 GB" (powers of 1000, as disks and networks are sold). */
size_t num_format_bytes(char out[NUM_TEXT_MAX], double v);

/** A float as an unsigned number of the same order; -0 is 0. */
static inline uint32_t num_order_of(float v)
{
	uint32_t u;

	v += 0.0f;
	memcpy(&u, &v, sizeof(u));
	return u & 0x80000000u ? ~u : u | 0x80000000u;
}
/** And back. */
static inline float num_of_order(uint32_t order)
{
	uint32_t u = order & 0x80000000u ? order & 0x7fffffffu : ~order;
	float v;

	memcpy(&v, &u, sizeof(v));
	return v;
}

#endif
