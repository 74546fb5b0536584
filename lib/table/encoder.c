#include "table/encoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/jdoc.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/utf8.h"
#include "table/text.h"

const char *const table_order_names[] = { "appearance", "sorted", "frequency", NULL };
const char *const table_date_part_names[] = { "year", "month", "day", "weekday", "epoch_days",
	NULL };

struct table_encoder *table_encoder_new(struct err *e)
{
	return mem_new(sizeof(struct table_encoder), e);
}

void table_encoder_free(struct table_encoder *enc)
{
	if (!enc)
		return;
	for (size_t i = 0; i < enc->n_rules; i++) {
		struct table_rule *r = &enc->rules[i];

		free(r->name);
		free(r->rename);
		free(r->fill);
		free(r->date);
		free(r->separator);
		free(r->mean.by);
		free(r->numbers);
		table_dict_release(&r->values);
	}
	for (size_t i = 0; i < enc->n_missing; i++)
		free(enc->missing[i]);
	free(enc->rules);
	free(enc->missing);
	free(enc);
}

struct table_rule *table_encoder_find(const struct table_encoder *enc, const char *name)
{
	for (size_t i = 0; i < enc->n_rules; i++) {
		if (strcmp(enc->rules[i].name, name) == 0)
			return &enc->rules[i];
	}
	return NULL;
}

struct table_rule *table_encoder_add(struct table_encoder *enc, const char *name, struct err *e)
{
	struct table_rule *r;

	if (mem_grow(&enc->rules, &enc->cap_rules, enc->n_rules + 1, sizeof(*r), e))
		return NULL;
	r = &enc->rules[enc->n_rules];
	*r = (struct table_rule){ .values = TABLE_DICT_INIT };
	r->name = mem_dup(name, e);
	if (!r->name)
		return NULL;
	enc->n_rules++;
	return r;
}

int table_encoder_add_missing(struct table_encoder *enc, const char *text, struct err *e)
{
	if (mem_grow(&enc->missing, &enc->cap_missing, enc->n_missing + 1, sizeof(char *), e))
		return -1;
	enc->missing[enc->n_missing] = mem_dup(text, e);
	if (!enc->missing[enc->n_missing])
		return -1;
	enc->n_missing++;
	return 0;
}

bool table_rule_next_part(const struct table_rule *r, struct slice *rest, struct slice *part)
{
	size_t len = strlen(r->separator);

	while (rest->len > 0) {
		const char *p = rest->p, *end = p + rest->len, *at = p;

		while ((at = memchr(at, r->separator[0], (size_t)(end - at))) &&
			((size_t)(end - at) < len || memcmp(at, r->separator, len) != 0))
			at++;
		*part = (struct slice){ p, (size_t)((at ? at : end) - p) };
		p = at ? at + len : end;
		*rest = (struct slice){ p, (size_t)(end - p) };
		if (part->len > 0)
			return true;
	}
	return false;
}

/* ---- writing: by hand, so that a value stands on a line of its own without a tree of them ---- */

static void add_member(struct buf *b, const char *key, const char *text)
{
	buf_addf(b, ", \"%s\": ", key);
	table_text_json(b, slice_of(text));
}

/* As text where JSON's readers take it: not all of them take a NUL, jansson for one. */
static void format_value(struct buf *b, struct slice s)
{
	if (utf8_is_valid(s) && !(s.len && memchr(s.p, 0, s.len))) {
		table_text_json(b, s);
		return;
	}
	buf_add_text(b, "{\"bytes\": \"");
	for (size_t i = 0; i < s.len; i++)
		buf_addf(b, "%02x", (unsigned char)s.p[i]);
	buf_add_text(b, "\"}");
}

/* The values, one on a line, with their numbers if they have any. */
static void format_values(struct buf *b, const struct table_rule *r, const char *indent)
{
	buf_add_text(b, "\"values\": [");
	for (uint32_t i = 0; i < r->values.n; i++) {
		buf_add_text(b, i ? ",\n" : "\n");
		buf_add_text(b, indent);
		buf_add_text(b, r->numbers ? "  [" : "  ");
		format_value(b, r->values.items[i]);
		if (r->makes == TABLE_MAKES_COUNT) {
			buf_addf(b, ", %.0f]", r->numbers[i]);
		} else if (r->numbers) {
			buf_add_text(b, ", ");
			jdoc_format_real(b, r->numbers[i]);
			buf_add_char(b, ']');
		}
	}
	if (r->values.n) {
		buf_add_char(b, '\n');
		buf_add_text(b, indent);
	}
	buf_add_text(b, "]}");
}

