/*
 * declare - from a Makefile's words to dvc.yaml.
 *
 * What starts with STAGE_OUR_HEADER was written from a Makefile: all stages in it are the
 * Makefile's. In another dvc.yaml the stages of others are kept.
 */
#ifndef CD4ML_STAGE_DECLARE_H
#define CD4ML_STAGE_DECLARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/jdoc.h"

#define STAGE_OUR_HEADER "# Written from the Makefile by cd4ml.mk: change it there.\n"

/**
 * A declaration in words, as the fragment gives them:
 *	stage=NAME cmd=TEXT wdir=PATH deps=WORDS outs=WORDS outs_no_cache=WORDS outs_persist=WORDS
 *	metrics=WORDS plots=WORDS params=WORDS ci=GROUP desc=TEXT always=1 frozen=1
 * each belonging to the stage= before it. In TEXT \n is a line break, \q is ', \\ is \. Words are separated by
 * blanks; params are KEY of params.yaml, FILE:KEY, or FILE: for all of it. Metrics are not cached (they go to
 * git), outs and plots are. Besides, anywhere:
 *	variable=NAME_X   one that is set and is none of these: refused if it is nearly one
 *	knob=CD4ML_X      the same for knobs=LIST
 *	makefile=FILE     is looked through for the line that an error is about
 * Returns the `stages` of a dvc.yaml, owned by the caller.
 */
json_t *stage_declare_parse(char **words, size_t n, struct err *e) MUST_CHECK;
/**
 * Merges declared stages into the dvc.yaml at `path` and gives the whole new document. When `dry`
 * is false it is written, unless that would change nothing.
 */
json_t *stage_declare_save(
	const char *path, json_t *stages, bool dry, struct diag *d, struct err *e) MUST_CHECK;
/** Marks a dvc.yaml as written from the Makefile, which it is from then on: what the Makefile lacks then goes. */
int stage_declare_take_over(const char *path, struct err *e) MUST_CHECK;

#endif
