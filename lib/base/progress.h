/*
 * progress - a bar with rate and ETA on a terminal, for work that is long.
 *
 * Drawn at most ten times a second and only after the first second. All calls take NULL. Adding is an
 * atomic addition: any thread may.
 */
#ifndef CD4ML_BASE_PROGRESS_H
#define CD4ML_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress;

/** Draws on descriptor `fd`. NULL when memory is out: then there is no bar. */
struct progress *progress_new(int fd);
void progress_free(struct progress *p);
/** Begins a piece of work of `total` units (0: not known), bytes or things called `unit`. Ends the piece before. */
void progress_start(struct progress *p, const char *title, uint64_t total, const char *unit);
#define PROGRESS_BYTES ((const char *)0)
/** `n` more units of the piece are done. Any thread. */
void progress_add(struct progress *p, uint64_t n);
/**
 * Things are counted beside the units: `n` of them are to come (0: not known), called `what` ("files"). Where the
 * units' total is not known, theirs tells how long it takes. For the piece that was begun last.
 */
void progress_expect(struct progress *p, uint64_t n, const char *what);
/** One of these is done. Any thread. */
void progress_tick(struct progress *p);
/** Shows a short text behind the bar ("auc 0.7441"). One thread. */
void progress_note(struct progress *p, const char *text);
/** Wipes the bar, before a message is printed and at the end. */
void progress_clear(struct progress *p);

#endif
