/*
 * tree/model_file: whatever the bytes are, the model is refused with a message or predicts, twice the same.
 */
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "tree/model_file.h"
#include "tree/predict.h"

enum { MAX_VALUES = 1 << 16 };

static void predict(const struct tree_model *m, float *out)
{
	static float x[MAX_VALUES];
	struct err e = ERR_INIT;
	struct tree_predictor *p = tree_predictor_new(m, &e);

	MUST(p);
	for (size_t i = 0; i < 3 * m->n_features; i++)
		x[i] = i % 5 == 0 ? NAN : (float)(i % 7) - 2;
	tree_predictor_margins(p, x, 3, out);
	tree_predictor_free(p);
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
	return 0;
}
