/*
 * share - a table of which each process reads a share: columns, types and texts as if one had read all.
 *
 * The files are dealt in their order, so that the rows of the processes, one after another, are those of the whole. A
 * column that is text in one share is text in all; texts have the codes of their first appearance in the whole.
 */
#ifndef CD4ML_TREE_SHARE_H
#define CD4ML_TREE_SHARE_H

#include "tree/dataset.h"

/** Fills d->table with this process's share of the files, and d->texts. There must be a file for each process. */
int tree_share_load(struct tree_dataset *d, const struct table_options *o, const char *const *files,
	size_t n_files, const struct tree_io *io, struct err *e) MUST_CHECK;

/** ERR_INPUT if rows of a group are in the shares of two processes. `column` is that of the groups. */
int tree_share_check_groups(const struct tree_dataset *d, const char *column, struct tree_comm *c,
	struct err *e) MUST_CHECK;

#endif
