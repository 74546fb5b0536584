/*
 * fresh - a file that has no name until it is whole.
 *
 * Where the file system can, it has none at all (O_TMPFILE) and is linked to its place, so that
 * even a kill leaves nothing behind. Elsewhere it lies in a folder under ".cd4ml-PID-N.tmp" and is
 * renamed. What has to replace a file goes by a name in `spare_dir` (.dvc/tmp) and a rename.
 */
#ifndef CD4ML_BASE_FRESH_H
#define CD4ML_BASE_FRESH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"

/** What the files of one cache share. Any thread. */
struct fresh_place {
	char *spare_dir; /* owned by whoever made it */
	atomic_int nameless; /* 0 not tried yet, 1 works, -1 does not */
	atomic_uint n_names;
};

struct fresh {
	int fd;
	struct buf name; /* its temporary path, empty if nameless */
	int handle; /* of output_track() */
};

#define FRESH_INIT                                       \
	{                                                \
		.fd = -1, .name = BUF_INIT, .handle = -1 \
	}

/**
 * Opens one that will be published somewhere below `dir`'s file system. For writing and
 * reading.
 */
int fresh_open(struct fresh_place *p, const char *dir, mode_t mode, struct fresh *f,
	struct err *e) MUST_CHECK;
/**
 * Gives it the name `path`, where nothing is, closes it, and tells its stat. 1; 0 if something is
 * there (then it is given up); -1.
 */
int fresh_publish(struct fresh *f, const char *path, struct stat *st, struct err *e) MUST_CHECK;
/** The same in place of whatever file is there, at once. 0 or -1. */
int fresh_replace(struct fresh_place *p, struct fresh *f, const char *path, struct stat *st,
	struct err *e) MUST_CHECK;
/** Sets its time, in nanoseconds since 1970; 0: leaves it at now. */
int fresh_set_time(struct fresh *f, int64_t mtime_ns, struct err *e) MUST_CHECK;
/** Gives it up. Takes one that was published or never opened. */
void fresh_abandon(struct fresh *f);

/** Makes the hard or symbolic link `path` to `target`, in place of a file that may be there. */
int fresh_link(struct fresh_place *p, const char *target, const char *path, bool symbolic,
	struct err *e) MUST_CHECK;
/** Removes from a folder the temporary files of processes that died more than a day ago. */
void fresh_sweep(const char *dir);

#endif
