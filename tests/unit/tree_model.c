/*
 * tree/model, model_file, predict: real models read, predicted and written again; damage refused.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/num.h"
#include "csv/reader.h"
#include "tap.h"
#include "tree/model_file.h"
#include "tree/model_ubj.h"
#include "tree/model_view.h"
#include "tree/predict.h"

#define DATA TEST_ROOT "/tests/data/xgboost/"

static const struct csv_dialect plain = CSV_DIALECT_DEFAULT;

struct job {
	struct tree_predictor *p;
	struct tree_batch b;
};

static int predict_chunk(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	struct job *j = ctx;
	struct csv_row row;
	int rc;

	(void)worker;
	tree_batch_reset(&j->b);
	while ((rc = csv_chunk_next(c, &row, e)) == 1)
		if (tree_batch_add(&j->b, j->p, &row, e))
			return -1;
	return rc || tree_batch_run(&j->b, j->p, e) ? -1 : 0;
}

/* All rows of a small table (one chunk) through the model. */
static int predict_file(
	const struct tree_model *m, const char *csv, struct tree_batch *out, struct err *e)
{
	struct job j = { 0 };
	struct csv_run run = { .work = predict_chunk, .ctx = &j };
	struct pool *pool = pool_new(1, e);
	struct csv_table *t = csv_table_open(csv, &plain, e);
	int rc = -1;

	j.p = tree_predictor_new(m, e);
	if (pool && t && j.p && !tree_predictor_bind(j.p, t, &plain, e))
		rc = csv_table_run(t, pool, &run, e);
	csv_table_close(t);
	pool_free(pool);
	tree_predictor_free(j.p);
	*out = j.b;
	return rc;
}

/* Largest distance of margins and predictions from the file of the real ones; -1 if shapes differ. */
static double distance(const struct tree_batch *b, const char *path)
{
	struct err e = ERR_INIT;
	struct csv_reader *r = csv_reader_open(path, &plain, &e);
	struct csv_row row;
	double most = 0, v;
	size_t i = 0, k = b->n_outputs;

	while (r && csv_reader_next(r, &row, &e) == 1) {
		for (size_t c = 0; c < row.n && i < b->n_rows; c++) {
			double got =
				(double)(c < k ? b->margins[i * k + c] : b->scores[i * k + c - k]);

			if (row.n != 2 * k || !num_parse_double((struct slice){ row.fields[c].p,
									row.fields[c].len },
						      true, &v))
				most = -2;
			if (fabs(got - v) > most && most >= 0)
				most = fabs(got - v);
		}
		i++;
	}
	csv_reader_close(r);
	return i == b->n_rows ? most : -1;
}

static void check_model(
	const struct tree_model *m, const char *csv, const char *pred, const char *what)
{
	struct err e = ERR_INIT;
	struct tree_batch b = { 0 };
	char path[512];
	double d;

	snprintf(path, sizeof(path), DATA "%s.csv", csv);
	predict_file(m, path, &b, &e);
	no_err(&e, "%s: predicted", what);
	snprintf(path, sizeof(path), DATA "%s.pred.csv", pred);
	d = distance(&b, path);
	ok(d >= 0 && d <= 1e-6, "%s: as xgboost predicts (distance %g)", what, d);
	tree_batch_release(&b);
}

/* Random rows, most values of which are whole numbers, which are codes as well. */
static float *random_rows(size_t n_rows, size_t n_features, struct err *e)
{
	float *x = mem_array(n_rows * n_features, sizeof(*x), e);

	for (size_t i = 0; x && i < n_rows * n_features; i++)
		x[i] = rng_below(1, 1, i, 8) == 0 ? NAN : (float)rng_below(1, 2, i, 90) - 10;
	return x;
}

