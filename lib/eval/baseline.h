/*
 * baseline - what the next model must beat, in two files.
 *
 * FILE.txt holds one number and nothing else; a person may edit it. FILE.json beside it says where
 * the number comes from:
 *
 *	{ "metric": "accuracy", "value": 0.7123, "previous": 0.5, "direction": "higher",
 *	  "test_hash": "...", "model": "models/model.json", "model_hash": "...", "commit": "..." }
 *
 * It counts only while its value is the number in FILE.txt: after an edit by hand, or a crash between
 * the two renames, the number stands alone.
 */
#ifndef CD4ML_EVAL_BASELINE_H
#define CD4ML_EVAL_BASELINE_H

#include "base/jdoc.h"

enum eval_direction { EVAL_AUTO, EVAL_HIGHER, EVAL_LOWER };

struct eval_baseline {
	double value;
	bool is_recorded; /* FILE.json agrees: the rest is known, NULL where it says nothing */
	char *metric, *test_hash, *model_hash;
	int direction; /* enum eval_direction */
};

#define EVAL_BASELINE_INIT \
	{                  \
		0          \
	}

/** Reads FILE.txt, and FILE.json if there is one. eval_baseline_release() in any case. */
int eval_baseline_load(struct eval_baseline *b, const char *path, struct err *e) MUST_CHECK;
/** The number in FILE.txt's text, blanks and line ends around it. */
int eval_baseline_parse(
	struct slice text, const char *name, double *value, struct err *e) MUST_CHECK;
/** Takes what FILE.json says, if its value is b->value. -1 and ERR_INPUT if it is not such a document. */
int eval_baseline_parse_record(
	struct eval_baseline *b, json_t *doc, const char *name, struct err *e) MUST_CHECK;
void eval_baseline_release(struct eval_baseline *b);
/** Both files are written, then FILE.json and FILE.txt take their names. `record` NULL: FILE.txt alone. */
int eval_baseline_save(
	const char *path, double value, const json_t *record, struct err *e) MUST_CHECK;

#endif
