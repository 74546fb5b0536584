/*
 * merge - dvc.lock in a git merge: three-way, stage by stage.
 *
 * Stages are independent of each other. One that only one side changed is taken from that side; one
 * that both changed, to different ends, is left out: it is then looked up in the run cache, or
 * runs again, which is the only right answer when its inputs are merged too.
 */
#ifndef CD4ML_STAGE_MERGE_H
#define CD4ML_STAGE_MERGE_H

#include "base/jdoc.h"

/**
 * Merges three documents of stage_lockfile_load(). The result, owned by the caller, has our order,
 * what is new on their side at the end. Names of stages that were left out are added to `dropped`
 * (an array, borrowed).
 */
json_t *stage_merge_locks(const json_t *base, const json_t *ours, const json_t *theirs,
	json_t *dropped, struct err *e) MUST_CHECK;

/** The same for files, as git calls a merge driver: the result replaces `ours`. */
int stage_merge_files(const char *base, const char *ours, const char *theirs, json_t *dropped,
	struct err *e) MUST_CHECK;

/** The line of .gitattributes, and the name of the driver in git's configuration. */
#define STAGE_MERGE_ATTRIBUTE "dvc.lock merge=cd4ml"
#define STAGE_MERGE_SECTION   "[merge \"cd4ml\"]"

/**
 * Makes git merge dvc.lock so in this clone. `add` writes the line into .gitattributes of the work
 * tree `git_root` too; without it nothing is done where that line is missing, so that a clone
 * of a project that has it is set up by the first look at it.
 */
int stage_merge_setup(const char *git_root, bool add, struct err *e) MUST_CHECK;

#endif
