#include "table/encode_steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "csv/writer.h"

const char table_two_digits[200] = "00010203040506070809101112131415161718192021222324"
				   "25262728293031323334353637383940414243444546474849"
				   "50515253545556575859606162636465666768697071727374"
				   "75767778798081828384858687888990919293949596979899";

static char *put_int(char *w, int64_t v)
{
	if (v < 0)
		*w++ = '-';
	return table_steps_put_code(w, (uint32_t)(v < 0 ? -v : v));
}

char *table_steps_put_date(
	char *w, const struct table_rule *r, const struct num_date *d, char delimiter)
{
	unsigned parts = r->date_parts;
	int64_t values[TABLE_N_DATE_PARTS] = { d->year, d->month, d->day };

	if (parts & (1u << TABLE_DATE_WEEKDAY | 1u << TABLE_DATE_EPOCH_DAYS)) {
		int64_t days = num_date_to_days(d);

		/* 1970-01-01 was a Thursday. */
		values[TABLE_DATE_WEEKDAY] = ((days + 3) % 7 + 7) % 7;
		values[TABLE_DATE_EPOCH_DAYS] = days;
	}
	for (int i = 0; parts >> i; i++) {
		if (parts & 1u << i) {
			w = put_int(w, values[i]);
			*w++ = delimiter;
		}
	}
	return w - 1;
}

void table_text_of_number(struct table_text *t, double x)
{
	char text[NUM_TEXT_MAX];
	size_t len = isfinite(x) ? num_format_float(text, (float)x) : 0;

	*t = (struct table_text){ .len = (uint8_t)len };
	memcpy(t->p, text, len);
}

/* The parts of a value: how many, and a one for each that has a column. */
static char *put_split(char *w, const struct table_step *step, struct slice v, uint64_t *n_unknown)
{
	const struct table_dict *values = &step->rule->values;
	struct slice rest = v, part;
	bool unknown = false;
	uint32_t n = 0;
	char *zeros;

	while (table_rule_next_part(step->rule, &rest, &part))
		n++;
	zeros = table_steps_put_code(w, n);
	w = table_steps_put(zeros, step->zeros);
	rest = v;
	while (table_rule_next_part(step->rule, &rest, &part)) {
		uint32_t place = table_dict_get(values, part, table_dict_hash(part));

		if (place == TABLE_DICT_NONE)
			unknown = true;
		else
			table_steps_put_one(zeros, step, place);
	}
	*n_unknown += unknown;
	return w;
}

char *table_steps_put_value(
	char *w, const struct table_step *step, struct slice v, uint32_t code, uint64_t *n_unknown)
{
	char *zeros = w;

	if (step->rule->makes == TABLE_MAKES_SPLIT)
		return put_split(w, step, v, n_unknown);
	if (code == TABLE_DICT_NONE) {
		++*n_unknown;
		return table_steps_put(w, step->unknown);
	}
	if (step->texts)
		return table_steps_put_text(w, &step->texts[code]);
	if (step->rule->makes == TABLE_MAKES_CODES)
		return table_steps_put_code(w, code);
	w = table_steps_put(w, step->absent);
	table_steps_put_one(zeros, step, code);
	return w;
}

void table_steps_release(struct table_steps *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->steps[i].texts);
	free(s->steps);
	buf_release(&s->header);
	arena_release(&s->texts);
	*s = (struct table_steps){ .header = BUF_INIT };
}

static unsigned n_parts(const struct table_rule *r)
{
	unsigned n = 0;

	for (unsigned parts = r->date_parts; parts; parts &= parts - 1)
		n++;
	return n;
}

static int copy_text(struct table_steps *s, struct slice *to, struct slice text, struct err *e)
{
	to->len = text.len;
	to->p = arena_copy(&s->texts, text.p, text.len, e);
	return to->p ? 0 : -1;
}

/* The numbers of the values, as they are written. */
static int plan_texts(struct table_step *step, struct err *e)
{
	const struct table_rule *r = step->rule;

	step->texts = mem_array_raw((size_t)r->values.n + 1, sizeof(*step->texts), e);
	if (!step->texts)
		return -1;
	for (uint32_t i = 0; i < r->values.n; i++) {
		if (r->makes == TABLE_MAKES_MEAN) {
			table_text_of_number(&step->texts[i], r->numbers[i]);
			continue;
		}
		char text[NUM_TEXT_MAX] = "";
		size_t len = num_format_int(text, (int64_t)r->numbers[i]);

		step->texts[i].len = (uint8_t)len;
		memcpy(step->texts[i].p, text, sizeof(step->texts[i].p));
	}
	return 0;
}

/* What is written for a missing value that has no fill. */
static int plan_absent(struct table_steps *s, struct table_step *step, struct err *e)
{
	const struct table_rule *r = step->rule;
	struct buf b = BUF_INIT;
	int rc = -1;

	for (unsigned i = 1; r->date && i < n_parts(r); i++)
		buf_add_char(&b, s->delimiter);
	for (uint32_t i = 0; r->makes >= TABLE_MAKES_ONEHOT && i < r->values.n; i++) {
		buf_add_char(&b, s->delimiter);
		buf_add_char(&b, '0');
	}
	step->width += b.len;
	if (buf_check(&b, e) || copy_text(s, &step->absent, buf_slice(&b), e))
		goto out;
	step->zeros = step->absent;
	if (r->makes == TABLE_MAKES_ONEHOT) {
		/* The fit sees to it that there is at least one value. */
		step->absent.p += b.len > 0;
		step->absent.len -= b.len > 0;
	} else if (r->makes == TABLE_MAKES_SPLIT) {
		buf_reset(&b);
		buf_add_char(&b, '0');
		buf_add_slice(&b, step->zeros);
		if (buf_check(&b, e) || copy_text(s, &step->absent, buf_slice(&b), e))
			goto out;
	}
	rc = 0;
out:
	buf_release(&b);
	return rc;
}

