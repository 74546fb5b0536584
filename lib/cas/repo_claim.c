/* DVC's rwlock file: who reads and writes which paths while its command runs. */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/input.h"
#include "base/jdoc.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/path.h"
#include "base/utf8.h"
#include "cas/repo.h"

enum { CLAIM_WAIT_MS = 10000, CLAIM_MAX_BYTES = 1 << 26 };

struct cas_claim {
	char *file; /* .dvc/tmp/rwlock */
	char *lock_file; /* .dvc/tmp/rwlock.lock */
	json_t *writes, *reads; /* objects: absolute path to true */
	json_t *entry; /* {"pid":, "cmd":} */
};

static void claim_free(struct cas_claim *c)
{
	if (!c)
		return;
	json_decref(c->writes);
	json_decref(c->reads);
	json_decref(c->entry);
	free(c->file);
	free(c->lock_file);
	free(c);
}

/* A file that is not there, or that a killed process left empty, claims nothing. */
static json_t *load_table(const char *file, struct err *e)
{
	struct buf text = BUF_INIT;
	json_t *doc = NULL;

	if (path_exists(file) && input_load(file, CLAIM_MAX_BYTES, &text, e))
		goto out;
	doc = text.len ? jdoc_parse(buf_slice(&text), file, e) : json_object();
	if (doc && !json_is_object(doc)) {
		json_decref(doc);
		doc = NULL;
		err_set(e, ERR_INPUT, "is not a table of locks");
		err_hint(e, "remove it when no dvc and no stage is running");
		err_at(e, "%s", file);
	}
	for (int i = 0; doc && i < 2; i++) {
		const char *kind = i ? "read" : "write";

		if (!json_is_object(json_object_get(doc, kind)) &&
			json_object_set_new(doc, kind, json_object())) {
			json_decref(doc);
			doc = NULL;
			err_nomem(e);
		}
	}
out:
	buf_release(&text);
	return doc;
}

static bool is_alive(json_t *entry)
{
	json_int_t pid = json_integer_value(json_object_get(entry, "pid"));

	if (pid <= 0 || pid == (json_int_t)getpid())
		return false;
	return kill((pid_t)pid, 0) == 0 || errno == EPERM;
}

static bool is_same_or_below(const char *p, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(p, dir, len) && (!p[len] || p[len] == '/' || (len && dir[len - 1] == '/'));
}

static int blocked(const char *path, json_t *entry, const char *how, struct err *e)
{
	const char *cmd = json_string_value(json_object_get(entry, "cmd"));

	err_set(e, ERR_SYSTEM, "'%s' is being %s by process %lld (%s)", path, how,
		(long long)json_integer_value(json_object_get(entry, "pid")), cmd ? cmd : "?");
	return err_hint(e, "wait until it is done, and try again");
}

/* Does a living process have one of `paths`, or what is above or below it, in the table `held`? */
static int check_free(json_t *held, json_t *paths, const char *how, struct err *e)
{
	const char *theirs, *ours;
	json_t *who, *ignored, *one;
	size_t i;

	json_object_foreach(held, theirs, who)
	{
		json_object_foreach(paths, ours, ignored)
		{
			if (!is_same_or_below(ours, theirs) && !is_same_or_below(theirs, ours))
				continue;
			if (json_is_object(who) && is_alive(who))
				return blocked(ours, who, how, e);
			json_array_foreach(who, i, one) if (is_alive(one)) return blocked(
				ours, one, how, e);
		}
	}
	return 0;
}

static int add_ours(json_t *table, const struct cas_claim *c, struct err *e)
{
	json_t *write = json_object_get(table, "write"), *read = json_object_get(table, "read");
	const char *path;
	json_t *ignored, *list;

	json_object_foreach(c->writes, path,
		ignored) if (json_object_set(write, path, c->entry)) return err_nomem(e);
	json_object_foreach(c->reads, path, ignored)
	{
		list = json_object_get(read, path);
		if (!json_is_array(list)) {
			list = json_array();
			if (!list || json_object_set_new(read, path, list))
				return err_nomem(e);
		}
		if (json_array_append(list, c->entry))
			return err_nomem(e);
	}
	return 0;
}

