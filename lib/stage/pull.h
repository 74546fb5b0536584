/*
 * pull - what only the remote has, brought when it is needed: results of runs, outputs, dependencies.
 *
 * A CI job so moves no more than its stages read. All ask the default remote of the configuration.
 */
#ifndef CD4ML_STAGE_PULL_H
#define CD4ML_STAGE_PULL_H

#include "hash/sha256.h"
#include "stage/project.h"

/** Brings the entries of the run cache below runs/K2/KEY that are not here. */
int stage_pull_runs(struct stage_project *p, const char *key, struct err *e) MUST_CHECK;
/**
 * Brings into the cache what the outputs of an entry {outs: [...]} name. 1 all is here now; 0 the remote
 * lacks some of it; -1.
 */
int stage_pull_outs(struct stage_project *p, const json_t *entry, struct err *e) MUST_CHECK;
/**
 * Brings the .dvc file's or stage's output that `full` is, or lies in, and puts it into its place.
 * 1; 0: nothing records it, or the remote lacks it; -1.
 */
int stage_pull_path(struct stage_project *p, const char *full, struct err *e) MUST_CHECK;

#endif
