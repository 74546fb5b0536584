#include "table/encode_steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "csv/writer.h"

char *table_steps_put_code(char *w, uint32_t code)
{
	char digits[12];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + code % 10);
		code /= 10;
	} while (code);
	memcpy(w, digits + at, sizeof(digits) - at);
	return w + (sizeof(digits) - at);
}

char *table_steps_put_date(char *w, const struct num_date *d, char delimiter)
{
	w = table_steps_put_code(w, (uint32_t)d->year);
	*w++ = delimiter;
	w = table_steps_put_code(w, (uint32_t)d->month);
	*w++ = delimiter;
	return table_steps_put_code(w, (uint32_t)d->day);
}

void table_steps_release(struct table_steps *s)
{
	free(s->steps);
	buf_release(&s->header);
	arena_release(&s->texts);
	*s = (struct table_steps){ .header = BUF_INIT };
}

/* The fill as it stands in the output: of a code its number, of a date its three parts. */
static int plan_fill(struct table_steps *s, struct table_step *step, struct err *e)
{
	const struct table_rule *r = step->rule;
	struct slice fill;
	struct buf b = BUF_INIT;
	struct num_date d;
	char text[32];
	int rc = -1;

	if (!r || !r->fill)
		return 0;
	fill = slice_of(r->fill);
	if (r->coded) {
		uint32_t code = table_dict_get(&r->codes, fill, table_dict_hash(fill));

		code = code == TABLE_DICT_NONE ? r->codes.n : code;
		buf_add(&b, text, (size_t)(table_steps_put_code(text, code) - text));
	} else if (r->date && table_rule_date(r, fill, &d)) {
		buf_add(&b, text, (size_t)(table_steps_put_date(text, &d, s->delimiter) - text));
	} else {
		for (int i = 0; i < (r->date ? 3 : 1); i++) {
			if (i > 0)
				buf_add_char(&b, s->delimiter);
			if (csv_writer_add(&b, s->dialect, fill, e))
				goto out;
		}
	}
	if (buf_check(&b, e))
		goto out;
	step->fill.p = arena_copy(&s->texts, b.p, b.len, e);
	step->fill.len = b.len;
	s->fill_bytes += b.len;
	rc = step->fill.p ? 0 : -1;
out:
	buf_release(&b);
	return rc;
}

/* Names of the output, to find one that is there twice. */
struct names {
	struct table_dict dict;
	struct buf one;
};

static int add_name(struct table_steps *s, struct names *names, const char *name,
	const char *suffix, struct err *e)
{
	struct slice full;
	uint32_t code, before = names->dict.n;

	buf_reset(&names->one);
	buf_addf(&names->one, "%s%s", name, suffix);
	full = buf_slice(&names->one);
	if (buf_check(&names->one, e) ||
		table_dict_add(&names->dict, full, table_dict_hash(full), &code, e))
		return -1;
	if (code < before) {
		err_set(e, ERR_INPUT, "two columns of the output are called '%s'", full.p);
		return err_hint(e, "rename one with --rename when fitting");
	}
	if (before > 0)
		buf_add_char(&s->header, s->delimiter);
	return csv_writer_add(&s->header, s->dialect, full, e);
}

/* The names of one step: a column that keeps its name keeps its bytes too. */
static int add_names(struct table_steps *s, struct names *names, const struct table_step *step,
	const struct csv_table *in, struct err *e)
{
	static const char *const parts[] = { "_year", "_month", "_day" };
	const struct table_rule *r = step->rule;
	const char *name = r && r->rename ? r->rename : csv_table_col_name(in, step->field);

	if (!r || !r->date)
		return add_name(s, names, name, "", e);
	for (size_t i = 0; i < 3; i++) {
		if (add_name(s, names, name, parts[i], e))
			return -1;
	}
	return 0;
}

static bool find_field(const struct csv_table *in, const char *name, size_t *field)
{
	for (size_t i = 0; i < csv_table_n_cols(in); i++) {
		if (strcmp(csv_table_col_name(in, i), name) == 0) {
			*field = i;
			return true;
		}
	}
	return false;
}

