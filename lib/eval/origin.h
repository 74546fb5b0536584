/*
 * origin - which model a measure is of: the hash of its file and the commit that is checked out.
 */
#ifndef CD4ML_EVAL_ORIGIN_H
#define CD4ML_EVAL_ORIGIN_H

#include "hash/md5.h"

struct eval_origin {
	const char *model; /* path as given, borrowed; NULL: not said */
	char model_hash[HASH_MD5_HEX + 1]; /* of its bytes, as DVC has it; "" without a model */
	struct buf commit; /* hex; empty outside of a repository of git, or without git */
};

/** Hashes the file `model` (NULL: none), and asks git about the folder that `baseline` lies in. */
int eval_origin_find(
	struct eval_origin *o, const char *model, const char *baseline, struct err *e) MUST_CHECK;
void eval_origin_release(struct eval_origin *o);

#endif
