/*
 * gitlab_ci - the pipeline as jobs for GitLab: a child pipeline's YAML, a job for each group of stages.
 *
 *	include:
 *	- local: cd4ml.gitlab-ci.yml
 *	stages: [check_data, train]
 *	train:
 *	  extends: .cd4ml
 *	  stage: train
 *	  needs: [check_data]
 *
 * A job begins when those that it needs have ended, wherever its stage stands. It calls `make ci-GROUP`, as
 * the template does. A group behind the stages (the gate's, the release's) waits for all before it.
 */
#ifndef CD4ML_STAGE_GITLAB_CI_H
#define CD4ML_STAGE_GITLAB_CI_H

#include "stage/graph.h"

struct stage_gitlab_ci {
	const char *template; /* path of the template in the project */
	const char *const
		*then; /* [n_then] groups without stages, behind all others, in this order */
	size_t n_then;
};

/**
 * Adds the document. ERR_INPUT: no stage is in a group, two groups need each other, or a group's name means
 * something else to GitLab.
 */
int stage_gitlab_ci_format(const struct stage_graph *g, const struct stage_gitlab_ci *o,
	struct buf *b, struct err *e) MUST_CHECK;

#endif
