/*
 * encode_steps - the output of an encoder for one table: which columns, from where, and how they
 * are written.
 */
#ifndef CD4ML_TABLE_ENCODE_STEPS_H
#define CD4ML_TABLE_ENCODE_STEPS_H

#include "table/encode.h"

/** One group of output columns: what is made of one input column. */
struct table_step {
	const struct table_rule *rule; /* NULL: passes */
	size_t field; /* in the input */
	bool passive; /* no fill, date or codes */
	struct slice fill; /* as it is written; {NULL, 0}: the missing stay so */
};

struct table_steps {
	struct table_step *steps; /* [n] */
	size_t n;
	struct buf header; /* the line, with its end; empty for --no-header */
	size_t fill_bytes; /* of all fills together */
	struct arena texts;
	const struct csv_dialect *dialect;
	char delimiter;
	char no_date[2]; /* three empty fields */
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
/** "2011,9,11"; returns its end. At most 24 bytes. */
char *table_steps_put_date(char *w, const struct num_date *d, char delimiter);
/** A whole number; returns its end. At most 12 bytes. */
char *table_steps_put_code(char *w, uint32_t code);

#endif
