#include "tree/model_writer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "tree/model_arrays.h"
#include "tree/model_order.h"
#include "tree/model_ours.h"
#include "tree/model_ubj.h"

static const struct tree_emit *emit_of(const struct tree_writer *w)
{
	return w->format == TREE_UBJ ? &tree_ubj_emit : &tree_json_emit;
}

/** All bytes of the piece go to the output; the buf is empty for the next. */
static int flush(struct tree_writer *w, struct err *e)
{
	if (buf_check(&w->text, e))
		return -1;
	output_slice(w->out, buf_slice(&w->text));
	buf_reset(&w->text);
	return 0;
}

static void add_text(struct tree_writer *w, const char *key, const char *value)
{
	emit_of(w)->key(&w->text, key);
	emit_of(w)->text(&w->text, slice_of(value));
}

static void add_number(struct tree_writer *w, const char *key, size_t v)
{
	char text[NUM_TEXT_MAX];

	num_format_int(text, (int64_t)v);
	add_text(w, key, text);
}

/** A number as text with an exponent, as xgboost writes its parameters: "3.5E-1". */
static void format_score(char out[NUM_TEXT_MAX], float v)
{
	size_t len = num_format_float(out, v);

	if (!memchr(out, 'e', len))
		memcpy(out + len, "E0", 3);
}

static void add_attributes(struct tree_writer *w)
{
	const struct tree_emit *em = emit_of(w);
	struct buf ours = BUF_INIT;

	em->key(&w->text, "attributes");
	em->begin_object(&w->text);
	if (w->m->best_iteration >= 0)
		add_number(w, "best_iteration", (size_t)w->m->best_iteration);
	tree_ours_format(w->m, w->is_used, &ours);
	w->text.failed |= ours.failed;
	add_text(w, "cd4ml", ours.p);
	buf_release(&ours);
	em->end_object(&w->text);
}

static int check_name(const char *name, struct err *e)
{
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 && *p != '\n' && *p != '\r' && *p != '\t')
			return err_set(e, ERR_INPUT,
				"the column name '%s' has a control character: no model can hold "
				"it",
				name);
	return 0;
}

static int add_features(struct tree_writer *w, struct err *e)
{
	const struct tree_emit *em = emit_of(w);
	const struct tree_model *m = w->m;

	em->key(&w->text, "feature_names");
	em->begin_array(&w->text, m->has_names ? m->n_features : 0);
	for (size_t i = 0; m->has_names && i < m->n_features; i++) {
		if (check_name(m->features[i].name, e))
			return -1;
		em->text(&w->text, slice_of(m->features[i].name));
	}
	em->end_array(&w->text);
	em->key(&w->text, "feature_types");
	em->begin_array(&w->text, m->n_features);
	for (size_t i = 0; i < m->n_features; i++)
		em->text(&w->text, slice_of(m->features[i].is_categorical ? "c"
					    : m->features[i].is_int       ? "int"
									  : "float"));
	em->end_array(&w->text);
	return 0;
}

/* ---- categories ------------------------------------------------------------------------------------ */

struct name_index {
	struct slice name;
	int32_t code;
};

/** Bytes compare as signed, which is how xgboost looks names up; equal ones cannot be. */
static int by_signed_bytes(const void *a, const void *b)
{
	const struct name_index *x = a, *y = b;

	for (size_t i = 0; i < x->name.len && i < y->name.len; i++) {
		signed char p = (signed char)x->name.p[i], q = (signed char)y->name.p[i];

		if (p != q)
			return p < q ? -1 : 1;
	}
	return x->name.len < y->name.len ? -1 : x->name.len > y->name.len;
}

