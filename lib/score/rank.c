#include "score/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/*
 * LSD radix sort of 64-bit keys with the row's number, eleven bits a pass. Digits that are the same in
 * all keys cost nothing: doubles that were floats have 29 zero bits. Each pass is cut into chunks of
 * consecutive elements; where a chunk writes follows from the counts of all chunks, so the result is
 * the stable order whatever thread does which chunk.
 */
enum {
	DIGIT_BITS = 11,
	N_DIGITS = 6,
	RADIX = 1 << DIGIT_BITS,
	MAX_CHUNKS = 32,
	MIN_CHUNK = 1 << 15
};

struct sort {
	const double *scores;
	size_t n, n_chunks;
	uint64_t *keys, *other_keys; /* [n] */
	uint32_t *rows, *other_rows; /* [n] */
	uint32_t (*counts)[RADIX]; /* [n_chunks] of the present pass, then where to write */
	int shift;
	uint64_t all_or[MAX_CHUNKS],
		all_and[MAX_CHUNKS]; /* per chunk: bits set in any, in each key */
	bool has_nan[MAX_CHUNKS];
};

static size_t chunk_start(const struct sort *s, size_t chunk)
{
	return s->n / s->n_chunks * chunk + s->n % s->n_chunks * chunk / s->n_chunks;
}

