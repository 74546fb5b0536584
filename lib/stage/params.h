/*
 * params - keys of parameter files: YAML, JSON and TOML, by the ends of their names (.py is refused by name).
 *
 * "train.depth" is the member `depth` of `train`; a number picks from a list.
 */
#ifndef CD4ML_STAGE_PARAMS_H
#define CD4ML_STAGE_PARAMS_H

#include <stdbool.h>

#include "stage/spec.h"

/** Files that were read already, by absolute path. */
struct stage_params {
	json_t *files;
};

#define STAGE_PARAMS_INIT     \
	{                     \
		.files = NULL \
	}

void stage_params_release(struct stage_params *p);
/**
 * The parameters of a stage as dvc.lock holds them: {file: {key: value}}, owned by the caller.
 * `root` is what the specs' full names are relative to. Names of those that are not there
 * ("params.yaml: depth") are added to `missing`, a line each; NULL: then that is ERR_INPUT.
 */
json_t *stage_params_collect(struct stage_params *p, const struct stage_spec *s, const char *root,
	struct buf *missing, struct err *e) MUST_CHECK;
/** Equal, with 10 and 10.0 the same. */
bool stage_params_equal(const json_t *a, const json_t *b);

#endif
