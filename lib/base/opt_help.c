#include "base/opt_help.h"

#include "base/num.h"

enum { HELP_COLUMN = 28, HELP_WIDTH = 79 };

/* As it would be typed: 512M. */
static void add_size(struct buf *b, uint64_t size)
{
	static const char units[] = "\0KMGT";
	int u = 0;

	while (size && size % 1024 == 0 && u < 4) {
		size /= 1024;
		u++;
	}
	if (size)
		buf_addf(b, " [%llu%.1s]", (unsigned long long)size, units + u);
}

static void add_default(struct buf *b, const struct opt *o, const char *field)
{
	char text[NUM_TEXT_MAX];
	struct slice rest, word;

	switch (o->type) {
	case OPT_TEXT:
		if (*(const char *const *)field && **(const char *const *)field)
			buf_addf(b, " [%s]", *(const char *const *)field);
		break;
	case OPT_INT:
		num_format_int(text, *(const int64_t *)field);
		buf_addf(b, " [%s]", text);
		break;
	case OPT_NUMBER:
		num_format_double(text, *(const double *)field);
		buf_addf(b, " [%s]", text);
		break;
	case OPT_SIZE:
		add_size(b, *(const uint64_t *)field);
		break;
	case OPT_CHOICE:
		rest = slice_of(o->arg);
		for (int i = 0; slice_cut(&rest, '|', &word); i++)
			if (i == *(const int *)field)
				buf_addf(b, " [%.*s]", (int)word.len, word.p);
		break;
	default:
		break;
	}
}

/* Adds `text` from HELP_COLUMN on, wrapped at blanks. */
static void add_wrapped(struct buf *b, const char *text, size_t column)
{
	struct slice rest = slice_of(text), word;
	bool first = true;

	while (slice_cut(&rest, ' ', &word)) {
		if (!first && column + 1 + word.len > HELP_WIDTH) {
			buf_addf(b, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		} else if (!first) {
			buf_add_char(b, ' ');
			column++;
		}
		buf_add_slice(b, word);
		column += word.len;
		first = false;
	}
	buf_add_char(b, '\n');
}

void opt_help_format(struct buf *b, const struct opt *options, const void *args)
{
	struct buf text = BUF_INIT;

	for (const struct opt *o = options; o && o->type != OPT_TYPE_END; o++) {
		size_t begin = b->len, column;
		const char *field = args ? (const char *)args + o->offset : NULL;

		if (o->type == OPT_TYPE_HEADING)
			buf_addf(b, "%s:\n", o->help);
		if (o->type == OPT_TYPE_HEADING || o->type == OPT_TYPE_ALIAS)
			continue;
		if (o->letter)
			buf_addf(b, "  -%c", o->letter);
		else
			buf_add_text(b, "    ");
		if (o->name)
			buf_addf(b, "%s--%s%s", o->letter ? ", " : "  ",
				o->type == OPT_FLAG && field && *(const bool *)field ? "[no-]" : "",
				o->name);
		if (o->arg)
			buf_addf(b, " %s", o->arg);
		column = b->len - begin;
		if (column + 2 > HELP_COLUMN) {
			buf_add_char(b, '\n');
			column = 0;
		}
		buf_addf(b, "%*s", (int)(HELP_COLUMN - column), "");
		buf_reset(&text);
		buf_add_text(&text, o->help ? o->help : "");
		if (field && !o->hide_default)
			add_default(&text, o, field);
		add_wrapped(b, text.p, HELP_COLUMN);
	}
	b->failed |= text.failed;
	buf_release(&text);
}