static void format_mean(struct buf *b, const struct table_rule *r)
{
	buf_add_text(b, ",\n     \"target_mean\": {\"by\": ");
	table_text_json(b, slice_of(r->mean.by));
	buf_add_text(b, ", \"smooth\": ");
	jdoc_format_real(b, r->mean.smooth);
	buf_addf(b, ", \"folds\": %u, \"seed\": %llu, \"unknown\": ", r->mean.folds,
		(unsigned long long)r->mean.seed);
	jdoc_format_real(b, r->mean.unknown);
	buf_add_text(b, ",\n      ");
	format_values(b, r, "      ");
}

static void format_date(struct buf *b, const struct table_rule *r)
{
	const char *before = ", \"parts\": [";

	add_member(b, "date", r->date);
	if (r->date_parts == TABLE_DATE_DEFAULT)
		return;
	for (int i = 0; i < TABLE_N_DATE_PARTS; i++) {
		if (r->date_parts & 1u << i) {
			buf_addf(b, "%s\"%s\"", before, table_date_part_names[i]);
			before = ", ";
		}
	}
	buf_add_char(b, ']');
}

static void format_makes(struct buf *b, const struct table_rule *r)
{
	switch (r->makes) {
	case TABLE_MAKES_ITSELF:
		break;
	case TABLE_MAKES_DATE:
		format_date(b, r);
		break;
	case TABLE_MAKES_CODES:
		buf_addf(b, ",\n     \"codes\": {\"order\": \"%s\", \"unknown\": %u, ",
			table_order_names[r->order], r->values.n);
		format_values(b, r, "     ");
		break;
	case TABLE_MAKES_COUNT:
	case TABLE_MAKES_ONEHOT:
		buf_addf(
			b, ",\n     \"%s\": {", r->makes == TABLE_MAKES_COUNT ? "count" : "onehot");
		format_values(b, r, "     ");
		break;
	case TABLE_MAKES_MEAN:
		format_mean(b, r);
		break;
	case TABLE_MAKES_SPLIT:
		buf_add_text(b, ",\n     \"split\": {\"separator\": ");
		table_text_json(b, slice_of(r->separator));
		buf_add_text(b, ", ");
		format_values(b, r, "     ");
		break;
	}
}

static void format_rule(struct buf *b, const struct table_rule *r)
{
	buf_add_text(b, "    {\"name\": ");
	table_text_json(b, slice_of(r->name));
	if (r->seen != TABLE_SEEN_NOTHING)
		add_member(b, "type", r->seen == TABLE_SEEN_TEXT ? "text" : "number");
	if (r->required)
		buf_add_text(b, ", \"required\": true");
	if (r->drop)
		buf_add_text(b, ", \"drop\": true");
	if (r->fill)
		add_member(b, "fill", r->fill);
	if (r->rename)
		add_member(b, "rename", r->rename);
	format_makes(b, r);
	buf_add_text(b, "}");
}

/* Does it need what version 1 lacks? */
static int version_of(const struct table_encoder *enc)
{
	for (size_t i = 0; i < enc->n_rules; i++) {
		const struct table_rule *r = &enc->rules[i];

		if (r->makes > TABLE_MAKES_CODES ||
			(r->date && r->date_parts != TABLE_DATE_DEFAULT))
			return TABLE_ENCODER_VERSION;
	}
	return 1;
}

int table_encoder_format(const struct table_encoder *enc, struct buf *b, struct err *e)
{
	buf_addf(b, "{\n  \"format\": \"%s\",\n  \"version\": %d,\n  \"missing\": [",
		TABLE_ENCODER_FORMAT, version_of(enc));
	for (size_t i = 0; i < enc->n_missing; i++) {
		buf_add_text(b, i ? ", " : "");
		table_text_json(b, slice_of(enc->missing[i]));
	}
	buf_addf(b, "],\n  \"others\": \"%s\",\n  \"columns\": [\n",
		enc->drop_others ? "drop" : "pass");
	for (size_t i = 0; i < enc->n_rules; i++) {
		format_rule(b, &enc->rules[i]);
		buf_add_text(b, i + 1 < enc->n_rules ? ",\n" : "\n");
	}
	buf_add_text(b, "  ]\n}\n");
	return buf_check(b, e);
}

int table_encoder_save(
	const struct table_encoder *enc, const char *path, unsigned flags, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = table_encoder_format(enc, &b, e);

	if (rc == 0)
		rc = output_save(path, flags, buf_slice(&b), e);
	buf_release(&b);
	return rc;
}
