#include "stage/graph.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* An output and its stage; all of them sorted by name, so that what lies below a folder is found by search. */
struct made {
	const char *full;
	size_t stage;
};

static int by_full(const void *a, const void *b)
{
	return strcmp(((const struct made *)a)->full, ((const struct made *)b)->full);
}

static bool is_below(const char *p, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(p, dir, n) == 0 && p[n] == '/';
}

/* The first of the sorted names that is not less than `full`. */
static size_t search(const struct made *m, size_t n, const char *full)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(m[mid].full, full) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Index of the output `full` itself or of a folder above it, n if none. */
static size_t find_above(const struct made *m, size_t n, const char *full, struct buf *tmp)
{
	buf_reset(tmp);
	buf_add_text(tmp, full);
	while (tmp->len) {
		size_t i = search(m, n, tmp->p);

		if (i < n && !strcmp(m[i].full, tmp->p))
			return i;
		while (tmp->len && tmp->p[tmp->len - 1] != '/')
			buf_truncate(tmp, tmp->len - 1);
		if (tmp->len)
			buf_truncate(tmp, tmp->len - 1);
	}
	return n;
}

static struct made *list_outs(const struct stage_pipeline *p, size_t *n, struct err *e)
{
	struct made *m;
	size_t total = 0;

	for (size_t i = 0; i < p->n; i++)
		total += p->stages[i].n_outs;
	m = mem_array(total + 1, sizeof(*m), e);
	if (!m)
		return NULL;
	*n = 0;
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->stages[i].n_outs; k++)
			m[(*n)++] = (struct made){ p->stages[i].outs[k].path.full, i };
	qsort(m, total, sizeof(*m), by_full);
	return m;
}

static int check_outs(const struct stage_pipeline *p, const struct made *m, size_t n, struct err *e)
{
	struct buf tmp = BUF_INIT, above = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		const char *name = p->stages[m[i].stage].name, *slash;
		size_t at;

		if (i && !strcmp(m[i].full, m[i - 1].full)) {
			rc = err_set(e, ERR_INPUT, "stages '%s' and '%s' both make '%s'",
				p->stages[m[i - 1].stage].name, name, m[i].full);
			break;
		}
		slash = strrchr(m[i].full, '/');
		if (!slash)
			continue;
		buf_reset(&tmp);
		buf_add(&tmp, m[i].full, (size_t)(slash - m[i].full));
		at = find_above(m, n, tmp.p, &above);
		if (at < n)
			rc = err_set(e, ERR_INPUT,
				"'%s' of stage '%s' lies in '%s', which stage '%s' makes",
				m[i].full, name, m[at].full, p->stages[m[at].stage].name);
	}
	buf_release(&tmp);
	buf_release(&above);
	return rc;
}

static void add_need(struct stage_node *node, size_t self, size_t other)
{
	size_t i = 0;

	if (other == self)
		return;
	while (i < node->n_needs && node->needs[i] < other)
		i++;
	if (i < node->n_needs && node->needs[i] == other)
		return;
	memmove(node->needs + i + 1, node->needs + i, (node->n_needs - i) * sizeof(*node->needs));
	node->needs[i] = other;
	node->n_needs++;
}

static void add_needs_of_path(struct stage_node *node, size_t self, const char *full,
	const struct made *m, size_t n, struct buf *tmp)
{
	size_t i = find_above(m, n, full, tmp);

	if (i < n) {
		add_need(node, self, m[i].stage);
		return;
	}
	buf_reset(tmp);
	buf_addf(tmp, "%s/", full);
	for (i = search(m, n, tmp->p); i < n && is_below(m[i].full, full); i++)
		add_need(node, self, m[i].stage);
}

