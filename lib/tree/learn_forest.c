#include <stdlib.h>

#include "base/mem.h"
#include "tree/journal.h"
#include "tree/learn.h"
#include "tree/resume.h"

struct forest {
	struct tree_learn *l;
	struct tree_writer writer;
	struct tree_journal *journal; /* NULL: no --checkpoint */
	size_t n_saved; /* trees in it */
	struct tree_model *old; /* of --resume; NULL: none */
	struct tree *known; /* [n_known] its trees, those of one class; borrow */
};

/** Makes the tree that of one class: its leaves that class's shares. */
static void show_class(struct tree *t, const float *shares, size_t n_outputs, size_t k)
{
	t->output = (uint32_t)k;
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		if (t->stats)
			t->stats[i].weight = shares[i * n_outputs + k];
		if (t->nodes[i].left < 0)
			t->nodes[i].value = shares[i * n_outputs + k];
	}
}

static int tree_done(void *ctx, size_t number, struct tree_forest_tree *t, struct err *e)
{
	struct forest *f = ctx;
	struct tree_learn *l = f->l;
	size_t every = (size_t)l->p->checkpoint_every;

	/* a full disk is told now, not when all trees are grown */
	if (output_failed(l->t->out))
		return output_fd(l->t->out, e) < 0 ? -1 : 0;
	if (f->journal && number >= f->n_saved && tree_comm_is_first(l->t->io.comm) &&
		tree_journal_add(f->journal, t->tree, (number + 1) % every == 0, e))
		return -1;
	if (l->importance.n)
		tree_importances_add(&l->importance, t->tree);
	for (size_t k = 0; k < l->m->n_outputs; k++) {
		if (t->shares)
			show_class(t->tree, t->shares, l->m->n_outputs, k);
		tree_learn_apply(l, t->tree, k);
		if (tree_writer_add(&f->writer, t->tree, e))
			return -1;
	}
	return 0;
}

/** The trees of the model that is gone on with; of several classes all have the same splits. */
static int take_model(struct forest *f, struct tree_forest_params *p, struct err *e)
{
	const char *path = f->l->p->resume;
	size_t n = 0;

	f->old = tree_resume_forest(f->l->m, path, e);
	f->known = f->old ? mem_array(f->old->n_trees, sizeof(*f->known), e) : NULL;
	if (!f->known)
		return -1;
	for (size_t i = 0; i < f->old->n_trees; i++)
		if (f->old->trees[i].output == 0)
			f->known[n++] = f->old->trees[i];
	p->known = f->known;
	p->known_name = path;
	p->n_known = n;
	diag_say(f->l->t->io.diag, DIAG_NOTE, "going on behind tree %zu of %s", n, path);
	return 0;
}

/** The first process opens it for writing, then the others only read. */
static struct tree_journal *open_journal(struct tree_learn *l, const char *run, struct err *e)
{
	struct tree_comm *c = l->t->io.comm;
	struct tree_journal *j = NULL;

	if (tree_comm_is_first(c))
		j = tree_journal_open(l->p->checkpoint, run, true, e);
	if (tree_comm_is_first(c) && !j)
		return NULL;
	tree_comm_sum_of(c, 0); /* waits for the first */
	if (!tree_comm_is_first(c))
		j = tree_journal_open(l->p->checkpoint, run, false, e);
	if (j)
		tree_comm_sum_of(c, 0); /* nobody adds to it before all have read it */
	return j;
}

/** What was grown before: the trees of the checkpoint, or of --resume where there is none yet. */
static int take_known(struct forest *f, struct tree_forest_params *p, struct err *e)
{
	struct tree_learn *l = f->l;
	char *run;

	if (l->p->checkpoint) {
		run = tree_resume_run(l->p, &l->data, l->t->io.pool, e);
		f->journal = run ? open_journal(l, run, e) : NULL;
		free(run);
		if (!f->journal)
			return -1;
		p->known = tree_journal_trees(f->journal, &p->n_known);
		p->known_name = l->p->checkpoint;
		f->n_saved = p->n_known;
		if (f->n_saved) {
			diag_say(l->t->io.diag, DIAG_NOTE, "going on behind tree %zu of %s",
				f->n_saved, l->p->checkpoint);
			return 0;
		}
	}
	return l->p->resume ? take_model(f, p, e) : 0;
}

static int make_room(struct tree_learn *l, struct tree_forest_params *p, struct err *e)
{
	size_t k = l->m->n_outputs;

	if (l->p->metrics && !l->p->cv) {
		l->margins = mem_aligned(l->data.target.truth.n_rows * k, sizeof(*l->margins), e);
		if (!l->margins)
			return -1;
	}
	if (!l->p->oob_score && !l->p->permutation)
		return 0;
	p->oob = &l->oob;
	return tree_oob_init(p->oob, &l->job, k, l->p->oob_score, l->p->permutation, e);
}

static int grow(struct forest *f, struct err *e)
{
	struct tree_learn *l = f->l;
	struct tree_forest_params p;

	if (tree_params_to_forest(l->p, l->m, &p, e) || tree_learn_start_valid(l, e) ||
		make_room(l, &p, e) || take_known(f, &p, e))
		return -1;
	progress_start(l->t->io.progress, "growing", p.n_trees, "trees");
	if (tree_writer_begin(
		    &f->writer, l->t->out, l->t->format, l->m, p.n_trees * l->m->n_outputs, e) ||
		tree_forest(&l->job, &p, l->margins, tree_done, f, e))
		return -1;
	return tree_writer_end(&f->writer, e);
}

int tree_learn_forest(struct tree_learn *l, struct err *e)
{
	struct forest f = { .l = l };
	int rc = grow(&f, e);

	tree_writer_release(&f.writer);
	tree_journal_close(f.journal);
	tree_model_free(f.old);
	free(f.known);
	return rc;
}