static void add_encoder(struct tree_writer *w, const struct tree_feature *f)
{
	const struct tree_emit *em = emit_of(w);
	size_t n_bytes = 0;
	uint32_t i;

	em->begin_object(&w->text);
	em->key(&w->text, "offsets");
	em->begin_array(&w->text, f->n_categories ? f->n_categories + 1 : 0);
	if (f->n_categories)
		em->integer(&w->text, 0);
	for (i = 0; i < f->n_categories; i++) {
		n_bytes += f->categories[i].len;
		em->integer(&w->text, (int64_t)n_bytes);
	}
	em->end_array(&w->text);
	em->key(&w->text, "values");
	em->begin_array(&w->text, n_bytes);
	for (i = 0; i < f->n_categories; i++)
		for (size_t k = 0; k < f->categories[i].len; k++)
			em->integer(&w->text, (signed char)f->categories[i].p[k]);
	em->end_array(&w->text);
	em->end_object(&w->text);
}

static int add_sorted(struct tree_writer *w, const struct tree_feature *f, struct err *e)
{
	struct name_index *order = mem_array(f->n_categories, sizeof(*order), e);

	if (!order)
		return -1;
	for (uint32_t i = 0; i < f->n_categories; i++)
		order[i] = (struct name_index){ f->categories[i], (int32_t)i };
	qsort(order, f->n_categories, sizeof(*order), by_signed_bytes);
	for (uint32_t i = 0; i < f->n_categories; i++)
		emit_of(w)->integer(&w->text, order[i].code);
	free(order);
	return 0;
}

static int add_categories(struct tree_writer *w, struct err *e)
{
	const struct tree_emit *em = emit_of(w);
	const struct tree_model *m = w->m;
	size_t total = 0, n;

	for (size_t i = 0; i < m->n_features; i++)
		total += m->features[i].n_categories;
	n = total ? m->n_features : 0;
	em->key(&w->text, "cats");
	em->begin_object(&w->text);
	em->key(&w->text, "enc");
	em->begin_array(&w->text, n);
	for (size_t i = 0; i < n; i++)
		add_encoder(w, &m->features[i]);
	em->end_array(&w->text);
	em->key(&w->text, "feature_segments");
	em->begin_array(&w->text, n ? n + 1 : 0);
	total = 0;
	for (size_t i = 0; i <= n && n; i++) {
		em->integer(&w->text, (int64_t)total);
		total += i < n ? m->features[i].n_categories : 0;
	}
	em->end_array(&w->text);
	em->key(&w->text, "sorted_idx");
	em->begin_array(&w->text, total);
	for (size_t i = 0; i < n; i++)
		if (add_sorted(w, &m->features[i], e))
			return -1;
	em->end_array(&w->text);
	em->end_object(&w->text);
	return 0;
}

/* ---- the frame around the trees ---------------------------------------------------------------------- */

/** Class after class in a round, the trees of one class side by side. */
static uint32_t output_of(const struct tree_writer *w, size_t tree)
{
	if (w->m->n_trees == w->n_trees)
		return w->m->trees[tree].output;
	return (uint32_t)(tree / w->m->n_parallel % w->m->n_outputs);
}

static void add_rounds(struct tree_writer *w)
{
	const struct tree_emit *em = emit_of(w);
	size_t round = w->m->n_parallel * w->m->n_outputs;
	size_t n_rounds = (w->n_trees + round - 1) / round;

	em->key(&w->text, "gbtree_model_param");
	em->begin_object(&w->text);
	add_number(w, "num_parallel_tree", w->m->n_parallel);
	add_number(w, "num_trees", w->n_trees);
	em->end_object(&w->text);
	em->key(&w->text, "iteration_indptr");
	em->begin_array(&w->text, n_rounds + 1);
	for (size_t i = 0; i <= n_rounds; i++)
		em->integer(&w->text, (int64_t)(i < n_rounds ? i * round : w->n_trees));
	em->end_array(&w->text);
	em->key(&w->text, "tree_info");
	em->begin_array(&w->text, w->n_trees);
	for (size_t i = 0; i < w->n_trees; i++)
		em->integer(&w->text, output_of(w, i));
	em->end_array(&w->text);
}

