#include "tree/resume.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hash/sha256.h"
#include "tree/model_file.h"
#include "tree/predict.h"

/* ---- is it the same? ------------------------------------------------------------------------------------- */

static int compare_feature(
	const struct tree_feature *a, const struct tree_feature *b, struct err *e)
{
	if (strcmp(a->name, b->name) != 0)
		return err_set(e, ERR_INPUT, "it has column '%s' where this table has '%s'",
			b->name, a->name);
	if (a->is_categorical != b->is_categorical)
		return err_set(e, ERR_INPUT,
			"column '%s' has texts in one of them, numbers in the other", a->name);
	for (uint32_t i = 0; i < a->n_categories && i < b->n_categories; i++)
		if (slice_cmp(a->categories[i], b->categories[i]) != 0)
			return err_set(e, ERR_INPUT, "column '%s' has other texts in it", a->name);
	if (a->n_categories != b->n_categories)
		return err_set(e, ERR_INPUT, "column '%s' has %u texts in it, %u in this table",
			a->name, b->n_categories, a->n_categories);
	return 0;
}

/** `a` is what is to be learned, `b` what was. */
static int compare(const struct tree_model *a, const struct tree_model *b, struct err *e)
{
	if (b->is_forest || b->n_parallel != 1)
		return err_set(e, ERR_INPUT, "it is a forest");
	if (strcmp(a->objective, b->objective) != 0 || (float)a->shape != (float)b->shape)
		return err_set(e, ERR_INPUT, "its objective is %s, this one %s", b->objective,
			a->objective);
	if (a->n_outputs != b->n_outputs || a->n_labels != b->n_labels)
		return err_set(e, ERR_INPUT, "it has %zu classes, this table %zu", b->n_labels,
			a->n_labels);
	for (size_t i = 0; i < a->n_labels; i++)
		if (strcmp(a->labels[i], b->labels[i]) != 0)
			return err_set(e, ERR_INPUT, "it has no class '%s'", a->labels[i]);
	if (a->n_features != b->n_features)
		return err_set(e, ERR_INPUT, "it learned from %zu columns, this table has %zu",
			b->n_features, a->n_features);
	for (size_t i = 0; i < a->n_features; i++)
		if (compare_feature(&a->features[i], &b->features[i], e))
			return -1;
	return 0;
}

int tree_resume_load(struct tree_model *m, const char *path, const char *run, struct err *e)
{
	struct tree_model *old = tree_model_load(path, e);
	int rc = -1;

	if (!old)
		return -1;
	if (run && (!old->run || strcmp(old->run, run) != 0)) {
		err_set(e, ERR_INPUT, "a checkpoint of other data or other options");
		err_hint(e, "remove it to begin anew");
	} else if (old->n_trees % m->n_outputs != 0) {
		err_set(e, ERR_INPUT, "its last round is not complete");
	} else if (compare(m, old, e)) {
		err_hint(e, "go on with the same table and options");
	} else {
		m->base_score = old->base_score;
		memcpy(m->base_margin, old->base_margin, m->n_outputs * sizeof(*m->base_margin));
		m->trees = old->trees;
		m->n_trees = old->n_trees;
		m->cap_trees = old->cap_trees;
		old->trees = NULL;
		old->n_trees = old->cap_trees = 0;
		rc = 0;
	}
	tree_model_free(old);
	return rc ? err_at(e, "%s", path) : 0;
}

/* ---- margins --------------------------------------------------------------------------------------------- */

enum { PIECE = 256 };

struct margins_job {
	const struct tree_model *m;
	const struct tree_dataset *d;
	float **x; /* [pool_size][PIECE][n_features] */
	float *margins;
};

/** Values of one column of some rows, as a model takes them. */
static void gather(
	const struct tree_frame_column *c, size_t from, size_t n, float *x, size_t stride)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t code = c->is_categorical ? c->source->codes[from + i] : 0;

		if (!c->is_categorical)
			x[i * stride] = c->source->numbers[from + i];
		else
			x[i * stride] =
				code == TABLE_MISSING ? NAN : (float)(c->code_of_text[code] - 1);
	}
}

