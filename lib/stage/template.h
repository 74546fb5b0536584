/*
 * template - DVC's templates in a dvc.yaml resolved: vars, ${...}, foreach, matrix.
 *
 *	foreach: [us, uk]            stages NAME@us, NAME@uk; ${item}
 *	foreach: {a: {x: 1}}         NAME@a; ${key}, ${item.x}
 *	matrix: {m: [rf], s: [1,2]}  NAME@rf-1, NAME@rf-2; ${item.m}, ${item.s}
 *
 * Names come from params.yaml, then `vars` (files, FILE:KEY,KEY, or values), then the stage's own `vars`. A
 * ${...} that stands for several values is refused, where DVC would make options of a command of it.
 */
#ifndef CD4ML_STAGE_TEMPLATE_H
#define CD4ML_STAGE_TEMPLATE_H

#include "base/jdoc.h"

/**
 * The stages of a document, resolved: {name: stage}, owned by the caller. A command's own \${VAR} stays
 * so. Files are read relative to `dir`. What cannot be resolved is ERR_INPUT; with `problems` (an
 * array, borrowed) it is added there as text, and its stage left out.
 */
json_t *stage_template_expand(
	const json_t *doc, const char *dir, json_t *problems, struct err *e) MUST_CHECK;

#endif
