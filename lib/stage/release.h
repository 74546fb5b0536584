/*
 * release - a model version in git: what describes it committed, and a tag on it.
 */
#ifndef CD4ML_STAGE_RELEASE_H
#define CD4ML_STAGE_RELEASE_H

#include "stage/change.h"

struct stage_release {
	const char *prefix; /* of the tag: "model-", then a number */
	const char *const *with; /* [n_with] further files, relative to here: baseline.txt */
	size_t n_with;
	const char *
		gate; /* what the gate wrote down (baseline.json), relative to here; NULL: not asked */
	const char *model, *metrics; /* what it must have judged; NULL: whatever */
	const char *push; /* remote of git that gets the commit and the tag; NULL: none */
};

/**
 * Commits dvc.yaml, dvc.lock, pointers, metrics, files of parameters, ignore files and `with`, as
 * far as they changed, and nothing else; then tags. Adds to `b` what was done. ERR_INPUT when a
 * stage is out of date, or when the gate passed another model or another test set than these. 1
 * released; 0 this was released before; -1.
 */
int stage_release_make(struct stage_project *p, const struct stage_release *r, struct buf *b,
	struct err *e) MUST_CHECK;

#endif