int tree_writer_begin(struct tree_writer *w, struct output *out, enum tree_format format,
	const struct tree_model *m, size_t n_trees, struct err *e)
{
	const struct tree_emit *em;

	*w = (struct tree_writer){ .out = out, .m = m, .format = format, .n_trees = n_trees };
	buf_init(&w->text);
	em = emit_of(w);
	em->begin_object(&w->text);
	em->key(&w->text, "learner");
	em->begin_object(&w->text);
	w->is_used = mem_array(m->n_features, sizeof(*w->is_used), e);
	if (!w->is_used || add_features(w, e))
		return -1;
	em->key(&w->text, "gradient_booster");
	em->begin_object(&w->text);
	em->key(&w->text, "model");
	em->begin_object(&w->text);
	if (add_categories(w, e))
		return -1;
	add_rounds(w);
	em->key(&w->text, "trees");
	em->begin_array(&w->text, n_trees);
	return flush(w, e);
}

static void add_base_score(struct tree_writer *w)
{
	const struct tree_model *m = w->m;
	struct buf b = BUF_INIT;
	char text[NUM_TEXT_MAX];
	bool same = true;

	for (size_t k = 1; k < m->n_outputs; k++)
		same &= m->base_margin[k] == m->base_margin[0];
	if (same) {
		format_score(text, (float)m->base_score);
		add_text(w, "base_score", text);
		return;
	}
	/* only models that xgboost 3.1 or later made have one for each */
	for (size_t k = 0; k < m->n_outputs; k++) {
		format_score(text, m->base_margin[k]);
		buf_addf(&b, "%c%s", k ? ',' : '[', text);
	}
	buf_add_char(&b, ']');
	w->text.failed |= b.failed;
	add_text(w, "base_score", b.p);
	buf_release(&b);
}

/** What stands for the model's shape, or for its number of classes. */
#define SHAPE   "shape"
#define CLASSES "classes"

struct block {
	const char *objective, *name, *key, *value;
};

static void add_block(struct tree_writer *w, const struct block *b)
{
	char text[NUM_TEXT_MAX], list[NUM_TEXT_MAX + 2];

	emit_of(w)->key(&w->text, b->name);
	emit_of(w)->begin_object(&w->text);
	if (strcmp(b->value, CLASSES) == 0) {
		add_number(w, b->key, w->m->n_outputs);
	} else if (strcmp(b->value, SHAPE) == 0) {
		format_score(text, (float)w->m->shape);
		snprintf(list, sizeof(list), "[%s]", text);
		add_text(w, b->key, strcmp(b->key, "quantile_alpha") == 0 ? list : text);
	} else {
		add_text(w, b->key, b->value);
	}
	emit_of(w)->end_object(&w->text);
}

/** The block that each objective needs beside its name. */
static int add_objective(struct tree_writer *w, struct err *e)
{
	static const struct block blocks[] = {
		{ "binary:logistic", "reg_loss_param", "scale_pos_weight", "1" },
		{ "binary:logitraw", "reg_loss_param", "scale_pos_weight", "1" },
		{ "reg:squarederror", "reg_loss_param", "scale_pos_weight", "1" },
		{ "reg:linear", "reg_loss_param", "scale_pos_weight", "1" },
		{ "reg:logistic", "reg_loss_param", "scale_pos_weight", "1" },
		{ "reg:gamma", "reg_loss_param", "scale_pos_weight", "1" },
		{ "reg:pseudohubererror", "pseudo_huber_param", "huber_slope", SHAPE },
		{ "reg:quantileerror", "quantile_loss_param", "quantile_alpha", SHAPE },
		{ "count:poisson", "poisson_regression_param", "max_delta_step", SHAPE },
		{ "rank:ndcg", "lambdarank_param", "lambdarank_pair_method", "topk" },
		{ "rank:pairwise", "lambdarank_param", "lambdarank_pair_method", "topk" },
		{ "rank:map", "lambdarank_param", "lambdarank_pair_method", "topk" },
		{ "multi:softprob", "softmax_multiclass_param", "num_class", CLASSES },
		{ "multi:softmax", "softmax_multiclass_param", "num_class", CLASSES },
		{ "reg:absoluteerror", NULL, NULL, NULL },
		{ "reg:squaredlogerror", NULL, NULL, NULL },
	};
	const struct tree_emit *em = emit_of(w);
	const size_t n = sizeof(blocks) / sizeof(blocks[0]);
	size_t i;

	for (i = 0; i < n && strcmp(blocks[i].objective, w->m->objective) != 0; i++)
		;
	if (i == n)
		return err_set(e, ERR_INPUT, "a model with objective '%s' cannot be written",
			w->m->objective);
	em->key(&w->text, "objective");
	em->begin_object(&w->text);
	add_text(w, "name", w->m->objective);
	if (blocks[i].name)
		add_block(w, &blocks[i]);
	em->end_object(&w->text);
	return 0;
}

