/*
 * err - what went wrong, where, and what to do about it.
 *
 * A library function that can fail returns 0 or -1 (or a pointer or NULL) and fills the `struct err`
 * that is its last parameter. Nothing is printed below `main`: base/tool prints the message as
 *
 *	tool: place: what is wrong; what to do
 *
 * and turns the code into the exit status. Control characters in a message are escaped on the way
 * in, so that nothing from data reaches a terminal unescaped. A message that is too long is cut.
 */
#ifndef CD4ML_BASE_ERR_H
#define CD4ML_BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>

/** The compiler refuses a call whose result is ignored. */
#define MUST_CHECK __attribute__((warn_unused_result))
/** The compiler checks the arguments of a printf-like function. */
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/** The codes are the exit statuses of every tool. */
enum err_code {
	ERR_NONE = 0,
	ERR_INPUT = 2, /* the same command will fail again: bad option, bad or missing input */
	ERR_SYSTEM = 3, /* it may pass next time: disk, network, memory, a lock that is held */
};

struct err {
	enum err_code code;
	char place[512]; /* "file:line", or "file:line: inner place" */
	char what[1024];
	char hint[512];
};

#define ERR_INIT                 \
	{                        \
		.code = ERR_NONE \
	}

/** Says what is wrong; clears place and hint. Always returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** The same with the arguments in a list. */
int err_vset(struct err *e, enum err_code code, const char *fmt, va_list ap);

/**
 * Says what is wrong and adds errno's text: "cannot open: No such file or directory". The code is
 * ERR_INPUT where the caller named something wrong (ENOENT, ENOTDIR, EISDIR, EACCES, EPERM, ELOOP,
 * ENAMETOOLONG, EINVAL), else ERR_SYSTEM. Always returns -1.
 */
int err_errno(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** "out of memory". Always returns -1. */
int err_nomem(struct err *e);

/** Puts the place before what is there already: the outermost caller's place comes first. Returns -1. */
int err_at(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Sets the advice, without the leading "; ". Returns -1. */
int err_hint(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Forgets the error. */
void err_clear(struct err *e);

/** Writes "place: what; hint" into `out` (cut at `cap`, always terminated). Returns the length written. */
size_t err_format(const struct err *e, char *out, size_t cap);

/**
 * Appends to the string in `out` (of `cap` bytes) the text `s` with control characters, DEL and
 * malformed UTF-8 as \n, \t, \x1b ... Cut at a whole character. Returns the new length.
 */
size_t err_escape(char *out, size_t cap, const char *s);

#endif
