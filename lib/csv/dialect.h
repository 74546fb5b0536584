/*
 * dialect - how a table is written as text: RFC 4180, and what differs from it. Nothing is guessed.
 */
#ifndef CD4ML_CSV_DIALECT_H
#define CD4ML_CSV_DIALECT_H

#include <stdbool.h>

#include "base/opt.h"

/** What a row of another length than the header is. KEEP (no option says so) gives it as it is: for checks. */
enum csv_ragged { CSV_RAGGED_ERROR, CSV_RAGGED_PAD, CSV_RAGGED_SKIP, CSV_RAGGED_KEEP };

struct csv_dialect {
	const char *delimiter; /* one byte, or "\\t" */
	const char *quote; /* one byte, or "" for none */
	bool no_header; /* columns are then called 1, 2, 3, ... */
	int ragged; /* enum csv_ragged */
	struct opt_list na; /* texts that mean missing, besides the empty field */
};

#define CSV_DIALECT_DEFAULT                     \
	{                                       \
		.delimiter = ",", .quote = "\"" \
	}

/** The options --delimiter, --quote, --no-header, --ragged, --na of every tool that reads tables. */
#define CSV_DIALECT_OPTIONS(args_type, member)                                                     \
	OPT_HEADING("Dialect"),                                                                    \
		{ 'd', "delimiter", OPT_TEXT,                                                      \
			offsetof(args_type, member) + offsetof(struct csv_dialect, delimiter),     \
			"C", "column separator, one byte; \\t for a tab" },                        \
		{ 0, "quote", OPT_TEXT,                                                            \
			offsetof(args_type, member) + offsetof(struct csv_dialect, quote), "C",    \
			"quote, one byte; empty for none" },                                       \
		{ 0, "no-header", OPT_FLAG,                                                        \
			offsetof(args_type, member) + offsetof(struct csv_dialect, no_header),     \
			NULL, "the first row is data; columns are called 1, 2, ..." },             \
		{ 0, "ragged", OPT_CHOICE,                                                         \
			offsetof(args_type, member) + offsetof(struct csv_dialect, ragged),        \
			"error|pad|skip", "rows with too few or too many fields" },                \
	{                                                                                          \
		0, "na", OPT_LIST, offsetof(args_type, member) + offsetof(struct csv_dialect, na), \
			"TEXT,...", "texts that mean missing, besides the empty field"             \
	}

/** Refuses a delimiter or quote that is not one byte, or both the same, or a newline. */
int csv_dialect_check(const struct csv_dialect *d, struct err *e) MUST_CHECK;
/** The delimiter's byte; '\t' for "\\t". */
char csv_dialect_delimiter(const struct csv_dialect *d);
/** The quote's byte, 0 for none. */
char csv_dialect_quote(const struct csv_dialect *d);

#endif
