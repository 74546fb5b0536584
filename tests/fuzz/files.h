/*
 * files - for targets that work on files: a folder of the process's own.
 */
#ifndef CD4ML_TESTS_FUZZ_FILES_H
#define CD4ML_TESTS_FUZZ_FILES_H

#include <stdbool.h>
#include <unistd.h>

#include "base/output.h"
#include "base/path.h"
#include "fuzz.h"

static char files_folder[64];

static inline void files_remove(void)
{
	struct err e = ERR_INIT;

	if (path_remove_all(files_folder, &e))
		err_clear(&e);
}

/** The path of a file in the folder, in `b`. The folder is made by the first call and removed at the end. */
static inline const char *files_path(struct buf *b, const char *name)
{
	static bool is_made;
	struct err e = ERR_INIT;

	if (!is_made) {
		snprintf(files_folder, sizeof(files_folder), "%s/cd4ml-fuzz.XXXXXX",
			access("/dev/shm", W_OK) ? "/tmp"
						 : "/dev/shm"); /* syncing is slow on disk */
		MUST(mkdtemp(files_folder) && !atexit(files_remove));
		is_made = true;
	}
	path_join(b, files_folder, name);
	MUST(!buf_check(b, &e));
	return b->p;
}

/** Writes the file; its path, in `b`. */
static inline const char *files_write(struct buf *b, const char *name, struct slice text)
{
	struct err e = ERR_INIT;
	const char *path = files_path(b, name);

	MUST(!output_save(path, OUTPUT_PLAIN, text.p ? text : slice_of(""), &e));
	return path;
}

/** The text up to `end` with a NUL behind, in `b`, cut off `rest`; "" where nothing is left. */
static inline const char *files_cut(struct slice *rest, char end, struct buf *b)
{
	struct slice part = { "", 0 };
	struct err e = ERR_INIT;

	if (rest->p)
		slice_cut(rest, end, &part);
	buf_reset(b);
	if (part.len)
		buf_add(b, part.p, part.len);
	buf_add_char(b, '\0');
	MUST(!buf_check(b, &e));
	return b->p;
}

#endif
