/*
 * encoder - what is done to each column of a table, fitted to one table and applied to others
 * unchanged.
 *
 * Stored as JSON, the same bytes for the same data; readable, and meant to be kept beside the
 * model:
 *
 *	{
 *	  "format": "cd4ml-encoder",
 *	  "version": 1,
 *	  "missing": ["NA"],            texts that mean missing, besides the empty field
 *	  "others": "pass",             columns that are not listed: "pass" or "drop"
 *	  "columns": [                  in the order of the output
 *	    {"name": "id"},             passes as it is
 *	    {"name": "lyricist", "drop": true},
 *	    {"name": "bd", "type": "number", "fill": "0", "rename": "age"},
 *	    {"name": "start", "type": "number", "required": true, "date": "%Y%m%d"},
 *	    {"name": "artist", "type": "text", "required": true, "fill": "unknown",
 *	     "codes": {"order": "appearance", "unknown": 2, "values": [
 *	       "Abba",
 *	       {"bytes": "ff41"}        not UTF-8
 *	     ]}}
 *	  ]
 *	}
 *
 * A value's code is its place in "values"; all values that are not there get the code "unknown",
 * which is their number. "date" is a format, or "" for yyyymmdd, yyyy-mm-dd and yyyy/mm/dd. A
 * table that lacks a "required" column is refused; one that lacks another goes without it.
 */
#ifndef CD4ML_TABLE_ENCODER_H
#define CD4ML_TABLE_ENCODER_H

#include "csv/value.h"
#include "table/dict.h"

enum table_order { TABLE_ORDER_APPEARANCE, TABLE_ORDER_SORTED, TABLE_ORDER_FREQUENCY };

enum table_seen { TABLE_SEEN_NOTHING, TABLE_SEEN_NUMBER, TABLE_SEEN_TEXT };

/** What happens to one column. */
struct table_rule {
	char *name;
	char *rename; /* NULL: keeps its name */
	enum table_seen seen; /* what its values were when it was fitted */
	bool required;
	bool drop;
	char *fill; /* in the place of a missing value; NULL: it stays missing */
	char *date; /* NULL: not a date; else the format */
	bool coded;
	enum table_order order;
	struct table_dict codes;
};

struct table_encoder {
	struct table_rule *rules; /* [n_rules] */
	size_t n_rules, cap_rules;
	char **missing; /* [n_missing] */
	size_t n_missing, cap_missing;
	bool drop_others;
};

struct table_encoder *table_encoder_new(struct err *e) MUST_CHECK;
void table_encoder_free(struct table_encoder *enc);
/**
 * Adds a rule for the column; returns it, valid until the next is added. A second one is refused.
 */
struct table_rule *table_encoder_add(
	struct table_encoder *enc, const char *name, struct err *e) MUST_CHECK;
/** The rule of a column, NULL if there is none. */
struct table_rule *table_encoder_find(const struct table_encoder *enc, const char *name);
int table_encoder_add_missing(
	struct table_encoder *enc, const char *text, struct err *e) MUST_CHECK;

/** Reads a stored encoder; what is not as above is an error that names the place. */
struct table_encoder *table_encoder_load(const char *path, struct err *e) MUST_CHECK;
/** The same from a text; `name` is for messages. */
struct table_encoder *table_encoder_parse(
	struct slice text, const char *name, struct err *e) MUST_CHECK;
/** Writes it, whole or not at all. `flags` as for output_open(). */
int table_encoder_save(const struct table_encoder *enc, const char *path, unsigned flags,
	struct err *e) MUST_CHECK;
int table_encoder_format(const struct table_encoder *enc, struct buf *b, struct err *e) MUST_CHECK;

/** Reads a date by a rule's format. */
static inline bool table_rule_date(const struct table_rule *r, struct slice s, struct num_date *d)
{
	return csv_value_date(s, *r->date ? r->date : NULL, d);
}

#endif
