/* stage/spec and stage/declare: dvc.yaml read, declarations written. */
#include "stage/spec.h"

#include <stdlib.h>

#include "base/ydoc.h"
#include "stage/declare.h"
#include "tap.h"

static json_t *declared(const char *const *words, struct err *e)
{
	size_t n = 0;

	while (words[n])
		n++;
	return stage_declare_parse((char **)(uintptr_t)words, n, e);
}

static void check_dvc(void)
{
	struct err e = ERR_INIT;
	struct stage_pipeline p;
	const struct stage_spec *s;

	if (!ok(!stage_spec_load(&p, TEST_ROOT "/tests/data/dvc/pipeline/dvc.yaml", "sub", &e),
		    "DVC's dvc.yaml is read"))
		return;
	is_int(p.n, 10, "with ten stages");
	s = stage_spec_find(&p, "train");
	is_int(s->n_outs, 3, "outs, metrics and plots are outputs");
	is_text(s->outs[0].path.text, "metrics.json", "sorted");
	is_text(s->outs[0].path.full, "sub/metrics.json", "relative to the root too");
	ok(!s->outs[0].cache && s->outs[0].kind == STAGE_METRIC, "a metric that is not cached");
	is_int(s->n_params, 2, "parameters of two files");
	is_text(s->params[0].file, "params.yaml", "params.yaml first");
	is_text(s->params[0].keys[0], "epochs", "keys sorted");
	s = stage_spec_find(&p, "wd");
	is_text(s->deps[0].full, "sub/src/prep.sh", "relative to wdir");
	ok(s->outs[1].persist, "persist");
	ok(stage_spec_find(&p, "frozen1")->frozen && stage_spec_find(&p, "cb")->always, "flags");
	ok(json_is_array(stage_spec_find(&p, "multi")->cmd), "a list of commands");
	ok(!stage_spec_get(&p, "trian", &e), "an unknown stage");
	is_err(&e, ERR_INPUT, "did you mean 'train'?", "gets the nearest");
	stage_spec_release(&p);
}

static void refused(const char *yaml, const char *message)
{
	struct err e = ERR_INIT;
	struct stage_pipeline p;
	json_t *doc = ydoc_parse(slice_of(yaml), "dvc.yaml", &e);

	if (no_err(&e, "YAML")) {
		ok(stage_spec_parse(&p, doc, ".", "dvc.yaml", &e), "refused");
		is_err(&e, ERR_INPUT, message, "says: %s", message);
	}
	json_decref(doc);
}

static void check_refusals(void)
{
	refused("stages: [1]", "dvc.yaml: this is not a dvc.yaml");
	refused("stages: {a: 1}", "stage 'a': it should have keys and values");
	refused("stages: {a: {cmd: 1}}", "'cmd' should be text or a list of texts");
	refused("stages: {a: {cmd: 'x ${y}'}}", "templates are not read: 'x ${y}'");
	refused("stages: {a: {foreach: [1], do: {cmd: x}}}", "foreach or matrix is not read here");
	refused("stages: {'a b': {cmd: x}}", "'a b' cannot be a name");
	refused("stages: {a: {cmd: x, outs: [b, ./b]}}", "output");
	refused("stages: {a: {cmd: x, deps: x}}", "'deps' should be a list");
}

static void check_declaration(void)
{
	static const char *const words[] = { "stage=a",
		"cmd=printf \\qa\\\\n\\q | sort >${OUT}\\nnext", "deps=in.txt  b/c.txt",
		"outs=out.txt", "metrics=m.json",
		"params=x y.z p.json:q p.json:r all.yaml:", "ci=train", "desc=does it", "stage=b",
		"cmd=true", "always=1", NULL };
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	struct stage_pipeline p;
	json_t *stages = declared(words, &e), *doc;

	if (!no_err(&e, "declared"))
		return;
	jdoc_format(&b, stages, JDOC_LINE);
	is_text(b.p,
		"{\"a\": {\"cmd\": \"printf 'a\\\\n' | sort >\\\\${OUT}\\nnext\", \"deps\": "
		"[\"in.txt\", \"b/c.txt\"], \"params\": [\"x\", \"y.z\", {\"p.json\": [\"q\", "
		"\"r\"]}, {\"all.yaml\": null}], \"outs\": [\"out.txt\"], \"metrics\": "
		"[{\"m.json\": {\"cache\": false}}], \"desc\": \"does it\", \"meta\": {\"ci\": "
		"\"train\"}}, \"b\": {\"cmd\": \"true\", \"always_changed\": true}}",
		"as DVC would write it");
	doc = json_pack("{s:O}", "stages", stages);
	ok(!stage_spec_parse(&p, doc, ".", "x", &e), "and read back");
	is_text(json_string_value(p.stages[0].cmd), "printf 'a\\n' | sort >${OUT}\nnext",
		"the command is the one that was declared");
	is_text(p.stages[0].ci, "train", "so is the group");
	stage_spec_release(&p);
	json_decref(doc);
	json_decref(stages);
	buf_release(&b);
}

