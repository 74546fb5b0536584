/*
 * svg - a small chart: axes with round ticks, lines, bars. No script, no font, no outside reference.
 *
 * Colours are CSS classes (`c0`, `c1`, `rule`, `axis`) that the page around it sets, so that one drawing is right
 * on light and dark ground. Coordinates are rounded to tenths of a pixel: the same bytes everywhere.
 */
#ifndef CD4ML_EVAL_SVG_H
#define CD4ML_EVAL_SVG_H

#include "base/buf.h"

struct eval_svg {
	struct buf *b;
	double left, right, bottom, top; /* values at the edges of the plot */
};

/** Begins a chart of these ranges (not empty); titles are plain text. */
void eval_svg_begin(struct eval_svg *s, struct buf *b, const char *title, const char *x_title,
	const char *y_title);
/** A line through points: begin, add each, end. `class` "c0", "c1", "rule". */
void eval_svg_line_begin(struct eval_svg *s, const char *class);
void eval_svg_line_add(struct eval_svg *s, double x, double y);
void eval_svg_line_end(struct eval_svg *s);
void eval_svg_dot(struct eval_svg *s, const char *class, double x, double y);
/** A bar from x0 to x1, from 0 (or the edge) up to y. */
void eval_svg_bar(struct eval_svg *s, const char *class, double x0, double x1, double y);
void eval_svg_end(struct eval_svg *s);

#endif
