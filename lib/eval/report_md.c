#include "eval/report_md.h"

#include <math.h>

#include "eval/report_text.h"

/* Text in a cell of a table: what Markdown or HTML would read is escaped. */
static void add_cell(struct buf *b, struct slice s)
{
	struct buf text = BUF_INIT;

	eval_report_text_escape(&text, s);
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '<')
			buf_add_text(b, "&lt;");
		else if (text.p[i] == '&')
			buf_add_text(b, "&amp;");
		else {
			if (strchr("\\`*_[]|~#", text.p[i]))
				buf_add_char(b, '\\');
			buf_add_char(b, text.p[i]);
		}
	}
	b->failed |= text.failed;
	buf_release(&text);
}

void eval_report_md_findings(struct buf *b, const struct eval_report *r)
{
	buf_add_text(b, "| | rule | observed |\n|---|---|---|\n");
	for (size_t i = 0; i < r->n; i++) {
		const struct eval_finding *f = &r->findings[i];

		buf_addf(b, "| %s | ", eval_report_status(f->status));
		add_cell(b, slice_of(f->name));
		buf_add_text(b, " | ");
		add_cell(b, slice_of(*f->detail ? f->detail : f->observed));
		buf_add_text(b, " |\n");
	}
}

void eval_report_md_measure(struct buf *b, const struct eval_measure *m)
{
	const struct eval_rows *r = m->rows;

	buf_addf(b, "| metric | value |\n|---|--:|\n| rows | %zu |\n", r->n);
	for (size_t i = 0; i < m->n_numbers; i++)
		if (!isnan(m->numbers[i].value))
			buf_addf(b, "| %s | %.6g |\n", m->numbers[i].title, m->numbers[i].value);
	if (!eval_has_labels(r->objective))
		return;
	buf_add_text(b, "\n| class | precision | recall | F1 | support |\n|---|--:|--:|--:|--:|\n");
	for (size_t k = 0; k < r->n_labels; k++) {
		const struct score_class *c = &m->classes[k];

		buf_add_text(b, "| ");
		add_cell(b, r->labels[k]);
		buf_addf(b, " | %.4f | %.4f | %.4f | %.10g |\n", c->precision, c->recall, c->f1,
			c->support);
	}
}