static void remove_ours(json_t *table, const struct cas_claim *c)
{
	json_t *write = json_object_get(table, "write"), *read = json_object_get(table, "read");
	const char *path;
	json_t *ignored, *list;

	json_object_foreach(
		c->writes, path, ignored) if (json_equal(json_object_get(write, path), c->entry))
		json_object_del(write, path);
	json_object_foreach(c->reads, path, ignored)
	{
		list = json_object_get(read, path);
		for (size_t i = json_array_size(list); i-- > 0;)
			if (json_equal(json_array_get(list, i), c->entry)) {
				json_array_remove(list, i);
				break;
			}
		if (json_is_array(list) && !json_array_size(list))
			json_object_del(read, path);
	}
}

static json_t *path_set(const struct cas_repo *r, const char *const *paths, size_t n, struct err *e)
{
	json_t *set = json_object();
	struct buf b = BUF_INIT;

	for (size_t i = 0; set && i < n; i++) {
		cas_repo_absolute(r, paths[i], &b);
		path_normalise(&b);
		if (b.failed || json_object_set_new(set, b.p, json_true())) {
			json_decref(set);
			set = NULL;
			if (b.failed || utf8_is_valid(buf_slice(&b)))
				break;
			err_set(e, ERR_INPUT, "the name '%s' is not UTF-8", b.p);
			err_hint(e, "rename the file");
			buf_release(&b);
			return NULL;
		}
	}
	buf_release(&b);
	if (!set)
		err_nomem(e);
	return set;
}

static int set_names(struct cas_claim *c, const struct cas_repo *r, struct err *e)
{
	struct buf b = BUF_INIT;

	path_join(&b, r->tmp_dir, "rwlock");
	c->file = buf_detach(&b, e);
	path_join(&b, r->tmp_dir, "rwlock.lock");
	c->lock_file = c->file ? buf_detach(&b, e) : NULL;
	buf_release(&b);
	return c->lock_file ? 0 : -1;
}

struct cas_claim *cas_repo_claim(const struct cas_repo *r, const char *cmd,
	const char *const *writes, size_t n_writes, const char *const *reads, size_t n_reads,
	bool *is_busy, struct err *e)
{
	struct cas_claim *c = mem_new(sizeof(*c), e);
	struct lock *l = NULL;
	json_t *table = NULL;

	if (is_busy)
		*is_busy = false;
	if (!c || set_names(c, r, e))
		goto fail;
	c->writes = path_set(r, writes, n_writes, e);
	c->reads = c->writes ? path_set(r, reads, n_reads, e) : NULL;
	if (!c->reads)
		goto fail;
	c->entry = json_pack("{s:I, s:s}", "pid", (json_int_t)getpid(), "cmd", cmd);
	if (!c->entry) {
		err_nomem(e);
		goto fail;
	}
	l = lock_take(c->lock_file, CLAIM_WAIT_MS, e);
	table = l ? load_table(c->file, e) : NULL;
	if (!table)
		goto fail;
	if (check_free(json_object_get(table, "write"), c->writes, "written", e) ||
		check_free(json_object_get(table, "write"), c->reads, "written", e) ||
		check_free(json_object_get(table, "read"), c->writes, "read", e)) {
		if (is_busy)
			*is_busy = true;
		goto fail;
	}
	if (add_ours(table, c, e) || jdoc_save(c->file, table, JDOC_LINE, OUTPUT_PLAIN, e))
		goto fail;
	json_decref(table);
	lock_drop(l);
	return c;
fail:
	json_decref(table);
	lock_drop(l);
	claim_free(c);
	return NULL;
}

int cas_repo_unclaim(struct cas_claim *c, struct err *e)
{
	struct lock *l;
	json_t *table = NULL;
	int r = -1;

	if (!c)
		return 0;
	l = lock_take(c->lock_file, CLAIM_WAIT_MS, e);
	table = l ? load_table(c->file, e) : NULL;
	if (table) {
		remove_ours(table, c);
		r = jdoc_save(c->file, table, JDOC_LINE, OUTPUT_PLAIN, e);
	}
	json_decref(table);
	lock_drop(l);
	claim_free(c);
	return r;
}
