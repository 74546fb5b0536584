/*
 * graph - which stage needs which: order, cycles, drawings.
 *
 * A stage needs the one that makes a dependency (or parameter file) of it, a folder above the
 * dependency, or something below it.
 */
#ifndef CD4ML_STAGE_GRAPH_H
#define CD4ML_STAGE_GRAPH_H

#include "stage/spec.h"

struct stage_node {
	size_t *needs; /* [n_needs] indices of stages, ascending, each once */
	size_t n_needs;
};

struct stage_graph {
	const struct stage_pipeline *p; /* borrowed */
	struct stage_node *nodes; /* [p->n] */
	size_t *order; /* [p->n]: those that are needed before those that need them; else as declared */
	struct arena mem;
};

/**
 * Works it out. ERR_INPUT: two stages make the same thing, or one makes what lies in another's
 * output; a cycle, which is named.
 */
int stage_graph_build(
	struct stage_graph *g, const struct stage_pipeline *p, struct err *e) MUST_CHECK;
void stage_graph_release(struct stage_graph *g);
/** The stage that makes `full` or a folder above it; SIZE_MAX if none does. */
size_t stage_graph_maker(const struct stage_graph *g, const char *full);
/** Marks in `wanted` [p->n] all that the marked ones need, directly or not. */
void stage_graph_close_up(const struct stage_graph *g, bool *wanted);

enum stage_drawing { STAGE_DRAW_TERMINAL, STAGE_DRAW_MERMAID, STAGE_DRAW_DOT, STAGE_DRAW_SVG };
/** Adds a drawing. */
int stage_graph_draw(const struct stage_graph *g, enum stage_drawing how, struct buf *b,
	struct err *e) MUST_CHECK;
/** The last of them: stages in rows, each below all that it needs; arrows bend around boxes. */
int stage_graph_draw_svg(const struct stage_graph *g, struct buf *b, struct err *e) MUST_CHECK;

#endif
