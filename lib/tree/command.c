#include "tree/command.h"

#include "tree/train.h"

enum tool_status tree_command(struct tool *t, const void *params, struct err *e)
{
	struct tree_train train = {
		.params = params,
		.files = (const char *const *)t->operands,
		.n_files = t->n_operands,
		.out = t->out,
		.format = tree_format_of(t->out_path),
		.wants_model = t->out_path != NULL,
		.io = { t->pool, t->progress, t->diag },
	};

	return tree_train(&train, e) ? TOOL_FAILED : TOOL_YES;
}
