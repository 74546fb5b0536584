/*
 * ignore - gitignore(5) rules: .dvcignore for what is looked at, .gitignore for what git must
 * not see.
 *
 * Rules of deeper folders win over those above, later lines over earlier ones. A folder that is
 * ignored is not entered, so nothing below it can be brought back.
 */
#ifndef CD4ML_CAS_IGNORE_H
#define CD4ML_CAS_IGNORE_H

#include <stdbool.h>

#include "cas/repo.h"

/** The rules of one folder's file, and by its parent of all above. */
struct cas_ignore;

/**
 * Whose rules they are. DVC's differ in three things from git's: blanks at both ends of a line do
 * not count, "x/" followed by two stars is also the folder x itself, and "?" and "[...]" are a
 * character, not a byte.
 */
enum cas_ignore_kind { CAS_IGNORE_DVC, CAS_IGNORE_GIT };

/**
 * Rules from text; `dir` is the folder they are relative to (relative to root, "." for root).
 * `parent` may be NULL and is borrowed.
 */
struct cas_ignore *cas_ignore_parse(struct slice text, enum cas_ignore_kind kind, const char *dir,
	const struct cas_ignore *parent, struct err *e) MUST_CHECK;
/** Reads .dvcignore or .gitignore of `dir`, which may be missing. */
struct cas_ignore *cas_ignore_load(const struct cas_repo *r, const char *dir,
	enum cas_ignore_kind kind, const struct cas_ignore *parent, struct err *e) MUST_CHECK;
/** Frees these rules, not the parent's; NULL is fine. */
void cas_ignore_free(struct cas_ignore *ig);
/** Frees these rules and all parents'. */
void cas_ignore_free_all(struct cas_ignore *ig);
/**
 * Rules in root and every folder down to `dir`. cas_ignore_free_all(). NULL and no error is never
 * returned.
 */
struct cas_ignore *cas_ignore_load_down(const struct cas_repo *r, const char *dir,
	enum cas_ignore_kind kind, struct err *e) MUST_CHECK;
/** Is there no rule at all, here and above? NULL has none. */
bool cas_ignore_is_empty(const struct cas_ignore *ig);
/**
 * Is the path (relative to root, below the rules' folder) ignored? Its folders are taken as
 * not ignored.
 */
bool cas_ignore_has(const struct cas_ignore *ig, const char *path, bool is_dir);
/** The same asked for the path and every folder above it. */
bool cas_ignore_has_above(const struct cas_ignore *ig, const char *path, bool is_dir);

/**
 * Makes git ignore the output `path`: adds "/name" to the .gitignore beside it, unless a rule there
 * or above covers it. Nothing when there is no git. `*changed` (may be NULL) tells if a file was
 * written. ERR_INPUT for a name with a line break.
 */
int cas_ignore_add_git(
	const struct cas_repo *r, const char *path, bool *changed, struct err *e) MUST_CHECK;
/** Takes the line away again; the file too if nothing is left in it. */
int cas_ignore_remove_git(
	const struct cas_repo *r, const char *path, bool *changed, struct err *e) MUST_CHECK;

#endif