static int absent(const struct table_rule *r, const struct csv_table *in,
	const struct table_encode_options *o, struct err *e)
{
	if (r->drop)
		return 0;
	if (!r->required) {
		diag_say(o->diag, DIAG_NOTE, "%s: no column '%s': it is left out",
			csv_table_name(in), r->name);
		return 0;
	}
	err_set(e, ERR_INPUT, "no column '%s', which the encoder makes %s", r->name,
		r->coded  ? "a code of"
		: r->date ? "a date of"
			  : "complete");
	err_at(e, "%s", csv_table_name(in));
	return err_hint(e, "give the table that the encoder was fitted to, or one like it");
}

static int add_others(struct table_steps *s, const struct table_encoder *enc,
	const struct csv_table *in, const struct table_encode_options *o)
{
	for (size_t i = 0; i < csv_table_n_cols(in); i++) {
		const char *name = csv_table_col_name(in, i);

		if (table_encoder_find(enc, name))
			continue;
		diag_say(o->diag, DIAG_NOTE, "%s: column '%s' was not there when fitted: it %s",
			csv_table_name(in), name, enc->drop_others ? "is dropped" : "passes");
		if (!enc->drop_others)
			s->steps[s->n++] = (struct table_step){ .field = i, .passive = true };
	}
	return 0;
}

int table_steps_plan(struct table_steps *s, const struct table_encoder *enc,
	const struct csv_table *in, const struct table_encode_options *o, struct err *e)
{
	struct names names = { TABLE_DICT_INIT, BUF_INIT };
	int rc = -1;

	*s = (struct table_steps){ .header = BUF_INIT };
	s->dialect = o->dialect;
	s->delimiter = csv_dialect_delimiter(o->dialect);
	s->no_date[0] = s->no_date[1] = s->delimiter;
	s->steps = mem_array(enc->n_rules + csv_table_n_cols(in), sizeof(*s->steps), e);
	if (!s->steps)
		return -1;
	for (size_t i = 0; i < enc->n_rules; i++) {
		const struct table_rule *r = &enc->rules[i];
		struct table_step *step = &s->steps[s->n];

		*step = (struct table_step){ .rule = r };
		step->passive = !r->fill && !r->date && !r->coded;
		if (!find_field(in, r->name, &step->field)) {
			if (absent(r, in, o, e))
				goto out;
		} else if (!r->drop) {
			s->n++;
			if (plan_fill(s, step, e))
				goto out;
		}
	}
	if (add_others(s, enc, in, o))
		goto out;
	for (size_t i = 0; i < s->n; i++) {
		if (add_names(s, &names, &s->steps[i], in, e))
			goto out;
	}
	if (s->n == 0) {
		err_set(e, ERR_INPUT, "no column is left to write");
		goto out;
	}
	buf_add_char(&s->header, '\n');
	rc = buf_check(&s->header, e);
	if (o->dialect->no_header)
		buf_reset(&s->header);
out:
	table_dict_release(&names.dict);
	buf_release(&names.one);
	if (rc)
		table_steps_release(s);
	return rc;
}

int table_steps_bad_date(
	const struct table_rule *r, const char *name, uint64_t line, struct slice v, struct err *e)
{
	err_set(e, ERR_INPUT, "'%.*s' in column '%s' is not a date", (int)(v.len > 60 ? 60 : v.len),
		v.p, r->name);
	err_at(e, "%s:%llu", name, (unsigned long long)line);
	return err_hint(e, "dates are read as %s; --date COL:FORMAT names another form",
		*r->date ? r->date : "yyyymmdd, yyyy-mm-dd or yyyy/mm/dd");
}

void table_steps_say_ragged(const struct csv_table *in, const struct table_encode_options *o)
{
	uint64_t n = csv_table_n_ragged(in);

	if (n > 0)
		diag_say(o->diag, DIAG_NOTE, "%s: %llu ragged rows padded or left out",
			csv_table_name(in), (unsigned long long)n);
}
