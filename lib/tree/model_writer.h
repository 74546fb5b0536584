/*
 * model_writer - writes XGBoost's model files tree by tree, in a form that xgboost 1.7 and later load.
 */
#ifndef CD4ML_TREE_MODEL_WRITER_H
#define CD4ML_TREE_MODEL_WRITER_H

#include "base/output.h"
#include "tree/model.h"

enum tree_format { TREE_JSON, TREE_UBJ };
/**
 * Writes a model tree by tree, so that a forest need not be in memory at once:
 * begin, then `n_trees` times tree, then end. Trees come in the file's order. The first failure
 * of writing is kept by `out`, as always.
 *   m        everything but the trees; borrowed until the end
 */
struct tree_writer {
	struct output *out;
	const struct tree_model *m;
	enum tree_format format;
	size_t n_trees, n_done;
	bool *is_used; /* [n_features] by a split so far */
	struct buf text;
};
int tree_writer_begin(struct tree_writer *w, struct output *out, enum tree_format format,
	const struct tree_model *m, size_t n_trees, struct err *e) MUST_CHECK;
int tree_writer_add(struct tree_writer *w, const struct tree *t, struct err *e) MUST_CHECK;
int tree_writer_end(struct tree_writer *w, struct err *e) MUST_CHECK;
/** For clean-up, whether finished or not; takes a zeroed one. */
void tree_writer_release(struct tree_writer *w);

#endif
