/*
 * The drawings of stage/graph. In the terminal: a line a stage, in order, with lanes beside it:
 *
 *	o preprocess
 *	+--.
 *	o  | train
 *	`--o evaluate
 *
 * (with box-drawing characters). A lane leads to one stage that is still to come, whoever needs it;
 * so a stage opens a lane for each that needs it, or joins the one there is, and ends its own.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stage/graph.h"

enum { UP = 1, DOWN = 2, LEFT = 4, RIGHT = 8, MAX_LANES = 64 };
#define NO_LANE SIZE_MAX

static const char *glyph(unsigned bits)
{
	static const char *const glyphs[16] = { " ", "╵", "╷", "│", "╴", "╯", "╮", "┤", "╶", "╰",
		"╭", "├", "─", "┴", "┬", "┼" };

	return glyphs[bits & 15];
}

static bool needs(const struct stage_graph *g, size_t who, size_t whom)
{
	for (size_t k = 0; k < g->nodes[who].n_needs; k++)
		if (g->nodes[who].needs[k] == whom)
			return true;
	return false;
}

static size_t find_lane(const size_t *lanes, size_t n, size_t stage)
{
	for (size_t i = 0; i < n; i++)
		if (lanes[i] == stage)
			return i;
	return NO_LANE;
}

/* The lane of a stage: the one there is, a free one, or a new one. */
static size_t open_lane(size_t *lanes, size_t *n, size_t stage)
{
	size_t i = find_lane(lanes, *n, stage);

	if (i == NO_LANE)
		i = find_lane(lanes, *n, NO_LANE);
	if (i == NO_LANE && *n < MAX_LANES)
		i = (*n)++;
	if (i != NO_LANE)
		lanes[i] = stage;
	return i;
}

static void draw_node(struct buf *b, const size_t *lanes, size_t n, size_t at, const char *name)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "%s ", i == at ? "●" : lanes[i] == NO_LANE ? " " : "│");
	buf_addf(b, "%s\n", name);
}

/* The line below a stage in lane `at`, with the lanes before and after it. */
static void draw_links(struct buf *b, const size_t *before, const size_t *after, size_t n,
	size_t at, const bool *linked)
{
	size_t first = at, last = at;

	for (size_t i = 0; i < n; i++) {
		if (linked[i] && i < first)
			first = i;
		if (linked[i] && i > last)
			last = i;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned bits = (before[i] != NO_LANE || i == at ? UP : 0) |
				(after[i] != NO_LANE ? DOWN : 0);

		if (linked[i] || i == at)
			bits |= (i > first ? LEFT : 0) | (i < last ? RIGHT : 0);
		else if (i > first && i < last && !bits)
			bits = LEFT | RIGHT;
		buf_add_text(b, glyph(bits));
		buf_add_text(b, i >= first && i < last ? "─" : " ");
	}
	while (b->len && b->p[b->len - 1] == ' ')
		buf_truncate(b, b->len - 1);
	buf_add_char(b, '\n');
}

static void draw_terminal(const struct stage_graph *g, struct buf *b)
{
	size_t lanes[MAX_LANES], before[MAX_LANES], n = 0;

	for (size_t k = 0; k < g->p->n; k++) {
		size_t stage = g->order[k], at = open_lane(lanes, &n, stage);
		bool linked[MAX_LANES] = { false }, any = false;
		size_t n_before = n;

		if (at == NO_LANE) {
			buf_addf(b, "%s\n", g->p->stages[stage].name);
			continue;
		}
		draw_node(b, lanes, n, at, g->p->stages[stage].name);
		memcpy(before, lanes, sizeof(before));
		lanes[at] = NO_LANE;
		for (size_t i = k + 1; i < g->p->n; i++) {
			size_t lane;

			if (!needs(g, g->order[i], stage))
				continue;
			lane = open_lane(lanes, &n, g->order[i]);
			if (lane != NO_LANE)
				linked[lane] = any = true;
		}
		for (size_t i = n_before; i < n; i++)
			before[i] = NO_LANE;
		if (any)
			draw_links(b, before, lanes, n, at, linked);
		while (n && lanes[n - 1] == NO_LANE)
			n--;
	}
}

static void draw_mermaid(const struct stage_graph *g, struct buf *b)
{
	buf_add_text(b, "flowchart TD\n");
	/* a name alone may be a word of Mermaid's ("end"): so with a prefix, and a label */
	for (size_t k = 0; k < g->p->n; k++) {
		const char *name = g->p->stages[g->order[k]].name;

		buf_addf(b, "  s_%s[\"%s\"]\n", name, name);
	}
	for (size_t k = 0; k < g->p->n; k++) {
		const struct stage_node *node = &g->nodes[g->order[k]];

		for (size_t j = 0; j < node->n_needs; j++)
			buf_addf(b, "  s_%s --> s_%s\n", g->p->stages[node->needs[j]].name,
				g->p->stages[g->order[k]].name);
	}
}

static void draw_dot(const struct stage_graph *g, struct buf *b)
{
	buf_add_text(b, "digraph pipeline {\n");
	for (size_t k = 0; k < g->p->n; k++) {
		const struct stage_node *node = &g->nodes[g->order[k]];
		const char *name = g->p->stages[g->order[k]].name;

		buf_addf(b, "  \"%s\";\n", name);
		for (size_t j = 0; j < node->n_needs; j++)
			buf_addf(b, "  \"%s\" -> \"%s\";\n", g->p->stages[node->needs[j]].name,
				name);
	}
	buf_add_text(b, "}\n");
}

int stage_graph_draw(
	const struct stage_graph *g, enum stage_drawing how, struct buf *b, struct err *e)
{
	if (how == STAGE_DRAW_SVG)
		return stage_graph_draw_svg(g, b, e);
	if (how == STAGE_DRAW_MERMAID)
		draw_mermaid(g, b);
	else if (how == STAGE_DRAW_DOT)
		draw_dot(g, b);
	else
		draw_terminal(g, b);
	return buf_check(b, e);
}
