/*
 * csv/scan: the kernels of all instruction sets give what the scalar one gives.
 */
#include <string.h>

#include "csv/scan.h"
#include "fuzz.h"

enum { MAX_BLOCKS = 64 };

struct outcome {
	struct csv_scan_state state;
	uint32_t index[(MAX_BLOCKS + 1) * CSV_SCAN_BLOCK];
	size_t n;
	uint64_t n_quotes, n_newlines;
};

/* In two calls, so that what is carried from block to block is tested too. */
static void scan(const struct csv_scan *s, const char *text, size_t size, size_t first, char quote,
	struct outcome *o)
{
	static char padded[(MAX_BLOCKS + 1) * CSV_SCAN_BLOCK];
	size_t n_blocks = (size + CSV_SCAN_BLOCK - 1) / CSV_SCAN_BLOCK;

	memset(padded, '\r', sizeof(padded));
	memcpy(padded, text, size);
	memset(o, 0, sizeof(*o));
	csv_scan_init(&o->state, ',', quote);
	if (first > n_blocks)
		first = n_blocks;
	o->n = s->index(&o->state, padded, first, 0, o->index);
	o->n += s->index(&o->state, padded + first * CSV_SCAN_BLOCK, n_blocks - first,
		(uint32_t)(first * CSV_SCAN_BLOCK), o->index + o->n);
	s->count(text, size, '"', &o->n_quotes, &o->n_newlines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum cpu_isa sets[] = { CPU_SSE42, CPU_AVX2, CPU_AVX512, CPU_NEON };
	static struct outcome want, got;
	size_t first;
	char quote;

	if (size < 2)
		return 0;
	first = data[0] % 8;
	quote = data[1] & 1 ? '"' : '\0';
	data += 2;
	size -= 2;
	if (size > MAX_BLOCKS * CSV_SCAN_BLOCK)
		size = MAX_BLOCKS * CSV_SCAN_BLOCK;
	scan(csv_scan_for(CPU_SCALAR), (const char *)data, size, first, quote, &want);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		const struct csv_scan *s = csv_scan_for(sets[i]);

		if (!s || cpu_best() < sets[i] || sets[i] == CPU_NEON)
			continue;
		scan(s, (const char *)data, size, first, quote, &got);
		MUST(got.n == want.n);
		MUST(memcmp(got.index, want.index, got.n * sizeof(*got.index)) == 0);
		MUST(got.n_quotes == want.n_quotes && got.n_newlines == want.n_newlines);
		MUST(got.state.inside == want.state.inside);
		MUST(got.state.may_open == want.state.may_open);
		MUST(got.state.closed == want.state.closed);
		MUST(!got.state.bad_quotes == !want.state.bad_quotes);
		MUST(!got.state.inner_newline == !want.state.inner_newline);
		MUST(got.state.has_nul == want.state.has_nul);
	}
	return 0;
}
