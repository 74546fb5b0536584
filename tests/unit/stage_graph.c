/* stage/graph: order, cycles, drawings. */
#include "stage/graph.h"

#include <stdlib.h>

#include "base/ydoc.h"
#include "tap.h"

static int build(const char *yaml, struct stage_pipeline *p, struct stage_graph *g, struct err *e)
{
	json_t *doc = ydoc_parse(slice_of(yaml), "dvc.yaml", e);
	int rc = doc ? stage_spec_parse(p, doc, ".", "dvc.yaml", e) : -1;

	json_decref(doc);
	if (rc)
		return -1;
	rc = stage_graph_build(g, p, e);
	if (rc)
		stage_spec_release(p);
	return rc;
}

static void draws(const char *yaml, enum stage_drawing how, const char *want)
{
	struct err e = ERR_INIT;
	struct stage_pipeline p;
	struct stage_graph g;
	struct buf b = BUF_INIT;

	if (!ok(!build(yaml, &p, &g, &e), "built"))
		return;
	ok(!stage_graph_draw(&g, how, &b, &e), "is drawn");
	is_text(b.p, want, "drawn");
	buf_release(&b);
	stage_graph_release(&g);
	stage_spec_release(&p);
}

static const char diamond[] = "stages:\n"
			      "  d: {cmd: x, deps: [b1, c1]}\n"
			      "  b: {cmd: x, deps: [a1], outs: [b1]}\n"
			      "  c: {cmd: x, deps: [a1], outs: [c1]}\n"
			      "  a: {cmd: x, outs: [a1]}\n";

static void check_drawings(void)
{
	draws("stages: {a: {cmd: x, outs: [o]}, b: {cmd: x, deps: [o]}}", STAGE_DRAW_TERMINAL,
		"● a\n"
		"│\n"
		"● b\n");
	draws(diamond, STAGE_DRAW_TERMINAL,
		"● a\n"
		"├─╮\n"
		"● │ b\n"
		"│ │\n"
		"│ ● c\n"
		"├─╯\n"
		"● d\n");
	draws(diamond, STAGE_DRAW_MERMAID,
		"flowchart TD\n  s_a[\"a\"]\n  s_b[\"b\"]\n  s_c[\"c\"]\n  s_d[\"d\"]\n"
		"  s_a --> s_b\n  s_a --> s_c\n  s_b --> s_d\n  s_c --> s_d\n");
	draws("stages: {a: {cmd: x, outs: [o]}, b: {cmd: x, deps: [o]}}", STAGE_DRAW_DOT,
		"digraph pipeline {\n  \"a\";\n  \"b\";\n  \"a\" -> \"b\";\n}\n");
}

static void needs(const char *yaml, size_t stage, size_t n, const char *why)
{
	struct err e = ERR_INIT;
	struct stage_pipeline p;
	struct stage_graph g;

	if (!ok(!build(yaml, &p, &g, &e), "built"))
		return;
	is_int(g.nodes[stage].n_needs, n, "%s", why);
	stage_graph_release(&g);
	stage_spec_release(&p);
}

static void refused(const char *yaml, const char *message)
{
	struct err e = ERR_INIT;
	struct stage_pipeline p;
	struct stage_graph g;

	ok(build(yaml, &p, &g, &e), "refused");
	is_err(&e, ERR_INPUT, message, "says: %s", message);
}

int main(void)
{
	check_drawings();
	needs("stages: {a: {cmd: x, outs: [d]}, b: {cmd: x, deps: [d/f]}}", 1, 1,
		"a file in a folder that another makes");
	needs("stages: {a: {cmd: x, outs: [d/f]}, b: {cmd: x, deps: [d]}}", 1, 1,
		"a folder in which another makes a file");
	needs("stages: {a: {cmd: x, outs: [d]}, b: {cmd: x, deps: [d-e, dd]}}", 1, 0,
		"not what only begins the same");
	needs("stages: {a: {cmd: x, outs: [p.yaml]}, b: {cmd: x, params: [{p.yaml: [k]}]}}", 1, 1,
		"parameters that another makes");
	refused("stages: {a: {cmd: x, outs: [o]}, b: {cmd: x, outs: [o]}}",
		"stages 'a' and 'b' both make 'o'");
	refused("stages: {a: {cmd: x, outs: [d]}, b: {cmd: x, outs: [d/o]}}",
		"'d/o' of stage 'b' lies in 'd', which stage 'a' makes");
	refused("stages: {a: {cmd: x, deps: [c1], outs: [a1]}, b: {cmd: x, deps: [a1], outs: "
		"[b1]}, "
		"c: {cmd: x, deps: [b1], outs: [c1]}}",
		"the stages go round in a circle: c needs b needs a needs c");
	return done_testing();
}
