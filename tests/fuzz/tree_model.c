/*
 * tree/model_file: whatever the bytes are, the model is refused with a message or predicts, twice the same.
 */
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "tree/model_file.h"
#include "tree/model_ubj.h"
#include "tree/predict.h"

enum { MAX_VALUES = 1 << 16 };

static void predict(const struct tree_model *m, float *out)
{
	static float x[MAX_VALUES];
	struct err e = ERR_INIT;
	struct tree_margins *p = tree_margins_new(m, &e);

	MUST(p);
	for (size_t i = 0; i < 3 * m->n_features; i++)
		x[i] = i % 5 == 0 ? NAN : (float)(i % 7) - 2;
	if (tree_margins_of(p, x, 3, out, &e)) /* damage that nobody looked for before */
		memset(out, 0, 3 * m->n_outputs * sizeof(*out));
	MUST(e.code == ERR_NONE || m->views);
	tree_margins_free(p);
}

/** A model whose trees lie in `data`, walked by hand and by the predictor. */
static void walk(struct slice bytes)
{
	static float out[3 * 64], leaf;
	float x[64];
	struct err e = ERR_INIT;
	struct tree_model *m = tree_ubj_parse(bytes, "fuzz", true, &e);

	for (size_t i = 0; i < 64; i++)
		x[i] = i % 5 == 0 ? NAN : (float)(i % 7) - 2;
	for (size_t i = 0; m && m->n_features <= 64 && i < m->n_trees; i++)
		if (m->views[i].n_nodes &&
			tree_view_leaf(&m->views[i], x, m->n_features, &leaf, &e))
			e = (struct err)ERR_INIT;
	if (m && m->n_features * 3 <= MAX_VALUES && m->n_outputs <= 64)
		predict(m, out);
	tree_model_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static float before[3 * 64], after[3 * 64];
	struct slice bytes = { (const char *)data, size };
	struct err e = ERR_INIT;
	struct tree_model *m = tree_model_parse(bytes, "fuzz", &e);

	MUST(!m == (e.code != ERR_NONE));
	if (m && m->n_features * 3 <= MAX_VALUES && m->n_outputs <= 64) {
		predict(m, before);
		predict(m, after);
		MUST(memcmp(before, after, 3 * m->n_outputs * sizeof(*before)) == 0);
	}
	tree_model_free(m);
	if (size > 1 && data[0] == '{' && data[1] != '"')
		walk(bytes);
	return 0;
}