/* Unsigned order of the keys is the order of the numbers; -0 is 0. */
static uint64_t key_of(double v)
{
	uint64_t bits;

	v += 0.0;
	memcpy(&bits, &v, sizeof(bits));
	return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static double key_value(uint64_t key)
{
	uint64_t bits = key >> 63 ? key & ~((uint64_t)1 << 63) : ~key;
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static void make_keys(void *ctx, size_t chunk, int worker)
{
	struct sort *s = ctx;
	uint64_t any = 0, each = UINT64_MAX;
	bool nan = false;

	(void)worker;
	for (size_t i = chunk_start(s, chunk), to = chunk_start(s, chunk + 1); i < to; i++) {
		uint64_t k = key_of(s->scores[i]);

		nan |= isnan(s->scores[i]) != 0;
		s->keys[i] = k;
		s->rows[i] = (uint32_t)i;
		any |= k;
		each &= k;
	}
	s->all_or[chunk] = any;
	s->all_and[chunk] = each;
	s->has_nan[chunk] = nan;
}

static void count_digits(void *ctx, size_t chunk, int worker)
{
	struct sort *s = ctx;
	uint32_t *counts = s->counts[chunk];

	(void)worker;
	memset(counts, 0, sizeof(s->counts[0]));
	for (size_t i = chunk_start(s, chunk), to = chunk_start(s, chunk + 1); i < to; i++)
		counts[s->keys[i] >> s->shift & (RADIX - 1)]++;
}

static void move_keys(void *ctx, size_t chunk, int worker)
{
	struct sort *s = ctx;
	uint32_t *at = s->counts[chunk];

	(void)worker;
	for (size_t i = chunk_start(s, chunk), to = chunk_start(s, chunk + 1); i < to; i++) {
		uint32_t k = at[s->keys[i] >> s->shift & (RADIX - 1)]++;

		s->other_keys[k] = s->keys[i];
		s->other_rows[k] = s->rows[i];
	}
}

static void run_chunks(struct sort *s, struct pool *pool, pool_task *task)
{
	if (pool && s->n_chunks > 1) {
		pool_for(pool, s->n_chunks, task, s);
	} else {
		for (size_t i = 0; i < s->n_chunks; i++)
			task(s, i, 0);
	}
}

static void sort_pass(struct sort *s, struct pool *pool)
{
	uint32_t sum = 0, *rows = s->rows;
	uint64_t *keys = s->keys;

	run_chunks(s, pool, count_digits);
	for (size_t d = 0; d < RADIX; d++) {
		for (size_t c = 0; c < s->n_chunks; c++) {
			uint32_t count = s->counts[c][d];

			s->counts[c][d] = sum;
			sum += count;
		}
	}
	run_chunks(s, pool, move_keys);
	s->keys = s->other_keys;
	s->other_keys = keys;
	s->rows = s->other_rows;
	s->other_rows = rows;
}

static void sort_release(struct sort *s)
{
	free(s->keys);
	free(s->other_keys);
	free(s->rows);
	free(s->other_rows);
	free(s->counts);
}

/* Leaves keys and rows in ascending order. sort_release() in any case. */
static int sort_scores(struct sort *s, struct pool *pool, struct err *e)
{
	uint64_t differs, any = 0, each = UINT64_MAX;

	if (s->n > UINT32_MAX)
		return err_set(
			e, ERR_INPUT, "more than %lu rows to rank", (unsigned long)UINT32_MAX);
	s->n_chunks = s->n / MIN_CHUNK;
	if (s->n_chunks > MAX_CHUNKS)
		s->n_chunks = MAX_CHUNKS;
	if (!s->n_chunks)
		s->n_chunks = 1;
	s->keys = mem_array_raw(s->n, sizeof(*s->keys), e);
	s->other_keys = s->keys ? mem_array_raw(s->n, sizeof(*s->keys), e) : NULL;
	s->rows = s->other_keys ? mem_array_raw(s->n, sizeof(*s->rows), e) : NULL;
	s->other_rows = s->rows ? mem_array_raw(s->n, sizeof(*s->rows), e) : NULL;
	s->counts = s->other_rows ? mem_array_raw(s->n_chunks, sizeof(*s->counts), e) : NULL;
	if (!s->counts)
		return -1;
	run_chunks(s, pool, make_keys);
	for (size_t c = 0; c < s->n_chunks; c++) {
		if (s->has_nan[c])
			return err_set(e, ERR_INPUT, "a score is not a number");
		any |= s->all_or[c];
		each &= s->all_and[c];
	}
	differs = any ^ each;
	for (int d = 0; d < N_DIGITS; d++) {
		s->shift = d * DIGIT_BITS;
		if (s->n > 1 && (differs >> s->shift & (RADIX - 1)))
			sort_pass(s, pool);
	}
	return 0;
}

int score_rank_order(
	const double *scores, size_t n, uint32_t *order, struct pool *pool, struct err *e)
{
	struct sort s = { .scores = scores, .n = n };
	int rc = sort_scores(&s, pool, e);

	if (!rc && n)
		memcpy(order, s.rows, n * sizeof(*order));
	sort_release(&s);
	return rc;
}

/* Fills the groups, from the highest score down. */
static void group_rows(struct score_rank *r, const struct sort *s, const struct score_binary *in)
{
	size_t g = 0;

	for (size_t i = s->n; i > 0; g++) {
		uint64_t key = s->keys[i - 1];
		double sums[2] = { 0, 0 };

		for (; i > 0 && s->keys[i - 1] == key; i--) {
			uint32_t row = s->rows[i - 1];

			sums[in->labels[row] != 0] += in->weights ? (double)in->weights[row] : 1.0;
		}
		r->scores[g] = key_value(key);
		r->negatives[g] = sums[0];
		r->positives[g] = sums[1];
		r->total_negative += sums[0];
		r->total_positive += sums[1];
	}
}

int score_rank_load(
	struct score_rank *r, const struct score_binary *in, struct pool *pool, struct err *e)
{
	struct sort s = { .scores = in->scores, .n = in->n };
	int rc = -1;

	*r = (struct score_rank)SCORE_RANK_INIT;
	if (sort_scores(&s, pool, e))
		goto out;
	free(s.other_keys); /* room for the groups */
	s.other_keys = NULL;
	for (size_t i = 0; i < s.n; i++)
		r->n_groups += i == 0 || s.keys[i] != s.keys[i - 1];
	r->scores = mem_array_raw(r->n_groups, sizeof(double), e);
	r->positives = r->scores ? mem_array_raw(r->n_groups, sizeof(double), e) : NULL;
	r->negatives = r->positives ? mem_array_raw(r->n_groups, sizeof(double), e) : NULL;
	if (!r->negatives)
		goto out;
	group_rows(r, &s, in);
	rc = 0;
out:
	sort_release(&s);
	if (rc)
		score_rank_release(r);
	return rc;
}

void score_rank_release(struct score_rank *r)
{
	if (!r)
		return;
	free(r->scores);
	free(r->positives);
	free(r->negatives);
	*r = (struct score_rank)SCORE_RANK_INIT;
}

double score_rank_auc(const struct score_rank *r)
{
	double above = 0, area = 0;

	if (!(r->total_positive > 0) || !(r->total_negative > 0))
		return NAN;
	/* Twice the area, so that counts stay whole: each negative is beaten by the positives above it. */
	for (size_t g = 0; g < r->n_groups; g++) {
		area += r->negatives[g] * (2 * above + r->positives[g]);
		above += r->positives[g];
	}
	return area / 2 / r->total_positive / r->total_negative;
}

double score_rank_average_precision(const struct score_rank *r)
{
	double tp = 0, fp = 0, sum = 0;

	if (!(r->total_positive > 0))
		return NAN;
	for (size_t g = 0; g < r->n_groups; g++) {
		tp += r->positives[g];
		fp += r->negatives[g];
		if (r->positives[g] > 0)
			sum += r->positives[g] * (tp / (tp + fp));
	}
	return sum / r->total_positive;
}

double score_rank_ks(const struct score_rank *r, double *at)
{
	double tp = 0, fp = 0, best = 0;

	if (!(r->total_positive > 0) || !(r->total_negative > 0))
		return NAN;
	if (at)
		*at = r->scores[0];
	for (size_t g = 0; g < r->n_groups; g++) {
		double d;

		tp += r->positives[g];
		fp += r->negatives[g];
		d = fabs(tp / r->total_positive - fp / r->total_negative);
		if (d > best) {
			best = d;
			if (at)
				*at = r->scores[g];
		}
	}
	return best;
}

double score_rank_best_f1(const struct score_rank *r, double *at)
{
	double tp = 0, fp = 0, best = 0;

	if (!(r->total_positive > 0))
		return NAN;
	for (size_t g = 0; g < r->n_groups; g++) {
		double f1;

		tp += r->positives[g];
		fp += r->negatives[g];
		f1 = 2 * tp / (tp + fp + r->total_positive);
		if (f1 > best) {
			best = f1;
			*at = r->scores[g];
		}
	}
	return best;
}
