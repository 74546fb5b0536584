#include "eval/report_text.h"

#include <math.h>

enum { MAX_LABEL = 40, MAX_MATRIX = 12, MIN_NAME = 12, CELL = 10 };

void eval_report_text_escape(struct buf *b, struct slice s)
{
	struct buf text = BUF_INIT;
	size_t room = 4 * s.len + 8; /* \x1b for each byte */
	char *to = buf_reserve(b, room);

	buf_add_slice(&text, s);
	if (to && !text.failed) {
		*to = '\0';
		b->len += err_escape(to, room, text.p);
	}
	b->failed |= text.failed;
	buf_release(&text);
}

/* Columns that a terminal takes for UTF-8 text; good enough for labels. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void add_blanks(struct buf *b, size_t n)
{
	while (n-- > 0)
		buf_add_char(b, ' ');
}

static void add_finding(struct buf *b, const struct eval_finding *f, size_t name_width)
{
	static const char *const words[] = { "pass", "WARNING", "FAIL", "skip" };
	size_t w = width_of(f->name);

	buf_addf(b, "%-8s ", words[f->status]);
	eval_report_text_escape(b, slice_of(f->name));
	if (*f->observed) {
		add_blanks(b, (w < name_width ? name_width - w : 0) + 2);
		eval_report_text_escape(b, slice_of(f->observed));
	}
	buf_add_char(b, '\n');
	if (*f->detail) {
		buf_add_text(b, "         ");
		eval_report_text_escape(b, slice_of(f->detail));
		buf_add_char(b, '\n');
	}
}

void eval_report_text_findings(struct buf *b, const struct eval_report *r)
{
	size_t fails = eval_report_count(r, EVAL_FAIL),
	       warnings = eval_report_count(r, EVAL_WARNING);
	size_t width = 0;

	for (size_t i = 0; i < r->n; i++) {
		size_t w = width_of(r->findings[i].name);

		if (w > width && w <= 48)
			width = w;
	}
	for (size_t i = 0; i < r->n; i++)
		add_finding(b, &r->findings[i], width);
	buf_addf(b, "%zu rule%s: %zu passed", r->n, r->n == 1 ? "" : "s",
		eval_report_count(r, EVAL_PASS));
	if (fails)
		buf_addf(b, ", %zu failed", fails);
	if (warnings)
		buf_addf(b, ", %zu warning%s", warnings, warnings == 1 ? "" : "s");
	if (eval_report_count(r, EVAL_SKIP))
		buf_addf(b, ", %zu skipped", eval_report_count(r, EVAL_SKIP));
	buf_add_char(b, '\n');
}

static void add_count(struct buf *b, double v, int width)
{
	buf_addf(b, v == rint(v) ? "%*.0f" : "%*.2f", width, v);
}

static void add_label(struct buf *b, struct slice label, size_t width)
{
	struct buf text = BUF_INIT;
	size_t w;

	if (label.len > MAX_LABEL)
		label.len = MAX_LABEL;
	eval_report_text_escape(&text, label);
	w = width_of(text.p);
	add_blanks(b, w < width ? width - w : 0);
	buf_add_slice(b, buf_slice(&text));
	b->failed |= text.failed;
	buf_release(&text);
}

static void add_class(struct buf *b, struct slice label, size_t width, const struct score_class *c)
{
	add_label(b, label, width);
	buf_addf(b, "%*.4f%*.4f%*.4f", CELL, c->precision, CELL, c->recall, CELL, c->f1);
	add_count(b, c->support, CELL);
	buf_add_char(b, '\n');
}

static void add_classes(struct buf *b, const struct eval_measure *m, size_t width)
{
	const struct eval_rows *r = m->rows;

	add_blanks(b, width);
	buf_addf(b, "%*s%*s%*s%*s\n\n", CELL, "precision", CELL, "recall", CELL, "f1-score", CELL,
		"support");
	for (size_t k = 0; k < r->n_labels; k++)
		add_class(b, r->labels[k], width, &m->classes[k]);
	buf_add_char(b, '\n');
	add_label(b, slice_of("accuracy"), width);
	buf_addf(b, "%*s%*.4f", 2 * CELL, "", CELL, m->summary.accuracy);
	add_count(b, m->summary.total, CELL);
	buf_add_char(b, '\n');
	add_class(b, slice_of("macro avg"), width, &m->summary.macro);
	add_class(b, slice_of("weighted avg"), width, &m->summary.weighted);
}

static void add_matrix(struct buf *b, const struct eval_measure *m, size_t width)
{
	const struct eval_rows *r = m->rows;

	buf_add_text(b, "\nconfusion (rows: truth, columns: predicted)\n\n");
	add_blanks(b, width);
	for (size_t i = 0; i < r->n_labels; i++)
		add_label(b, r->labels[i], CELL + 1);
	buf_add_char(b, '\n');
	for (size_t k = 0; k < r->n_labels; k++) {
		add_label(b, r->labels[k], width);
		for (size_t i = 0; i < r->n_labels; i++)
			add_count(b, score_confusion_at(&m->confusion, k, i), CELL + 1);
		buf_add_char(b, '\n');
	}
}

/* The numbers that are not in the classes' table already; bounds go behind what they bound. */
static void add_numbers(struct buf *b, const struct eval_measure *m)
{
	for (size_t i = 0; i < m->n_numbers; i++) {
		const struct eval_number *n = &m->numbers[i];
		struct slice name = slice_of(n->name);
		bool has_bounds = i + 2 < m->n_numbers && slice_ends(slice_of(n[1].name), "_low");

		if (slice_ends(name, "_macro") || slice_ends(name, "_weighted"))
			continue;
		if (isnan(n->value))
			buf_addf(b, "%-44s not defined\n", n->title);
		else
			buf_addf(b, "%-44s %.6g", n->title, n->value);
		if (has_bounds && !isnan(n->value)) {
			if (!isnan(n[1].value))
				buf_addf(b, "  (%.6g to %.6g)", n[1].value, n[2].value);
			i += 2;
		}
		if (!isnan(n->value))
			buf_add_char(b, '\n');
	}
}

void eval_report_text_measure(struct buf *b, const struct eval_measure *m)
{
	const struct eval_rows *r = m->rows;
	size_t width = MIN_NAME;

	if (eval_has_labels(r->objective)) {
		for (size_t k = 0; k < r->n_labels; k++)
			if (r->labels[k].len > width && r->labels[k].len <= MAX_LABEL)
				width = r->labels[k].len;
		add_classes(b, m, width);
		if (r->n_labels <= MAX_MATRIX)
			add_matrix(b, m, width);
		buf_add_char(b, '\n');
	}
	buf_addf(b, "%-44s %zu\n", "rows", r->n);
	add_numbers(b, m);
}
