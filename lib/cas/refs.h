/*
 * refs - all that a repository references: the outputs of its .dvc files and of dvc.lock.
 *
 * Outputs with `cache: false` are among them (out.cache says so); deps are not.
 */
#ifndef CD4ML_CAS_REFS_H
#define CD4ML_CAS_REFS_H

#include "base/arena.h"
#include "cas/ignore.h"
#include "cas/pointer.h"

struct cas_ref {
	struct cas_out out;
	const char *file; /* the .dvc file or dvc.lock that names it, relative to root */
	const char *stage; /* of dvc.lock, NULL for a .dvc file */
	bool is_stale; /* a stage that dvc.yaml no longer has: gc must keep it, nobody else wants it */
};

struct cas_refs {
	struct cas_ref *refs; /* sorted by file after a scan, then as listed there */
	size_t n, cap;
	struct arena names;
	json_t **docs; /* [n_docs]; what the refs borrow from */
	size_t n_docs, cap_docs;
	json_t *seen; /* files of revisions that were read already, by path and blob; NULL: none */
};

#define CAS_REFS_INIT \
	{             \
		0     \
	}

void cas_refs_release(struct cas_refs *r);
/**
 * Adds those of all .dvc files and dvc.lock of the workspace. Folders that are ignored, outputs
 * themselves, or repositories of their own, are not entered.
 */
int cas_refs_scan(struct cas_refs *r, const struct cas_repo *repo, struct err *e) MUST_CHECK;
/**
 * Adds those of one revision of git ("HEAD", a tag, a commit), by running git. A file that an
 * earlier call on `r` has seen in the same form is left out.
 */
int cas_refs_scan_revision(
	struct cas_refs *r, const struct cas_repo *repo, const char *rev, struct err *e) MUST_CHECK;
/** Where stage-exp keeps the commits of experiments. */
#define CAS_REFS_EXPERIMENTS "refs/cd4ml/exp/"

/** Which revisions of git are meant. */
struct cas_refs_revisions {
	bool all_branches; /* local and remote-tracking */
	bool all_tags;
	bool all_commits; /* every commit that a ref reaches */
	bool experiments; /* those that are not removed yet */
	const char *one; /* NULL: none by name */
};

/** Adds those of all these revisions. ERR_INPUT: there is no git repository. */
int cas_refs_scan_revisions(struct cas_refs *r, const struct cas_repo *repo,
	const struct cas_refs_revisions *which, struct err *e) MUST_CHECK;
/**
 * Adds the outputs of one dvc.lock's text. `yaml` is the dvc.yaml beside it, empty if there is
 * none.
 */
int cas_refs_add_lock(struct cas_refs *r, const char *file, struct slice lock, struct slice yaml,
	struct err *e) MUST_CHECK;
/** Adds the outputs of one .dvc file's text. */
int cas_refs_add_pointer(
	struct cas_refs *r, const char *file, struct slice text, struct err *e) MUST_CHECK;

/** Brings them into order; what was added last stays last within its file. */
void cas_refs_sort(struct cas_refs *r);

/**
 * ERR_INPUT where two outputs that are not stale have the same path, or one lies inside of the other: it would have two owners. DVC
 * refuses such a repository, too.
 */
int cas_refs_check_apart(const struct cas_refs *r, struct err *e) MUST_CHECK;
/**
 * Does the target name this output? A target is a path relative to root: a .dvc file, dvc.lock or
 * dvc.yaml, an output, a folder above outputs; or "stage", "path/dvc.yaml:stage".
 */
bool cas_refs_is_named(const struct cas_ref *ref, const char *target);
/**
 * Marks in `wanted` [r->n] what the targets name (none: everything that is not stale). Targets are
 * as the user typed them, relative to the current folder. ERR_INPUT for one that names nothing.
 */
int cas_refs_select(const struct cas_refs *r, const struct cas_repo *repo, char *const *targets,
	size_t n_targets, bool *wanted, struct err *e) MUST_CHECK;

#endif
