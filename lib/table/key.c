#include "table/key.h"

#include <string.h>

#include "csv/value.h"

static struct slice key_value(
	const struct table_key *k, const struct csv_field *f, char quote, struct buf *unescaped)
{
	struct slice v = csv_field_value(f, quote, unescaped);

	return k->trim ? slice_trim(v) : v;
}

static void lower_ascii(char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] + ('a' - 'A'));
}

/* A key that is not simply the bytes of one field. */
static int compose_key(const struct table_key *k, const struct csv_row *row, struct arena *a,
	struct slice *key, struct err *e)
{
	char quote = csv_dialect_quote(k->dialect), *to;
	struct buf unescaped = BUF_INIT;
	size_t most = k->n_cols;
	int got = -1;

	for (size_t i = 0; i < k->n_cols; i++)
		most += row->fields[k->cols[i]].len;
	to = arena_alloc(a, most, e);
	if (!to)
		return -1;
	key->p = to;
	for (size_t i = 0; i < k->n_cols; i++) {
		struct slice v = key_value(k, &row->fields[k->cols[i]], quote, &unescaped);

		if (buf_check(&unescaped, e)) /* before the next value makes it forget */
			goto out;
		if (!k->match_empty && csv_value_is_missing(k->dialect, v)) {
			got = 0;
			goto out;
		}
		if (i)
			*to++ = '\0';
		memcpy(to, v.p, v.len);
		if (k->ignore_case)
			lower_ascii(to, v.len);
		to += v.len;
	}
	key->len = (size_t)(to - key->p);
	got = 1;
out:
	buf_release(&unescaped);
	return got;
}

int table_key_of(const struct table_key *k, const struct csv_row *row, struct arena *a,
	struct slice *key, struct err *e)
{
	const struct csv_field *f = &row->fields[k->cols[0]];

	if (k->n_cols > 1 || k->ignore_case || f->escaped)
		return compose_key(k, row, a, key, e);
	*key = key_value(k, f, 0, NULL);
	return k->match_empty || !csv_value_is_missing(k->dialect, *key);
}
