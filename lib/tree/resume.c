#include "tree/resume.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "hash/crc64.h"
#include "tree/model_file.h"
#include "tree/predict.h"

/* A line of a run's text that is no option. */
#define VALUES "values "

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

static const char *const tasks[] = { "numbers", "two classes", "classes" };

/** `a` is what is to be learned, `b` what was. */
static int compare(const struct tree_model *a, const struct tree_model *b, struct err *e)
{
	if (a->is_forest != b->is_forest || (!b->is_forest && b->n_parallel != 1))
		return err_set(e, ERR_INPUT, a->is_forest ? "it is no forest" : "it is a forest");
	if (strcmp(a->objective, b->objective) != 0 || (float)a->shape != (float)b->shape)
		return err_set(e, ERR_INPUT, "its objective is %s, this one %s", b->objective,
			a->objective);
	if (a->task != b->task)
		return err_set(e, ERR_INPUT, "it learned %s, this table has %s", tasks[b->task],
			tasks[a->task]);
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

static struct tree_model *refuse(struct tree_model *old, const char *path, struct err *e)
{
	tree_model_free(old);
	err_at(e, "%s", path);
	return NULL;
}

/** What is gone on with, if it is the same. `run`: see tree_resume_load(). */
static struct tree_model *load_same(
	const struct tree_model *m, const char *path, const char *run, struct err *e)
{
	struct tree_model *old = tree_model_load(path, e);

	if (!old)
		return NULL;
	if (run && !old->run) {
		err_set(e, ERR_INPUT, "a model, no checkpoint");
		err_hint(e, "go on with it by --resume, or give another name");
		return refuse(old, path, e);
	}
	if (run && tree_resume_compare(old->run, run, e))
		return refuse(old, path, e);
	if (compare(m, old, e)) {
		err_hint(e, "go on with the same table and options");
		return refuse(old, path, e);
	}
	if (old->n_trees % m->n_outputs != 0) {
		err_set(e, ERR_INPUT, "its last round is not complete");
		return refuse(old, path, e);
	}
	return old;
}

int tree_resume_load(struct tree_model *m, const char *path, const char *run, struct err *e)
{
	struct tree_model *old = load_same(m, path, run, e);

	if (!old)
		return -1;
	m->base_score = old->base_score;
	memcpy(m->base_margin, old->base_margin, m->n_outputs * sizeof(*m->base_margin));
	m->trees = old->trees;
	m->n_trees = old->n_trees;
	m->cap_trees = old->cap_trees;
	old->trees = NULL;
	old->n_trees = old->cap_trees = 0;
	tree_model_free(old);
	return 0;
}

struct tree_model *tree_resume_forest(const struct tree_model *m, const char *path, struct err *e)
{
	return load_same(m, path, NULL, e);
}

/* ---- margins --------------------------------------------------------------------------------------------- */

enum { PIECE = 256 };

struct margins_job {
	const struct tree_model *m;
	const struct tree_dataset *d;
	size_t from, to; /* trees */
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
	for (size_t t = j->from; t < j->to; t++)
		tree_add_leaves(
			&j->m->trees[t], j->x[worker], n, stride, out + j->m->trees[t].output, k);
}

int tree_resume_margins(const struct tree_model *m, size_t from, size_t to,
	const struct tree_dataset *d, struct pool *pool, float *margins, struct err *e)
{
	size_t n_workers = (size_t)pool_size(pool), n = d->frame->n_rows * m->n_outputs;
	struct margins_job j = { m, d, from, to, mem_array(n_workers, sizeof(*j.x), e), margins };
	int rc = j.x ? 0 : -1;

	for (size_t i = 0; i < n_workers && !rc; i++) {
		j.x[i] = mem_array_raw(PIECE * m->n_features, sizeof(**j.x), e);
		rc = j.x[i] ? 0 : -1;
	}
	for (size_t i = 0; from == 0 && i < n; i++)
		margins[i] = m->base_margin[i % m->n_outputs];
	if (!rc)
		pool_for(pool, (d->frame->n_rows + PIECE - 1) / PIECE, do_piece, &j);
	for (size_t i = 0; j.x && i < n_workers; i++)
		free(j.x[i]);
	free(j.x);
	return rc;
}

/* ---- what a run is ---------------------------------------------------------------------------------------- */

/** Values as numbers, one for each column and what else there is of rows. */
struct values {
	const struct tree_dataset *d;
	int64_t *sums; /* [n_cols + N_OTHERS] of the rows, in any order */
};

enum { TARGET, WEIGHTS, GROUPS, N_OTHERS };

static const char *const others[] = { "the target", "the weights", "the groups" };

/** A row and its value as one number: of these the sum is taken. */
static uint64_t mix(size_t row, uint64_t value)
{
	return rng_mix(rng_mix(row + 1) + value);
}

static uint64_t bits_of(float v)
{
	uint32_t u;

	memcpy(&u, &v, sizeof(u));
	return u;
}

static uint64_t sum_other(const struct tree_truth *t, size_t first, size_t which)
{
	const struct score_groups *g = t->groups;
	uint64_t sum = 0;

	if (which == GROUPS) {
		for (size_t i = 0; g && i < g->n; i++)
			for (uint32_t k = g->begin[i]; k < g->begin[i + 1]; k++)
				sum += mix(first + g->rows[k], first + g->rows[g->begin[i]]);
		return sum;
	}
	for (size_t i = 0; which == WEIGHTS && t->weights && i < t->n_rows; i++)
		sum += mix(first + i, bits_of(t->weights[i]));
	for (size_t i = 0; which == TARGET && i < t->n_rows; i++)
		sum += mix(first + i, t->class ? t->class[i] : bits_of(t->values[i]));
	return sum;
}

/** Task: a column, or one of the others. */
static void sum_values(void *ctx, size_t i, int worker)
{
	struct values *v = ctx;
	const struct tree_frame *f = v->d->frame;
	uint64_t sum = 0;

	(void)worker;
	if (i >= f->n_cols)
		sum = sum_other(&v->d->target.truth, f->first_row, i - f->n_cols);
	for (size_t row = 0; i < f->n_cols && row < f->n_rows; row++)
		sum += mix(f->first_row + row, tree_frame_bin(f, i, row));
	v->sums[i] = (int64_t)sum;
}

/** What the bins of a column are. */
static uint64_t crc_of_bins(const struct tree_frame_column *c)
{
	enum cpu_isa isa = cpu_best();
	uint64_t crc = 0;

	if (!c->is_categorical)
		return hash_crc64_add(0,
			(struct slice){ (const char *)c->cuts, (c->n_bins - 2) * sizeof(*c->cuts) },
			isa);
	for (uint32_t i = 0; i < c->n_categories; i++) {
		crc = hash_crc64_add(crc, c->source->texts[c->text_of_code[i]], isa);
		crc = hash_crc64_add(crc, (struct slice){ "", 1 }, isa);
	}
	return crc;
}

static uint64_t crc_of_labels(const struct tree_target *t)
{
	uint64_t crc = 0;

	for (size_t i = 0; i < t->n_labels; i++)
		crc = hash_crc64_add(
			crc, (struct slice){ t->labels[i], strlen(t->labels[i]) + 1 }, cpu_best());
	return crc;
}

char *tree_resume_run(
	const struct tree_params *p, const struct tree_dataset *d, struct pool *pool, struct err *e)
{
	const struct tree_frame *f = d->frame;
	struct values v = { d, mem_array(f->n_cols + N_OTHERS, sizeof(*v.sums), e) };
	struct buf b = BUF_INIT;
	char *text = NULL;

	if (!v.sums)
		return NULL;
	pool_for(pool, f->n_cols + N_OTHERS, sum_values, &v);
	tree_comm_sum(f->comm, v.sums, f->n_cols + N_OTHERS);
	v.sums[f->n_cols + TARGET] ^= (int64_t)crc_of_labels(&d->target);
	tree_params_describe(p, &b);
	for (size_t i = 0; i < N_OTHERS; i++)
		buf_addf(&b, VALUES "%016llx of %s\n", (unsigned long long)v.sums[f->n_cols + i],
			others[i]);
	for (size_t i = 0; i < f->n_cols; i++)
		buf_addf(&b, VALUES "%016llx of column '%s'\n",
			(unsigned long long)v.sums[i] ^ crc_of_bins(&f->cols[i]),
			f->cols[i].source->name);
	if (!buf_check(&b, e))
		text = mem_dup(b.p, e);
	buf_release(&b);
	free(v.sums);
	return text;
}

/** An option's name, and its value behind the blank. */
static void cut_option(struct slice line, struct slice *name, struct slice *value)
{
	const char *blank = memchr(line.p, ' ', line.len);
	size_t len = blank ? (size_t)(blank - line.p) : line.len;

	*name = (struct slice){ line.p, len };
	*value = blank ? (struct slice){ blank + 1, line.len - len - 1 } : (struct slice){ "", 0 };
}

static int say_difference(struct slice old, struct slice now, struct err *e)
{
	const size_t what = sizeof(VALUES) - 1 + 16 + sizeof(" of ") - 1; /* begins there */
	struct slice name, other, was, is;

	if (slice_starts(now, VALUES) && now.len > what && old.len == now.len &&
		memcmp(old.p + what, now.p + what, now.len - what) == 0)
		return err_set(e, ERR_INPUT, "a checkpoint of other data: %.*s had other values",
			(int)(now.len - what), now.p + what);
	cut_option(old, &other, &was);
	cut_option(now, &name, &is);
	if (slice_starts(now, VALUES) || slice_cmp(name, other) != 0)
		return err_set(e, ERR_INPUT, "a checkpoint of other data: it had other columns");
	return err_set(e, ERR_INPUT,
		"a checkpoint of other options: --%.*s was '%.*s', and is '%.*s'", (int)name.len,
		name.p, (int)was.len, was.p, (int)is.len, is.p);
}

int tree_resume_compare(const char *old, const char *now, struct err *e)
{
	struct slice a = slice_of(old), b = slice_of(now);

	while (a.len || b.len) {
		struct slice was = { "", 0 }, is = was;

		slice_cut(&a, '\n', &was);
		slice_cut(&b, '\n', &is);
		if (slice_cmp(was, is) != 0) {
			say_difference(was, is, e);
			return err_hint(e, "remove it to begin anew");
		}
	}
	return 0;
}

/* ---- checkpoints ------------------------------------------------------------------------------------------ */

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
