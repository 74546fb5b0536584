#include "tree/model_raw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jdoc.h"
#include "base/mem.h"
#include "base/num.h"

enum { MAX_SET_WORDS = 1 << 22 }; /* of one tree: 32 MiB */

enum field {
	LEFT,
	RIGHT,
	COLUMN,
	DEFAULT_LEFT,
	SPLIT_TYPE,
	CATEGORIES,
	CAT_NODES,
	CAT_FIRST,
	CAT_SIZES,
	N_INTS,
	CONDITION = N_INTS,
	WEIGHT,
	GAIN,
	HESSIAN,
	N_FIELDS
};

static const char *const field_names[N_FIELDS] = {
	[LEFT] = "left_children",
	[RIGHT] = "right_children",
	[COLUMN] = "split_indices",
	[DEFAULT_LEFT] = "default_left",
	[SPLIT_TYPE] = "split_type",
	[CATEGORIES] = "categories",
	[CAT_NODES] = "categories_nodes",
	[CAT_FIRST] = "categories_segments",
	[CAT_SIZES] = "categories_sizes",
	[CONDITION] = "split_conditions",
	[WEIGHT] = "base_weights",
	[GAIN] = "loss_changes",
	[HESSIAN] = "sum_hessian",
};

struct raw {
	const struct tree_doc *doc;
	struct tree_model *m;
	const void *learner, *booster, *model;
	int64_t num_class, num_target;
	struct tree_numbers fields[N_FIELDS]; /* of the tree at hand */
	struct tree_numbers info, drop;
	struct tree_numbers values, offsets;
	int64_t *
		queue; /* [n_nodes] node of the file for each of ours, in the order that they get */
	int64_t *cat_of; /* [n_nodes] position in categories_nodes, -1 */
	size_t cap_queue, cap_cat;
};

static bool text_of(const struct raw *r, const void *object, const char *key, struct slice *s)
{
	return r->doc->text(r->doc->member(object, key), s);
}

static int int_of(struct raw *r, const void *object, const char *key, int64_t *v, struct err *e)
{
	struct slice s;

	if (text_of(r, object, key, &s) && !num_parse_int(s, v))
		return err_set(e, ERR_INPUT, "'%s' is '%.*s', not a whole number", key,
			(int)(s.len < 40 ? s.len : 40), s.p);
	return 0;
}

static int find_parts(struct raw *r, const void *root, struct err *e)
{
	const struct tree_doc *d = r->doc;
	struct slice s;

	r->learner = d->member(root, "learner");
	if (!r->learner)
		return err_set(e, ERR_INPUT, "not a model of xgboost: it has no 'learner'");
	r->booster = d->member(r->learner, "gradient_booster");
	if (text_of(r, r->booster, "name", &s) && slice_is(s, "gblinear"))
		return err_set(e, ERR_INPUT, "a linear model (gblinear) is not supported");
	if (d->member(r->booster, "gbtree"))
		r->model = d->member(d->member(r->booster, "gbtree"), "model");
	else
		r->model = d->member(r->booster, "model");
	if (!r->model)
		return err_set(e, ERR_INPUT, "the model has no 'gradient_booster.model'");
	return 0;
}

