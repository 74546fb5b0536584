/*
 * The graph as a picture. Row 0 has the stages that need none, each other stage stands in the row
 * after the last of its needs. An arrow over several rows goes through a free place in each row
 * between, so that it crosses no box. In a row, places are ordered by the middle of what leads to
 * them (the barycentre heuristic of Sugiyama, Tagawa and Toda, 1981), once from the top.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/graph.h"

enum { BOX_H = 28, ROW_H = 64, GAP = 24, CHAR_W = 8, PAD = 12, WAY_W = 8 };

struct place {
	size_t stage; /* of the box, or of the one that the arrow leads to */
	size_t from; /* of an arrow's place: the place before it; SIZE_MAX for a box */
	size_t row;
	double wish; /* where it would like to be: middle of what leads to it */
	int x, w; /* left edge and width */
};

struct picture {
	const struct stage_graph *g;
	struct place *all; /* [n]; the first g->p->n are the boxes */
	size_t n, cap, n_rows;
	size_t *row; /* scratch for one row */
	int width;
};

static int middle(const struct place *p)
{
	return p->x + p->w / 2;
}

static void set_rows(struct picture *pic)
{
	for (size_t k = 0; k < pic->n; k++) {
		struct place *p = &pic->all[pic->g->order[k]];
		const struct stage_node *node = &pic->g->nodes[p->stage];

		for (size_t i = 0; i < node->n_needs; i++)
			if (pic->all[node->needs[i]].row >= p->row)
				p->row = pic->all[node->needs[i]].row + 1;
		if (p->row >= pic->n_rows)
			pic->n_rows = p->row + 1;
	}
}

/* The way from a need to a stage: places in the rows between; its last one has the stage as `stage`. */
static int add_way(struct picture *pic, size_t need, size_t stage, struct err *e)
{
	size_t from = need;

	for (size_t row = pic->all[need].row + 1; row < pic->all[stage].row; row++) {
		if (mem_grow(&pic->all, &pic->cap, pic->n + 1, sizeof(*pic->all), e))
			return -1;
		pic->all[pic->n] =
			(struct place){ .stage = stage, .from = from, .row = row, .w = WAY_W };
		from = pic->n++;
	}
	return 0;
}

static int make_places(struct picture *pic, struct err *e)
{
	size_t n = pic->g->p->n;

	if (mem_grow(&pic->all, &pic->cap, n + 1, sizeof(*pic->all), e))
		return -1;
	for (size_t i = 0; i < n; i++)
		pic->all[pic->n++] = (struct place){ .stage = i,
			.from = SIZE_MAX,
			.w = 2 * PAD + CHAR_W * (int)strlen(pic->g->p->stages[i].name) };
	set_rows(pic);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < pic->g->nodes[i].n_needs; k++)
			if (add_way(pic, pic->g->nodes[i].needs[k], i, e))
				return -1;
	pic->row = mem_array(pic->n + 1, sizeof(*pic->row), e);
	return pic->row ? 0 : -1;
}

/* The place from which the arrow reaches the box `to` from its need: the last of its way, or the need. */
static size_t last_of_way(const struct picture *pic, size_t need, size_t to)
{
	size_t at = need;

	for (size_t i = pic->g->p->n; i < pic->n; i++)
		if (pic->all[i].stage == to && pic->all[i].from == at)
			at = i;
	return at;
}

static double wish_of(const struct picture *pic, size_t i)
{
	const struct place *p = &pic->all[i];
	const struct stage_node *node = &pic->g->nodes[p->stage];
	double sum = 0;

	if (p->from != SIZE_MAX)
		return middle(&pic->all[p->from]);
	for (size_t k = 0; k < node->n_needs; k++)
		sum += middle(&pic->all[last_of_way(pic, node->needs[k], i)]);
	return node->n_needs ? sum / (double)node->n_needs : 0;
}

/* Sorted by wish, equal ones as they are; rows are short. */
static size_t order_row(struct picture *pic, size_t row)
{
	size_t n = 0;

	for (size_t i = 0; i < pic->n; i++) {
		size_t k = n;

		if (pic->all[i].row != row)
			continue;
		pic->all[i].wish = wish_of(pic, i);
		while (k && pic->all[pic->row[k - 1]].wish > pic->all[i].wish) {
			pic->row[k] = pic->row[k - 1];
			k--;
		}
		pic->row[k] = i;
		n++;
	}
	return n;
}

static void place_all(struct picture *pic)
{
	for (size_t row = 0; row < pic->n_rows; row++) {
		size_t n = order_row(pic, row);
		int x = GAP;

		for (size_t k = 0; k < n; k++) {
			struct place *p = &pic->all[pic->row[k]];
			int wish = (int)p->wish - p->w / 2;

			p->x = row && wish > x ? wish : x;
			x = p->x + p->w + GAP;
		}
		if (x > pic->width)
			pic->width = x;
	}
}

static int top(const struct place *p)
{
	return GAP + (int)p->row * ROW_H;
}

/* From one place to one in the next row. */
static void draw_step(const struct place *a, const struct place *b, bool arrives, struct buf *out)
{
	int y0 = top(a) + (a->from == SIZE_MAX ? BOX_H : BOX_H / 2);
	int y1 = top(b) + (arrives ? 0 : BOX_H / 2), half = (y1 - y0) / 2;

	buf_addf(out, "  <path d=\"M%d %dC%d %d %d %d %d %d\"%s/>\n", middle(a), y0, middle(a),
		y0 + half, middle(b), y1 - half, middle(b), y1,
		arrives ? " marker-end=\"url(#tip)\"" : "");
}

static void draw(const struct picture *pic, struct buf *b)
{
	buf_addf(b,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"font-family=\"monospace\" font-size=\"13\" text-anchor=\"middle\">\n"
		"  <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" "
		"markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">"
		"<path d=\"M0 0L8 4L0 8Z\" fill=\"#555\"/></marker></defs>\n"
		"  <g fill=\"none\" stroke=\"#555\">\n",
		pic->width, GAP + (int)pic->n_rows * ROW_H);
	for (size_t i = pic->g->p->n; i < pic->n; i++)
		draw_step(&pic->all[pic->all[i].from], &pic->all[i], false, b);
	for (size_t i = 0; i < pic->g->p->n; i++)
		for (size_t k = 0; k < pic->g->nodes[i].n_needs; k++)
			draw_step(&pic->all[last_of_way(pic, pic->g->nodes[i].needs[k], i)],
				&pic->all[i], true, b);
	buf_add_text(b, "  </g>\n");
	for (size_t i = 0; i < pic->g->p->n; i++) {
		const struct place *p = &pic->all[i];

		buf_addf(b,
			"  <rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\" "
			"fill=\"#eef3fa\" stroke=\"#456\"/>\n"
			"  <text x=\"%d\" y=\"%d\">%s</text>\n",
			p->x, top(p), p->w, BOX_H, middle(p), top(p) + BOX_H / 2 + 5,
			pic->g->p->stages[i].name);
	}
	buf_add_text(b, "</svg>\n");
}

int stage_graph_draw_svg(const struct stage_graph *g, struct buf *b, struct err *e)
{
	struct picture pic = { .g = g, .width = 2 * GAP };
	int rc = make_places(&pic, e);

	if (!rc) {
		place_all(&pic);
		draw(&pic, b);
		rc = buf_check(b, e);
	}
	free(pic.all);
	free(pic.row);
	return rc;
}
