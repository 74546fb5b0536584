#include "eval/rows.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "csv/value.h"
#include "eval/labels.h"
#include "score/ndcg.h"

/* What of a row becomes what. */
struct columns {
	int target, prediction, weight, group; /* -1: none */
	int *scores; /* [n_scores] columns */
	size_t n_scores;
};

struct reading {
	const struct eval_rows_options *o;
	const struct csv_table *table;
	struct columns cols;
	char quote;
	struct eval_rows *rows;
	struct hash_md5 *md5;
	size_t cap_truth, cap_predicted, cap_scores, cap_truth_values, cap_predicted_values,
		cap_weights, cap_groups;
	uint32_t *map; /* codes of a piece's dictionary to the common one's */
	size_t cap_map;
};

/* A chunk's rows; labels as codes of its own dictionary. */
struct piece {
	size_t n;
	struct table_dict dict, groups;
	uint32_t *truth, *predicted, *group_of;
	double *scores, *truth_values, *predicted_values;
	float *weights;
	size_t cap_truth, cap_predicted, cap_scores, cap_truth_values, cap_predicted_values,
		cap_weights, cap_groups;
	struct buf text;
};

static void release_piece(void *result)
{
	struct piece *p = result;

	table_dict_release(&p->dict);
	table_dict_release(&p->groups);
	free(p->truth);
	free(p->predicted);
	free(p->group_of);
	free(p->scores);
	free(p->truth_values);
	free(p->predicted_values);
	free(p->weights);
	buf_release(&p->text);
}

static int at_field(const struct reading *g, const struct csv_row *row, int col, struct err *e)
{
	err_at(e, "column '%s'", csv_table_col_name(g->table, (size_t)col));
	return err_at(e, "%s:%llu", csv_table_name(g->table), (unsigned long long)row->line);
}

/* The value of a field that must not be missing; it may point into p->text. */
static int take_value(const struct reading *g, struct piece *p, const struct csv_row *row, int col,
	struct slice *v, struct err *e)
{
	*v = csv_field_value(&row->fields[col], g->quote, &p->text);
	if (buf_check(&p->text, e))
		return -1;
	if (!csv_value_is_missing(g->o->dialect, *v))
		return 0;
	err_set(e, ERR_INPUT, "is missing");
	return at_field(g, row, col, e);
}

static int take_number(const struct reading *g, struct piece *p, const struct csv_row *row, int col,
	double *x, struct err *e)
{
	struct slice v;

	if (take_value(g, p, row, col, &v, e))
		return -1;
	if (csv_value_number(v, x))
		return 0;
	err_set(e, ERR_INPUT, "'%.*s' is not a number", v.len < 80 ? (int)v.len : 80, v.p);
	if (!eval_has_labels(g->rows->objective) && g->o->objective == EVAL_BY_COLUMNS &&
		col != g->cols.weight)
		err_hint(e, "for labels without probabilities say --objective multiclass");
	return at_field(g, row, col, e);
}

static int take_probability(const struct reading *g, struct piece *p, const struct csv_row *row,
	int col, double *x, struct err *e)
{
	if (take_number(g, p, row, col, x, e))
		return -1;
	if (*x >= 0 && *x <= 1)
		return 0;
	err_set(e, ERR_INPUT, "%g is no probability: outside of [0, 1]", *x);
	return at_field(g, row, col, e);
}

/* A label, or the name of a group. */
static int take_text(const struct reading *g, struct piece *p, const struct csv_row *row, int col,
	struct table_dict *dict, uint32_t *code, struct err *e)
{
	struct slice v;

	if (take_value(g, p, row, col, &v, e))
		return -1;
	return table_dict_add(dict, v, table_dict_hash(v), code, e);
}

static int check_relevance(
	const struct reading *g, const struct csv_row *row, double v, struct err *e)
{
	if (g->rows->objective != EVAL_RANKING ||
		(v >= 0 && v <= SCORE_RELEVANCE_MAX && v == floor(v)))
		return 0;
	err_set(e, ERR_INPUT, "%g is no whole number from 0 to %d: no relevance", v,
		SCORE_RELEVANCE_MAX);
	err_hint(e, "say 0 for irrelevant, more for better rows");
	return at_field(g, row, g->cols.target, e);
}

/* The truth goes into the chunk's buf too, as it is hashed. */
static int take_truth(const struct reading *g, struct piece *p, const struct csv_row *row,
	struct buf *hashed, struct err *e)
{
	struct slice v;

