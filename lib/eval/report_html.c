#include "eval/report_html.h"

#include <math.h>

#include "eval/markup.h"
#include "eval/svg.h"

enum { MAX_MATRIX = 30 };

static const char style[] =
	":root{--ink:#1d2129;--soft:#5c6470;--line:#d9dde3;--back:#fff;--c0:#1f6fb5;--c1:#c8551b}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e4e7ec;--soft:#9aa3b0;--line:#3a404a;"
	"--back:#16181d;--c0:#6db3f2;--c1:#f0935c}}\n"
	"body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--back);"
	"max-width:780px;margin:2em auto;padding:0 1em}\n"
	"h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}\n"
	"table{border-collapse:collapse}td,th{padding:.2em .8em;border-bottom:1px solid "
	"var(--line);text-align:right;font-variant-numeric:tabular-nums}"
	"td:first-child,th:first-child{text-align:left}th{font-weight:600}\n"
	".charts{display:flex;flex-wrap:wrap;gap:1em}svg{width:360px;max-width:100%}\n"
	"svg text{font:11px system-ui,sans-serif;fill:var(--soft)}svg .title{font-weight:600;"
	"font-size:12px;fill:var(--ink)}\n"
	".axis,.grid{fill:none;stroke:var(--line)}.axis{stroke:var(--soft)}\n"
	"polyline{fill:none;stroke-width:2}polyline.c0{stroke:var(--c0)}polyline.c1{stroke:var("
	"--c1)}polyline.rule{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 4}\n"
	"circle.c0,rect.c0{fill:var(--c0)}rect.c1{fill:var(--c1)}rect{opacity:.6}\n"
	"small{color:var(--soft)}\n";

static void add_label(struct buf *b, struct slice s)
{
	struct buf text = BUF_INIT;

	buf_add_slice(&text, s);
	eval_markup_text(b, text.p);
	b->failed |= text.failed;
	buf_release(&text);
}

static void add_numbers(struct buf *b, const struct eval_measure *m)
{
	buf_addf(b, "<table>\n<tr><td>rows</td><td>%zu</td></tr>\n", m->rows->n);
	for (size_t i = 0; i < m->n_numbers; i++) {
		const struct eval_number *n = &m->numbers[i];

		buf_add_text(b, "<tr><td>");
		eval_markup_text(b, n->title);
		if (isnan(n->value))
			buf_add_text(b, "</td><td>not defined</td></tr>\n");
		else
			buf_addf(b, "</td><td>%.6g</td></tr>\n", n->value);
	}
	buf_add_text(b, "</table>\n");
}

static void add_class(struct buf *b, struct slice label, const struct score_class *c)
{
	buf_add_text(b, "<tr><td>");
	add_label(b, label);
	buf_addf(b, "</td><td>%.4f</td><td>%.4f</td><td>%.4f</td><td>%.10g</td></tr>\n",
		c->precision, c->recall, c->f1, c->support);
}

static void add_classes(struct buf *b, const struct eval_measure *m)
{
	const struct eval_rows *r = m->rows;

	buf_add_text(b, "<h2>Classes</h2>\n<table>\n<tr><th></th><th>precision</th><th>recall</th>"
			"<th>F1</th><th>support</th></tr>\n");
	for (size_t k = 0; k < r->n_labels; k++)
		add_class(b, r->labels[k], &m->classes[k]);
	add_class(b, slice_of("macro average"), &m->summary.macro);
	add_class(b, slice_of("weighted average"), &m->summary.weighted);
	buf_add_text(b, "</table>\n");
	if (r->n_labels > MAX_MATRIX)
		return;
	buf_add_text(
		b, "<h2>Confusion</h2>\n<table>\n<tr><th><small>truth \\ predicted</small></th>");
	for (size_t k = 0; k < r->n_labels; k++) {
		buf_add_text(b, "<th>");
		add_label(b, r->labels[k]);
		buf_add_text(b, "</th>");
	}
	buf_add_text(b, "</tr>\n");
	for (size_t k = 0; k < r->n_labels; k++) {
		buf_add_text(b, "<tr><td>");
		add_label(b, r->labels[k]);
		buf_add_text(b, "</td>");
		for (size_t i = 0; i < r->n_labels; i++)
			buf_addf(b, "<td>%.10g</td>", score_confusion_at(&m->confusion, k, i));
		buf_add_text(b, "</tr>\n");
	}
	buf_add_text(b, "</table>\n");
}

static void add_line(
	struct eval_svg *s, const char *class, double x0, double y0, double x1, double y1)
{
	eval_svg_line_begin(s, class);
	eval_svg_line_add(s, x0, y0);
	eval_svg_line_add(s, x1, y1);
	eval_svg_line_end(s);
}

static void add_curve(struct eval_svg *s, const struct score_curve *c)
{
	eval_svg_line_begin(s, "c0");
	for (size_t i = 0; i < c->n; i++)
		eval_svg_line_add(s, c->points[i].x, c->points[i].y);
	eval_svg_line_end(s);
}