static void do_piece(void *ctx, size_t piece, int worker)
{
	struct margins_job *j = ctx;
	size_t from = piece * PIECE, n_rows = j->d->frame->n_rows, k = j->m->n_outputs;
	size_t n = n_rows - from < PIECE ? n_rows - from : PIECE, stride = j->m->n_features;
	float *out = j->margins + from * k;

	for (size_t c = 0; c < stride; c++)
		gather(&j->d->frame->cols[c], from, n, j->x[worker] + c, stride);
	for (size_t i = 0; i < n * k; i++)
		out[i] = j->m->base_margin[i % k];
	for (size_t t = 0; t < j->m->n_trees; t++)
		tree_add_leaves(
			&j->m->trees[t], j->x[worker], n, stride, out + j->m->trees[t].output, k);
}

int tree_resume_margins(const struct tree_model *m, const struct tree_dataset *d, struct pool *pool,
	float *margins, struct err *e)
{
	size_t n_workers = (size_t)pool_size(pool);
	struct margins_job j = { m, d, mem_array(n_workers, sizeof(*j.x), e), margins };
	int rc = j.x ? 0 : -1;

	for (size_t i = 0; i < n_workers && !rc; i++) {
		j.x[i] = mem_array_raw(PIECE * m->n_features, sizeof(**j.x), e);
		rc = j.x[i] ? 0 : -1;
	}
	if (!rc)
		pool_for(pool, (d->frame->n_rows + PIECE - 1) / PIECE, do_piece, &j);
	for (size_t i = 0; j.x && i < n_workers; i++)
		free(j.x[i]);
	free(j.x);
	return rc;
}

/* ---- checkpoints ------------------------------------------------------------------------------------------ */

static int add_floats(struct hash_sha256 *h, const float *v, size_t n, struct err *e)
{
	return v ? hash_sha256_add(h, v, n * sizeof(*v), e) : 0;
}

static int add_column(struct hash_sha256 *h, const struct tree_frame_column *c, struct err *e)
{
	if (hash_sha256_add(h, c->source->name, strlen(c->source->name) + 1, e) ||
		hash_sha256_add(h, &c->n_bins, sizeof(c->n_bins), e))
		return -1;
	for (uint32_t i = 0; i < c->n_categories; i++) {
		struct slice s = c->source->texts[c->text_of_code[i]];

		if (hash_sha256_add(h, s.p, s.len, e) || hash_sha256_add(h, "", 1, e))
			return -1;
	}
	return c->is_categorical ? 0 : add_floats(h, c->cuts, c->n_bins - 2, e);
}

static int add_data(struct hash_sha256 *h, const struct tree_dataset *d, struct err *e)
{
	const struct tree_truth *t = &d->target.truth;

	if (add_floats(h, t->values, t->n_rows, e) || add_floats(h, t->weights, t->n_rows, e) ||
		(t->class && hash_sha256_add(h, t->class, t->n_rows * sizeof(*t->class), e)) ||
		(t->groups && hash_sha256_add(h, t->groups->rows, t->n_rows * sizeof(uint32_t), e)))
		return -1;
	for (size_t i = 0; i < d->frame->n_cols; i++)
		if (add_column(h, &d->frame->cols[i], e))
			return -1;
	return 0;
}

char *tree_resume_run(const struct tree_params *p, const struct tree_dataset *d, struct err *e)
{
	struct hash_sha256 *h = hash_sha256_new(e);
	uint8_t sha[HASH_SHA256_LEN];
	char *hex = NULL;
	struct buf b = BUF_INIT;

	tree_params_describe(p, &b);
	if (h && !buf_check(&b, e) && !hash_sha256_add(h, b.p, b.len, e) && !add_data(h, d, e) &&
		!hash_sha256_finish(h, sha, e))
		hex = mem_new(HASH_SHA256_HEX + 1, e);
	if (hex)
		hash_sha256_format(sha, hex);
	buf_release(&b);
	hash_sha256_free(h);
	return hex;
}

int tree_resume_save(struct tree_model *m, const char *path, const char *run, struct err *e)
{
	struct output *out = output_open(path, OUTPUT_SYNC, e);
	int rc;

	if (!out)
		return -1;
	m->run = mem_dup(run, e);
	rc = m->run ? tree_model_save(m, out, tree_format_of(path), e) : -1;
	free(m->run);
	m->run = NULL;
	if (rc) {
		output_abandon(out);
		return -1;
	}
	return output_close(out, e);
}