static int set_base(struct raw *r, struct err *e)
{
	struct tree_model *m = r->m;
	struct slice s = slice_of("5E-1"), part;
	size_t n = 0;
	double v;

	text_of(r, r->doc->member(r->learner, "learner_model_param"), "base_score", &s);
	if (s.len >= 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		s = (struct slice){ s.p + 1, s.len - 2 };
	while (slice_cut(&s, ',', &part)) {
		if (!num_parse_double(slice_trim(part), false, &v))
			return err_set(e, ERR_INPUT, "base_score is not a number");
		if (n == m->n_outputs)
			return err_set(e, ERR_INPUT, "base_score has more values than outputs");
		m->base_margin[n++] = (float)v;
		m->base_score = v;
	}
	if (n != 1 && n != m->n_outputs)
		return err_set(
			e, ERR_INPUT, "base_score has %zu values for %zu outputs", n, m->n_outputs);
	for (; n < m->n_outputs; n++)
		m->base_margin[n] = m->base_margin[0];
	return 0;
}

/** The number that shapes the objective, where it has one; of several quantiles the first. */
static void set_shape(struct raw *r, const void *objective)
{
	static const struct {
		const char *objective, *block, *key;
		double without;
	} places[] = {
		{ "reg:pseudohubererror", "pseudo_huber_param", "huber_slope", 1 },
		{ "reg:quantileerror", "quantile_loss_param", "quantile_alpha", 0.5 },
		{ "count:poisson", "poisson_regression_param", "max_delta_step", 0.7 },
	};
	struct slice s, first;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (strcmp(r->m->objective, places[i].objective) != 0)
			continue;
		r->m->shape = places[i].without;
		if (!text_of(r, r->doc->member(objective, places[i].block), places[i].key, &s))
			continue;
		if (s.len && s.p[0] == '[')
			s = (struct slice){ s.p + 1, s.len - 1 };
		slice_cut(&s, ',', &first);
		if (first.len && first.p[first.len - 1] == ']')
			first.len--;
		(void)!num_parse_double(first, false, &r->m->shape);
	}
}

static int set_objective(struct raw *r, struct err *e)
{
	struct slice s;
	char *name;
	int rc;

	if (!text_of(r, r->doc->member(r->learner, "objective"), "name", &s))
		return err_set(e, ERR_INPUT, "the model has no objective");
	name = mem_dup_n(s.p, s.len, e);
	if (!name)
		return -1;
	rc = tree_model_set_objective(r->m, name, e);
	free(name);
	if (!rc)
		set_shape(r, r->doc->member(r->learner, "objective"));
	return rc;
}

static int make_model(struct raw *r, struct err *e)
{
	const void *p = r->doc->member(r->learner, "learner_model_param");
	int64_t n_features = 0, n_outputs, n_parallel = 1;

	r->num_class = 0;
	r->num_target = 1;
	if (int_of(r, p, "num_feature", &n_features, e) ||
		int_of(r, p, "num_class", &r->num_class, e) ||
		int_of(r, p, "num_target", &r->num_target, e) ||
		int_of(r, r->doc->member(r->model, "gbtree_model_param"), "num_parallel_tree",
			&n_parallel, e))
		return -1;
	n_outputs = r->num_class > r->num_target ? r->num_class : r->num_target;
	if (n_outputs < 1)
		n_outputs = 1;
	if (n_features < 0 || n_features > TREE_MAX_FEATURES || n_outputs > TREE_MAX_OUTPUTS)
		return err_set(e, ERR_INPUT, "too many features or outputs");
	r->m = tree_model_new((size_t)n_features, (size_t)n_outputs, e);
	if (!r->m)
		return -1;
	r->m->n_parallel = n_parallel > 0 ? (size_t)n_parallel : 1;
	return set_base(r, e) || set_objective(r, e) ? -1 : 0;
}

static int set_features(struct raw *r, struct err *e)
{
	const struct tree_doc *d = r->doc;
	const void *names = d->member(r->learner, "feature_names");
	const void *types = d->member(r->learner, "feature_types");
	struct tree_model *m = r->m;
	bool named = d->length(names) > 0;
	struct slice s;
	char made[1 + NUM_TEXT_MAX];

	if (named && d->length(names) != m->n_features)
		return err_set(e, ERR_INPUT, "%zu feature names for %zu features", d->length(names),
			m->n_features);
	m->has_names = named;
	for (size_t i = 0; i < m->n_features; i++) {
		struct tree_feature *f = &m->features[i];

		made[0] = 'f';
		s = (struct slice){ made, 1 + num_format_int(made + 1, (int64_t)i) };
		if (named && !d->text(d->item(names, i), &s))
			return err_set(e, ERR_INPUT, "a feature's name is not a text");
		f->name = mem_dup_n(s.p, s.len, e);
		if (!f->name)
			return -1;
		if (i < d->length(types) && d->text(d->item(types, i), &s)) {
			f->is_categorical = slice_is(s, "c");
			f->is_int = slice_is(s, "int");
		}
	}
	return 0;
}