static void add_roc(struct buf *b, const struct eval_measure *m)
{
	struct eval_svg s = { .left = 0, .right = 1, .bottom = 0, .top = 1 };

	eval_svg_begin(&s, b, "ROC", "false positive rate", "true positive rate");
	add_line(&s, "rule", 0, 0, 1, 1);
	add_curve(&s, &m->roc);
	eval_svg_end(&s);
}

static void add_pr(struct buf *b, const struct eval_measure *m)
{
	struct eval_svg s = { .left = 0, .right = 1, .bottom = 0, .top = 1 };
	double share = eval_measure_get(m, "positive_share");

	eval_svg_begin(&s, b, "Precision over recall", "recall", "precision");
	add_line(&s, "rule", 0, share, 1, share);
	add_curve(&s, &m->pr);
	eval_svg_end(&s);
}

static void add_calibration(struct buf *b, const struct eval_measure *m)
{
	struct eval_svg s = { .left = 0, .right = 1, .bottom = 0, .top = 1 };

	eval_svg_begin(&s, b, "Calibration", "mean probability", "share of positive rows");
	add_line(&s, "rule", 0, 0, 1, 1);
	eval_svg_line_begin(&s, "c0");
	for (size_t i = 0; i < EVAL_N_BINS; i++)
		if (m->bins[i].weight > 0)
			eval_svg_line_add(
				&s, m->bins[i].score, m->bins[i].positive / m->bins[i].weight);
	eval_svg_line_end(&s);
	for (size_t i = 0; i < EVAL_N_BINS; i++)
		if (m->bins[i].weight > 0)
			eval_svg_dot(&s, "c0", m->bins[i].score,
				m->bins[i].positive / m->bins[i].weight);
	eval_svg_end(&s);
}

/* Shares of each class's own rows, so that a rare one is seen too. */
static void add_histogram(struct buf *b, const struct eval_measure *m)
{
	struct eval_svg s = { .left = 0, .right = 1, .bottom = 0, .top = 0 };
	double positive = 0, negative = 0;

	for (size_t i = 0; i < EVAL_N_BINS; i++) {
		positive += m->bins[i].positive;
		negative += m->bins[i].weight - m->bins[i].positive;
	}
	if (!(positive > 0) || !(negative > 0))
		return;
	for (size_t i = 0; i < EVAL_N_BINS; i++) {
		s.top = fmax(s.top, m->bins[i].positive / positive);
		s.top = fmax(s.top, (m->bins[i].weight - m->bins[i].positive) / negative);
	}
	eval_svg_begin(&s, b, "Probabilities: positive rows (blue), negative", "probability",
		"share of the class");
	for (size_t i = 0; i < EVAL_N_BINS; i++) {
		double from = (double)i / EVAL_N_BINS, to = (double)(i + 1) / EVAL_N_BINS;

		eval_svg_bar(
			&s, "c1", from, to, (m->bins[i].weight - m->bins[i].positive) / negative);
		eval_svg_bar(&s, "c0", from, to, m->bins[i].positive / positive);
	}
	eval_svg_end(&s);
}

static void add_parts(struct buf *b, const struct eval_measure *m)
{
	struct eval_svg s = { .left = m->parts[0].x, .right = m->parts[0].x };

	for (size_t i = 0; i < m->n_parts; i++) {
		s.left = fmin(s.left, fmin(m->parts[i].x, m->parts[i].y));
		s.right = fmax(s.right, fmax(m->parts[i].x, m->parts[i].y));
	}
	if (!(s.right > s.left) || !isfinite(s.right - s.left))
		return; /* nothing that can be drawn */
	s.bottom = s.left;
	s.top = s.right;
	eval_svg_begin(
		&s, b, "Truth by prediction, parts of equal size", "mean prediction", "mean truth");
	add_line(&s, "rule", s.left, s.left, s.right, s.right);
	for (size_t i = 0; i < m->n_parts; i++)
		eval_svg_dot(&s, "c0", m->parts[i].x, m->parts[i].y);
	eval_svg_end(&s);
}

void eval_report_html_measure(struct buf *b, const struct eval_measure *m, const char *title)
{
	buf_add_text(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			"<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	eval_markup_text(b, title);
	buf_addf(b, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
	eval_markup_text(b, title);
	buf_add_text(b, "</h1>\n");
	add_numbers(b, m);
	if (m->has_curves) {
		buf_add_text(b, "<h2>Curves</h2>\n<div class=\"charts\">\n");
		add_roc(b, m);
		add_pr(b, m);
		add_calibration(b, m);
		add_histogram(b, m);
		buf_add_text(b, "</div>\n");
	}
	if (m->n_parts) {
		buf_add_text(b, "<h2>Curves</h2>\n<div class=\"charts\">\n");
		add_parts(b, m);
		buf_add_text(b, "</div>\n");
	}
	if (eval_has_labels(m->rows->objective))
		add_classes(b, m);
	buf_addf(b, "<p><small>md5 of the truth: %s</small></p>\n</body>\n</html>\n",
		m->rows->test_hash);
}
