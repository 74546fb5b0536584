#include "base/num.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEPT_DIGITS = 770 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool num_parse_uint(struct slice s, uint64_t *v)
{
	uint64_t n = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!is_digit(s.p[i]) || __builtin_mul_overflow(n, 10, &n) ||
			__builtin_add_overflow(n, (uint64_t)(s.p[i] - '0'), &n))
			return false;
	}
	*v = n;
	return true;
}

bool num_parse_int(struct slice s, int64_t *v)
{
	bool negative = s.len && s.p[0] == '-';
	uint64_t n;

	if (s.len && (s.p[0] == '-' || s.p[0] == '+')) {
		s.p++;
		s.len--;
	}
	if (!num_parse_uint(s, &n) || n > (uint64_t)INT64_MAX + negative)
		return false;
	*v = negative ? (int64_t)(0 - n) : (int64_t)n;
	return true;
}

/* nan, inf, infinity in any case, behind an optional sign. */
static bool parse_special(struct slice s, double *v)
{
	static const struct {
		const char *name;
		double value;
	} words[] = { { "nan", NAN }, { "inf", INFINITY }, { "infinity", INFINITY } };
	bool negative = s.len && s.p[0] == '-';

	if (s.len && (s.p[0] == '-' || s.p[0] == '+')) {
		s.p++;
		s.len--;
	}
	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
		size_t i = 0;

		while (i < s.len && words[w].name[i] && (s.p[i] | 0x20) == words[w].name[i])
			i++;
		if (i == s.len && !words[w].name[i]) {
			*v = negative ? -words[w].value : words[w].value;
			return true;
		}
	}
	return false;
}

/* What a decimal number is made of. */
struct decimal {
	uint64_t digits; /* the first 19 significant ones */
	int n_digits; /* how many there were, leading zeros left out */
	int64_t exponent; /* of ten, for all digits as a whole number */
	bool negative;
};

/* The grammar: [+-] digits [. digits] [e [+-] digits], with a digit somewhere before the e. */
static bool scan_decimal(struct slice s, struct decimal *d)
{
	const char *p = s.p, *end = s.p + s.len;
	bool any = false;
	int64_t power = 0;

	*d = (struct decimal){ 0 };
	if (p < end && (*p == '-' || *p == '+'))
		d->negative = *p++ == '-';
	for (bool point = false; p < end; p++) {
		if (*p == '.' && !point) {
			point = true;
			continue;
		}
		if (!is_digit(*p))
			break;
		any = true;
		if (d->n_digits || *p != '0') {
			if (d->n_digits < 19)
				d->digits = d->digits * 10 + (uint64_t)(*p - '0');
			d->n_digits += d->n_digits < 1000;
		}
		power -= point;
	}
	if (!any)
		return false;
	if (p < end && (*p == 'e' || *p == 'E')) {
		bool minus = false;
		int64_t n = 0;

		if (++p < end && (*p == '-' || *p == '+'))
			minus = *p++ == '-';
		if (p == end)
			return false;
		for (; p < end && is_digit(*p); p++)
			n = n < INT64_MAX / 100 ? n * 10 + (*p - '0') : n;
		power += minus ? -n : n;
	}
	d->exponent = power;
	return p == end;
}

/*
 * By strtod, from a copy that it can be given an end: no program of ours calls setlocale(), the point
 * is a point. A number half way between two doubles has at most 767 significant digits, so that of a
 * longer text only whether there is anything behind matters: then a 1 stands for all of it.
 */