/* What is written for a value that the fit did not see. */
static int plan_unknown(struct table_steps *s, struct table_step *step, struct err *e)
{
	const struct table_rule *r = step->rule;
	struct table_text text = { .len = 1, .p = "0" };

	step->unknown = step->absent;
	if (!table_rule_has_values(r) || r->makes >= TABLE_MAKES_ONEHOT)
		return 0;
	if (r->makes == TABLE_MAKES_CODES)
		text.len = (uint8_t)(table_steps_put_code(text.p, r->values.n) - text.p);
	else if (r->makes == TABLE_MAKES_MEAN)
		table_text_of_number(&text, r->mean.unknown);
	if (r->numbers && plan_texts(step, e))
		return -1;
	return copy_text(s, &step->unknown, (struct slice){ text.p, text.len }, e);
}

/* The fill as it stands in the output: what is made of it. */
static int plan_fill(struct table_steps *s, struct table_step *step, struct err *e)
{
	const struct table_rule *r = step->rule;
	struct slice fill = slice_of(r->fill);
	struct buf b = BUF_INIT;
	struct num_date d;
	char *w = buf_reserve(&b, step->width + fill.len);
	uint64_t n_unknown = 0;
	int rc = -1;

	if (!w)
		goto out;
	if (table_rule_has_values(r)) {
		uint32_t code = table_dict_get(&r->values, fill, table_dict_hash(fill));

		b.len = (size_t)(table_steps_put_value(w, step, fill, code, &n_unknown) - w);
	} else if (r->date && table_rule_date(r, fill, &d)) {
		b.len = (size_t)(table_steps_put_date(w, r, &d, s->delimiter) - w);
	} else {
		for (unsigned i = 0; i < (r->date ? n_parts(r) : 1); i++) {
			if (i > 0)
				buf_add_char(&b, s->delimiter);
			if (csv_writer_add(&b, s->dialect, fill, e))
				goto out;
		}
	}
	step->width += b.len;
	if (buf_check(&b, e) == 0)
		rc = copy_text(s, &step->fill, buf_slice(&b), e);
out:
	if (b.failed)
		rc = buf_check(&b, e);
	buf_release(&b);
	return rc;
}

static int plan_step(struct table_steps *s, struct table_step *step, struct err *e)
{
	if (step->passive)
		return 0;
	step->width = step->rule->date ? TABLE_DATE_WIDTH : 16;
	if (plan_absent(s, step, e) || plan_unknown(s, step, e))
		return -1;
	return step->rule->fill ? plan_fill(s, step, e) : 0;
}

/* Names of the output, to find one that is there twice. */
struct names {
	struct table_dict dict;
	struct buf one;
};

static int add_name(struct table_steps *s, struct names *names, const char *name,
	struct slice suffix, struct err *e)
{
	struct slice full;
	uint32_t code, before = names->dict.n;

	buf_reset(&names->one);
	buf_add_text(&names->one, name);
	if (suffix.p) {
		buf_add_char(&names->one, '_');
		buf_add_slice(&names->one, suffix);
	}
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
	static const char *const suffixes[] = { [TABLE_MAKES_COUNT] = "count",
		[TABLE_MAKES_MEAN] = "target_mean",
		[TABLE_MAKES_SPLIT] = "parts" };
	const struct table_rule *r = step->rule;
	const char *name = r && r->rename ? r->rename : csv_table_col_name(in, step->field);
	enum table_makes makes = r ? r->makes : TABLE_MAKES_ITSELF;

	if (makes == TABLE_MAKES_ITSELF || makes == TABLE_MAKES_CODES)
		return add_name(s, names, name, (struct slice){ NULL, 0 }, e);
	for (int i = 0; i < TABLE_N_DATE_PARTS; i++) {
		if (r->date_parts & 1u << i &&
			add_name(s, names, name, slice_of(table_date_part_names[i]), e))
			return -1;
	}
	if (makes == TABLE_MAKES_DATE)
		return 0;
	if (makes != TABLE_MAKES_ONEHOT && add_name(s, names, name, slice_of(suffixes[makes]), e))
		return -1;
	for (uint32_t i = 0; makes >= TABLE_MAKES_ONEHOT && i < r->values.n; i++) {
		if (add_name(s, names, name, r->values.items[i], e))
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
		r->makes > TABLE_MAKES_CODES    ? "columns of"
		: r->makes == TABLE_MAKES_CODES ? "a code of"
		: r->date                       ? "a date of"
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
	s->steps = mem_array(enc->n_rules + csv_table_n_cols(in), sizeof(*s->steps), e);
	if (!s->steps)
		return -1;
	for (size_t i = 0; i < enc->n_rules; i++) {
		const struct table_rule *r = &enc->rules[i];
		struct table_step *step = &s->steps[s->n];

		*step = (struct table_step){ .rule = r };
		step->passive = !r->fill && r->makes == TABLE_MAKES_ITSELF;
		if (!find_field(in, r->name, &step->field)) {
			if (absent(r, in, o, e))
				goto out;
		} else if (!r->drop) {
			s->n++;
			if (plan_step(s, step, e))
				goto out;
		}
	}
	if (add_others(s, enc, in, o))
		goto out;
	for (size_t i = 0; i < s->n; i++) {
		s->width += s->steps[i].width + 1;
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
