#include "eval/svg.h"

#include <math.h>

#include "eval/markup.h"

enum { WIDTH = 360, HEIGHT = 300, LEFT = 52, RIGHT = 12, TOP = 28, BOTTOM = 44, MAX_TICKS = 5 };

static double clip(double v, double low, double high)
{
	return v < low ? low : v > high ? high : v;
}

static double x_of(const struct eval_svg *s, double x)
{
	double share = clip((x - s->left) / (s->right - s->left), 0, 1);

	return LEFT + share * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct eval_svg *s, double y)
{
	double share = clip((y - s->bottom) / (s->top - s->bottom), 0, 1);

	return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
}

/* The step 1, 2 or 5 times a power of ten that cuts the range into at most MAX_TICKS parts. */
static double tick_step(double range)
{
	static const double steps[] = { 1, 2, 5, 10 };
	double power = 1;

	while (power * 10 <= range / MAX_TICKS)
		power *= 10;
	while (power > range / MAX_TICKS)
		power /= 10;
	for (size_t i = 0; i < 4; i++)
		if (steps[i] * power * MAX_TICKS >= range * (1 - 1e-9))
			return steps[i] * power;
	return range;
}

static void add_ticks(struct eval_svg *s, double low, double high, bool is_x)
{
	double step = isfinite(high - low) ? tick_step(high - low) : 0;
	double first = step > 0 ? ceil(low / step - 1e-9) : 0;

	/* Counted: far from 0 a double may be too coarse to come to an end. */
	for (int i = 0; step > 0 && i <= MAX_TICKS + 1; i++) {
		double v = (first + i) * step + 0.0; /* never -0 */

		if (v > high + step * 1e-9)
			return;
		if (is_x)
			buf_addf(s->b,
				"<text class=\"tick\" x=\"%.1f\" y=\"%d\" "
				"text-anchor=\"middle\">%.6g</text>\n",
				x_of(s, v), HEIGHT - BOTTOM + 16, v);
		else
			buf_addf(s->b,
				"<text class=\"tick\" x=\"%d\" y=\"%.1f\" "
				"text-anchor=\"end\">%.6g</text>\n"
				"<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n",
				LEFT - 6, y_of(s, v) + 4, v, LEFT, y_of(s, v), WIDTH - RIGHT);
	}
}

void eval_svg_begin(struct eval_svg *s, struct buf *b, const char *title, const char *x_title,
	const char *y_title)
{
	s->b = b;
	buf_addf(b, "<svg viewBox=\"0 0 %d %d\" role=\"img\"", WIDTH, HEIGHT);
	eval_markup_pair(b, "aria-label", title);
	buf_addf(b, ">\n<text class=\"title\" x=\"%d\" y=\"16\">", LEFT);
	eval_markup_text(b, title);
	buf_add_text(b, "</text>\n");
	add_ticks(s, s->left, s->right, true);
	add_ticks(s, s->bottom, s->top, false);
	buf_addf(b, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP, HEIGHT - BOTTOM,
		WIDTH - RIGHT);
	buf_addf(b, "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">",
		(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8);
	eval_markup_text(b, x_title);
	buf_addf(b,
		"</text>\n<text class=\"tick\" transform=\"translate(12 %d) rotate(-90)\" "
		"text-anchor=\"middle\">",
		(TOP + HEIGHT - BOTTOM) / 2);
	eval_markup_text(b, y_title);
	buf_add_text(b, "</text>\n");
}

void eval_svg_line_begin(struct eval_svg *s, const char *class)
{
	buf_addf(s->b, "<polyline class=\"%s\" points=\"", class);
}

void eval_svg_line_add(struct eval_svg *s, double x, double y)
{
	buf_addf(s->b, "%.1f,%.1f ", x_of(s, x), y_of(s, y));
}

void eval_svg_line_end(struct eval_svg *s)
{
	buf_add_text(s->b, "\"/>\n");
}

void eval_svg_dot(struct eval_svg *s, const char *class, double x, double y)
{
	buf_addf(s->b, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n", class,
		x_of(s, x), y_of(s, y));
}

void eval_svg_bar(struct eval_svg *s, const char *class, double x0, double x1, double y)
{
	double base = y_of(s, s->bottom > 0 ? s->bottom : 0), top = y_of(s, y);

	buf_addf(s->b,
		"<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
		class, x_of(s, x0), top, x_of(s, x1) - x_of(s, x0), base - top);
}

void eval_svg_end(struct eval_svg *s)
{
	buf_add_text(s->b, "</svg>\n");
}
