#include "tree/command.h"

#include <unistd.h>

#include "tree/train.h"

/** The model is in its place, all of it, before the checkpoint that it could be made of goes. */
static int finish(struct tool *t, const struct tree_params *p, struct err *e)
{
	struct output *out = t->out;

	t->out = NULL;
	if (output_close(out, e))
		return -1;
	unlink(p->checkpoint);
	return 0;
}

enum tool_status tree_command(struct tool *t, const void *params, struct err *e)
{
	struct tree_comm *comm = tree_comm_start();
	struct tree_train train = {
		.params = params,
		.files = (const char *const *)t->operands,
		.n_files = t->n_operands,
		.out = t->out,
		.format = tree_format_of(t->out_path),
		.wants_model = t->out_path != NULL,
		.io = { t->pool, t->progress, t->diag, comm },
	};

	if (!tree_comm_is_first(comm)) {
		/* the first one writes */
		output_abandon(t->out);
		t->out = train.out = output_open("/dev/null", OUTPUT_PLAIN, e);
		train.io.progress = NULL;
		train.io.diag = NULL;
		if (!t->out)
			return TOOL_FAILED;
	}
	if (tree_train(&train, e))
		return TOOL_FAILED;
	tree_comm_end(comm);
	if (train.params->checkpoint && tree_comm_is_first(comm) && finish(t, params, e))
		return TOOL_FAILED;
	return TOOL_YES;
}
