/* stage/params and stage/lockfile: keys of files, entries of dvc.lock. */
#include "stage/params.h"

#include <stdlib.h>

#include "base/ydoc.h"
#include "base/yedit.h"
#include "stage/lockfile.h"
#include "tap.h"

/* What DVC wrote into dvc.lock is what we collect. */
static void check_dvc(void)
{
	struct err e = ERR_INIT;
	struct stage_pipeline p;
	struct stage_params params = STAGE_PARAMS_INIT;
	const char *root = TEST_ROOT "/tests/data/dvc/pipeline";
	json_t *lock = stage_lockfile_load(TEST_ROOT "/tests/data/dvc/pipeline/dvc.lock", &e);

	if (!ok(lock && !stage_spec_load(
				&p, TEST_ROOT "/tests/data/dvc/pipeline/dvc.yaml", ".", &e),
		    "read"))
		return;
	for (size_t i = 0; i < p.n; i++) {
		json_t *is, *was = json_object_get(
				    stage_lockfile_get(lock, p.stages[i].name), "params");
		struct buf x = BUF_INIT, y = BUF_INIT;

		if (!was)
			continue;
		is = stage_params_collect(&params, &p.stages[i], root, NULL, &e);
		jdoc_format(&x, is, JDOC_LINE);
		jdoc_format(&y, was, JDOC_LINE);
		is_text(x.p, y.p, "parameters of stage %s", p.stages[i].name);
		buf_release(&x);
		buf_release(&y);
		json_decref(is);
	}
	stage_params_release(&params);
	stage_spec_release(&p);
	json_decref(lock);
}

static void check_equal(void)
{
	struct err e = ERR_INIT;
	json_t *v = jdoc_parse(
		slice_of("[[10, 10.0], [1, true], [{\"a\": [1]}, {\"a\": [1.0]}], [null, 0], "
			 "[\"1\", 1]]"),
		"x", &e);
	static const bool want[] = { true, false, true, false, false };

	for (size_t i = 0; i < 5; i++) {
		json_t *pair = json_array_get(v, i);

		ok(stage_params_equal(json_array_get(pair, 0), json_array_get(pair, 1)) == want[i],
			"comparison %zu", i);
	}
	json_decref(v);
}

static void check_find(void)
{
	struct err e = ERR_INIT;
	json_t *v = jdoc_parse(slice_of("{\"a\": {\"b\": [5, {\"c\": 6}]}, \"d.e\": 7}"), "x", &e);

	is_int(json_integer_value(yedit_find(v, "a.b.0")), 5, "a list's member");
	is_int(json_integer_value(yedit_find(v, "a.b.1.c")), 6, "and below");
	is_int(json_integer_value(yedit_find(v, "d.e")), 7, "a key with a point");
	ok(!yedit_find(v, "a.x") && !yedit_find(v, "a.b.9"), "nothing");
	json_decref(v);
}

static void lock_refused(const char *yaml, const char *message)
{
	struct err e = ERR_INIT;
	json_t *doc = ydoc_parse(slice_of(yaml), "dvc.lock", &e);

	ok(doc && !stage_lockfile_adopt(doc, "dvc.lock", &e), "refused");
	is_err(&e, ERR_INPUT, message, "says: %s", message);
}

static void check_lock(void)
{
	struct err e = ERR_INIT;
	json_t *lock = stage_lockfile_load("/nonexistent/dvc.lock", &e), *entry, *doc, *v;
	static const char *const put[] = { "o", "c", "a", "b", "a" };
	struct stage_pipeline p;
	struct buf names = BUF_INIT;
	const char *name;

	ok(lock && !stage_lockfile_get(lock, "a"), "a missing lock is empty");
	entry = json_pack("{s:s}", "cmd", "x");
	doc = ydoc_parse(slice_of("stages: {a: {cmd: x}, b: {cmd: x}, c: {cmd: x}}"), "y", &e);
	ok(doc && !stage_spec_parse(&p, doc, ".", "y", &e), "a pipeline");
	for (size_t i = 0; i < 5; i++)
		ok(!stage_lockfile_put(lock, &p, put[i], entry, &e), "an entry is set");
	ok(stage_lockfile_get(lock, "a") == entry, "and got");
	json_object_foreach(json_object_get(lock, "stages"), name, v) buf_add_text(&names, name);
	is_text(names.p, "oabc", "in the pipeline's order, those of others as they come");
	buf_release(&names);
	stage_spec_release(&p);
	json_decref(doc);
	json_decref(entry);
	json_decref(lock);
	lock_refused("[1]", "dvc.lock: this is not a dvc.lock");
	lock_refused("schema: '3.0'", "only schema '2.0'");
	lock_refused("schema: '2.0'\nstages: {a: {deps: 1}}", "the entry of stage 'a' is damaged");
	lock_refused("schema: '2.0'\nstages: {a: {outs: [{md5: x}]}}", "stage 'a' is damaged");
}

int main(void)
{
	check_dvc();
	check_equal();
	check_find();
	check_lock();
	return done_testing();
}
