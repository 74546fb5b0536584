/*
 * journal - the trees of a forest that is not finished: a file to which each is appended as it is done.
 *
 * A forest at full size is gigabytes, so that a checkpoint of all trees so far, again and again, would cost more than
 * the trees themselves. The journal has a line that says what it is, then the text of the run (see tree/resume.h), then a
 * record for each tree: its splits and sets, and a checksum. What a killed process or a full disk left of a
 * record is cut off when the journal is opened again. A tree's leaves are not in it: they are made of the table anew,
 * see tree_grower_take(). The file is for the machine that wrote it: numbers are as in its memory.
 */
#ifndef CD4ML_TREE_JOURNAL_H
#define CD4ML_TREE_JOURNAL_H

#include "tree/model.h"

/** What a journal begins with. */
#define TREE_JOURNAL_MAGIC "cd4ml: trees of a forest that is not finished, 1\n"

struct tree_journal;

/**
 * Opens the journal at `path`. tree_journal_close().
 *   run     what it must be of
 *   writes  makes it if it is not there, and takes a lock; false: for processes that only read what is there
 * ERR_INPUT if it is of another run, with what differs.
 */
struct tree_journal *tree_journal_open(
	const char *path, const char *run, bool writes, struct err *e) MUST_CHECK;
/** The trees that were there, without statistics; valid until it is closed. */
const struct tree *tree_journal_trees(const struct tree_journal *j, size_t *n);
/** Appends a tree; `sync`: and waits until the disk has all of them. */
int tree_journal_add(
	struct tree_journal *j, const struct tree *t, bool sync, struct err *e) MUST_CHECK;
/** NULL is fine. */
void tree_journal_close(struct tree_journal *j);

/* ---- its bytes ------------------------------------------------------------------------------------------- */

/** Trees whose arrays are in a journal's bytes; `trees` is the caller's. */
struct tree_journal_list {
	struct tree *trees;
	size_t n, cap;
	size_t end; /* of the last one in the bytes */
};
/** Lists the trees that are whole. `all` begins at a multiple of 8. */
int tree_journal_parse(
	struct slice all, const char *run, struct tree_journal_list *l, struct err *e) MUST_CHECK;
/** Appends what comes before the trees; a tree. */
void tree_journal_format_head(const char *run, struct buf *b);
void tree_journal_format(const struct tree *t, size_t number, struct buf *b);

#endif
