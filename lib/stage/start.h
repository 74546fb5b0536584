/*
 * start - the first files of a project: Makefile, params.yaml, .gitlab-ci.yml and its template, .gitignore.
 */
#ifndef CD4ML_STAGE_START_H
#define CD4ML_STAGE_START_H

#include "base/buf.h"

/**
 * Writes them into the current folder, from those in `mk_dir` (mk/), with `include` as the file to be
 * included; makes a git repository where there is none, and .dvc (stage/setup.h). Adds the names to `b`.
 * ERR_INPUT, and nothing is written, when one of the files is there already.
 */
int stage_start(const char *mk_dir, const char *include, struct buf *b, struct err *e) MUST_CHECK;

#endif
