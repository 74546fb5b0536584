/*
 * gate - lets only a better model through.
 *
 * Better means: on the right side of the baseline, not equal to it, and at least `min_delta` away. A
 * metric of another name than the baseline's is an error. A test set of another hash than the
 * baseline's is refused: a changed test set can make any model look better. With predictions of
 * both models on the same rows the gain must also be more than noise (eval/paired).
 */
#ifndef CD4ML_EVAL_GATE_H
#define CD4ML_EVAL_GATE_H

#include "eval/baseline.h"
#include "eval/origin.h"
#include "eval/paired.h"
#include "eval/report.h"

struct eval_gate_rule {
	const char *metric; /* "accuracy", or a path "final.valid.auc" */
	double min_delta;
	int direction; /* EVAL_AUTO: the baseline's, else by the metric's name */
	bool allow_new_test;
	double confidence; /* of a paired test; ignored without one */
};

enum eval_verdict {
	EVAL_BETTER,
	EVAL_TOO_LITTLE, /* better, but by less than min_delta */
	EVAL_NOISE, /* better, but both models could as well be equally good */
	EVAL_SAME,
	EVAL_WORSE,
	EVAL_NEW_TEST, /* measured on another test set: not compared */
};

struct eval_gate_result {
	enum eval_verdict verdict;
	double value, baseline;
	double gain; /* by how much it is better; negative: worse */
	int direction; /* EVAL_HIGHER or EVAL_LOWER */
	double p; /* of the paired test, NAN without one */
	const char *test_hash; /* borrowed from the metrics, NULL if they have none */
};

/**
 * Takes the value of the released model on the present test set in place of the stored one: `other` are its
 * metrics. ERR_INPUT if they have not the test set of `metrics`.
 */
int eval_gate_replace(struct eval_baseline *b, json_t *metrics, json_t *other, const char *metric,
	const char *other_name, struct err *e) MUST_CHECK;
/**
 * Judges. `name` is the metrics file's, for messages. With `paired` (NULL: without) the released model's value is
 * taken from there, and a gain must be more than noise. ERR_INPUT: no such metric, or not comparable.
 */
int eval_gate_judge(json_t *metrics, const char *name, const struct eval_baseline *b,
	const struct eval_gate_rule *rule, const struct eval_paired *paired,
	struct eval_gate_result *r, struct err *e) MUST_CHECK;

/** The verdict in a sentence for people, without a newline; for a value that is the same, whether the model is. */
void eval_gate_format(struct buf *b, const struct eval_gate_rule *rule,
	const struct eval_gate_result *r, const struct eval_baseline *baseline,
	const struct eval_origin *origin);
/** A report with the one finding. */
int eval_gate_report(struct eval_report *report, const struct eval_gate_rule *rule,
	const struct eval_gate_result *r, const char *sentence, struct err *e) MUST_CHECK;
/** The verdict for programs; owned by the caller. NULL when memory is out. */
json_t *eval_gate_json(const struct eval_gate_rule *rule, const struct eval_gate_result *r,
	bool is_stored, struct err *e) MUST_CHECK;
/** The document that eval_baseline_save() stores; owned by the caller. NULL when memory is out. */
json_t *eval_gate_record(const struct eval_gate_rule *rule, const struct eval_gate_result *r,
	const struct eval_origin *origin, struct err *e) MUST_CHECK;

#endif
