/*
 * revision - documents as a revision of git has them, NULL being the workspace. Owned by the caller.
 */
#ifndef CD4ML_STAGE_REVISION_H
#define CD4ML_STAGE_REVISION_H

#include "stage/project.h"

/** ERR_INPUT when git knows no such revision; HEAD before the first commit is fine. */
int stage_revision_check(const struct stage_project *p, const char *rev, struct err *e) MUST_CHECK;
/** The file (relative to root; as base/doc reads it); null if there is none. */
json_t *stage_revision_load(
	struct stage_project *p, const char *rev, const char *full, struct err *e) MUST_CHECK;
/**
 * An output that is not in git, but in the cache as the dvc.lock of a revision names it; null if it is
 * not, or not named.
 */
json_t *stage_revision_load_cached(struct stage_project *p, const json_t *lock,
	const struct stage_spec *s, const struct stage_out *out, struct err *e) MUST_CHECK;

#endif
