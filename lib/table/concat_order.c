#include "table/concat_order.h"

#include "csv/value.h"

static int kind_of(const char *value, double *number)
{
	struct slice v = slice_of(value);

	if (!v.len)
		return 0;
	return csv_value_number(v, number) ? 1 : 2;
}

static int compare_values(
	int kind_a, double a, const char *text_a, int kind_b, double b, const char *text_b)
{
	if (kind_a != kind_b)
		return kind_a < kind_b ? -1 : 1;
	if (kind_a == 1)
		return (a > b) - (a < b);
	return strcmp(text_a, text_b);
}

int table_concat_order_compare(const void *pa, const void *pb)
{
	const struct concat_sorted *a = pa, *b = pb;
	struct slice ta = table_row_tail(a->row);
	const char *va = ta.p, *end = ta.p + ta.len, *vb = table_row_tail(b->row).p;
	int c = compare_values(a->kind, a->number, va, b->kind, b->number, vb);

	while (!c) {
		double na = 0, nb = 0;
		int ka, kb;

		va += strlen(va) + 1;
		vb += strlen(vb) + 1;
		if (va == end)
			return (a->position > b->position) - (a->position < b->position);
		ka = kind_of(va, &na);
		kb = kind_of(vb, &nb);
		c = compare_values(ka, na, va, kb, nb, vb);
	}
	return c;
}

struct concat_sorted table_concat_order_of(const struct table_row *row, size_t position)
{
	struct concat_sorted s = { .row = row, .position = position };

	s.kind = kind_of(table_row_tail(row).p, &s.number);
	return s;
}
