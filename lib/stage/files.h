/*
 * files - what git has of the state of a pipeline: dvc.yaml, dvc.lock, pointers, metrics, files of
 * parameters, ignore files. Names are relative to the repository's root.
 */
#ifndef CD4ML_STAGE_FILES_H
#define CD4ML_STAGE_FILES_H

#include <stdbool.h>

#include "stage/spec.h"

/** Zeroed but for `root` to begin with. */
struct stage_files {
	const char *
		root; /* absolute, borrowed; NULL: names are taken whether there is such a file or not */
	const char **list; /* [n], then NULL */
	size_t n, cap;
	struct arena mem;
};

void stage_files_release(struct stage_files *f);
/** Adds a name, once, if there is such a file below `root`. */
int stage_files_add(struct stage_files *f, const char *full, struct err *e) MUST_CHECK;
/** Adds those of a pipeline, and `with` [n_with], relative to the pipeline's folder. */
int stage_files_add_all(struct stage_files *f, const struct stage_pipeline *p,
	const char *const *with, size_t n_with, struct err *e) MUST_CHECK;
/**
 * Runs git in `dir`, the root, with `head` (ended by NULL), "--" and the files. Its status, which is 0 if it
 * must be; -1. `out` may be NULL. Without files nothing is run.
 */
int stage_files_git(const char *dir, const char *const *head, const struct stage_files *f,
	bool must, struct buf *out, struct err *e) MUST_CHECK;

#endif
