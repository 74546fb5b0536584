/*
 * model_ubj - UBJSON as XGBoost writes it: lengths as int64, typed arrays in big-endian.
 *
 * Typed arrays are read in place from the bytes of the file. See tree/model_json for the rest.
 */
#ifndef CD4ML_TREE_MODEL_UBJ_H
#define CD4ML_TREE_MODEL_UBJ_H

#include "tree/model_json.h"

extern const struct tree_emit tree_ubj_emit;

/** Bytes of one value of a type that has a fixed size, by its marker; 0 for others. */
size_t tree_ubj_width(char type);

/** Parses a UBJSON document and builds its model. With `keep_views` its trees may stay views of `data`. */
struct tree_model *tree_ubj_parse(
	struct slice data, const char *name, bool keep_views, struct err *e) MUST_CHECK;

#endif
