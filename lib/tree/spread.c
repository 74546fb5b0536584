#include "tree/spread.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/branch.h"

enum { PARTS = 2 }; /* for each thread: they do not take the same time */

int tree_spread_init(struct tree_spread *s, const struct tree_grower *g, struct err *e)
{
	size_t n = PARTS * (size_t)g->n_workers;

	memset(s, 0, sizeof(*s));
	s->parts = mem_array(n, sizeof(*s->parts), e);
	s->places = s->parts ? mem_array(g->f->records.n_bundles, sizeof(*s->places), e) : NULL;
	if (!s->places)
		return -1;
	for (; s->n_made < n; s->n_made++) {
		struct tree_spread_part *p = &s->parts[s->n_made];

		p->cols = mem_array(g->f->n_cols, sizeof(*p->cols), e);
		if (!p->cols || tree_plan_init(&p->plan, g->f, e)) {
			s->n_made++;
			return -1;
		}
	}
	return 0;
}

void tree_spread_release(struct tree_spread *s)
{
	for (size_t i = 0; i < s->n_made; i++) {
		free(s->parts[i].cols);
		tree_plan_release(&s->parts[i].plan);
	}
	free(s->parts);
	free(s->places);
	memset(s, 0, sizeof(*s));
}

/* Columns that share bytes stay together: one pass over the rows sums them up. */
void tree_spread_set(struct tree_grower *g)
{
	struct tree_spread *s = &g->spread;
	struct tree_columns all = g->plan.cols;
	bool is_used = g->n_workers > 1 && !g->f->comm && !g->p.mtry && g->p.max_leaves &&
		       tree_choice_is_free(&g->p.choice) && g->plan.n >= s->n_made;

	s->n = is_used ? s->n_made : 0;
	if (!is_used)
		return;
	for (size_t i = 0; i < g->plan.n; i++)
		s->places[g->plan.bundles[i]] = (uint32_t)i;
	for (size_t i = 0; i < s->n; i++)
		s->parts[i].n_cols = 0;
	for (size_t i = 0; i < all.n; i++) {
		uint32_t col = all.list ? all.list[i] : (uint32_t)i;
		size_t place = s->places[g->f->cols[col].place.bundle];
		struct tree_spread_part *p = &s->parts[place * s->n / g->plan.n];

		p->cols[p->n_cols++] = col;
	}
	for (size_t i = 0; i < s->n; i++) {
		struct tree_spread_part *p = &s->parts[i];

		tree_plan_set(&p->plan, g->f, (struct tree_columns){ p->cols, p->n_cols });
	}
}

bool tree_spread_is_due(const struct tree_grower *g, const struct tree_branch *n)
{
	return g->spread.n && n->n <= TREE_SPREAD_ROWS;
}

/* ---- a leaf -------------------------------------------------------------------------------------------- */

struct job {
	struct tree_grower *g;
	struct tree_branch *small, *large;
	struct tree_hist_job sums;
	const uint32_t *rows; /* of the smaller child; NULL: records lie side by side */
	struct tree_hist parent, small_hist,
		large_hist; /* the last one lies in the first one's memory */
};

static void search(const struct job *j, const struct tree_branch *n, const struct tree_hist *h,
	struct tree_columns cols, int worker, struct tree_split *s)
{
	struct tree_grower *g = j->g;

	*s = (struct tree_split){ .gain = 0 };
	if (!tree_branch_may_split(g, n))
		return;
	tree_split_find(g->f, cols, g->q, &g->p.split, n->bounds, h, &g->workers[worker].split, s);
	tree_branch_own_set(g, s);
}

static void find_part(void *ctx, size_t i, int worker)
{
	const struct job *j = ctx;
	struct tree_grower *g = j->g;
	struct tree_spread_part *p = &g->spread.parts[i];
	struct tree_hist small = j->small_hist;

	tree_hist_clear(g->f, p->plan.cols, g->n_classes, &small);
	tree_hist_add(&j->sums, &p->plan, j->rows, j->small->n, &g->workers[worker].sums, &small);
	tree_branch_subtract(
		g, p->plan.cols, &j->parent, &small, tree_branch_is_packed(g, j->large));
	search(j, j->small, &small, p->plan.cols, worker, &p->splits[0]);
	search(j, j->large, &j->large_hist, p->plan.cols, worker, &p->splits[1]);
}

/** Of equal gains the first column wins, as it does where one thread searches all. */
static void choose(struct tree_grower *g, int which, struct tree_split *best)
{
	*best = (struct tree_split){ .gain = 0 };
	for (size_t i = 0; i < g->spread.n; i++) {
		struct tree_split *s = &g->spread.parts[i].splits[which];

		if (s->gain > best->gain ||
			(s->gain > 0 && s->gain == best->gain && s->col < best->col)) {
			free(best->right);
			*best = *s;
		} else {
			free(s->right);
		}
	}
}

void tree_spread_find(
	struct tree_grower *g, struct tree_branch *parent, struct tree_branch *small, void *memory)
{
	struct tree_branch *large = tree_branch_sibling(g, small);
	const uint8_t *records =
		small->is_grouped ? tree_group_at(&g->group, small->begin) : g->f->records.rows;
	struct job j = { g, small, large, { g->kernel, g->f, records, g->q },
		small->is_grouped ? NULL : g->rows + small->begin,
		tree_branch_hist(g, parent, parent->hist), tree_branch_hist(g, small, memory),
		tree_branch_hist(g, large, parent->hist) };

	pool_for(g->pool, g->spread.n, find_part, &j);
	choose(g, 0, &small->split);
	choose(g, 1, &large->split);
}
