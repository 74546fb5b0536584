/*
 * base/input: whole or in pieces, any bytes give the same bytes or the same refusal. base/err: what is
 * printed is clean.
 */
#include "base/input.h"

#include <string.h>

#include "fuzz.h"

enum { LIMIT = 4 << 20 };

/* Reads in pieces of `step`. 0, or -1. */
static int read_all(const uint8_t *data, size_t size, size_t step, struct buf *b, struct err *e)
{
	struct input *in = input_open_memory("fuzz", (struct slice){ (const char *)data, size }, e);
	ssize_t n = (ssize_t)step;

	while (in && n == (ssize_t)step && b->len < LIMIT) {
		char *to = buf_reserve(b, step);

		n = to ? input_read(in, to, step, e) : -1;
		if (n > 0)
			b->len += (size_t)n;
	}
	input_close(in);
	return !in || n < 0 ? -1 : 0;
}

static void check_escape(const uint8_t *data, size_t size)
{
	char text[300] = "", raw[200];
	size_t n = size < sizeof(raw) - 1 ? size : sizeof(raw) - 1;

	if (n)
		memcpy(raw, data, n);
	raw[n] = '\0';
	MUST(err_escape(text, sizeof(text), raw) == strlen(text));
	for (const char *p = text; *p; p++)
		MUST((unsigned char)*p >= 0x20 && *p != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[] = { 1 << 16, 1, 1000 };
	struct buf first = BUF_INIT, b = BUF_INIT;
	struct err e = ERR_INIT, again = ERR_INIT;
	int want = read_all(data, size, 1 << 20, &first, &e), got;

	MUST(want == 0 || e.code == ERR_INPUT);
	for (size_t i = 0; i < 3 && first.len < 1 << 18; i++) {
		buf_reset(&b);
		got = read_all(data, size, steps[i], &b, &again);
		MUST(got == want);
		MUST(got || (b.len == first.len && memcmp(b.p, first.p, b.len) == 0));
		/* Of what is both, zlib may say "damaged" or "truncated" as the room is. */
		MUST(got == 0 || again.code == e.code);
	}
	buf_release(&first);
	buf_release(&b);
	check_escape(data, size);
	return 0;
}
