#include "cas/pointer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/input.h"
#include "base/jdoc.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/path.h"
#include "base/ydoc.h"
#include "cas/repo.h"

enum { POINTER_MAX_BYTES = 1 << 26 };

/* ---- one entry ---- */

static int read_size(json_t *entry, const char *key, const char *where, int64_t *v, struct err *e)
{
	*v = -1;
	if (jdoc_get_int_or(entry, key, where, v, e))
		return -1;
	if (*v < -1)
		return err_set(e, ERR_INPUT, "%s: '%s' is negative", where, key);
	return 0;
}

int cas_pointer_read_entry(
	json_t *entry, const char *where, struct cas_content *c, bool *has_id, struct err *e)
{
	const char *md5 = NULL, *hash = NULL;

	*c = (struct cas_content){ .size = -1, .n_files = -1 };
	*has_id = false;
	if (!json_is_object(entry))
		return err_set(e, ERR_INPUT, "%s is not a mapping", where);
	if (jdoc_get_text_or(entry, "md5", where, &md5, e) ||
		jdoc_get_text_or(entry, "hash", where, &hash, e) ||
		read_size(entry, "size", where, &c->size, e) ||
		read_size(entry, "nfiles", where, &c->n_files, e) ||
		jdoc_get_bool_or(entry, "isexec", where, &c->is_exec, e))
		return -1;
	if (hash && strcmp(hash, "md5") != 0)
		return err_set(e, ERR_INPUT, "%s: a hash of kind '%s' is not known", where, hash);
	if (!md5)
		return 0;
	if (!cas_id_parse(slice_of(md5), &c->id))
		return err_set(e, ERR_INPUT, "%s: '%s' is not an MD5", where, md5);
	c->id.is_legacy = !hash;
	*has_id = true;
	return 0;
}

/* ---- the file ---- */

/* The entry's path, relative to `dir`, as one relative to the root. */
static char *out_path(const char *dir, const char *path, const char *where, struct err *e)
{
	struct buf b = BUF_INIT;
	char *result = NULL;

	if (path[0] == '/' || strstr(path, "://")) {
		err_set(e, ERR_INPUT, "%s: the path '%s' is outside of the repository", where,
			path);
		err_hint(e, "external outputs are not supported");
		goto out;
	}
	path_join(&b, dir, path);
	path_normalise(&b);
	if (buf_check(&b, e))
		goto out;
	if (!cas_repo_is_data(b.p)) {
		err_set(e, ERR_INPUT, "%s: '%s' is not a path of the workspace", where, path);
		goto out;
	}
	result = mem_dup(b.p, e);
out:
	buf_release(&b);
	return result;
}

static int read_out(
	struct cas_out *o, json_t *entry, const char *dir, const char *where, struct err *e)
{
	const char *path;

	o->cache = o->push = true;
	if (cas_pointer_read_entry(entry, where, &o->content, &o->has_id, e) ||
		jdoc_get_bool_or(entry, "cache", where, &o->cache, e) ||
		jdoc_get_bool_or(entry, "push", where, &o->push, e) ||
		jdoc_get_text_or(entry, "remote", where, &o->remote, e))
		return -1;
	path = jdoc_get_text(entry, "path", where, e);
	o->path = path ? out_path(dir, path, where, e) : NULL;
	return o->path ? 0 : -1;
}

static int read_outs(struct cas_pointer *p, struct err *e)
{
	json_t *outs = json_object_get(p->doc, "outs"), *entry;
	const char *wdir = NULL;
	struct buf dir = BUF_INIT, base = BUF_INIT;
	char where[64];
	size_t i;
	int r = -1;

	if (jdoc_get_text_or(p->doc, "wdir", p->file, &wdir, e))
		goto out;
	path_dir(&base, p->file);
	path_join(&dir, base.p, wdir ? wdir : ".");
	path_normalise(&dir);
	if (buf_check(&base, e) || buf_check(&dir, e))
		goto out;
	if (outs && !json_is_array(outs)) {
		err_set(e, ERR_INPUT, "'outs' is not a list");
		goto out;
	}
	p->outs = mem_array(json_array_size(outs) + 1, sizeof(*p->outs), e);
	if (!p->outs)
		goto out;
	json_array_foreach(outs, i, entry)
	{
		snprintf(where, sizeof(where), "output %zu", i + 1);
		p->n_outs++;
		if (read_out(&p->outs[i], entry, dir.p, where, e))
			goto out;
	}
	r = 0;
out:
	buf_release(&dir);
	buf_release(&base);
	return r;
}