/** Categories that are texts: all bytes in `values`, cut at `offsets`. */
static int set_text_categories(struct raw *r, struct tree_feature *f, struct err *e)
{
	size_t n = r->offsets.n - 1;
	struct slice *names = mem_array(n, sizeof(*names), e);
	char *bytes = mem_new(r->values.n, e);
	int rc = -1;

	if (!names || !bytes)
		goto out;
	for (size_t i = 0; i < r->values.n; i++)
		bytes[i] = (char)r->values.ints[i];
	for (size_t i = 0; i < n; i++) {
		int64_t from = r->offsets.ints[i], to = r->offsets.ints[i + 1];

		if (from < 0 || from > to || (uint64_t)to > r->values.n) {
			err_set(e, ERR_INPUT, "feature '%s': its categories are damaged", f->name);
			goto out;
		}
		names[i] = (struct slice){ bytes + from, (size_t)(to - from) };
	}
	rc = tree_feature_set_categories(f, names, (uint32_t)n, e);
out:
	free(names);
	free(bytes);
	return rc;
}

static int set_number_categories(struct raw *r, struct tree_feature *f, struct err *e)
{
	size_t n = r->values.n;
	struct slice *names = mem_array(n, sizeof(*names), e);
	char *bytes = mem_array(n, NUM_TEXT_MAX, e);
	int rc = -1;

	if (!names || !bytes)
		goto out;
	for (size_t i = 0; i < n; i++) {
		char *p = bytes + i * NUM_TEXT_MAX;

		names[i] = (struct slice){ p, num_format_int(p, r->values.ints[i]) };
	}
	rc = tree_feature_set_categories(f, names, (uint32_t)n, e);
out:
	free(names);
	free(bytes);
	return rc;
}

static int set_categories(struct raw *r, struct err *e)
{
	const struct tree_doc *d = r->doc;
	const void *enc = d->member(d->member(r->model, "cats"), "enc");
	size_t n = d->length(enc);

	if (n > r->m->n_features)
		return err_set(e, ERR_INPUT, "more categorical columns than features");
	for (size_t i = 0; i < n; i++) {
		const void *c = d->item(enc, i);

		if (d->ints(d->member(c, "values"), &r->values, e) ||
			d->ints(d->member(c, "offsets"), &r->offsets, e))
			return err_at(e, "categories of '%s'", r->m->features[i].name);
		if (r->values.n > UINT32_MAX || r->offsets.n > TREE_MAX_CATEGORY)
			return err_set(e, ERR_INPUT, "too many categories");
		if (r->offsets.n > 1) {
			if (set_text_categories(r, &r->m->features[i], e))
				return -1;
		} else if (r->offsets.n == 0 && r->values.n > 0) {
			if (set_number_categories(r, &r->m->features[i], e))
				return -1;
		}
	}
	return 0;
}

/* ---- trees ---------------------------------------------------------------------------------------- */

static int read_fields(struct raw *r, const void *tree, struct err *e)
{
	size_t n;

	for (int i = 0; i < N_FIELDS; i++) {
		const void *a = r->doc->member(tree, field_names[i]);

		r->fields[i].n = 0;
		if (i < N_INTS ? r->doc->ints(a, &r->fields[i], e)
			       : r->doc->floats(a, &r->fields[i], e))
			return err_at(e, "%s", field_names[i]);
	}
	n = r->fields[LEFT].n;
	if (n == 0 || n > INT32_MAX)
		return err_set(e, ERR_INPUT, "a tree without nodes");
	for (int i = 0; i < N_FIELDS; i++) {
		bool is_list = i >= CATEGORIES && i <= CAT_SIZES;
		bool is_optional = i == SPLIT_TYPE || i > CONDITION;

		if (!is_list && r->fields[i].n != n && !(is_optional && r->fields[i].n == 0))
			return err_set(e, ERR_INPUT, "%s has %zu values for %zu nodes",
				field_names[i], r->fields[i].n, n);
	}
	if (r->fields[CAT_NODES].n != r->fields[CAT_FIRST].n ||
		r->fields[CAT_NODES].n != r->fields[CAT_SIZES].n)
		return err_set(e, ERR_INPUT, "the lists of category sets differ in length");
	return 0;
}

