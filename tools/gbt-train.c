#include "tree/command.h"
#include "tree/params.h"

static const struct tool_spec spec = {
	.main = { TREE_COMMAND("gbt-train", "learns gradient boosted trees from tables",
		&tree_params_boost,
		"gbt-train --target label --valid test.csv --early-stopping 10 \\\n"
		"    -o model.ubj train.csv") },
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
