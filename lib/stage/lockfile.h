/*
 * lockfile - dvc.lock: what each stage was made from, and what it made.
 *
 *	schema: '2.0'
 *	stages:
 *	  train:
 *	    cmd: ...
 *	    deps:
 *	    - path: clean/train.csv
 *	      hash: md5
 *	      md5: 68a44ef1b43ff2359d8a658aa1a79edb
 *	      size: 12
 *	    params:
 *	      params.yaml:
 *	        epochs: 10
 *	    outs: ...
 *
 * Entries of stages that we do not know, and what else the file says, are kept. Values are
 * jansson's.
 */
#ifndef CD4ML_STAGE_LOCKFILE_H
#define CD4ML_STAGE_LOCKFILE_H

#include "stage/spec.h"

/**
 * Checks and takes over a document read from YAML (null: empty); `doc` is consumed. NULL and `e`.
 */
json_t *stage_lockfile_adopt(json_t *doc, const char *name, struct err *e) MUST_CHECK;
/** Reads the file; one that is not there is empty. Owned by the caller. */
json_t *stage_lockfile_load(const char *path, struct err *e) MUST_CHECK;
/** The entry of a stage, borrowed; NULL if it has none. */
json_t *stage_lockfile_get(const json_t *lock, const char *stage);
/**
 * Sets the entry (borrowed): in its place, or, if it has none, before those that come later in the pipeline, so
 * that the file is the same in whatever order stages ended.
 */
int stage_lockfile_put(json_t *lock, const struct stage_pipeline *p, const char *stage,
	json_t *entry, struct err *e) MUST_CHECK;
/** Writes the file, synced; a file that says the same is left alone. */
int stage_lockfile_save(const char *path, const json_t *lock, struct err *e) MUST_CHECK;

/** The item of a list of `deps` or `outs` with this path, NULL if there is none. */
json_t *stage_lockfile_find(const json_t *entry, const char *list, const char *path);

#endif
