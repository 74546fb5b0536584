#include "table/kind.h"

#include <string.h>

#include "csv/value.h"

bool table_kind_is_whole(struct slice s)
{
	size_t i = s.len > 0 && (s.p[0] == '-' || s.p[0] == '+');

	if (i == s.len)
		return false;
	for (; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return true;
}

bool table_kind_is_time(struct slice s)
{
	/* the largest digit at each place; 24 to 29 hours and 61 to 69 seconds (60: a leap second) are seen to below */
	static const char form[] = "29:59:69";

	if (s.len < 8)
		return false;
	for (size_t i = 0; i < 8; i++) {
		if (form[i] == ':' ? s.p[i] != ':' : s.p[i] < '0' || s.p[i] > form[i])
			return false;
	}
	if ((s.p[0] == '2' && s.p[1] > '3') || (s.p[6] == '6' && s.p[7] > '0'))
		return false;
	for (size_t i = 8; i < s.len; i++) {
		if (s.p[i] == 0 || !strchr("0123456789.:+-Z", s.p[i]))
			return false;
	}
	return true;
}

bool table_kind_is_datetime(struct slice s)
{
	struct num_date d;

	return s.len > 11 && (s.p[10] == 'T' || s.p[10] == ' ') &&
	       csv_value_date((struct slice){ s.p, 10 }, "%Y-%m-%d", &d) &&
	       table_kind_is_time((struct slice){ s.p + 11, s.len - 11 });
}
