/*
 * model_raw - from a parsed document to a model: what JSON and UBJSON share.
 *
 * The two readers say how to look into their document (struct tree_doc); all knowledge of XGBoost's keys and
 * all distrust of what stands there is here.
 */
#ifndef CD4ML_TREE_MODEL_RAW_H
#define CD4ML_TREE_MODEL_RAW_H

#include "tree/model_view.h"

/** A growing array of numbers; one per field, kept from tree to tree. */
struct tree_numbers {
	size_t n, cap;
	union {
		void *any;
		int64_t *ints;
		float *floats;
	};
};

/** How to look into a document. A value that is not there is NULL, and taken by all of these. */
struct tree_doc {
	/** A member of an object; NULL if there is none or `object` is none. */
	const void *(*member)(const void *object, const char *key);
	/** Number of elements of an array; 0 if it is none. */
	size_t (*length)(const void *array);
	/** An element of an array whose elements are not bare typed numbers. */
	const void *(*item)(const void *array, size_t i);
	/** The text of a string; false if it is none. */
	bool (*text)(const void *value, struct slice *s);
	/** The bytes of a typed array whose elements are of UBJSON's `type`, in the document; false if it is none. */
	bool (*typed)(const void *array, char type, struct slice *bytes);
	/** The elements of an array as numbers, converted. -1 and `e` if they are not numbers. */
	int (*ints)(const void *array, struct tree_numbers *out, struct err *e);
	int (*floats)(const void *array, struct tree_numbers *out, struct err *e);
};

/**
 * Builds the model of a document's root. ERR_INPUT without a place. tree_model_free(). With `keep_views`, trees that
 * lie in the document as typed arrays stay views of it, and are not looked at yet.
 */
struct tree_model *tree_raw_model(
	const struct tree_doc *doc, const void *root, bool keep_views, struct err *e) MUST_CHECK;

#endif
