/*
 * command - what the two learners' programs run.
 */
#ifndef CD4ML_TREE_COMMAND_H
#define CD4ML_TREE_COMMAND_H

#include "base/tool.h"

/** A tool_run on the parsed struct tree_params. */
enum tool_status tree_command(struct tool *t, const void *params, struct err *e);

/** What stands in both programs' tool_command besides names, defaults and an example. */
#define TREE_COMMAND(tool, says, its_defaults, shows)                                         \
	.name = (tool), .usage = "--target COL [-o MODEL.json|MODEL.ubj] TABLE...",           \
	.summary = (says), .options = tree_params_options, .defaults = (its_defaults),        \
	.args_size = sizeof(struct tree_params),                                              \
	.flags = TOOL_OUTPUT | TOOL_THREADS | TOOL_PROGRESS | TOOL_CONFIG, .min_operands = 1, \
	.max_operands = -1, .run = tree_command, .example = (shows)

#endif