	if (take_value(g, p, row, g->cols.target, &v, e))
		return -1;
	buf_add_slice(hashed, v);
	buf_add_char(hashed, '\n');
	if (eval_has_labels(g->rows->objective))
		return table_dict_add(&p->dict, v, table_dict_hash(v), &p->truth[p->n], e);
	if (take_number(g, p, row, g->cols.target, &p->truth_values[p->n], e))
		return -1;
	return check_relevance(g, row, p->truth_values[p->n], e);
}

static int grow_piece(const struct reading *g, struct piece *p, struct err *e)
{
	size_t n = p->n + 1;

	if (g->cols.weight >= 0 &&
		mem_grow(&p->weights, &p->cap_weights, n, sizeof(*p->weights), e))
		return -1;
	if (g->cols.n_scores &&
		mem_grow(&p->scores, &p->cap_scores, n * g->cols.n_scores, sizeof(*p->scores), e))
		return -1;
	if (g->cols.group >= 0 &&
		mem_grow(&p->group_of, &p->cap_groups, n, sizeof(*p->group_of), e))
		return -1;
	if (!eval_has_labels(g->rows->objective))
		return mem_grow(&p->truth_values, &p->cap_truth_values, n, sizeof(double), e) ||
				       mem_grow(&p->predicted_values, &p->cap_predicted_values, n,
					       sizeof(double), e)
			       ? -1
			       : 0;
	return mem_grow(&p->truth, &p->cap_truth, n, sizeof(*p->truth),
		       e) || mem_grow(&p->predicted, &p->cap_predicted, n, sizeof(*p->predicted), e)
		       ? -1
		       : 0;
}

static int take_weight(
	const struct reading *g, struct piece *p, const struct csv_row *row, struct err *e)
{
	double w;

	if (take_number(g, p, row, g->cols.weight, &w, e))
		return -1;
	if (w < 0) {
		err_set(e, ERR_INPUT, "a weight below 0");
		return at_field(g, row, g->cols.weight, e);
	}
	p->weights[p->n] = (float)w;
	return 0;
}

static int take_row(const struct reading *g, struct piece *p, const struct csv_row *row,
	struct buf *hashed, struct err *e)
{
	const struct columns *c = &g->cols;

	if (grow_piece(g, p, e) || take_truth(g, p, row, hashed, e))
		return -1;
	for (size_t k = 0; k < c->n_scores; k++)
		if (take_probability(
			    g, p, row, c->scores[k], &p->scores[p->n * c->n_scores + k], e))
			return -1;
	if (c->weight >= 0 && take_weight(g, p, row, e))
		return -1;
	if (c->group >= 0 && take_text(g, p, row, c->group, &p->groups, &p->group_of[p->n], e))
		return -1;
	if (!eval_has_labels(g->rows->objective)) {
		if (take_number(g, p, row, c->prediction, &p->predicted_values[p->n], e))
			return -1;
	} else if (c->prediction < 0) {
		p->predicted[p->n] = 0;
	} else if (take_text(g, p, row, c->prediction, &p->dict, &p->predicted[p->n], e)) {
		return -1;
	}
	p->n++;
	return 0;
}

static int read_chunk(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	const struct reading *g = ctx;
	struct piece *p = csv_chunk_result(c);
	struct buf *hashed = csv_chunk_buf(c);
	struct csv_row row;
	int rc;

	(void)worker;
	p->n = 0;
	table_dict_reset(&p->dict);
	table_dict_reset(&p->groups);
	while ((rc = csv_chunk_next(c, &row, e)) == 1)
		if (take_row(g, p, &row, hashed, e))
			return -1;
	return rc ? -1 : buf_check(hashed, e);
}

/* Appends an array of `n` elements of `size` to one that holds `n_before`. */
static int append(void *to_pp, size_t *cap, const void *from, size_t n_before, size_t n,
	size_t size, struct err *e)
{
	void **to = to_pp;

	if (!n)
		return 0;
	if (mem_grow(to_pp, cap, n_before + n, size, e))
		return -1;
	memcpy((char *)*to + n_before * size, from, n * size);
	return 0;
}

static int append_groups(struct reading *g, const struct piece *p, struct err *e)
{
	struct eval_rows *r = g->rows;

	if (g->cols.group < 0)
		return 0;
	if (mem_grow(&g->map, &g->cap_map, (size_t)p->groups.n + 1, sizeof(*g->map), e) ||
		table_dict_merge(&r->groups, &p->groups, g->map, e) ||
		append(&r->group_of, &g->cap_groups, p->group_of, r->n, p->n, sizeof(*r->group_of),
			e))
		return -1;
	for (size_t i = r->n; i < r->n + p->n; i++)
		r->group_of[i] = g->map[r->group_of[i]];
	r->n_groups = r->groups.n;
	return 0;
}