/**
 * Numbers the nodes that can be reached breadth first, children side by side; unreachable ones (deleted
 * by pruning) fall away. A node that is reached twice would make more nodes than there are.
 */
static int order_nodes(struct raw *r, struct tree *t, struct err *e)
{
	const int64_t *left = r->fields[LEFT].ints, *right = r->fields[RIGHT].ints;
	int64_t n = (int64_t)r->fields[LEFT].n, n_ours = 1;

	if (mem_grow(&r->queue, &r->cap_queue, (size_t)n + 1, sizeof(*r->queue), e))
		return -1;
	r->queue[0] = 0;
	for (int64_t i = 0; i < n_ours; i++) {
		int64_t from = r->queue[i];

		if (left[from] == -1)
			continue;
		if (left[from] <= 0 || left[from] >= n || right[from] <= 0 || right[from] >= n ||
			n_ours + 2 > n)
			return err_set(e, ERR_INPUT, "node %lld: its children are out of range",
				(long long)from);
		r->queue[n_ours++] = left[from];
		r->queue[n_ours++] = right[from];
	}
	t->n_nodes = (uint32_t)n_ours;
	return 0;
}

static int index_sets(struct raw *r, struct err *e)
{
	size_t n = r->fields[LEFT].n;

	if (mem_grow(&r->cat_of, &r->cap_cat, n, sizeof(*r->cat_of), e))
		return -1;
	memset(r->cat_of, -1, n * sizeof(*r->cat_of));
	for (size_t i = 0; i < r->fields[CAT_NODES].n; i++) {
		int64_t node = r->fields[CAT_NODES].ints[i];
		int64_t first = r->fields[CAT_FIRST].ints[i], size = r->fields[CAT_SIZES].ints[i];
		int64_t all = (int64_t)r->fields[CATEGORIES].n;

		if (node < 0 || (size_t)node >= n || first < 0 || size < 0 || first > all ||
			size > all - first)
			return err_set(e, ERR_INPUT, "a category set is out of range");
		r->cat_of[node] = (int64_t)i;
	}
	return 0;
}

/** Adds the set number `k` of the file as bits to the tree, whose arrays have room for it. */
static int add_set(struct raw *r, struct tree *t, size_t k, size_t *cap_words, struct err *e)
{
	const int64_t *codes = r->fields[CATEGORIES].ints + r->fields[CAT_FIRST].ints[k];
	int64_t n = r->fields[CAT_SIZES].ints[k], most = 0;
	struct tree_set *s = t->sets + t->n_sets;

	for (int64_t i = 0; i < n; i++) {
		if (codes[i] < 0 || codes[i] >= TREE_MAX_CATEGORY)
			return err_set(
				e, ERR_INPUT, "category %lld is out of range", (long long)codes[i]);
		most = codes[i] > most ? codes[i] : most;
	}
	if (t->n_sets == r->fields[CAT_NODES].n)
		return err_set(e, ERR_INPUT, "a node is reached twice");
	s->first = (uint32_t)t->n_words;
	s->n_words = (uint32_t)(most / 64 + 1);
	if (t->n_words + s->n_words > MAX_SET_WORDS)
		return err_set(e, ERR_INPUT, "the category sets of a tree are too large");
	if (mem_grow(&t->words, cap_words, t->n_words + s->n_words, sizeof(*t->words), e))
		return -1;
	memset(t->words + t->n_words, 0, s->n_words * sizeof(*t->words));
	for (int64_t i = 0; i < n; i++)
		t->words[s->first + codes[i] / 64] |= (uint64_t)1 << (codes[i] % 64);
	t->n_words += s->n_words;
	t->n_sets++;
	return 0;
}

