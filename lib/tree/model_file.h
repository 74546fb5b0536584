/*
 * model_file - XGBoost's model files: .json is JSON, .ubj is UBJSON.
 *
 * Reads what xgboost 1.0 to 3.4 and this library wrote (formats/xgboost-model.md); what is not
 * supported (linear models, vector leaves, the old binary format) is refused with a message. Files
 * that this library writes load in xgboost 1.7 and later.
 */
#ifndef CD4ML_TREE_MODEL_FILE_H
#define CD4ML_TREE_MODEL_FILE_H

#include "tree/model_writer.h"

/** Loads a model; the format is told by the first bytes. tree_model_free(). ERR_INPUT with the place. */
struct tree_model *tree_model_load(const char *path, struct err *e) MUST_CHECK;
/**
 * The same, for prediction: of a UBJSON file only what is around the trees is read now. The trees stay where they are
 * in the mapped file, as views, and are looked at when a row comes: damage in them is found then.
 */
struct tree_model *tree_model_open(const char *path, struct err *e) MUST_CHECK;
/** As tree_model_load(), from memory; `name` is for messages. */
struct tree_model *tree_model_parse(struct slice data, const char *name, struct err *e) MUST_CHECK;

/** By the extension: ".ubj" is UBJSON, all else JSON. */
enum tree_format tree_format_of(const char *path);

/** Writes a whole model. */
int tree_model_save(const struct tree_model *m, struct output *out, enum tree_format format,
	struct err *e) MUST_CHECK;

#endif
