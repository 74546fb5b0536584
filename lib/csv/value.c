#include "csv/value.h"

#include <string.h>

bool csv_value_is_missing(const struct csv_dialect *d, struct slice v)
{
	if (v.len == 0)
		return true;
	for (size_t i = 0; i < d->na.n; i++)
		if (slice_is(v, d->na.items[i]))
			return true;
	return false;
}

bool csv_value_number(struct slice v, double *x)
{
	return num_parse_double(v, false, x);
}

/* Takes `least` to `most` digits off the front. */
static bool take_digits(struct slice *v, int least, int most, int *number)
{
	int n = 0;

	*number = 0;
	while (n < most && v->len && *v->p >= '0' && *v->p <= '9') {
		*number = *number * 10 + (*v->p - '0');
		v->p++;
		v->len--;
		n++;
	}
	return n >= least;
}

/* The first three letters of an English month. */
static bool take_month_name(struct slice *v, int *month)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int m = 0; m < 12 && v->len >= 3; m++) {
		const char *name = names + m * 3;

		if ((v->p[0] | 0x20) == name[0] && (v->p[1] | 0x20) == name[1] &&
			(v->p[2] | 0x20) == name[2]) {
			*month = m + 1;
			v->p += 3;
			v->len -= 3;
			return true;
		}
	}
	return false;
}

static bool take_part(struct slice *v, char part, struct num_date *d)
{
	int left_out;

	switch (part) {
	case 'Y':
		return take_digits(v, 4, 4, &d->year);
	case 'y':
		if (!take_digits(v, 2, 2, &d->year))
			return false;
		d->year += d->year >= 69 ? 1900 : 2000;
		return true;
	case 'm':
		return take_digits(v, 1, 2, &d->month);
	case 'd':
		return take_digits(v, 1, 2, &d->day);
	case 'b':
		return take_month_name(v, &d->month);
	case 'H':
	case 'M':
	case 'S':
		return take_digits(v, 1, 2, &left_out);
	default:
		return false;
	}
}

static bool exists(const struct num_date *d)
{
	struct num_date back;

	if (d->month < 1 || d->month > 12 || d->day < 1 || d->day > 31)
		return false;
	num_date_from_days(num_date_to_days(d), &back);
	return back.year == d->year && back.month == d->month && back.day == d->day;
}

bool csv_value_date(struct slice v, const char *format, struct num_date *date)
{
	struct num_date d = { 0 };

	if (!format)
		return num_parse_date(v, date);
	for (; *format; format++) {
		if (*format == '%' && format[1] && format[1] != '%') {
			if (!take_part(&v, *++format, &d))
				return false;
			continue;
		}
		if (*format == '%' && format[1] == '%')
			format++;
		if (!v.len || *v.p != *format)
			return false;
		v.p++;
		v.len--;
	}
	if (v.len || !exists(&d))
		return false;
	*date = d;
	return true;
}

int csv_value_check_format(const char *format, struct err *e)
{
	bool year = false, month = false, day = false;

	for (const char *p = format; *p; p++) {
		if (*p != '%')
			continue;
		p++;
		year = year || *p == 'Y' || *p == 'y';
		month = month || *p == 'm' || *p == 'b';
		day = day || *p == 'd';
		if (!*p || !strchr("YymbdHMS%", *p)) {
			err_set(e, ERR_INPUT, "date format '%s' has an unknown directive", format);
			return err_hint(e, "%%Y %%y %%m %%b %%d %%H %%M %%S %%%% are known");
		}
	}
	if (!year || !month || !day)
		return err_set(e, ERR_INPUT, "date format '%s' lacks year, month or day", format);
	return 0;
}
