#include "stage/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/jdoc.h"
#include "base/mem.h"

enum { MAX_CELL = 256 };

void stage_table_release(struct stage_table *t)
{
	buf_release(&t->cells);
}

void stage_table_add(struct stage_table *t, const char *text)
{
	char escaped[MAX_CELL] = "";

	buf_add(&t->cells, escaped, err_escape(escaped, sizeof(escaped), text) + 1);
}

void stage_table_add_value(struct stage_table *t, const json_t *v, bool measured)
{
	struct buf b = BUF_INIT;

	if (json_is_string(v))
		buf_add_text(&b, json_string_value(v));
	else if (json_is_real(v) && measured)
		buf_addf(&b, "%.6g", json_real_value(v));
	else if (v)
		jdoc_format(&b, v, JDOC_LINE);
	else
		buf_add_char(&b, '-');
	stage_table_add(t, b.p);
	buf_release(&b);
}

/* Characters on a screen: bytes that do not continue one. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void add_cell(struct buf *b, const char *text, size_t width, bool left)
{
	size_t pad = width - width_of(text);

	if (left)
		buf_add_text(b, text);
	while (pad--)
		buf_add_char(b, ' ');
	if (!left)
		buf_add_text(b, text);
}

static void add_cell_markdown(struct buf *b, const char *text)
{
	buf_add_text(b, "| ");
	for (const char *p = text; *p; p++) {
		if (strchr("|<&`*_[]\\", *p))
			buf_add_char(b, '\\');
		buf_add_char(b, *p);
	}
	buf_add_char(b, ' ');
}

static void format_markdown(const struct stage_table *t, size_t n_left, struct buf *b)
{
	const char *end = t->cells.p + t->cells.len;
	size_t n = 0;

	for (const char *p = t->cells.p; p < end; p += strlen(p) + 1) {
		add_cell_markdown(b, p);
		if (++n % t->n_cols)
			continue;
		buf_add_text(b, "|\n");
		for (size_t c = 0; n == t->n_cols && c < t->n_cols; c++)
			buf_add_text(b, c < n_left ? "|---" : "|---:");
		if (n == t->n_cols)
			buf_add_text(b, "|\n");
	}
}

static void format_text(const struct stage_table *t, size_t n_left, struct buf *b)
{
	struct err e = ERR_INIT;
	size_t *widths = mem_array(t->n_cols + 1, sizeof(*widths), &e), col = 0;
	const char *end = t->cells.p + t->cells.len;

	if (!widths)
		b->failed = true;
	for (const char *p = t->cells.p; p < end && !b->failed; p += strlen(p) + 1) {
		if (width_of(p) > widths[col])
			widths[col] = width_of(p);
		col = (col + 1) % t->n_cols;
	}
	for (const char *p = t->cells.p; p < end && !b->failed; p += strlen(p) + 1) {
		if (col)
			buf_add_text(b, "  ");
		add_cell(b, p, widths[col], col < n_left);
		col = (col + 1) % t->n_cols;
		if (col)
			continue;
		while (b->len && b->p[b->len - 1] == ' ')
			buf_truncate(b, b->len - 1);
		buf_add_char(b, '\n');
	}
	free(widths);
}

void stage_table_format(const struct stage_table *t, size_t n_left, bool markdown, struct buf *b)
{
	if (t->cells.failed)
		b->failed = true;
	else if (markdown)
		format_markdown(t, n_left, b);
	else
		format_text(t, n_left, b);
}
