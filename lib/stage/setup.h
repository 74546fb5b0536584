/*
 * setup - makes a project ready for data: .dvc, and the remote that the Makefile names.
 */
#ifndef CD4ML_STAGE_SETUP_H
#define CD4ML_STAGE_SETUP_H

#include <stdbool.h>

#include "base/err.h"

/** Is there a .dvc in the current folder or above? */
bool stage_setup_is_done(void);
/**
 * Makes .dvc where there is none (at the root of the git work tree, or here without git), and sets
 * the default remote to `url`: s3://..., file:///..., or a path. Empty or NULL: a folder inside
 * .dvc, if no remote is set yet. `local` sets it in config.local, which is not in git. Nothing is
 * written that is so already. `merge` has git merge dvc.lock by stage-run (stage/merge.h) from now
 * on.
 */
int stage_setup(const char *url, bool local, bool merge, struct err *e) MUST_CHECK;

#endif
