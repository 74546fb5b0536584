/*
 * spec - stages as declared: dvc.yaml read.
 *
 * A pipeline is one dvc.yaml. Paths in a stage are relative to its `wdir`, which is relative to the
 * folder of dvc.yaml; each is kept as written (what dvc.lock names) and relative to the root of the
 * repository (what lib/cas takes).
 *
 * ${...} is a template for DVC; a command's own ${VAR} stands as \${VAR} in the file and is read
 * back. Real templates, foreach and matrix are refused.
 */
#ifndef CD4ML_STAGE_SPEC_H
#define CD4ML_STAGE_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/jdoc.h"
#include "base/opt.h"

struct stage_path {
	const char *text; /* as written */
	const char *full; /* relative to the repository's root and normalised, or absolute */
};

enum stage_out_kind { STAGE_OUT, STAGE_METRIC, STAGE_PLOT };

struct stage_out {
	struct stage_path path;
	enum stage_out_kind kind;
	bool cache, persist, push; /* cache and push: true unless stated */
};

struct stage_param {
	const char *file; /* as written: "params.yaml" */
	const char *full;
	const char **keys; /* [n_keys], sorted; none: the whole file */
	size_t n_keys;
};

struct stage_spec {
	const char *name;
	json_t *cmd; /* owned: text, or a list of texts; NULL: none */
	const char *wdir; /* relative to dvc.yaml's folder, "." */
	const char *full_wdir;
	struct stage_path *deps; /* [n_deps], sorted by text */
	size_t n_deps;
	struct stage_out *outs; /* [n_outs], sorted by text: outs, metrics and plots */
	size_t n_outs;
	struct stage_param *params; /* [n_params], params.yaml first, then by name */
	size_t n_params;
	bool always; /* runs each time */
	bool frozen; /* never runs: its outputs are as dvc.lock has them */
	const char *desc; /* NULL: none */
	const char *ci; /* meta: {ci: GROUP}; NULL: none */
};

struct stage_pipeline {
	struct stage_spec *stages; /* [n], in the order of the file */
	size_t n;
	const char *dir; /* folder of dvc.yaml, relative to root */
	struct arena mem;
};

/**
 * Reads the document of a dvc.yaml in the folder `dir` (relative to root). `name` begins
 * messages.
 */
int stage_spec_parse(struct stage_pipeline *p, const json_t *doc, const char *dir, const char *name,
	struct err *e) MUST_CHECK;
/** The same from the file; one that is not there is an empty pipeline. */
int stage_spec_load(
	struct stage_pipeline *p, const char *path, const char *dir, struct err *e) MUST_CHECK;
void stage_spec_release(struct stage_pipeline *p);
/** NULL if there is none of that name. */
const struct stage_spec *stage_spec_find(const struct stage_pipeline *p, const char *name);
/**
 * Takes the stages of these names as frozen (those of `frozen`) or as running each time (`always`), for as long
 * as the pipeline is held, whatever dvc.yaml says of them. ERR_INPUT: there is no such stage, or it is in both.
 */
int stage_spec_take_as(struct stage_pipeline *p, const struct opt_list *frozen,
	const struct opt_list *always, struct err *e) MUST_CHECK;
/** ERR_INPUT, with the nearest name as advice. */
const struct stage_spec *stage_spec_get(
	const struct stage_pipeline *p, const char *name, struct err *e) MUST_CHECK;

#endif
