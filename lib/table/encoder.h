/*
 * encoder - what is made of each column of a table, fitted to one table and applied to others
 * unchanged.
 *
 * Stored as JSON, the same bytes for the same data; readable, and meant to be kept beside the
 * model:
 *
 *	{
 *	  "format": "cd4ml-encoder",
 *	  "version": 2,
 *	  "missing": ["NA"],            texts that mean missing, besides the empty field
 *	  "others": "pass",             columns that are not listed: "pass" or "drop"
 *	  "columns": [                  in the order of the output
 *	    {"name": "id"},             passes as it is
 *	    {"name": "lyricist", "drop": true},
 *	    {"name": "bd", "type": "number", "fill": "0", "rename": "age"},
 *	    {"name": "start", "required": true, "date": "%Y%m%d", "parts": ["year", "weekday"]},
 *	    {"name": "artist", "type": "text", "required": true, "fill": "unknown",
 *	     "codes": {"order": "appearance", "unknown": 2, "values": [
 *	       "Abba",
 *	       {"bytes": "ff41"}        not UTF-8
 *	     ]}},
 *	    {"name": "artist", "required": true,
 *	     "count": {"values": [
 *	       ["Abba", 17]
 *	     ]}},
 *	    {"name": "artist", "required": true,
 *	     "target_mean": {"by": "target", "smooth": 20, "folds": 5, "seed": 0, "unknown": 0.5,
 *	      "values": [
 *	       ["Abba", 0.625]
 *	     ]}},
 *	    {"name": "city", "required": true,
 *	     "onehot": {"values": [
 *	       "13"
 *	     ]}},
 *	    {"name": "genre_ids", "required": true,
 *	     "split": {"separator": "|", "values": [
 *	       "465"
 *	     ]}}
 *	  ]
 *	}
 *
 * Each entry is one group of columns of the output; a column of the input may have several, each of
 * another kind. A value's code is its place in "values"; all values that are not there get the code
 * "unknown", which is their number. A value that has no count has 0; one that has no mean has
 * "unknown". "date" is a format, or "" for yyyymmdd, yyyy-mm-dd and yyyy/mm/dd; "parts" may be
 * missing: year, month, day. A table that lacks a "required" column is refused; one that lacks
 * another goes without it.
 *
 * Version 1 is the same without "parts", "count", "target_mean", "onehot" and "split". What needs
 * none of them is written as version 1.
 *
 * The mean of a value is drawn to the mean of all by as much as `smooth` rows weigh (D.
 * Micci-Barreca, "A Preprocessing Scheme for High-Cardinality Categorical Attributes in
 * Classification and Prediction Problems", SIGKDD Explorations 3 (2001), its equation 3 with
 * lambda(n) = n / (n + smooth), as in scikit-learn's TargetEncoder and category_encoders'
 * MEstimateEncoder):
 *
 *	(sum of the target in the rows of the value + smooth * mean of all) / (rows + smooth)
 */
#ifndef CD4ML_TABLE_ENCODER_H
#define CD4ML_TABLE_ENCODER_H

#include "csv/value.h"
#include "table/dict.h"

enum table_order { TABLE_ORDER_APPEARANCE, TABLE_ORDER_SORTED, TABLE_ORDER_FREQUENCY };

enum table_seen { TABLE_SEEN_NOTHING, TABLE_SEEN_NUMBER, TABLE_SEEN_TEXT };

#define TABLE_ENCODER_FORMAT "cd4ml-encoder"
enum { TABLE_ENCODER_VERSION = 2, TABLE_MAX_FOLDS = 100 };

/** What becomes of a column. The first three take its place; of the others it may have several. */
enum table_makes {
	TABLE_MAKES_ITSELF, /* or nothing: `drop` */
	TABLE_MAKES_DATE,
	TABLE_MAKES_CODES,
	TABLE_MAKES_COUNT,
	TABLE_MAKES_MEAN,
	TABLE_MAKES_ONEHOT,
	TABLE_MAKES_SPLIT,
};

/** Parts of a date, in the order of the output. */
enum table_date_part {
	TABLE_DATE_YEAR,
	TABLE_DATE_MONTH,
	TABLE_DATE_DAY,
	TABLE_DATE_WEEKDAY, /* 0 is Monday */
	TABLE_DATE_EPOCH_DAYS, /* since 1970-01-01 */
	TABLE_N_DATE_PARTS
};
enum { TABLE_DATE_DEFAULT = 7 }; /* a bit for each: year, month, day */

/** How the means of a target were made. */
struct table_mean {
	char *by; /* the target's column */
	double smooth; /* in rows */
	uint32_t folds; /* in which the data of the fit was cut */
	uint64_t seed; /* of the cut */
	double unknown; /* the mean of all rows, for values without one */
};

/** One group of columns of the output: what is made of one column of the input. */
struct table_rule {
	char *name;
	char *rename; /* NULL: keeps its name */
	enum table_seen seen; /* what its values were when it was fitted */
	bool required;
	bool drop;
	char *fill; /* in the place of a missing value; NULL: it stays missing */
	enum table_makes makes;
	char *date; /* the format, of DATE; else NULL */
	unsigned date_parts; /* a bit for each table_date_part */
	enum table_order order; /* of CODES */
	char *separator; /* of SPLIT; else NULL */
	struct table_mean mean; /* of MEAN */
	struct table_dict values; /* of all but ITSELF and DATE */
	double *numbers; /* [values.n] of COUNT and MEAN; else NULL */
};

struct table_encoder {
	struct table_rule *rules; /* [n_rules] */
	size_t n_rules, cap_rules;
	char **missing; /* [n_missing] */
	size_t n_missing, cap_missing;
	bool drop_others;
};

/** One without rules. */
struct table_encoder *table_encoder_new(struct err *e) MUST_CHECK;
void table_encoder_free(struct table_encoder *enc);
/** Adds a rule for the column, which passes so far; returns it, valid until the next is added. */
struct table_rule *table_encoder_add(
	struct table_encoder *enc, const char *name, struct err *e) MUST_CHECK;
/** Are the values of the rule's column looked up? */
static inline bool table_rule_has_values(const struct table_rule *r)
{
	return r->makes > TABLE_MAKES_DATE;
}
/** Does what it makes stand beside the column itself? */
static inline bool table_rule_is_beside(const struct table_rule *r)
{
	return r->makes > TABLE_MAKES_CODES;
}
/** The words of the stored form and of options, NULL behind them. */
extern const char *const table_order_names[];
extern const char *const table_date_part_names[];
/** The first rule of a column, NULL if there is none. */
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

/**
 * The next part of a value that is split; false behind the last one. Parts that are empty are left
 * out. `rest` is the value at first.
 */
bool table_rule_next_part(const struct table_rule *r, struct slice *rest, struct slice *part);

/** Reads a date by a rule's format. */
static inline bool table_rule_date(const struct table_rule *r, struct slice s, struct num_date *d)
{
	return csv_value_date(s, *r->date ? r->date : NULL, d);
}

#endif
