/*
 * release - a model version in git: what describes it committed, and a tag on it; going back to one;
 * making one again.
 */
#ifndef CD4ML_STAGE_RELEASE_H
#define CD4ML_STAGE_RELEASE_H

#include <stdint.h>

#include "stage/change.h"
#include "stage/exec.h"

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
/** The highest number below `below` that a tag with the prefix has; 0: there is none. */
int stage_release_last(struct stage_project *p, const char *prefix, uint64_t below, uint64_t *last,
	struct err *e) MUST_CHECK;

struct stage_rollback {
	const char *prefix;
	const char *to; /* a tag; NULL: the release before the one that is here, or else the last */
	const char *const *with; /* [n_with] as in stage_release */
	size_t n_with;
	bool force; /* also over changes that are not committed */
};

/**
 * Puts dvc.lock, dvc.yaml, pointers, files of parameters, metrics and `with` as they were in that
 * release into the workspace and git's index; data is the caller's. Adds to `b` what was done, and
 * what else is not as it was then (code). ERR_INPUT: no such release, or changes would be lost.
 */
int stage_release_rollback(struct stage_project *p, const struct stage_rollback *r, struct buf *b,
	struct err *e) MUST_CHECK;

struct stage_verify {
	const char *prefix, *tag; /* NULL: the last one */
	const char *command; /* what runs all stages, whatever is cached */
	const char *shell;
};

/**
 * Makes a release again, in a working tree of its own (stage/copy.h), and compares each output that its
 * dvc.lock names with what was made. Adds a line each to `b`. 1 all the same bytes, 0 not, -1; after
 * a signal (`stopped_by` of `x`) too.
 */
int stage_release_verify(struct stage_project *p, const struct stage_verify *v,
	struct stage_exec_result *x, struct buf *b, struct err *e) MUST_CHECK;

#endif
