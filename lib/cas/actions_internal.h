/*
 * actions_internal - what the files of cas/actions share. Nobody else includes it.
 */
#ifndef CD4ML_CAS_ACTIONS_INTERNAL_H
#define CD4ML_CAS_ACTIONS_INTERNAL_H

#include <jansson.h>

#include "cas/actions.h"
#include "cas/refs.h"

/* As long as a short command of another process may take. */
enum { CAS_ACTIONS_LOCK_MS = 30000 };

/** All refs of the workspace, and which of them the targets name. */
struct cas_actions_selection {
	struct cas_refs refs;
	bool *wanted; /* [refs.n] */
};

/** cas_actions_release() in both cases. */
int cas_actions_choose(
	const struct cas_actions *a, struct cas_actions_selection *s, struct err *e) MUST_CHECK;
void cas_actions_release(struct cas_actions_selection *s);
/** A path as text for a terminal: control characters escaped. */
void cas_actions_print_path(struct output *out, const char *path);
int cas_actions_print_json(struct output *out, const json_t *v, struct err *e) MUST_CHECK;

#endif
