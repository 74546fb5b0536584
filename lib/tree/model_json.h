/*
 * model_json, model_ubj - the two notations of a model: how to look into a document, how to write one.
 *
 * Rules for a file that every xgboost since 1.7 loads: formats/xgboost-model.md sections 1 and 8.
 */
#ifndef CD4ML_TREE_MODEL_JSON_H
#define CD4ML_TREE_MODEL_JSON_H

#include "tree/model_raw.h"

/** Writes one notation into a buf. Members and elements need no care for commas. */
struct tree_emit {
	void (*begin_object)(struct buf *b);
	void (*end_object)(struct buf *b);
	/** An array of `n` values of any kind, each written by one of the others. */
	void (*begin_array)(struct buf *b, size_t n);
	void (*end_array)(struct buf *b);
	void (*key)(struct buf *b, const char *key);
	void (*text)(struct buf *b, struct slice s);
	void (*integer)(struct buf *b, int64_t v);
	/** Typed arrays: `type` is UBJSON's: 'l' int32, 'L' int64, 'U' uint8. */
	void (*ints)(struct buf *b, char type, const int32_t *v, size_t n);
	void (*floats)(struct buf *b, const float *v, size_t n);
};

extern const struct tree_emit tree_json_emit;

/** Parses a JSON text (NaN and Infinity are read) and builds its model. */
struct tree_model *tree_json_parse(struct slice data, const char *name, struct err *e) MUST_CHECK;

#endif