int tree_writer_end(struct tree_writer *w, struct err *e)
{
	const struct tree_emit *em = emit_of(w);
	const struct tree_model *m = w->m;
	bool is_softmax = m->link == TREE_SOFTMAX;

	assert(w->n_done == w->n_trees);
	em->end_array(&w->text);
	em->end_object(&w->text);
	add_text(w, "name", "gbtree");
	em->end_object(&w->text);
	em->key(&w->text, "learner_model_param");
	em->begin_object(&w->text);
	add_base_score(w);
	add_text(w, "boost_from_average", "1");
	add_number(w, "num_class", is_softmax ? m->n_outputs : 0);
	add_number(w, "num_feature", m->n_features);
	add_number(w, "num_target", is_softmax ? 1 : m->n_outputs);
	em->end_object(&w->text);
	if (add_objective(w, e))
		return -1;
	add_attributes(w); /* last: what they say of the trees is known now */
	em->end_object(&w->text);
	em->key(&w->text, "version");
	em->begin_array(&w->text, 3);
	em->integer(&w->text, 2);
	em->integer(&w->text, 1);
	em->integer(&w->text, 0);
	em->end_array(&w->text);
	em->end_object(&w->text);
	return flush(w, e);
}

void tree_writer_release(struct tree_writer *w)
{
	free(w->is_used);
	buf_release(&w->text);
}

/* ---- a tree ---------------------------------------------------------------------------------------- */

/** The tree in the order of its nodes. */
static int write_tree(struct tree_writer *w, const struct tree *t, struct err *e)
{
	const struct tree_emit *em = emit_of(w);

	if (w->format == TREE_JSON && w->n_done)
		output_char(w->out, ',');
	em->begin_object(&w->text);
	if (tree_arrays_emit(em, &w->text, t, w->n_done, e))
		return -1;
	em->key(&w->text, "tree_param");
	em->begin_object(&w->text);
	add_number(w, "num_deleted", 0);
	add_number(w, "num_feature", w->m->n_features);
	add_number(w, "num_nodes", t->n_nodes);
	add_number(w, "size_leaf_vector", 1);
	em->end_object(&w->text);
	em->end_object(&w->text);
	w->n_done++;
	return flush(w, e);
}

int tree_writer_add(struct tree_writer *w, const struct tree *t, struct err *e)
{
	struct tree ordered;
	int rc;

	assert(w->n_done < w->n_trees);
	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].left >= 0)
			w->is_used[t->nodes[i].split & TREE_COLUMN] = true;
	if (t->n_nodes <= TREE_ORDER_TOP)
		return write_tree(w, t, e);
	if (tree_order(t, &ordered, e))
		return -1;
	rc = write_tree(w, &ordered, e);
	free(ordered.nodes);
	free(ordered.stats);
	return rc;
}
