/* stage/spec and stage/graph: any dvc.yaml is refused, or gives a graph whose order keeps all needs. */
#include "stage/spec.h"

#include <stdlib.h>

#include "base/ydoc.h"
#include "fuzz.h"
#include "stage/graph.h"

static void check_order(const struct stage_graph *g, size_t n)
{
	size_t *at = calloc(n + 1, sizeof(*at));

	MUST(at != NULL);
	for (size_t k = 0; k < n; k++)
		at[g->order[k]] = k;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < g->nodes[i].n_needs; k++)
			MUST(at[g->nodes[i].needs[k]] < at[i]);
	free(at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct err e = ERR_INIT;
	struct stage_pipeline p;
	struct stage_graph g;
	struct buf b = BUF_INIT;
	json_t *doc = ydoc_parse(text, "dvc.yaml", &e);
	int rc = doc ? stage_spec_parse(&p, doc, "dir", "dvc.yaml", &e) : -1;

	json_decref(doc);
	if (rc)
		return 0;
	if (!stage_graph_build(&g, &p, &e)) {
		check_order(&g, p.n);
		if (stage_graph_draw(&g, STAGE_DRAW_TERMINAL, &b, &e) ||
			stage_graph_draw(&g, STAGE_DRAW_SVG, &b, &e))
			abort();
		stage_graph_release(&g);
	}
	buf_release(&b);
	stage_spec_release(&p);
	return 0;
}