static int fill_node(struct raw *r, struct tree *t, uint32_t i, uint32_t *next, size_t *cap_words,
	float scale, struct err *e)
{
	struct tree_numbers *f = r->fields;
	int64_t from = r->queue[i];
	struct tree_node *n = &t->nodes[i];

	if (t->stats) {
		t->stats[i].gain = f[GAIN].n ? f[GAIN].floats[from] : 0;
		t->stats[i].hessian = f[HESSIAN].n ? f[HESSIAN].floats[from] : 0;
		t->stats[i].weight = f[WEIGHT].n ? f[WEIGHT].floats[from] : 0;
	}
	if (f[LEFT].ints[from] == -1) {
		n->left = -1;
		n->value = f[CONDITION].floats[from] * scale;
		return 0;
	}
	n->left = (int32_t)*next;
	*next += 2;
	if (f[COLUMN].ints[from] < 0 || (uint64_t)f[COLUMN].ints[from] >= r->m->n_features)
		return err_set(e, ERR_INPUT, "node %lld: column %lld is out of range",
			(long long)from, (long long)f[COLUMN].ints[from]);
	n->split = (uint32_t)f[COLUMN].ints[from];
	if (f[DEFAULT_LEFT].ints[from])
		n->split |= TREE_DEFAULT_LEFT;
	n->value = f[CONDITION].floats[from];
	if (f[SPLIT_TYPE].n && f[SPLIT_TYPE].ints[from] == 1) {
		if (r->cat_of[from] < 0)
			return err_set(
				e, ERR_INPUT, "node %lld has no categories", (long long)from);
		n->split |= TREE_CATEGORICAL;
		n->set = t->n_sets;
		return add_set(r, t, (size_t)r->cat_of[from], cap_words, e);
	}
	return 0;
}

static int build_tree(struct raw *r, struct tree *t, float scale, struct err *e)
{
	uint32_t next = 1;
	size_t cap_words = 0;

	if (order_nodes(r, t, e) || index_sets(r, e))
		return -1;
	t->nodes = mem_array(t->n_nodes, sizeof(*t->nodes), e);
	t->stats = mem_array(t->n_nodes, sizeof(*t->stats), e);
	t->sets = mem_array(r->fields[CAT_NODES].n, sizeof(*t->sets), e);
	if (!t->nodes || !t->stats || !t->sets)
		return -1;
	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (fill_node(r, t, i, &next, &cap_words, scale, e))
			return -1;
	return tree_check(t, r->m->n_features, r->m->n_outputs, e);
}

static int add_tree(struct raw *r, const void *tree, size_t i, struct err *e)
{
	struct tree t = { 0 };
	int64_t leaf_size = 1;
	float scale = 1;

	if (int_of(r, r->doc->member(tree, "tree_param"), "size_leaf_vector", &leaf_size, e))
		return -1;
	if (leaf_size > 1)
		return err_set(e, ERR_INPUT, "vector leaves (multi_output_tree) are not supported");
	if (i < r->info.n) {
		if (r->info.ints[i] < 0 || (uint64_t)r->info.ints[i] >= r->m->n_outputs)
			return err_set(e, ERR_INPUT, "tree_info is out of range");
		t.output = (uint32_t)r->info.ints[i];
	}
	if (i < r->drop.n)
		scale = r->drop.floats[i];
	if (read_fields(r, tree, e) || build_tree(r, &t, scale, e) || tree_model_add(r->m, &t, e)) {
		tree_release(&t);
		return err_at(e, "tree %zu", i);
	}
	return 0;
}

static int add_trees(struct raw *r, struct err *e)
{
	const struct tree_doc *d = r->doc;
	const void *trees = d->member(r->model, "trees");
	const void *drop = d->member(r->booster, "weight_drop");
	size_t n = d->length(trees);

	if (!drop)
		drop = d->member(r->model, "weight_drop");
	if (d->ints(d->member(r->model, "tree_info"), &r->info, e))
		return err_at(e, "tree_info");
	if (d->floats(drop, &r->drop, e))
		return err_at(e, "weight_drop");
	if (n == 0)
		return err_set(e, ERR_INPUT, "the model has no trees");
	if (r->info.n && r->info.n != n)
		return err_set(
			e, ERR_INPUT, "tree_info has %zu values for %zu trees", r->info.n, n);
	for (size_t i = 0; i < n; i++)
		if (add_tree(r, d->item(trees, i), i, e))
			return -1;
	return 0;
}

