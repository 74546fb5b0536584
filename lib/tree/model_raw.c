#include "tree/model_raw.h"

#include <stdlib.h>
#include <string.h>

#include "base/jdoc.h"
#include "base/mem.h"
#include "base/num.h"
#include "tree/model_ours.h"

struct raw {
	const struct tree_doc *doc;
	struct tree_model *m;
	bool keep_views;
	const void *learner, *booster, *model;
	int64_t num_class, num_target;
	struct tree_numbers numbers; /* of a field that is no typed array */
	struct buf bytes[TREE_N_FIELDS]; /* the same, as one */
	struct tree_numbers info, drop;
	struct tree_numbers values, offsets;
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

/** As the element of a typed array of UBJSON. Flags are 0 or 1. */
static int add_element(struct buf *b, char type, int64_t v, struct err *e)
{
	int width = type == 'L' ? 8 : type == 'l' ? 4 : 1;

	if (type == 'l' && v != (int32_t)v)
		return err_set(e, ERR_INPUT, "%lld is out of range", (long long)v);
	if (type == 'U')
		v = v != 0;
	while (width-- > 0)
		buf_add_char(b, (char)(v >> 8 * width));
	return 0;
}

/** What is no typed array already becomes one. */
static int convert(struct raw *r, const void *array, enum tree_field f, struct err *e)
{
	char type = tree_field_type(f);
	struct buf *b = &r->bytes[f];
	struct tree_numbers *n = &r->numbers;

	buf_reset(b);
	if (type == 'd' ? r->doc->floats(array, n, e) : r->doc->ints(array, n, e))
		return -1;
	for (size_t i = 0; i < n->n; i++) {
		int32_t bits = 0;

		if (type == 'd')
			memcpy(&bits, &n->floats[i], sizeof(bits));
		if (type == 'd' ? add_element(b, 'l', bits, e)
				: add_element(b, type, n->ints[i], e))
			return err_at(e, "element %zu", i);
	}
	return buf_check(b, e);
}

/** `in_place`: all of it lies in the document. */
static int view_tree(
	struct raw *r, const void *tree, struct tree_view *v, bool *in_place, struct err *e)
{
	*in_place = true;
	for (int f = 0; f < TREE_N_FIELDS; f++) {
		const void *a = r->doc->member(tree, tree_field_name(f));
		struct slice bytes = { NULL, 0 };

		v->fields[f].n = r->doc->length(a);
		if (v->fields[f].n && !r->doc->typed(a, tree_field_type(f), &bytes)) {
			if (convert(r, a, (enum tree_field)f, e))
				return err_at(e, "%s", tree_field_name(f));
			bytes = buf_slice(&r->bytes[f]);
			*in_place = false;
		}
		v->fields[f].p = (const unsigned char *)bytes.p;
	}
	return tree_view_check(v, e);
}

static int add_tree(struct raw *r, const void *tree, size_t i, struct err *e)
{
	struct tree_view v = { .scale = 1 };
	struct tree t = { 0 };
	int64_t leaf_size = 1;
	bool in_place;
	int rc;

	if (int_of(r, r->doc->member(tree, "tree_param"), "size_leaf_vector", &leaf_size, e))
		return -1;
	if (leaf_size > 1)
		return err_set(e, ERR_INPUT, "vector leaves (multi_output_tree) are not supported");
	if (i < r->info.n) {
		if (r->info.ints[i] < 0 || (uint64_t)r->info.ints[i] >= r->m->n_outputs)
			return err_set(e, ERR_INPUT, "tree_info is out of range");
		v.output = t.output = (uint32_t)r->info.ints[i];
	}
	if (i < r->drop.n)
		v.scale = r->drop.floats[i];
	rc = view_tree(r, tree, &v, &in_place, e);
	if (!rc && r->keep_views && in_place)
		r->m->views[i] = v;
	else if (!rc)
		rc = tree_view_build(&v, r->m->n_features, r->m->n_outputs, true, &t, e);
	if (rc || tree_model_add(r->m, &t, e)) {
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
	if (r->keep_views) {
		r->m->views = mem_array(n, sizeof(*r->m->views), e);
		if (!r->m->views)
			return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (add_tree(r, d->item(trees, i), i, e))
			return -1;
	return 0;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static int set_ours(struct raw *r, struct err *e)
{
	const void *a = r->doc->member(r->learner, "attributes");
	struct slice s;

	if (int_of(r, a, "best_iteration", &r->m->best_iteration, e))
		return -1;
	if (!text_of(r, a, "cd4ml", &s)) {
		if (r->m->task == TREE_BINARY && r->m->n_outputs != 1)
			return err_set(e, ERR_INPUT, "several binary targets are not supported");
		return tree_ours_guess(r->m, e);
	}
	return tree_ours_parse(r->m, s, e);
}

struct tree_model *tree_raw_model(
	const struct tree_doc *doc, const void *root, bool keep_views, struct err *e)
{
	struct raw r = { .doc = doc, .keep_views = keep_views };

	int rc;

	for (int i = 0; i < TREE_N_FIELDS; i++)
		buf_init(&r.bytes[i]);
	rc = find_parts(&r, root, e) || make_model(&r, e) || set_features(&r, e) ||
	     set_categories(&r, e) || add_trees(&r, e) || set_ours(&r, e);

	for (int i = 0; i < TREE_N_FIELDS; i++)
		buf_release(&r.bytes[i]);
	free(r.numbers.any);
	free(r.info.any);
	free(r.drop.any);
	free(r.values.any);
	free(r.offsets.any);
	if (rc) {
		tree_model_free(r.m);
		return NULL;
	}
	return r.m;
}
