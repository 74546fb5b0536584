/*
 * change - what is out of date, and why. By content: times are never asked.
 *
 * A stage is up to date when dvc.lock has it with the same command, parameters, dependencies and
 * outputs. Data that is not in the workspace is judged by the hash that dvc.lock or a .dvc file
 * records for it, so that a clone that pulled nothing can be asked.
 */
#ifndef CD4ML_STAGE_CHANGE_H
#define CD4ML_STAGE_CHANGE_H

#include "stage/project.h"

enum stage_verdict {
	STAGE_SAME, /* nothing to do */
	STAGE_RESTORE, /* outputs are missing or other than recorded, but in the cache */
	STAGE_CHANGED, /* must run (or be found in the run cache) */
};

struct stage_reason {
	const char *kind; /* "changed dependency" */
	const char *what; /* "data/train.csv", "params.yaml: depth", "" */
	const char *detail; /* "6 -> 8", "" */
};

struct stage_state {
	enum stage_verdict verdict;
	bool is_absent; /* judged, in part, without its data */
	bool is_waiting; /* a stage that it needs must run first */
	struct stage_reason *reasons; /* [n_reasons] */
	size_t n_reasons, cap_reasons;
};

enum stage_look {
	STAGE_LOOK_RUN, /* outputs that are neither here nor in the cache must be made */
	STAGE_LOOK_STATUS, /* they are only absent */
};

/** The states of a pipeline's stages. */
struct stage_states {
	struct stage_state *all; /* [pipeline.n] */
	struct arena mem; /* the reasons' texts */
};

/** Judges one stage by itself. `s` is zeroed and added to; texts go to `mem`. */
int stage_change_judge(struct stage_project *p, const struct stage_spec *spec, enum stage_look look,
	struct stage_state *s, struct arena *mem, struct err *e) MUST_CHECK;
/** Judges all in order; a stage that needs one that must run is waiting, and counts as changed. */
int stage_change_judge_all(struct stage_project *p, enum stage_look look, struct stage_states *s,
	struct err *e) MUST_CHECK;
void stage_change_release(struct stage_project *p, struct stage_states *s);
void stage_change_release_one(struct stage_state *s);
/** Adds the reasons, a line each, indented by four blanks. */
void stage_change_format(const struct stage_state *s, struct buf *b);

#endif