static double parse_slowly(struct slice s, const struct decimal *d)
{
	char text[KEPT_DIGITS + 32];
	size_t n = 0, at = 0;
	int64_t n_cut = 0;
	bool more = false;

	if (s.len < sizeof(text)) {
		memcpy(text, s.p, s.len);
		text[s.len] = '\0';
		return strtod(text, NULL);
	}
	text[at++] = d->negative ? '-' : '+';
	for (size_t i = 0; i < s.len && (s.p[i] | 0x20) != 'e'; i++) {
		if (!is_digit(s.p[i]) || (n == 0 && s.p[i] == '0'))
			continue;
		if (n < KEPT_DIGITS) {
			text[at + n++] = s.p[i];
			continue;
		}
		more |= s.p[i] != '0';
		n_cut++;
	}
	if (n == 0)
		return d->negative ? -0.0 : 0.0;
	snprintf(text + at + n, sizeof(text) - at - n, "%se%" PRId64, more ? "1" : "",
		d->exponent + n_cut - more);
	return strtod(text, NULL);
}

/*
 * The powers of ten that a double holds exactly: with at most 2^53 times or divided by one of them the single
 * rounding gives the nearest double (Clinger, "How to read floating point numbers accurately", PLDI 1990, 3).
 */
static const double exact[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
	1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/* What tables are full of: a few digits, with a point or without. False for all else, numbers too. */
static bool parse_short(struct slice s, double *v)
{
	const char *p = s.p, *end = s.p + s.len, *point;
	uint64_t digits = 0;

	if (s.len == 0 || s.len > 15)
		return false;
	for (; p < end && is_digit(*p); p++)
		digits = digits * 10 + (uint64_t)(*p - '0');
	if (p == end) {
		*v = (double)digits;
		return true;
	}
	if (*p != '.' || s.len == 1)
		return false;
	for (point = p++; p < end && is_digit(*p); p++)
		digits = digits * 10 + (uint64_t)(*p - '0');
	if (p < end)
		return false;
	*v = (double)digits / exact[end - point - 1];
	return true;
}

bool num_parse_double(struct slice s, bool specials, double *v)
{
	struct decimal d;
	double x;

	if (parse_short(s, v))
		return true;
	if (!scan_decimal(s, &d))
		return specials && parse_special(s, v);
	if (d.n_digits <= 19 && d.digits <= (UINT64_C(1) << 53) && d.exponent >= -22 &&
		d.exponent <= 22) {
		x = (double)d.digits;
		x = d.exponent < 0 ? x / exact[-d.exponent] : x * exact[d.exponent];
		*v = d.negative ? -x : x;
		return true;
	}
	x = parse_slowly(s, &d);
	if (isinf(x))
		return false;
	*v = x;
	return true;
}

bool num_parse_size(struct slice s, uint64_t *v)
{
	static const char units[] = "kmgt";
	uint64_t factor = 1;

	if (s.len > 2 && (s.p[s.len - 1] | 0x20) == 'b' && s.p[s.len - 2] == 'i' &&
		!is_digit(s.p[s.len - 3]))
		s.len -= 2;
	else if (s.len > 1 && (s.p[s.len - 1] | 0x20) == 'b' && !is_digit(s.p[s.len - 2]))
		s.len--;
	if (s.len) {
		const char *u = strchr(units, s.p[s.len - 1] | 0x20);

		if (u && *u) {
			factor <<= 10 * (u - units + 1);
			s.len--;
		}
	}
	return num_parse_uint(s, v) && !__builtin_mul_overflow(*v, factor, v);
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static bool parse_digits(const char *p, int n, int *v)
{
	*v = 0;
	for (int i = 0; i < n; i++) {
		if (!is_digit(p[i]))
			return false;
		*v = *v * 10 + (p[i] - '0');
	}
	return true;
}

bool num_parse_date(struct slice s, struct num_date *d)
{
	int y, m, day;

	if (s.len >= 10 && (s.p[4] == '-' || s.p[4] == '/') && s.p[7] == s.p[4]) {
		if (s.len > 10 && s.p[10] != 'T' && s.p[10] != ' ')
			return false;
		if (!parse_digits(s.p, 4, &y) || !parse_digits(s.p + 5, 2, &m) ||
			!parse_digits(s.p + 8, 2, &day))
			return false;
	} else {
		if (s.len < 8 || (s.len > 8 && s.p[8] != 'T' && s.p[8] != ' '))
			return false;
		if (!parse_digits(s.p, 4, &y) || !parse_digits(s.p + 4, 2, &m) ||
			!parse_digits(s.p + 6, 2, &day))
			return false;
	}
	if (m < 1 || m > 12 || day < 1 || day > days_in_month(y, m))
		return false;
	*d = (struct num_date){ y, m, day };
	return true;
}

/* Both directions: count in years that begin on 1 March, so that the leap day comes last, and in
 * eras of 400 years, which are all alike: 146097 days. */
int64_t num_date_to_days(const struct num_date *d)
{
	int64_t year = d->year - (d->month <= 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t month = (d->month + 9) % 12;
	int64_t of_year = (153 * month + 2) / 5 + d->day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void num_date_from_days(int64_t days, struct num_date *d)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	d->day = (int)(of_year - (153 * month + 2) / 5 + 1);
	d->month = (int)(month < 10 ? month + 3 : month - 9);
	d->year = (int)(year + era * 400 + (d->month <= 2));
}

size_t num_format_int(char out[NUM_TEXT_MAX], int64_t v)
{
	char digits[24];
	uint64_t n = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	size_t len = 0, at = 0;

	do
		digits[len++] = (char)('0' + n % 10);
	while (n /= 10);
	if (v < 0)
		out[at++] = '-';
	while (len)
		out[at++] = digits[--len];
	out[at] = '\0';
	return at;
}

static size_t format_special(char out[NUM_TEXT_MAX], double v)
{
	return (size_t)snprintf(out, NUM_TEXT_MAX, "%s", isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
}

/* "d.ddd" of the text in `t` ("d.ddde-XX") counted up by one in its last digit. */
static void count_up(char *t)
{
	char *last = strchr(t, 'e') - 1;

	while (last > t && *last == '9')
		*last-- = '0';
	if (*last == '.')
		last--;
	/* all nines cannot be: such a number has a shorter text that was found before */
	if (*last != '9')
		(*last)++;
}

static bool reads_back(const char *text, double v, bool is_float)
{
	return is_float ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v;
}

/*
 * 15 digits always survive a double (6 a float), so that a number with a shorter text shows it there as
 * zeros at the end. Among the texts of more digits, the one nearest to v may read back as a neighbour
 * where v is a power of two (the numbers below lie closer than those above): then the one above it may
 * do. Numbers below the normal range have fewer digits.
 */
static size_t shortest(char digits[18], int *exponent, double v, bool is_float)
{
	bool is_normal = fabs(v) >= (is_float ? (double)FLT_MIN : DBL_MIN);
	int first = !is_normal ? 0 : is_float ? 5 : 14, last = is_float ? 8 : 16;
	char text[40];
	size_t n = 0;

	for (int after = first; after <= last; after++) {
		snprintf(text, sizeof(text), "%.*e", after, fabs(v));
		if (reads_back(text, fabs(v), is_float))
			break;
		if (after == first || after == last)
			continue;
		count_up(text);
		if (reads_back(text, fabs(v), is_float))
			break;
	}
	for (const char *p = text; *p != 'e'; p++)
		if (*p != '.')
			digits[n++] = *p;
	*exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	return n;
}

size_t num_shortest_digits(char digits[18], int *exponent, double v)
{
	return shortest(digits, exponent, v, false);
}

/**
 * shortest() of most floats, by whole numbers: v is m / 2^q, its k digits behind the point are m 10^k / 2^q, rounded.
 * They read back if they are nearer to v than half the distance of floats, 2^-q: but for powers of two, which
 * shortest() has to look at. From 1e-4 to 65536 all of it fits 64 bits, and no two numbers are equally near.
 * 0: not such a float.
 */
static size_t shortest_float(char digits[18], int *exponent, float v)
{
	static const uint64_t tens[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
		100000000, 1000000000, 10000000000, 100000000000, 1000000000000 };
	static const float decades[] = { 1e-3f, 1e-2f, 1e-1f, 1, 1e1f, 1e2f, 1e3f, 1e4f };
	uint32_t bits;
	uint64_t m, d = 0;
	int q, e10 = -4, after;
	size_t n;

	memcpy(&bits, &v, sizeof(bits));
	m = (bits & 0x7fffff) | 0x800000;
	q = 150 - (int)(bits >> 23 & 0xff);
	v = fabsf(v);
	if (!(v >= 1e-4f && v < 65536) || m == 0x800000)
		return 0;
	for (size_t i = 0; i < sizeof(decades) / sizeof(decades[0]) && v >= decades[i]; i++)
		e10++;
	for (after = 5; after <= 8; after++) {
		uint64_t scale = tens[after - e10], product = m * scale;
		uint64_t rest = product & (((uint64_t)1 << q) - 1), half = (uint64_t)1 << (q - 1);
		bool up = rest > half || (rest == half && product >> q & 1);

		d = (product >> q) + up;
		if (2 * (up ? 2 * half - rest : rest) < scale)
			break;
	}
	if (after > 8)
		return 0;
	if (d == tens[after + 1]) {
		d /= 10;
		e10++;
	}
	*exponent = e10;
	for (n = (size_t)after + 1; d % 10 == 0; n--)
		d /= 10;
	digits[n] = '\0';
	for (size_t i = n; i-- > 0; d /= 10)
		digits[i] = (char)('0' + d % 10);
	return n;
}

/* Digits as %g would show them, in scientific form below 1e-4 and from 1e16 on (floats: 1e9). */
static size_t format_shortest(char out[NUM_TEXT_MAX], double v, bool is_float)
{
	char digits[18], *p = out;
	int exponent, n = is_float ? (int)shortest_float(digits, &exponent, (float)v) : 0;

	if (n == 0)
		n = (int)shortest(digits, &exponent, v, is_float);

	if (signbit(v))
		*p++ = '-';
	if (exponent < -4 || exponent >= (is_float ? 9 : 16)) {
		*p++ = digits[0];
		if (n > 1)
			*p++ = '.';
		memcpy(p, digits + 1, (size_t)n - 1);
		p += n - 1;
		return (size_t)(p - out) + (size_t)snprintf(p, 8, "e%+03d", exponent);
	}
	if (exponent < 0) {
		memcpy(p, "0.000", 5);
		p += 1 - exponent;
	}
	for (int i = 0; i < n || i <= exponent; i++) {
		if (i == exponent + 1 && exponent >= 0)
			*p++ = '.';
		*p++ = i < n ? digits[i] : '0';
	}
	*p = '\0';
	return (size_t)(p - out);
}

size_t num_format_double(char out[NUM_TEXT_MAX], double v)
{
	if (!isfinite(v))
		return format_special(out, v);
	if (v == 0)
		return (size_t)snprintf(out, NUM_TEXT_MAX, "%s", signbit(v) ? "-0" : "0");
	if (fabs(v) < 1e15 && v == (double)(int64_t)v)
		return num_format_int(out, (int64_t)v);
	return format_shortest(out, v, false);
}

size_t num_format_float(char out[NUM_TEXT_MAX], float v)
{
	if (!isfinite(v))
		return format_special(out, (double)v);
	if (v == 0)
		return (size_t)snprintf(out, NUM_TEXT_MAX, "%s", signbit(v) ? "-0" : "0");
	if (fabsf(v) < 1e7f && v == (float)(int64_t)v)
		return num_format_int(out, (int64_t)v);
	return format_shortest(out, (double)v, true);
}

size_t num_format_bytes(char out[NUM_TEXT_MAX], double v)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	size_t u = 0;

	while (v >= 999.5 && u < 5) {
		v /= 1000;
		u++;
	}
	return (size_t)snprintf(out, NUM_TEXT_MAX, "%.*f %s", u && v < 9.95 ? 1 : 0, v, units[u]);
}
