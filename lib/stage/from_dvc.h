/*
 * from_dvc - a dvc.yaml as variables of a Makefile (mk/cd4ml.mk).
 */
#ifndef CD4ML_STAGE_FROM_DVC_H
#define CD4ML_STAGE_FROM_DVC_H

#include "base/diag.h"
#include "base/jdoc.h"

/**
 * Adds the stages of the document as variables, templates resolved (stage/template.h), files relative to
 * `dir`. What comes out otherwise than it was, or cannot be said in a Makefile, is a comment there and a
 * warning. A stage that cannot be said at all is left out. ERR_INPUT: it is no dvc.yaml.
 */
int stage_from_dvc(struct buf *b, const json_t *doc, const char *dir, struct diag *d,
	struct err *e) MUST_CHECK;

#endif
