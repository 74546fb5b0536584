/*
 * value - what the text of a field means: missing, a number, a date.
 *
 * All take the value as csv_field_value() gives it: without quotes.
 */
#ifndef CD4ML_CSV_VALUE_H
#define CD4ML_CSV_VALUE_H

#include "base/num.h"
#include "csv/dialect.h"

/** Is it empty, or one of the dialect's --na texts? */
bool csv_value_is_missing(const struct csv_dialect *d, struct slice v);
/** A decimal number, correctly rounded; nan and inf are text. False for all else, blanks included. */
bool csv_value_number(struct slice v, double *x);
/**
 * A date that exists. `format` NULL: yyyymmdd, yyyy-mm-dd, yyyy/mm/dd (num_parse_date). Else a text with %Y
 * (4 digits), %m, %d (1 or 2 digits), %y (2 digits: 69 to 99 are 19xx, as in POSIX), %b (Jan),
 * %H %M %S (1 or 2 digits, left out of the date), %% and other bytes that stand for themselves; what
 * lies behind its end is an error.
 */
bool csv_value_date(struct slice v, const char *format, struct num_date *date);
/** Refuses a format with other directives, or without year, month or day. */
int csv_value_check_format(const char *format, struct err *e) MUST_CHECK;

#endif