/* ---- what is ours ----------------------------------------------------------------------------------- */

static int add_label(struct tree_model *m, const char *text, struct err *e)
{
	m->labels[m->n_labels] = mem_dup(text, e);
	return m->labels[m->n_labels++] ? 0 : -1;
}

static int make_labels(struct tree_model *m, struct err *e)
{
	size_t n = m->task == TREE_REGRESSION ? 0 : m->task == TREE_BINARY ? 2 : m->n_outputs;
	char text[NUM_TEXT_MAX];

	m->labels = mem_array(n, sizeof(*m->labels), e);
	if (!m->labels)
		return -1;
	for (size_t i = 0; i < n; i++) {
		num_format_int(text, (int64_t)i);
		if (add_label(m, text, e))
			return -1;
	}
	return 0;
}

static int take_labels(struct tree_model *m, json_t *labels, struct err *e)
{
	size_t n = json_array_size(labels);

	m->labels = mem_array(n, sizeof(*m->labels), e);
	if (!m->labels)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(labels, i));

		if (!s)
			return err_set(e, ERR_INPUT, "cd4ml: a label is not a text");
		if (add_label(m, s, e))
			return -1;
	}
	return 0;
}

static int take_ours(struct tree_model *m, json_t *o, struct err *e)
{
	const char *learner = "boost", *task = "regression", *target = NULL;
	json_t *labels = json_object_get(o, "labels");
	size_t n_labels = json_array_size(labels);

	if (jdoc_get_text_or(o, "learner", "cd4ml", &learner, e) ||
		jdoc_get_text_or(o, "task", "cd4ml", &task, e) ||
		jdoc_get_text_or(o, "target", "cd4ml", &target, e))
		return -1;
	m->is_forest = strcmp(learner, "forest") == 0;
	m->task = strcmp(task, "binary") == 0       ? TREE_BINARY
		  : strcmp(task, "multiclass") == 0 ? TREE_MULTICLASS
						    : TREE_REGRESSION;
	if (target) {
		m->target = mem_dup(target, e);
		if (!m->target)
			return -1;
	}
	if (m->task == TREE_REGRESSION)
		n_labels = 0;
	else if (n_labels != (m->task == TREE_BINARY ? 2 : m->n_outputs) ||
		 (m->task == TREE_BINARY && m->n_outputs != 1))
		return err_set(
			e, ERR_INPUT, "cd4ml: %zu labels for %zu outputs", n_labels, m->n_outputs);
	return n_labels ? take_labels(m, labels, e) : 0;
}

static int set_ours(struct raw *r, struct err *e)
{
	const void *a = r->doc->member(r->learner, "attributes");
	struct slice s;
	json_t *o;
	int rc;

	if (int_of(r, a, "best_iteration", &r->m->best_iteration, e))
		return -1;
	if (!text_of(r, a, "cd4ml", &s)) {
		if (r->m->task == TREE_BINARY && r->m->n_outputs != 1)
			return err_set(e, ERR_INPUT, "several binary targets are not supported");
		return make_labels(r->m, e);
	}
	o = jdoc_parse(s, "attribute cd4ml", e);
	if (!o)
		return -1;
	rc = take_ours(r->m, o, e);
	json_decref(o);
	return rc;
}

struct tree_model *tree_raw_model(const struct tree_doc *doc, const void *root, struct err *e)
{
	struct raw r = { .doc = doc };
	int rc = find_parts(&r, root, e) || make_model(&r, e) || set_features(&r, e) ||
		 set_categories(&r, e) || add_trees(&r, e) || set_ours(&r, e);

	for (int i = 0; i < N_FIELDS; i++)
		free(r.fields[i].any);
	free(r.info.any);
	free(r.drop.any);
	free(r.values.any);
	free(r.offsets.any);
	free(r.queue);
	free(r.cat_of);
	if (rc) {
		tree_model_free(r.m);
		return NULL;
	}
	return r.m;
}
