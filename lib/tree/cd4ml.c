#include "cd4ml.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tree/model_file.h"
#include "tree/predict.h"

struct cd4ml_model {
	struct tree_model *model;
	struct tree_predictor *predictor;
};

static struct cd4ml_model *load(const char *path, struct err *e)
{
	struct cd4ml_model *m = mem_new(sizeof(*m), e);

	if (!m)
		return NULL;
	m->model = tree_model_open(path, e);
	m->predictor = m->model ? tree_predictor_new(m->model, e) : NULL;
	if (!m->predictor) {
		cd4ml_free(m);
		return NULL;
	}
	return m;
}

struct cd4ml_model *cd4ml_load(const char *path, char *why, size_t cap)
{
	struct err e = ERR_INIT;
	struct cd4ml_model *m = load(path, &e);

	if (!m && cap)
		err_format(&e, why, cap);
	return m;
}

void cd4ml_free(struct cd4ml_model *m)
{
	if (!m)
		return;
	tree_predictor_free(m->predictor);
	tree_model_free(m->model);
	free(m);
}

size_t cd4ml_n_features(const struct cd4ml_model *m)
{
	return m->model->n_features;
}

const char *cd4ml_feature_name(const struct cd4ml_model *m, size_t feature)
{
	return m->model->features[feature].name;
}

long cd4ml_feature(const struct cd4ml_model *m, const char *name)
{
	return tree_model_feature(m->model, name);
}

int cd4ml_is_text(const struct cd4ml_model *m, size_t feature)
{
	return m->model->features[feature].n_categories > 0;
}

float cd4ml_category(const struct cd4ml_model *m, size_t feature, const char *text)
{
	return tree_predictor_code(m->predictor, feature, slice_of(text));
}

size_t cd4ml_n_outputs(const struct cd4ml_model *m)
{
	return m->model->n_outputs;
}

size_t cd4ml_n_classes(const struct cd4ml_model *m)
{
	return m->model->n_labels;
}

const char *cd4ml_class(const struct cd4ml_model *m, size_t k)
{
	return m->model->labels[k];
}

int cd4ml_predict(const struct cd4ml_model *m, const float *x, size_t n_rows, float *scores)
{
	struct err ignored = ERR_INIT;

	if (tree_margins_of(tree_predictor_margins(m->predictor), x, n_rows, scores, &ignored))
		return -1;
	tree_model_link(m->model, scores, n_rows, scores);
	return 0;
}
