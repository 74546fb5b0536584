/* base/num: what is accepted is what strtod reads from the same text; what is written reads back. */
#include "base/num.h"

#include <math.h>
#include <string.h>

#include "fuzz.h"

/* Has the text a form that strtod takes and num_parse_double must not: blanks, hexadecimal, words? */
static bool is_foreign(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!strchr("0123456789+-.eE", *p))
			return true;
	return false;
}

static void check_double(struct slice s, const char *text, bool has_nul)
{
	double v = 0, w;
	char back[NUM_TEXT_MAX];
	char *end;
	bool good = num_parse_double(s, false, &v);

	w = strtod(text, &end);
	if (has_nul || s.len == 0 || *end || end == text || is_foreign(text)) {
		MUST(!good);
		return;
	}
	MUST(good == !isinf(w));
	if (!good)
		return;
	MUST(memcmp(&v, &w, sizeof(v)) == 0);
	MUST(num_format_double(back, v) == strlen(back));
	MUST(num_parse_double(slice_of(back), false, &w) && memcmp(&v, &w, sizeof(v)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = { (const char *)data, size };
	char *text = malloc(size + 1);
	char back[NUM_TEXT_MAX];
	struct num_date d, same;
	int64_t i;
	uint64_t u;
	double v;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	check_double(s, text, memchr(text, 0, size) != NULL);
	(void)!num_parse_double(s, true, &v);
	if (num_parse_int(s, &i)) {
		num_format_int(back, i);
		MUST(num_parse_int(slice_of(back), &i) && strtoll(text, NULL, 10) == i);
	}
	if (num_parse_uint(s, &u))
		MUST(num_parse_size(s, &u) && strtoull(text, NULL, 10) == u);
	(void)!num_parse_size(s, &u);
	if (num_parse_date(s, &d)) {
		num_date_from_days(num_date_to_days(&d), &same);
		MUST(d.year == same.year && d.month == same.month && d.day == same.day);
	}
	if (size == sizeof(v)) {
		memcpy(&v, data, sizeof(v));
		num_format_double(back, v);
		MUST(num_parse_double(slice_of(back), true, &v));
	}
	free(text);
	return 0;
}