static int append_labels(struct reading *g, const struct piece *p, struct err *e)
{
	struct eval_rows *r = g->rows;

	if (mem_grow(&g->map, &g->cap_map, (size_t)p->dict.n + 1, sizeof(*g->map), e) ||
		table_dict_merge(&r->dict, &p->dict, g->map, e))
		return -1;
	if (append(&r->truth, &g->cap_truth, p->truth, r->n, p->n, sizeof(*r->truth), e) ||
		append(&r->predicted, &g->cap_predicted, p->predicted, r->n, p->n,
			sizeof(*r->predicted), e))
		return -1;
	for (size_t i = r->n; i < r->n + p->n; i++) {
		r->truth[i] = g->map[r->truth[i]];
		if (g->cols.prediction >= 0)
			r->predicted[i] = g->map[r->predicted[i]];
	}
	return 0;
}

static int add_chunk(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct reading *g = ctx;
	const struct piece *p = csv_chunk_result(c);
	const struct buf *hashed = csv_chunk_buf(c);
	struct eval_rows *r = g->rows;
	size_t k = g->cols.n_scores;

	if (hash_md5_add(g->md5, hashed->p, hashed->len, e))
		return -1;
	if (k && append(&r->scores, &g->cap_scores, p->scores, r->n * k, p->n * k, sizeof(double),
			 e))
		return -1;
	if (append_groups(g, p, e))
		return -1;
	if (g->cols.weight >= 0 &&
		append(&r->weights, &g->cap_weights, p->weights, r->n, p->n, sizeof(float), e))
		return -1;
	if (eval_has_labels(r->objective)) {
		if (append_labels(g, p, e))
			return -1;
	} else if (append(&r->truth_values, &g->cap_truth_values, p->truth_values, r->n, p->n,
			   sizeof(double), e) ||
		   append(&r->predicted_values, &g->cap_predicted_values, p->predicted_values, r->n,
			   p->n, sizeof(double), e)) {
		return -1;
	}
	r->n += p->n;
	return 0;
}

static int find_column(const struct csv_table *t, const char *name)
{
	for (size_t i = 0; i < csv_table_n_cols(t); i++)
		if (!strcmp(csv_table_col_name(t, i), name))
			return (int)i;
	return -1;
}

/* The columns of probabilities: one, or one for each label, which become the first labels. */
static int find_scores(struct reading *g, struct err *e)
{
	const char *name = g->o->probability ? g->o->probability : "probability";
	size_t n = csv_table_n_cols(g->table), len = strlen(name);
	struct columns *c = &g->cols;
	int one = find_column(g->table, name);

	c->scores = mem_array(n, sizeof(*c->scores), e);
	if (!c->scores)
		return -1;
	if (one >= 0)
		c->scores[c->n_scores++] = one;
	for (size_t i = 0; one < 0 && i < n; i++) {
		const char *col = csv_table_col_name(g->table, i);
		uint32_t code;

		if (strncmp(col, name, len) != 0 || col[len] != '_')
			continue;
		c->scores[c->n_scores++] = (int)i;
		if (table_dict_add(&g->rows->dict, slice_of(col + len + 1),
			    table_dict_hash(slice_of(col + len + 1)), &code, e))
			return -1;
	}
	if (c->n_scores == 0 && g->o->probability)
		return csv_table_find(g->table, g->o->probability, e) < 0 ? -1 : 0;
	return 0;
}

/* Groups are there if their order is measured, and only then. */
static int check_group(const struct reading *g, struct err *e)
{
	int objective = g->rows->objective;

	if (objective == EVAL_RANKING && !g->o->group) {
		err_set(e, ERR_INPUT, "ranking needs to know which rows belong together");
		err_hint(e, "say --group COL");
		return err_at(e, "%s", csv_table_name(g->table));
	}
	if (g->o->group && objective != EVAL_RANKING &&
		(objective != EVAL_BINARY || !g->cols.n_scores)) {
		err_set(e, ERR_INPUT, "--group needs a number to order rows by");
		err_hint(e, "that is a probability of two labels, or a prediction with "
			    "--objective ranking");
		return err_at(e, "%s", csv_table_name(g->table));
	}
	return 0;
}

/* What the columns say, or the user; and whether the columns are there that it takes. */
static int find_objective(struct reading *g, struct err *e)
{
	const struct eval_rows_options *o = g->o;
	size_t n = g->cols.n_scores;
	bool is_one = n == 1 && g->rows->dict.n == 0;

	g->rows->objective = o->objective;
	if (o->objective == EVAL_BY_COLUMNS)
		g->rows->objective = is_one     ? EVAL_BINARY
				     : n        ? EVAL_MULTICLASS
				     : o->group ? EVAL_RANKING
						: EVAL_REGRESSION;
	if (!eval_has_labels(g->rows->objective) ||
		(g->rows->objective == EVAL_MULTICLASS && is_one))
		g->cols.n_scores = 0;
	if (g->rows->objective == EVAL_BINARY && n && !is_one) {
		err_set(e, ERR_INPUT, "a probability for each of several labels");
		err_hint(e, "name that of the positive one with --probability");
		return err_at(e, "%s", csv_table_name(g->table));
	}
	return check_group(g, e);
}

