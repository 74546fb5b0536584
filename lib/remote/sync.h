/*
 * sync - two sorted listings merged into what is sent, left alone, deleted.
 *
 * A million keys take flat memory: both sides are read as streams, and only the keys to be deleted
 * are kept. Deletion comes last, and never after a failed transfer or listing, or an empty source.
 */
#ifndef CD4ML_REMOTE_SYNC_H
#define CD4ML_REMOTE_SYNC_H

#include "base/output.h"
#include "base/progress.h"
#include "remote/store.h"

/**
 * Files whose key fits; the last rule that fits decides, none: included. "*" stands for "/"
 * too.
 */
struct remote_sync_rule {
	bool include;
	const char *pattern; /* * ? [a-z] and \ as in the shell */
};

/** Rules as they are given, one after the other. */
struct remote_sync_rules {
	struct remote_sync_rule items[64];
	size_t n;
};
/** `pattern` is borrowed. ERR_INPUT: too many. */
int remote_sync_add_rule(
	struct remote_sync_rules *r, bool include, const char *pattern, struct err *e) MUST_CHECK;

enum remote_sync_action {
	REMOTE_SYNC_SENT,
	REMOTE_SYNC_SAME,
	REMOTE_SYNC_DELETED,
	REMOTE_SYNC_FAILED,
};

struct remote_sync_options {
	const struct remote_sync_rule *rules; /* [n_rules], borrowed */
	size_t n_rules;
	bool checksum; /* equal are equal bytes; else size and time */
	bool size_only; /* equal are equal sizes */
	bool delete; /* remove from the destination what the source has not */
	int64_t max_delete; /* more than so many: none is removed, an error; -1: no limit */
	bool dry_run; /* change nothing, tell all */
	struct output *stream; /* where `to` "-" goes */
	const char *tmp_dir; /* where streams are kept meanwhile; NULL: /tmp */
	struct progress *progress; /* may be NULL */
	/**
	 * Tells of each file; `why` is "new", "size", "time", "content", or the failure; of what is left, what is
	 * the same. May be NULL.
	 */
	void (*each)(void *ctx, enum remote_sync_action action, const char *key, int64_t size,
		const char *why);
	void *ctx;
};

/** How a run is told to people and programs. */
struct remote_sync_print {
	struct output *out;
	struct diag *diag; /* failures of files are warnings here */
	bool json; /* a line for each file: {"action", "path", "size", "why"} */
	bool changes; /* a line for what is sent or deleted: action, path, size, why */
	bool same; /* and for what is left as it is */
};
/** The `each` of remote_sync_options, with a struct remote_sync_print as its context. */
void remote_sync_print(void *print, enum remote_sync_action action, const char *key, int64_t size,
	const char *why);

struct remote_sync_result {
	uint64_t n_sent, bytes_sent, n_same, n_deleted, n_failed;
};
/** What a run has done, as one line. */
void remote_sync_print_summary(
	struct output *out, const struct remote_sync_result *res, bool dry_run);

/**
 * Makes the tree at `to` like that at `from` (urls). A file as `from` is copied alone. `res`
 * is set.
 */
int remote_sync_run(const char *from, const char *to, const struct remote_sync_options *o,
	const struct remote_store_options *open, struct remote_sync_result *res,
	struct err *e) MUST_CHECK;

struct remote_sync_list_options {
	struct remote_store_options open; /* with the url */
	bool recursive; /* remove: the url is a folder */
	bool dry_run;
};
/**
 * Prints "size<tab>time (UTC)<tab>path" of each file below a folder, or of a file. ERR_INPUT:
 * nothing is there.
 */
int remote_sync_list(
	const struct remote_sync_list_options *o, struct output *out, struct err *e) MUST_CHECK;
/** Removes a file, or all below a folder; prints each path. ERR_INPUT: nothing is there. */
int remote_sync_remove(
	const struct remote_sync_list_options *o, struct output *out, struct err *e) MUST_CHECK;

/** Is the key among those that the rules let through? */
bool remote_sync_includes(const struct remote_sync_rule *rules, size_t n_rules, const char *key);

#endif
