/*
 * cd4ml.h - for other people's programs: load a model, predict. Link with -lcd4ml -ljansson -lz -lpthread -lm.
 * examples/predict/predict.c is a whole one.
 *
 *	char why[256];
 *	struct cd4ml_model *m = cd4ml_load("model.ubj", why, sizeof(why));
 *
 *	if (!m)
 *		return fprintf(stderr, "%s\n", why), 1;
 *	float x[N], p;                          // cd4ml_n_features(m) values, NAN where missing
 *	x[cd4ml_feature(m, "age")] = 42;
 *	x[cd4ml_feature(m, "city")] = cd4ml_category(m, cd4ml_feature(m, "city"), "Paris");
 *	if (cd4ml_predict(m, x, 1, &p) == 0)
 *		printf("%s: %g\n", cd4ml_class(m, 1), p);
 *	cd4ml_free(m);
 *
 * Reads the files of gbt-train and rf-train, and XGBoost's (JSON, UBJSON). Any number of threads may use a model at
 * once. Predictions are the same bits on every machine. A UBJSON file is mapped, so that loading costs little and a
 * first row reads little, whatever its size: it must not be changed in place while it is in use (a new one may be
 * renamed over it).
 */
#ifndef CD4ML_H
#define CD4ML_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cd4ml_model;

/** Loads a model. NULL: `why` (of `cap` bytes; may be NULL with 0) says why not. cd4ml_free(). */
struct cd4ml_model *cd4ml_load(const char *path, char *why, size_t cap);
/** NULL is fine. */
void cd4ml_free(struct cd4ml_model *m);

size_t cd4ml_n_features(const struct cd4ml_model *m);
/** Name of a feature; "f0", "f1", ... in a model without names. Lives as long as the model. */
const char *cd4ml_feature_name(const struct cd4ml_model *m, size_t feature);
/** Index of the feature with this name, -1 if there is none. */
long cd4ml_feature(const struct cd4ml_model *m, const char *name);
/** 1 if the feature's values are texts, for cd4ml_category(); 0 if they are numbers. */
int cd4ml_is_text(const struct cd4ml_model *m, size_t feature);
/** The value that stands for a text of a categorical feature; one for all that the model does not know. */
float cd4ml_category(const struct cd4ml_model *m, size_t feature, const char *text);

/** Scores of a row: 1 for regression and two classes, else one for each class. */
size_t cd4ml_n_outputs(const struct cd4ml_model *m);
/** Classes as they stood in the training data; 0 for regression. Of two the second is the positive one. */
size_t cd4ml_n_classes(const struct cd4ml_model *m);
const char *cd4ml_class(const struct cd4ml_model *m, size_t k);

/**
 * Predicts `n_rows` rows: the value; the probability of the positive class; the probability of each class.
 *   x       [n_rows][cd4ml_n_features()], NAN where missing
 *   scores  [n_rows][cd4ml_n_outputs()], written
 * 0, or -1: no memory, or a damaged file. The trees are brought into a faster form when many rows have come; the bits
 * stay the same.
 */
int cd4ml_predict(const struct cd4ml_model *m, const float *x, size_t n_rows, float *scores);

#ifdef __cplusplus
}
#endif

#endif