static int find_columns(struct reading *g, struct err *e)
{
	const struct eval_rows_options *o = g->o;
	struct columns *c = &g->cols;

	c->target = csv_table_find(g->table, o->target, e);
	if (c->target < 0 || find_scores(g, e) || find_objective(g, e))
		return -1;
	if (o->weight && (c->weight = csv_table_find(g->table, o->weight, e)) < 0)
		return -1;
	if (o->group && (c->group = csv_table_find(g->table, o->group, e)) < 0)
		return -1;
	c->prediction = find_column(g->table, o->prediction ? o->prediction : "prediction");
	if (c->prediction == c->target) {
		err_set(e, ERR_INPUT, "column '%s' is both truth and prediction", o->target);
		err_hint(e, "name the other one with --target or --prediction");
		return err_at(e, "%s", csv_table_name(g->table));
	}
	if (!isnan(o->threshold) && !eval_has_labels(g->rows->objective)) {
		err_set(e, ERR_INPUT, "a threshold needs probabilities");
		return err_at(e, "%s", csv_table_name(g->table));
	}
	if (c->prediction < 0 &&
		(o->prediction || g->rows->objective != EVAL_BINARY || !c->n_scores))
		return csv_table_find(g->table, o->prediction ? o->prediction : "prediction", e) < 0
			       ? -1
			       : 0;
	return 0;
}

/* Shares of the rows need a sum that is a number above 0. */
static int check_weights(const struct reading *g, struct err *e)
{
	double sum = 0;

	for (size_t i = 0; g->rows->weights && i < g->rows->n; i++)
		sum += (double)g->rows->weights[i];
	if (!g->rows->weights || (sum > 0 && isfinite(sum)))
		return 0;
	return err_set(e, ERR_INPUT, "column '%s': %s", g->o->weight,
		sum > 0 ? "the weights are too large" : "no weight is above 0");
}

static int finish(struct reading *g, struct err *e)
{
	struct eval_labels_in in = { .positive = g->o->positive,
		.threshold = g->o->threshold,
		.n_scores = g->cols.n_scores,
		.has_predictions = g->cols.prediction >= 0 };
	uint8_t md5[HASH_MD5_LEN];

	if (hash_md5_finish(g->md5, md5, e))
		return -1;
	hash_md5_format(md5, g->rows->test_hash);
	if (!g->rows->n) {
		err_set(e, ERR_INPUT, "there are no rows");
		return err_at(e, "%s", csv_table_name(g->table));
	}
	if (check_weights(g, e) ||
		(eval_has_labels(g->rows->objective) && eval_labels_settle(g->rows, &in, e)))
		return err_at(e, "%s", csv_table_name(g->table));
	return 0;
}

int eval_rows_load(struct eval_rows *r, const char *path, const struct eval_rows_options *o,
	struct pool *pool, struct err *e)
{
	struct csv_table *table = csv_table_open(path, o->dialect, e);
	struct reading g = { .o = o,
		.table = table,
		.rows = r,
		.quote = csv_dialect_quote(o->dialect),
		.cols = { .target = -1, .prediction = -1, .weight = -1, .group = -1 } };
	struct csv_run run = { .work = read_chunk,
		.done = add_chunk,
		.ctx = &g,
		.result_size = sizeof(struct piece),
		.result_release = release_piece,
		.progress = o->progress };
	int rc = -1;

	*r = (struct eval_rows){ 0 };
	g.md5 = table ? hash_md5_new(e) : NULL;
	if (g.md5 && !find_columns(&g, e) && !csv_table_run(table, pool, &run, e))
		rc = finish(&g, e);
	hash_md5_free(g.md5);
	free(g.cols.scores);
	free(g.map);
	csv_table_close(table);
	return rc;
}

void eval_rows_release(struct eval_rows *r)
{
	if (!r)
		return;
	free(r->labels);
	free(r->truth);
	free(r->predicted);
	free(r->scores);
	free(r->truth_values);
	free(r->predicted_values);
	free(r->weights);
	free(r->group_of);
	table_dict_release(&r->dict);
	table_dict_release(&r->groups);
	*r = (struct eval_rows){ 0 };
}
