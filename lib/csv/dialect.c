#include "csv/dialect.h"

#include <string.h>

static bool is_tab(const char *s)
{
	return strcmp(s, "\\t") == 0;
}

int csv_dialect_check(const struct csv_dialect *d, struct err *e)
{
	if (!d->delimiter || (strlen(d->delimiter) != 1 && !is_tab(d->delimiter)))
		return err_set(e, ERR_INPUT, "--delimiter '%s' is not one byte",
			d->delimiter ? d->delimiter : "");
	if (!d->quote || strlen(d->quote) > 1)
		return err_set(
			e, ERR_INPUT, "--quote '%s' is not one byte", d->quote ? d->quote : "");
	if (strchr("\r\n", *d->delimiter))
		return err_set(e, ERR_INPUT, "--delimiter cannot be a line end");
	if (*d->quote && strchr("\r\n", *d->quote))
		return err_set(e, ERR_INPUT, "--quote cannot be a line end");
	if (csv_dialect_delimiter(d) == csv_dialect_quote(d))
		return err_set(e, ERR_INPUT, "--delimiter and --quote are the same byte");
	return 0;
}

char csv_dialect_delimiter(const struct csv_dialect *d)
{
	return is_tab(d->delimiter) ? '\t' : d->delimiter[0];
}

char csv_dialect_quote(const struct csv_dialect *d)
{
	return d->quote[0];
}
