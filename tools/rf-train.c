#include "base/tool.h"
#include "tree/train.h"

static enum tool_status run(struct tool *t, const void *args, struct err *e)
{
	struct tree_train train = {
		.params = args,
		.files = (const char *const *)t->operands,
		.n_files = t->n_operands,
		.out = t->out,
		.format = tree_format_of(t->out_path),
		.wants_model = t->out_path != NULL,
		.io = { t->pool, t->progress, t->diag },
	};

	return tree_train(&train, e) ? TOOL_FAILED : TOOL_YES;
}

static const struct tool_spec spec = {
	.main = {
		.name = "rf-train",
		.usage = "--target COL [-o MODEL.json|MODEL.ubj] TABLE...",
		.summary = "learns a random forest from tables",
		.options = tree_params_options,
		.defaults = &tree_params_forest,
		.args_size = sizeof(struct tree_params),
		.flags = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS | TOOL_CONFIG,
		.min_operands = 1,
		.max_operands = -1,
		.run = run,
		.example = "rf-train --target label --min-samples-leaf 20 -o model.ubj train.csv",
	},
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