static int find_needs(struct stage_graph *g, const struct made *m, size_t n, struct err *e)
{
	struct buf tmp = BUF_INIT;
	size_t *room = mem_array(g->p->n + 1, sizeof(*room), e);
	int rc = room ? 0 : -1;

	for (size_t i = 0; i < g->p->n && !rc; i++) {
		const struct stage_spec *s = &g->p->stages[i];
		struct stage_node *node = &g->nodes[i];

		node->needs = room;
		for (size_t k = 0; k < s->n_deps; k++)
			add_needs_of_path(node, i, s->deps[k].full, m, n, &tmp);
		for (size_t k = 0; k < s->n_params; k++)
			add_needs_of_path(node, i, s->params[k].full, m, n, &tmp);
		node->needs = arena_alloc(&g->mem, node->n_needs * sizeof(*room) + 1, e);
		rc = node->needs ? buf_check(&tmp, e) : -1;
		if (!rc)
			memcpy(node->needs, room, node->n_needs * sizeof(*room));
	}
	free(room);
	buf_release(&tmp);
	return rc;
}

/* Names the cycle that begins at the stage `start`, all of whose followed needs are unfinished. */
static int name_cycle(const struct stage_graph *g, size_t start, const bool *done, struct err *e)
{
	struct buf b = BUF_INIT;
	size_t at = start;

	/* after n steps one is surely inside of the cycle */
	for (size_t step = 0; step <= 2 * g->p->n; step++) {
		const struct stage_node *node = &g->nodes[at];

		for (size_t k = 0; k < node->n_needs; k++) {
			if (!done[node->needs[k]]) {
				at = node->needs[k];
				break;
			}
		}
		if (step == g->p->n)
			start = at;
		if (step < g->p->n)
			continue;
		buf_addf(&b, "%s%s", b.len ? " needs " : "", g->p->stages[at].name);
		if (step > g->p->n && at == start)
			break;
	}
	err_set(e, ERR_INPUT, "the stages go round in a circle: %s", b.p);
	buf_release(&b);
	return -1;
}

static int sort(struct stage_graph *g, struct err *e)
{
	size_t n = g->p->n, n_done = 0;
	bool *done = mem_array(n + 1, sizeof(*done), e);
	bool moved = true;

	if (!done)
		return -1;
	/* as declared is nearly always sorted already: then this is one pass */
	while (n_done < n && moved) {
		moved = false;
		for (size_t i = 0; i < n; i++) {
			bool ready = !done[i];

			for (size_t k = 0; ready && k < g->nodes[i].n_needs; k++)
				ready = done[g->nodes[i].needs[k]];
			if (!ready)
				continue;
			done[i] = moved = true;
			g->order[n_done++] = i;
		}
	}
	if (n_done < n)
		for (size_t i = 0; i < n; i++)
			if (!done[i]) {
				name_cycle(g, i, done, e);
				free(done);
				return -1;
			}
	free(done);
	return 0;
}

int stage_graph_build(struct stage_graph *g, const struct stage_pipeline *p, struct err *e)
{
	struct made *m;
	size_t n = 0;
	int rc = -1;

	memset(g, 0, sizeof(*g));
	g->p = p;
	m = list_outs(p, &n, e);
	if (!m)
		return -1;
	g->nodes = arena_alloc(&g->mem, (p->n + 1) * sizeof(*g->nodes), e);
	g->order = arena_alloc(&g->mem, (p->n + 1) * sizeof(*g->order), e);
	if (!g->nodes || !g->order)
		goto out;
	memset(g->nodes, 0, (p->n + 1) * sizeof(*g->nodes));
	rc = check_outs(p, m, n, e) || find_needs(g, m, n, e) || sort(g, e) ? -1 : 0;
out:
	free(m);
	if (rc)
		stage_graph_release(g);
	return rc;
}

void stage_graph_release(struct stage_graph *g)
{
	arena_release(&g->mem);
	memset(g, 0, sizeof(*g));
}

size_t stage_graph_maker(const struct stage_graph *g, const char *full)
{
	for (size_t i = 0; i < g->p->n; i++) {
		const struct stage_spec *s = &g->p->stages[i];

		for (size_t k = 0; k < s->n_outs; k++)
			if (!strcmp(s->outs[k].path.full, full) ||
				is_below(full, s->outs[k].path.full))
				return i;
	}
	return SIZE_MAX;
}

void stage_graph_close_up(const struct stage_graph *g, bool *wanted)
{
	for (size_t k = g->p->n; k-- > 0;) {
		const struct stage_node *node = &g->nodes[g->order[k]];

		for (size_t i = 0; wanted[g->order[k]] && i < node->n_needs; i++)
			wanted[node->needs[i]] = true;
	}
}
