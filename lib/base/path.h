/*
 * path - names of files as text, and the few folder operations that all modules share.
 */
#ifndef CD4ML_BASE_PATH_H
#define CD4ML_BASE_PATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

/** Appends "/" (where needed) and `name` to the path in `b`; an absolute name replaces it. */
void path_append(struct buf *b, const char *name);
/** dir/name, or name alone if dir is "" or "." or name is absolute. Added to `b`, which is first emptied. */
void path_join(struct buf *b, const char *dir, const char *name);
/** Removes "//", "/./", "a/../" and a trailing "/" as text; "" becomes ".". Symbolic links are not asked. */
void path_normalise(struct buf *b);
/** Is the normalised relative path `p` free of a leading "..", and not absolute: does it stay below? */
bool path_stays_below(const char *p);
/** The part behind the last "/". */
const char *path_base(const char *p);
/** The part before the last "/", "." if there is none, "/" for the root. Added to the emptied `b`. */
void path_dir(struct buf *b, const char *p);
/** The relative path from the folder `from` to `to`, both normalised and absolute. Into the emptied `b`. */
void path_relative(struct buf *b, const char *from, const char *to);
/** The absolute, normalised form of `p`, against the current folder; links are not resolved. */
int path_absolute(struct buf *b, const char *p, struct err *e) MUST_CHECK;
/** Makes the folder and those above it; what is there already is fine. */
int path_make_dirs(const char *dir, struct err *e) MUST_CHECK;
/** Makes the folders above the file `p`. */
int path_make_parents(const char *p, struct err *e) MUST_CHECK;
/** Removes a file, or a folder with all below it; links are removed, not followed. Nothing there is fine. */
int path_remove_all(const char *p, struct err *e) MUST_CHECK;
/**
 * Fails (ERR_INPUT, told at `rel`) if a folder of the relative path `rel` is a symbolic link: what is written there would
 * lie elsewhere than below `root`. The last part may be one, and what does not exist is fine.
 */
int path_check_links(const char *root, const char *rel, struct err *e) MUST_CHECK;
bool path_exists(const char *p);
bool path_is_dir(const char *p);

#endif
