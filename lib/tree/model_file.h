/*
 * model_file - XGBoost's model files: .json is JSON, .ubj is UBJSON.
 *
 * Reads what xgboost 1.0 to 3.4 and this library wrote (formats/xgboost-model.md); what is not
 * supported (linear models, vector leaves, the old binary format) is refused with a message. Files
 * that this library writes load in xgboost 1.7 and later.
 */
#ifndef CD4ML_TREE_MODEL_FILE_H
#define CD4ML_TREE_MODEL_FILE_H

#include "base/output.h"
#include "tree/model.h"

/** Loads a model; the format is told by the first bytes. tree_model_free(). ERR_INPUT with the place. */
struct tree_model *tree_model_load(const char *path, struct err *e) MUST_CHECK;
/** The same from memory; `name` is for messages. */
struct tree_model *tree_model_parse(struct slice data, const char *name, struct err *e) MUST_CHECK;

enum tree_format { TREE_JSON, TREE_UBJ };
/** By the extension: ".ubj" is UBJSON, all else JSON. */
enum tree_format tree_format_of(const char *path);

/**
 * Writes a model tree by tree, so that a forest need not be in memory at once:
 * begin, then `n_trees` times tree, then end. Trees come in the file's order. The first failure
 * of writing is kept by `out`, as always.
 *   m        everything but the trees
 */
struct tree_writer {
	struct output *out;
	const struct tree_model *m;
	enum tree_format format;
	size_t n_trees, n_done;
	struct buf text;
};
int tree_writer_begin(struct tree_writer *w, struct output *out, enum tree_format format,
	const struct tree_model *m, size_t n_trees, struct err *e) MUST_CHECK;
int tree_writer_add(struct tree_writer *w, const struct tree *t, struct err *e) MUST_CHECK;
int tree_writer_end(struct tree_writer *w, struct err *e) MUST_CHECK;
/** For clean-up, whether finished or not; takes a zeroed one. */
void tree_writer_release(struct tree_writer *w);

/** Writes a whole model. */
int tree_model_save(const struct tree_model *m, struct output *out, enum tree_format format,
	struct err *e) MUST_CHECK;

#endif