struct cas_pointer *cas_pointer_parse(struct slice text, const char *file, struct err *e)
{
	struct cas_pointer *p = mem_new(sizeof(*p), e);

	if (!p)
		return NULL;
	p->file = mem_dup(file, e);
	p->doc = p->file ? ydoc_parse(text, file, e) : NULL;
	if (!p->doc)
		goto fail;
	if (!json_is_object(p->doc)) {
		err_set(e, ERR_INPUT, "is not a mapping with 'outs'");
		err_at(e, "%s", file);
		goto fail;
	}
	p->is_stage = json_object_get(p->doc, "cmd");
	p->is_import = json_object_get(p->doc, "deps");
	if (jdoc_get_bool_or(p->doc, "frozen", file, &p->frozen, e) || read_outs(p, e)) {
		err_at(e, "%s", file);
		goto fail;
	}
	return p;
fail:
	cas_pointer_free(p);
	return NULL;
}

struct cas_pointer *cas_pointer_load(const char *root, const char *file, struct err *e)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	struct cas_pointer *p = NULL;

	path_join(&path, root, file);
	if (!buf_check(&path, e) && !input_load(path.p, POINTER_MAX_BYTES, &text, e))
		p = cas_pointer_parse(buf_slice(&text), file, e);
	buf_release(&path);
	buf_release(&text);
	return p;
}

void cas_pointer_free(struct cas_pointer *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_outs; i++)
		free(p->outs[i].path);
	free(p->outs);
	json_decref(p->doc);
	free(p->file);
	free(p);
}

struct cas_pointer *cas_pointer_new(const char *path, struct err *e)
{
	struct cas_pointer *p = mem_new(sizeof(*p), e);
	struct buf file = BUF_INIT;
	json_t *out = NULL;

	if (!p)
		return NULL;
	buf_addf(&file, "%s.dvc", path);
	p->file = buf_detach(&file, e);
	p->outs = p->file ? mem_array(1, sizeof(*p->outs), e) : NULL;
	if (!p->outs)
		goto fail;
	p->n_outs = 1;
	p->outs[0] = (struct cas_out){ .cache = true, .push = true };
	p->outs[0].path = mem_dup(path, e);
	if (!p->outs[0].path)
		goto fail;
	p->doc = json_object();
	out = json_object();
	if (!p->doc || !out || json_object_set_new(p->doc, "outs", json_pack("[O]", out))) {
		err_nomem(e);
		goto fail;
	}
	json_decref(out);
	return p;
fail:
	json_decref(out);
	cas_pointer_free(p);
	return NULL;
}

/* Known keys keep their place; new ones go to the end, in DVC's order. */
static int write_entry(json_t *entry, const struct cas_content *c, const char *path, struct err *e)
{
	char hex[CAS_ID_TEXT_MAX];
	int r;

	cas_id_format(&c->id, hex);
	r = json_object_set_new(entry, "md5", json_string(hex));
	r |= json_object_set_new(entry, "size", json_integer(c->size));
	if (c->id.is_dir)
		r |= json_object_set_new(entry, "nfiles", json_integer(c->n_files));
	else
		json_object_del(entry, "nfiles");
	if (c->is_exec && !c->id.is_dir)
		r |= json_object_set_new(entry, "isexec", json_true());
	else
		json_object_del(entry, "isexec");
	r |= json_object_set_new(entry, "hash", json_string("md5"));
	if (!json_object_get(entry, "path"))
		r |= json_object_set_new(entry, "path", json_string(path_base(path)));
	if (r)
		return err_set(e, ERR_INPUT, "the name '%s' is not UTF-8", path);
	return 0;
}