static void not_declared(const char *const *words, const char *message)
{
	struct err e = ERR_INIT;
	json_t *stages = declared(words, &e);

	ok(!stages, "refused");
	is_err(&e, ERR_INPUT, message, "says: %s", message);
	json_decref(stages);
}

static void check_mistakes(void)
{
	not_declared((const char *const[]){ "stage=a", NULL }, "set a_CMD");
	not_declared((const char *const[]){ "stage=a", "cmd=x", "stage=a", "cmd=y", NULL },
		"stage 'a' is declared twice");
	not_declared((const char *const[]){ "stage=a", "cmd=x", "variable=a_OUT", NULL },
		"did you mean 'a_OUTS'?");
	not_declared((const char *const[]){ "stage=a", "cmd=x", "variable=a_METRIC", NULL },
		"did you mean 'a_METRICS'?");
	not_declared((const char *const[]){ "stage=a", "cmd=x", "deps=my\\\\ file.csv", NULL },
		"looks like a part of a path with blanks");
	not_declared((const char *const[]){ "stage=a", "cmd=x", "outs=\"my file.csv\"", NULL },
		"looks like a part of a path with blanks");
	not_declared((const char *const[]){ "cmd=x", NULL }, "comes before stage=NAME");
}

static void check_saving(void)
{
	static const char *const words[] = { "stage=a", "cmd=x", NULL };
	struct err e = ERR_INIT;
	json_t *stages = declared(words, &e), *doc;
	char *text;

	scratch();
	doc = stage_declare_save("dvc.yaml", stages, true, NULL, &e);
	ok(doc && count_files(".") == 0, "dry writes nothing");
	json_decref(doc);
	doc = stage_declare_save("dvc.yaml", stages, false, NULL, &e);
	json_decref(doc);
	text = read_file("dvc.yaml", NULL);
	is_text(text, STAGE_OUR_HEADER "stages:\n  a:\n    cmd: x\n", "written");
	free(text);
	write_text("dvc.yaml", STAGE_OUR_HEADER "stages:\n  old:\n    cmd: y\nplots: []\n");
	json_decref(stage_declare_save("dvc.yaml", stages, false, NULL, &e));
	text = read_file("dvc.yaml", NULL);
	is_text(text, STAGE_OUR_HEADER "stages:\n  a:\n    cmd: x\nplots: []\n",
		"our stages are all that the Makefile has");
	free(text);
	write_text("dvc.yaml", "stages:\n  old:\n    cmd: y\n");
	json_decref(stage_declare_save("dvc.yaml", stages, false, NULL, &e));
	text = read_file("dvc.yaml", NULL);
	is_text(text, "stages:\n  old:\n    cmd: y\n  a:\n    cmd: x\n", "others' are kept");
	free(text);
	json_decref(stages);
	no_err(&e, "no error");
}

static int all_of_it(void *ctx, struct err *e)
{
	struct stage_pipeline p;
	json_t *stages = declared(ctx, e), *doc;
	int rc = -1;

	if (!stages)
		return -1;
	doc = json_object();
	if (!doc || json_object_set(doc, "stages", stages))
		err_nomem(e);
	else
		rc = stage_spec_parse(&p, doc, ".", "x", e);
	if (!rc)
		stage_spec_release(&p);
	json_decref(doc);
	json_decref(stages);
	return rc;
}

int main(void)
{
	static const char *const words[] = { "stage=a", "cmd=x ${y}", "deps=b c", "outs=d e",
		"params=k f.json:l", "ci=g", NULL };

	check_dvc();
	check_refusals();
	check_declaration();
	check_mistakes();
	check_saving();
	survives_oom(all_of_it, (void *)(uintptr_t)words, "declaring and reading");
	return done_testing();
}