/* The same file opened: its trees are walked where they lie, and give the bits of the built ones. */
static void check_opened(const struct tree_model *m, const char *path)
{
	enum { ROWS = 300 };
	struct err e = ERR_INIT;
	struct tree_model *opened = tree_model_open(path, &e);
	struct tree_margins *p = tree_margins_new(m, &e),
			    *q = opened ? tree_margins_new(opened, &e) : NULL;
	size_t k = m->n_outputs, n = m->n_features, n_views = 0;
	float *x = random_rows(ROWS, n, &e), leaf = 0;
	float *want = mem_array(ROWS * k, sizeof(*want), &e),
	      *got = mem_array(ROWS * k, sizeof(*got), &e);

	no_err(&e, "%s: opened", path);
	ok(!tree_margins_of(p, x, ROWS, want, &e) && !tree_margins_of(q, x, ROWS, got, &e) &&
			memcmp(want, got, ROWS * k * sizeof(*want)) == 0,
		"the opened model predicts the same");
	for (size_t r = 0; r < ROWS; r++) {
		memcpy(got + r * k, m->base_margin, k * sizeof(*got));
		for (size_t i = 0; opened->views && i < m->n_trees; i++) {
			const struct tree_view *v = &opened->views[i];

			n_views += v->n_nodes > 0;
			if (v->n_nodes && !tree_view_leaf(v, x + r * n, n, &leaf, &e))
				got[r * k + v->output] += leaf;
		}
	}
	if (n_views)
		ok(n_views == ROWS * m->n_trees && memcmp(want, got, ROWS * k * sizeof(*want)) == 0,
			"its views do, too");
	no_err(&e, "%s: walked", path);
	tree_margins_free(p);
	tree_margins_free(q);
	tree_model_free(opened);
	free(x);
	free(want);
	free(got);
}

static void check_rewritten(
	const struct tree_model *m, enum tree_format f, const char *csv, const char *pred)
{
	const char *name = f == TREE_UBJ ? "out.ubj" : "out.json";
	struct err e = ERR_INIT;
	struct output *out = output_open(name, 0, &e);
	struct tree_model *again;

	if (tree_model_save(m, out, f, &e))
		output_abandon(out);
	else if (output_close(out, &e))
		ok(false, "close");
	no_err(&e, "%s: written as %s", pred, name);
	again = tree_model_load(name, &e);
	no_err(&e, "%s: read back from %s", pred, name);
	if (again) {
		check_model(again, csv, pred, name);
		check_opened(again, name);
	}
	tree_model_free(again);
}

static void check_golden(const char *file, const char *csv, const char *pred)
{
	struct err e = ERR_INIT;
	struct tree_model *m;
	char path[512];

	snprintf(path, sizeof(path), DATA "%s", file);
	m = tree_model_load(path, &e);
	no_err(&e, "%s: loaded", file);
	if (!m)
		return;
	check_model(m, csv, pred, file);
	check_opened(m, path);
	check_rewritten(m, TREE_JSON, csv, pred);
	check_rewritten(m, TREE_UBJ, csv, pred);
	tree_model_free(m);
}

static void refused(const char *text, const char *message)
{
	struct err e = ERR_INIT;
	struct tree_model *m = tree_model_parse(slice_of(text), "m.json", &e);

	ok(!m, "refused: %s", message);
	is_err(&e, ERR_INPUT, message, "with the message");
	tree_model_free(m);
}

#define HEAD                                                                                       \
	"{\"learner\":{\"attributes\":{},\"objective\":{\"name\":\"reg:squarederror\"},"           \
	"\"learner_model_param\":{\"base_score\":\"0\",\"num_feature\":\"1\",\"num_class\":\"0\"}" \
	","                                                                                        \
	"\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{\"gbtree_model_param\":{},"          \
	"\"tree_info\":[0],\"trees\":["
#define TREE(l, r, col)                                                                 \
	"{\"left_children\":[" l "],\"right_children\":[" r "],\"split_indices\":[" col \
	"],\"split_conditions\":[0.5,1,2],\"default_left\":[true,false,false]}"

static void check_refusals(void)
{
	struct err e = ERR_INIT;
	struct tree_model *m = tree_model_parse(
		slice_of(HEAD TREE("1,-1,-1", "2,-1,-1", "0,0,0") "]}}}}"), "m.json", &e);

	no_err(&e, "the model that the following ones damage is good");
	tree_model_free(m);
	refused("", "m.json");
	refused("[]", "no 'learner'");
	refused("binf", "binary format");
	refused(HEAD "]}}}}", "no trees");
	refused(HEAD TREE("1,-1,-1", "2,-1,-1", "1,0,0") "]}}}}", "column 1 is out of range");
	refused(HEAD TREE("0,-1,-1", "2,-1,-1", "0,0,0") "]}}}}", "out of range");
	refused(HEAD TREE("3,-1,-1", "2,-1,-1", "0,0,0") "]}}}}", "out of range");
	refused(HEAD TREE("1,1,-1", "2,1,-1", "0,0,0") "]}}}}", "out of range");
	refused(HEAD TREE("1,-1,-1", "2,-1,-1", "0,0") "]}}}}", "split_indices has 2 values");
	refused(HEAD TREE("1,-1,\"x\"", "2,-1,-1", "0,0,0") "]}}}}", "not a whole number");
}

