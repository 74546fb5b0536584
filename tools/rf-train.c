#include "tree/command.h"
#include "tree/params.h"

static const struct tool_spec spec = {
	.main = { TREE_COMMAND("rf-train", "learns a random forest from tables",
		&tree_params_forest,
		"rf-train --target label --min-samples-leaf 20 -o model.ubj train.csv") },
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
