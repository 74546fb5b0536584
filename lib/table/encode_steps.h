/*
 * encode_steps - the output of an encoder for one table: which columns, from where, and how they
 * are written.
 */
#ifndef CD4ML_TABLE_ENCODE_STEPS_H
#define CD4ML_TABLE_ENCODE_STEPS_H

#include "table/encode.h"

/** A number as it is written, in one place of the memory. */
struct table_text {
	char p[15];
	uint8_t len;
};

/** One group of output columns: what is made of one input column. */
struct table_step {
	const struct table_rule *rule; /* NULL: passes */
	size_t field; /* in the input */
	bool passive; /* passes, also where it is missing */
	struct slice fill; /* what is written for a missing value; {NULL, 0}: `absent` */
	struct slice absent; /* the same without a fill, if not the field itself */
	struct slice unknown; /* for a value that the fit did not see; not of SPLIT */
	struct slice zeros; /* of ONEHOT and SPLIT: ",0" for each value */
	struct table_text *texts; /* [values.n] of COUNT and MEAN */
	size_t width; /* bytes at most, besides those of the field */
};

struct table_steps {
	struct table_step *steps; /* [n] */
	size_t n;
	struct buf header; /* the line, with its end; empty for --no-header */
	size_t width; /* of all steps together, with delimiters and line end */
	struct arena texts;
	const struct csv_dialect *dialect;
	char delimiter;
};

/** Plans the output for a table. Refuses missing required columns and two columns of one name. */
int table_steps_plan(struct table_steps *s, const struct table_encoder *enc,
	const struct csv_table *in, const struct table_encode_options *o, struct err *e) MUST_CHECK;
void table_steps_release(struct table_steps *s);
/** The error of a value that is no date; -1. */
int table_steps_bad_date(
	const struct table_rule *r, const char *name, uint64_t line, struct slice v, struct err *e);
/** A note of the rows that were padded or skipped. */
void table_steps_say_ragged(const struct csv_table *in, const struct table_encode_options *o);

/** "00" to "99" */
extern const char table_two_digits[200];
enum { TABLE_DATE_WIDTH = 64 };
/** "2011,9,11"; returns its end. At most TABLE_DATE_WIDTH bytes. */
char *table_steps_put_date(
	char *w, const struct table_rule *r, const struct num_date *d, char delimiter);
/** A whole number; returns its end. At most 10 bytes. */
static inline char *table_steps_put_code(char *w, uint32_t code)
{
	size_t n = code < 10       ? 1
		   : code < 100    ? 2
		   : code < 1000   ? 3
		   : code < 10000  ? 4
		   : code < 100000 ? 5
				   : 6;
	char *end, *p;

	for (uint32_t rest = code / 1000000; rest; rest /= 10)
		n++;
	end = w + n;
	for (p = end; code >= 100; code /= 100) {
		p -= 2;
		memcpy(p, table_two_digits + code % 100 * 2, 2);
	}
	if (code >= 10)
		memcpy(w, table_two_digits + code * 2, 2);
	else
		*w = (char)('0' + code);
	return end;
}
/** A number in single precision, or nothing if it is not one. */
void table_text_of_number(struct table_text *t, double x);

static inline char *table_steps_put_text(char *w, const struct table_text *t)
{
	memcpy(w, t->p, sizeof(t->p));
	return w + t->len;
}

/** Copies a text; most are short, for which a call of memcpy is dear. */
static inline char *table_steps_put(char *w, struct slice s)
{
	if (s.len > 16) {
		memcpy(w, s.p, s.len);
	} else if (s.len >= 8) {
		memcpy(w, s.p, 8);
		memcpy(w + s.len - 8, s.p + s.len - 8, 8);
	} else if (s.len >= 4) {
		memcpy(w, s.p, 4);
		memcpy(w + s.len - 4, s.p + s.len - 4, 4);
	} else if (s.len > 0) {
		w[0] = s.p[0];
		w[s.len / 2] = s.p[s.len / 2];
		w[s.len - 1] = s.p[s.len - 1];
	}
	return w + s.len;
}

/** Of ONEHOT or SPLIT: sets the place of a value in zeros that are written already. */
static inline void table_steps_put_one(char *zeros, const struct table_step *step, uint32_t place)
{
	zeros[place * 2 + (step->rule->makes == TABLE_MAKES_SPLIT)] = '1';
}

/**
 * The group of a value that is not missing, of a rule that has values: its code among them, or
 * TABLE_DICT_NONE; of SPLIT none. `n_unknown` grows by one if there was nothing for the value, or
 * for one of its parts. Returns the end.
 */
char *table_steps_put_value(
	char *w, const struct table_step *step, struct slice v, uint32_t code, uint64_t *n_unknown);

#endif
