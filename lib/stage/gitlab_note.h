/*
 * gitlab_note - a note on a merge request of GitLab's, written once and then updated in place.
 *
 * GitLab's notes API (docs.gitlab.com/api/notes). The note is found again by its first line, which is a comment
 * in Markdown. A job's own token may not write notes: it takes one with the scope `api`.
 */
#ifndef CD4ML_STAGE_GITLAB_NOTE_H
#define CD4ML_STAGE_GITLAB_NOTE_H

#include "base/buf.h"
#include "base/diag.h"

struct stage_gitlab_note {
	const char *api; /* https://gitlab.example.com/api/v4 */
	const char *project; /* its number, or encoded path */
	const char *request; /* number of the merge request in the project */
	const char *token;
	const char *ca_bundle; /* NULL: the system's */
	const char *marker; /* tells this note from others: letters, digits, - and _ */
	struct diag *diag;
};

/**
 * Writes `text` (Markdown) as the note. 1 an earlier one was updated, 0 it is new, -1: ERR_INPUT when GitLab
 * refuses token or merge request, ERR_SYSTEM when it cannot be reached.
 */
int stage_gitlab_note_put(
	const struct stage_gitlab_note *n, struct slice text, struct err *e) MUST_CHECK;

#endif
