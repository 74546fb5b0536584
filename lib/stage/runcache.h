/*
 * runcache - results seen before: CACHE/runs/K2/KEY/VALUE, DVC's format and keys.
 *
 * An entry is what dvc.lock has of a stage. KEY is the SHA-256 of what went in and which outputs
 * there are, VALUE of the outputs' hashes too; sizes and counts do not matter to either.
 */
#ifndef CD4ML_STAGE_RUNCACHE_H
#define CD4ML_STAGE_RUNCACHE_H

#include "hash/sha256.h"
#include "stage/project.h"

/** KEY and VALUE of an entry {cmd, deps, params, outs}. */
int stage_runcache_keys(const json_t *entry, char key[HASH_SHA256_HEX + 1],
	char value[HASH_SHA256_HEX + 1], struct err *e) MUST_CHECK;
/**
 * Can this stage's results be looked up at all? (Not those that always run, make nothing or keep
 * their outputs.)
 */
bool stage_runcache_is_fit(const struct stage_spec *s);
/** Stores an entry, whose outputs the caller has put into the cache. */
int stage_runcache_put(struct stage_project *p, const json_t *entry, struct err *e) MUST_CHECK;
/**
 * The newest entry with the same command, deps and params as `entry` (without outs) and the
 * outputs of `s`, if all of them are in the cache. With `pull` the remote is asked for the entry, and
 * for outputs that the cache lacks; when it cannot be, that is a warning. 1 and `*found`, owned by
 * the caller; 0; -1.
 */
int stage_runcache_get(struct stage_project *p, const struct stage_spec *s, const json_t *entry,
	bool pull, json_t **found, struct err *e) MUST_CHECK;
/**
 * The newest entry alone, wherever its outputs are; the remote is asked for it first. 1 and `*found`, owned by
 * the caller; 0; -1.
 */
int stage_runcache_recall(struct stage_project *p, const struct stage_spec *s, const json_t *entry,
	json_t **found, struct err *e) MUST_CHECK;

#endif
