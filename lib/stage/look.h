/*
 * look - one look at all stages: what make has to do, what status tells, what a CI job must fetch.
 */
#ifndef CD4ML_STAGE_LOOK_H
#define CD4ML_STAGE_LOOK_H

#include "stage/change.h"

struct stage_look_plan {
	bool all; /* every stage, whatever its state */
	bool strict; /* what a stage reads, and nobody has or makes, is an error; else a warning */
	char **words; /* [n_words] borrowed, for stage_where_at() */
	size_t n_words;
};

/**
 * What there is to do, as words for make: "ok", then for each stage that is not up to date, in
 * order,
 * NAME or NAME:NEED,NEED with those of its needs that are not up to date either; =NAME
 * for one that only its outputs are to be brought of, from the cache: it needs none that is to run.
 */
int stage_look_plan(struct stage_project *p, const struct stage_look_plan *how, struct buf *b,
	struct err *e) MUST_CHECK;
/** The same for the document of a pipeline whose repository is not there yet, and must not be made: all stages. */
int stage_look_plan_new(const json_t *doc, struct buf *b, struct err *e) MUST_CHECK;

/**
 * The stages that `names` (or, with `ci`, the group) picks: [pipeline.n] flags, owned by the
 * caller.
 * No names and no group: all. A group brings those of its needs that are in no group. ERR_INPUT: names and a
 * group, or one that is not there.
 */
bool *stage_look_pick(const struct stage_project *p, char **names, size_t n_names, const char *ci,
	struct err *e) MUST_CHECK;

/** Tells about the picked stages, as text or JSON. 1 all are up to date, 0 not, -1. */
int stage_look_status(struct stage_project *p, const bool *picked, bool json, struct buf *b,
	struct err *e) MUST_CHECK;

/**
 * Names, a line each, of what the picked stages take from outside of them that a remote may hold
 * (`outs` false: .dvc files and other stages' outputs), or of the outputs they make (true).
 */
int stage_look_targets(struct stage_project *p, const bool *picked, bool outs, struct buf *b,
	struct err *e) MUST_CHECK;

#endif