int cas_pointer_set(struct cas_pointer *p, size_t i, const struct cas_content *c, struct err *e)
{
	json_t *outs = json_object_get(p->doc, "outs");

	if (write_entry(json_array_get(outs, i), c, p->outs[i].path, e))
		return -1;
	p->outs[i].content = *c;
	p->outs[i].content.id.is_legacy = false;
	p->outs[i].has_id = true;
	return 0;
}

int cas_pointer_set_source(struct cas_pointer *p, const struct cas_source *s, struct err *e)
{
	json_t *dep = json_object(), *doc;
	int r = dep ? 0 : -1;

	if (s->key)
		r |= json_object_set_new(dep, s->key, json_string(s->value));
	r |= json_object_set_new(dep, "size", json_integer(s->size));
	if (s->n_files >= 0)
		r |= json_object_set_new(dep, "nfiles", json_integer(s->n_files));
	r |= json_object_set_new(dep, "hash", json_string("md5"));
	r |= json_object_set_new(dep, "path", json_string(s->path));
	/* The md5 is set when it is saved. */
	doc = json_pack("{s:s, s:b, s:[o], s:O}", "md5", "", "frozen", 1, "deps", dep, "outs",
		json_object_get(p->doc, "outs"));
	if (r || !doc) {
		json_decref(doc);
		return err_set(e, ERR_INPUT, "the name '%s' is not UTF-8", s->path);
	}
	json_decref(p->doc);
	p->doc = doc;
	p->is_import = p->frozen = true;
	return 0;
}

static bool is_one_of(const char *key, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(key, *names))
			return true;
	return false;
}

/*
 * DVC's check of an import or a stage: MD5 of json.dumps(sort_keys=True) of all that decides what it
 * is. Where there is one, it has to follow the hashes.
 */
static int refresh_md5(json_t *doc, struct err *e)
{
	static const char *const left_out[] = { "md5", "meta", "desc", "frozen", "locked", NULL };
	static const char *const left_out_inside[] = { "size", "nfiles", "isexec", "desc", "type",
		"labels", "meta", "metric", "persist", NULL };
	json_t *copy = json_deep_copy(doc), *list, *entry;
	struct buf text = BUF_INIT;
	uint8_t md5[HASH_MD5_LEN];
	char hex[HASH_MD5_HEX + 1];
	const char *key, *inside;
	void *next, *next_inside;
	size_t i;
	int r = -1;

	json_object_foreach_safe(copy, next, key, list)
	{
		if (is_one_of(key, left_out))
			json_object_del(copy, key);
		else
			json_array_foreach(list, i, entry)
			{
				json_t *v;

				json_object_foreach_safe(entry, next_inside, inside, v)
				{
					if (is_one_of(inside, left_out_inside))
						json_object_del(entry, inside);
				}
			}
	}
	if (copy)
		jdoc_format(&text, copy, JDOC_SORTED);
	if (copy && !text.failed) {
		hash_md5_of(buf_slice(&text), md5);
		hash_md5_format(md5, hex);
		r = json_object_set_new(doc, "md5", json_string(hex));
	}
	json_decref(copy);
	buf_release(&text);
	return r ? err_nomem(e) : 0;
}

int cas_pointer_format(const struct cas_pointer *p, struct buf *b, struct err *e)
{
	return ydoc_format(b, p->doc, e);
}

int cas_pointer_save(const struct cas_pointer *p, const char *root, struct err *e)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	int r = -1;

	if (json_object_get(p->doc, "md5") && refresh_md5(p->doc, e))
		return -1;
	path_join(&path, root, p->file);
	if (!buf_check(&path, e) && !cas_pointer_format(p, &text, e) && !buf_check(&text, e))
		r = output_save(path.p, OUTPUT_SYNC | OUTPUT_KEEP_SAME, buf_slice(&text), e);
	buf_release(&path);
	buf_release(&text);
	return r;
}