/** Is it refused with a message? In memory of its own, so that a look behind its end shows. */
static bool is_refused(const char *bytes, size_t n, bool as_views)
{
	struct err e = ERR_INIT;
	char *copy = malloc(n + !n);
	struct slice part = { copy, n };
	struct tree_model *m;
	bool good;

	memcpy(copy, bytes, n);
	m = as_views ? tree_ubj_parse(part, "part", true, &e) : tree_model_parse(part, "part", &e);
	good = !m && e.code == ERR_INPUT && strncmp(e.place, "part", 4) == 0 && e.what[0];
	tree_model_free(m);
	free(copy);
	return good;
}

/** Whatever a file was cut at. */
static void check_cuts(const char *file)
{
	struct err e = ERR_INIT;
	bool is_ubj = strstr(file, ".ubj") != NULL;
	size_t n_bad = 0;
	struct slice all;
	struct input *in;
	char path[512];

	snprintf(path, sizeof(path), DATA "%s", file);
	in = input_open(path, &e);
	if (!in || input_map(in, 0, &all, &e)) {
		no_err(&e, "%s: read", file);
		return;
	}
	all = slice_trim(all); /* of JSON the last newline may be missing */
	for (size_t n = 0; n < all.len; n++)
		n_bad += !is_refused(all.p, n, false) || (is_ubj && !is_refused(all.p, n, true));
	ok(all.len > 1000 && n_bad == 0, "%s: each of its %zu beginnings is refused (%zu are not)",
		file, all.len, n_bad);
	input_close(in);
}

static int load_again(void *ctx, struct err *e)
{
	struct tree_model *m = tree_model_load(ctx, e);
	struct tree_batch b = { 0 };
	int rc = -1;

	if (m)
		rc = predict_file(m, DATA "xgb32-cat.csv", &b, e);
	tree_batch_release(&b);
	tree_model_free(m);
	return rc;
}

static void check_missing_column(void)
{
	struct err e = ERR_INIT;
	struct tree_model *m = tree_model_load(DATA "xgb32-binary.json", &e);
	struct tree_batch b = { 0 };

	write_text("no.csv", "a,b\n1,2\n");
	ok(m && predict_file(m, "no.csv", &b, &e) == -1, "a table without the columns is refused");
	is_err(&e, ERR_INPUT, "no.csv", "naming the table");
	tree_batch_release(&b);
	tree_model_free(m);
}

int main(void)
{
	char json[] = DATA "xgb32-cat.json", ubj[] = DATA "xgb32-cat.ubj";

	scratch();
	check_golden("xgb17-binary.json", "xgb17-binary", "xgb17-binary");
	check_golden("xgb32-binary.json", "xgb32-binary", "xgb32-binary");
	check_golden("xgb32-binary.ubj", "xgb32-binary", "xgb32-binary");
	check_golden("xgb32-multi.ubj", "xgb32-multi", "xgb32-multi");
	check_golden("xgb32-regression.json", "xgb32-regression", "xgb32-regression");
	check_golden("xgb32-missing.ubj", "xgb32-missing", "xgb32-missing");
	check_golden("xgb32-forest.json", "xgb32-forest", "xgb32-forest");
	check_golden("xgb32-cat.json", "xgb32-cat", "xgb32-cat");
	check_golden("xgb32-cat.ubj", "xgb32-cat", "xgb32-cat");
	check_golden("hand-rf-multi.ubj", "hand", "hand-rf-multi");
	check_golden("hand-cat.json", "hand-cat", "hand-cat");
	check_refusals();
	check_cuts("hand-cat.json");
	check_cuts("xgb32-binary.json");
	check_cuts("hand-rf-multi.ubj");
	check_cuts("xgb32-cat.ubj");
	check_missing_column();
	survives_oom(load_again, json, "a JSON model");
	survives_oom(load_again, ubj, "a UBJSON model");
	return done_testing();
}
