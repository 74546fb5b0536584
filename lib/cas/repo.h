/*
 * repo - the folder .dvc: where it is, what its configuration says, and DVC's locks.
 *
 * Every path that a module of lib/cas takes or gives is relative to the repository's root, with "/"
 * and normalised ("data/train.csv", "." for the root), unless it says otherwise.
 * cas_repo_relative() makes one from what a user typed.
 *
 * Later files of configuration win: system (/etc/xdg/dvc/config), the user's
 * (~/.config/dvc/config; XDG_CONFIG_HOME, DVC_GLOBAL_CONFIG_DIR, DVC_SYSTEM_CONFIG_DIR),
 * .dvc/config, .dvc/config.local. This is the one file of lib/cas that reads the environment.
 */
#ifndef CD4ML_CAS_REPO_H
#define CD4ML_CAS_REPO_H

#include <stdbool.h>
#include <stddef.h>

#include "cas/config.h"

enum cas_link { CAS_LINK_REFLINK, CAS_LINK_HARDLINK, CAS_LINK_SYMLINK, CAS_LINK_COPY };

enum cas_level {
	CAS_LEVEL_SYSTEM,
	CAS_LEVEL_GLOBAL,
	CAS_LEVEL_REPO,
	CAS_LEVEL_LOCAL,
	CAS_N_LEVELS
};

struct cas_repo {
	char *root; /* absolute; holds .dvc */
	char *dvc_dir; /* root/.dvc; NULL: no repository, nothing is ignored */
	char *tmp_dir; /* root/.dvc/tmp; there is one when cas_repo_open() returned */
	char *cache_dir; /* absolute, without files/md5; made when something is put */
	char *git_root; /* absolute folder of the git work tree that holds root; NULL: none, or core.no_scm */
	char *here; /* the folder it was opened from, relative to root */
	enum cas_link links[4]; /* cache.type: tried in this order; always ends with copy */
	size_t n_links;
	bool autostage; /* core.autostage: git add what changes */
	bool shared; /* cache.shared = group: group may write */
	struct cas_config *config[CAS_N_LEVELS];
	char *config_path[CAS_N_LEVELS]; /* NULL: there is none */
};

/**
 * Opens the repository of `start` (NULL: the current folder), looking upward. ERR_INPUT if
 * there is none.
 */
struct cas_repo *cas_repo_open(const char *start, struct err *e) MUST_CHECK;
/** The root of the git work tree that holds an absolute path without links: as cas_repo_find(). */
int cas_repo_find_git(const char *physical, struct buf *root, struct err *e) MUST_CHECK;
/** The root of the repository that holds an absolute path without links, into the emptied `root`: 1, 0 if there is none, -1. */
int cas_repo_find(const char *physical, struct buf *root, struct err *e) MUST_CHECK;
/** NULL is fine. */
void cas_repo_close(struct cas_repo *r);
enum cas_init {
	CAS_INIT_ROOT, /* `dir` must be the root of a git work tree; the new files are staged (git add) */
	CAS_INIT_SUBDIR, /* or lie somewhere in one */
	CAS_INIT_NO_SCM, /* without git */
};
/** Makes .dvc and .dvcignore in the folder `dir` as `dvc init` does. */
int cas_repo_init(const char *dir, enum cas_init how, struct err *e) MUST_CHECK;

/** The value of the last level that sets it, NULL if none does. */
const char *cas_repo_get(const struct cas_repo *r, const char *section, const char *key);
/** Sets (NULL: removes) a value at a level and saves that file. */
int cas_repo_set(struct cas_repo *r, enum cas_level level, const char *section, const char *key,
	const char *value, struct err *e) MUST_CHECK;
/**
 * The url of remote `name` (NULL: core.remote), made absolute where it is a path. `*resolved` is
 * the remote's name; both are added to emptied bufs. ERR_INPUT: no such remote, or none is the
 * default.
 */
int cas_repo_remote_url(const struct cas_repo *r, const char *name, struct buf *resolved,
	struct buf *url, struct err *e) MUST_CHECK;

/** root/`rel` into the emptied `b`; an absolute one as it is. */
void cas_repo_absolute(const struct cas_repo *r, const char *rel, struct buf *b);
/**
 * What a user typed, relative to the current folder, as a path relative to root, into the
 * emptied `b`.
 * ERR_INPUT when it is outside of the repository or inside .dvc.
 */
int cas_repo_relative(
	const struct cas_repo *r, const char *typed, struct buf *b, struct err *e) MUST_CHECK;

/** May data lie at the normalised path: below the root, not the root itself, in no reserved folder? */
bool cas_repo_is_data(const char *rel);
/** Is a part of the path .git, .hg or .dvc: nothing that data may lie in? */
bool cas_repo_is_reserved(const char *rel);

/*
 * Locks, DVC's own. The first is held for short changes of pointers, locks and cache; while a stage
 * runs it is let go, and the stage's paths are claimed in the second.
 */
struct lock;
/**
 * Takes .dvc/tmp/lock, waiting up to `timeout_ms` (-1: for ever). ERR_SYSTEM with the holder's
 * PID. lock_drop().
 */
struct lock *cas_repo_lock(const struct cas_repo *r, int timeout_ms, struct err *e) MUST_CHECK;

struct cas_claim;
/**
 * Registers paths (relative to root) that this process writes and reads in .dvc/tmp/rwlock, as DVC
 * does while it runs a stage. ERR_SYSTEM naming path, PID and command when a living process has one
 * of them (or a folder above or a path below it) for writing, or for reading what we write;
 * *is_busy (may be NULL) is then true, and a later call may succeed. `cmd` is what others see.
 */
struct cas_claim *cas_repo_claim(const struct cas_repo *r, const char *cmd,
	const char *const *writes, size_t n_writes, const char *const *reads, size_t n_reads,
	bool *is_busy, struct err *e) MUST_CHECK;
/**
 * Takes the paths off again; NULL is fine. 0, or -1 when the file could not be rewritten
 * (others then see a dead PID).
 */
int cas_repo_unclaim(struct cas_claim *c, struct err *e) MUST_CHECK;

#endif
