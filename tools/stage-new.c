/* stage-new - starts a project, or takes over one that used DVC alone. */
#include "base/path.h"
#include "base/tool.h"
#include "base/ydoc.h"
#include "stage/declare.h"
#include "stage/from_dvc.h"
#include "stage/start.h"

struct args {
	const char *mk, *include;
	bool take_over;
};

static const struct args defaults = { .include = "cd4ml.mk" };

#define AT(member) offsetof(struct args, member)

static const struct opt project_options[] = {
	{ 0, "mk", OPT_TEXT, AT(mk), "DIR", "folder of cd4ml.mk and the files to start with" },
	{ 0, "include", OPT_TEXT, AT(include), "FILE", "what the Makefile is to include" }, OPT_END
};

static enum tool_status project(struct tool *t, const void *args, struct err *e)
{
	const struct args *a = args;
	struct buf b = BUF_INIT;
	int rc;

	if (!a->mk) {
		err_set(e, ERR_INPUT, "--mk is missing");
		err_hint(e, "make -f .../cd4ml.mk new sets it");
		return TOOL_FAILED;
	}
	rc = stage_start(a->mk, a->include, &b, e);
	return tool_print(t, &b, rc, e);
}

static enum tool_status from_dvc(struct tool *t, const void *args, struct err *e)
{
	const char *file = t->n_operands ? t->operands[0] : "dvc.yaml";
	const struct args *a = args;
	struct buf b = BUF_INIT, dir = BUF_INIT;
	json_t *doc = ydoc_load(file, e);
	int rc = doc ? 0 : -1;

	path_dir(&dir, file);
	if (!rc)
		rc = buf_check(&dir, e) || stage_from_dvc(&b, doc, dir.p, t->diag, e) ? -1 : 0;
	if (!rc)
		buf_addf(&b, "include %s\n", a->include);
	if (!rc && a->take_over)
		rc = stage_declare_take_over(file, e);
	json_decref(doc);
	buf_release(&dir);
	return tool_print(t, &b, rc, e);
}

static const struct opt from_dvc_options[] = { { 0, "include", OPT_TEXT, AT(include), "FILE",
						       "what the Makefile is to include" },
	{ 0, "take-over", OPT_FLAG, AT(take_over), NULL,
		"the Makefile writes the file from now on" },
	OPT_END };

static const struct tool_command commands[] = {
	{ "project", "", "write the first files of a project", project_options, &defaults,
		sizeof(defaults), TOOL_OUTPUT, 0, 0, project,
		"  stage-new project --mk /usr/local/share/cd4ml\n" },
	{ "from-dvc", "[FILE]", "print a dvc.yaml as variables of a Makefile", from_dvc_options,
		&defaults, sizeof(defaults), TOOL_OUTPUT, 0, 1, from_dvc,
		"  stage-new from-dvc -o Makefile\n" },
	{ .name = NULL }
};

static const struct tool_spec spec = {
	.main = { .name = "stage-new",
		.usage = "COMMAND ...",
		.summary = "starts a project, or takes over one that used DVC alone" },
	.commands = commands,
};

int main(int argc, char **argv)
{
	return tool_main(&spec, argc, argv);
}
