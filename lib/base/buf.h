/*
 * buf - growable bytes; slice - bytes that belong to somebody else.
 *
 * Invariants: `p` is never NULL and always NUL-terminated at p[len], so that a buf of text can be
 * passed where a C string is wanted. A buf keeps its first failure: the adding functions return
 * nothing, do nothing after a failure, and buf_check() tells at the end, so that loops stay clean.
 */
#ifndef CD4ML_BASE_BUF_H
#define CD4ML_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"

struct slice {
	const char *p;
	size_t len;
};

struct buf {
	char *p;
	size_t len;
	size_t cap; /* bytes allocated; 0: `p` is the shared empty string */
	bool failed; /* memory ran out: what is in it is incomplete */
};

extern char buf_empty[1]; /* never written: what `p` is before the first byte */
#define BUF_INIT               \
	{                      \
		.p = buf_empty \
	}

void buf_init(struct buf *b);
/** Frees the bytes; the buf is empty and usable again. Takes a zeroed one too. */
void buf_release(struct buf *b);
/** Empties it, keeps the memory, forgets a failure. */
void buf_reset(struct buf *b);
/** Makes room for `more` bytes behind `len`. Returns where they begin, or NULL after a failure. */
char *buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *p, size_t len);
void buf_add_char(struct buf *b, char c);
void buf_add_text(struct buf *b, const char *s);
void buf_add_slice(struct buf *b, struct slice s);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list ap);
/** Cuts it to `len` bytes, which must not be more than there are. */
void buf_truncate(struct buf *b, size_t len);
/** 0, or -1 and "out of memory" if any addition failed. */
int buf_check(const struct buf *b, struct err *e) MUST_CHECK;
/** Hands the bytes to the caller (free()), leaves an empty buf. NULL and `e` if an addition failed. */
char *buf_detach(struct buf *b, struct err *e) MUST_CHECK;

static inline struct slice slice_of(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){ b->p, b->len };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool slice_is(struct slice a, const char *s)
{
	return slice_eq(a, slice_of(s));
}

/** Order by bytes, the shorter first: <0, 0, >0. */
int slice_cmp(struct slice a, struct slice b);
bool slice_starts(struct slice a, const char *prefix);
bool slice_ends(struct slice a, const char *suffix);
/** Without blanks and tabs at both ends. */
struct slice slice_trim(struct slice a);
/**
 * Cuts the part before the next `sep` off `*rest` into `*part`; false when nothing is left. "a,,b"
 * gives "a", "", "b"; "" gives one empty part. `*rest` becomes {NULL, 0} after the last part.
 */
bool slice_cut(struct slice *rest, char sep, struct slice *part);

#endif
