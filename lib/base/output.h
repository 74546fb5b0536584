/*
 * output - a file that appears whole or not at all.
 *
 * It is written under a temporary name beside its place and renamed by output_close(); until then
 * nothing is seen. Writing keeps the first error, so that loops stay clean, and closing reports it.
 *
 *	struct output *out = output_open(path, OUTPUT_SYNC, e);
 *	if (!out)
 *		return -1;
 *	output_text(out, "0.5\n");
 *	return output_close(out, e);
 *
 * A device, a pipe or standard output ("-" or NULL) is written directly. On a signal,
 * output_remove_unfinished() unlinks what was not closed.
 */
#ifndef CD4ML_BASE_OUTPUT_H
#define CD4ML_BASE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct output;

enum output_flags {
	OUTPUT_PLAIN = 0,
	OUTPUT_SYNC = 1, /* state: synced before, and its folder after the rename */
	OUTPUT_KEEP_SAME = 2, /* leave the old file, and its time, if the new bytes are the same */
	OUTPUT_READ_ONLY = 4, /* mode 0444 instead of 0666 less umask */
};

/** Starts a file at `path` (its folder must exist); "-" or NULL is standard output. */
struct output *output_open(const char *path, unsigned flags, struct err *e) MUST_CHECK;
void output_write(struct output *o, const void *p, size_t len);
void output_text(struct output *o, const char *s);
void output_char(struct output *o, char c);
void output_slice(struct output *o, struct slice s);
void output_printf(struct output *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** Has a write failed? For loops that would run long in vain. */
bool output_failed(const struct output *o);
/**
 * Flushes what is buffered and gives the descriptor, for sendfile and the like: the caller must add
 * to the end only. -1 and `e` after a failure.
 */
int output_fd(struct output *o, struct err *e) MUST_CHECK;
/**
 * Writes what is buffered and gives descriptor and buffer back until the next write, which opens the
 * temporary file again: for who fills many files by turns. What is written directly stays open.
 */
void output_rest(struct output *o);
/** Finishes: flush, sync if asked, rename. Reports the first failure; then nothing new is there. Frees `o`. */
int output_close(struct output *o, struct err *e) MUST_CHECK;
/** Gives up: removes the temporary file, leaves what was there before. Frees `o`; NULL is fine. */
void output_abandon(struct output *o);
/** Writes a whole file in one call. */
int output_save(const char *path, unsigned flags, struct slice data, struct err *e) MUST_CHECK;

/** Unlinks all unfinished files; safe in a signal handler. base/tool calls it. */
void output_remove_unfinished(void);
/**
 * Adds a path of the caller's (a temporary file or an empty folder that is made without output_open) to
 * the list of output_remove_unfinished(), and takes it off again. The path is copied.
 * Returns a handle >= 0, or -1 when there is no memory: then only a signal leaves debris.
 */
int output_track(const char *path);
void output_untrack(int handle);

#endif
