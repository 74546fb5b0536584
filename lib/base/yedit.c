#include "base/yedit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/ydoc.h"

enum { MAX_DEPTH = 100 };

/* ---- finding ---- */

/* The next step of a key from `v`: the member with the whole rest as its name, or with its first part. */
static json_t *step(const json_t *v, struct slice *rest, struct slice *part)
{
	struct slice all = *rest;
	json_t *found;
	uint64_t i;

	found = json_object_getn(v, all.p, all.len);
	if (found) {
		*part = all;
		*rest = (struct slice){ NULL, 0 };
		return found;
	}
	if (!slice_cut(rest, '.', part))
		return NULL;
	if (json_is_array(v))
		return num_parse_uint(*part, &i) ? json_array_get(v, i) : NULL;
	return json_object_getn(v, part->p, part->len);
}

json_t *yedit_find(const json_t *doc, const char *key)
{
	struct slice rest = slice_of(key), part;
	json_t *at = (json_t *)(uintptr_t)doc;

	while (at && rest.p)
		at = step(at, &rest, &part);
	return at;
}

static int no_such_key(const json_t *at, struct slice part, const char *key, struct err *e)
{
	const char **names = mem_array(json_object_size(at) + 1, sizeof(*names), e), *name, *near;
	struct buf word = BUF_INIT;
	json_t *v;
	size_t n = 0;

	if (!names)
		return -1;
	json_object_foreach((json_t *)(uintptr_t)at, name, v) names[n++] = name;
	buf_add_slice(&word, part);
	err_set(e, ERR_INPUT, "there is no parameter '%s'", key);
	near = opt_nearest(word.p, names);
	if (near)
		err_hint(e, "did you mean '%s' for '%s'?", near, word.p);
	free(names);
	buf_release(&word);
	return -1;
}

/* ---- the same walk over libyaml's nodes, which know where they stand ---- */

static yaml_node_t *member(yaml_document_t *doc, const yaml_node_t *map, struct slice name)
{
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
		p++) {
		const yaml_node_t *k = yaml_document_get_node(doc, p->key);

		if (k && k->type == YAML_SCALAR_NODE &&
			slice_eq(name, (struct slice){ (const char *)k->data.scalar.value,
					       k->data.scalar.length }))
			return yaml_document_get_node(doc, p->value);
	}
	return NULL;
}

static yaml_node_t *child(yaml_document_t *doc, yaml_node_t *at, struct slice part)
{
	uint64_t i;

	if (at->type == YAML_MAPPING_NODE)
		return member(doc, at, part);
	if (at->type != YAML_SEQUENCE_NODE || !num_parse_uint(part, &i) ||
		i >= (uint64_t)(at->data.sequence.items.top - at->data.sequence.items.start))
		return NULL;
	return yaml_document_get_node(doc, at->data.sequence.items.start[i]);
}

/* libyaml counts characters. */
static size_t byte_of(struct slice text, size_t index)
{
	size_t at = 0;

	while (at < text.len && index--)
		for (at++; at < text.len && ((unsigned char)text.p[at] & 0xc0) == 0x80;)
			at++;
	return at;
}

static bool is_replaceable(const yaml_node_t *node, struct slice was)
{
	if (memchr(was.p, '\n', was.len))
		return false;
	return node->type == YAML_SCALAR_NODE || (was.len && (*was.p == '[' || *was.p == '{'));
}

/* Where the value of `key`, which the document has, stands in the text. */
static int locate(struct slice text, const json_t *doc, const char *key, size_t *from, size_t *to,
	struct err *e)
{
	struct slice rest = slice_of(key), part;
	yaml_parser_t parser;
	yaml_document_t nodes;
	yaml_node_t *at = NULL;
	int rc = -1;

	if (!yaml_parser_initialize(&parser))
		return err_nomem(e);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.len);
	if (!yaml_parser_load(&parser, &nodes)) {
		if (parser.error == YAML_MEMORY_ERROR)
			err_nomem(e);
		else /* JSON that is no YAML */
			err_set(e, ERR_INPUT, "%s: change the file by hand", parser.problem);
		yaml_parser_delete(&parser);
		return -1;
	}
	at = yaml_document_get_root_node(&nodes);
	for (int depth = 0; at && doc && rest.p && depth < MAX_DEPTH; depth++) {
		doc = step(doc, &rest, &part);
		at = child(&nodes, at, part);
	}
	if (at && !rest.p) {
		*from = byte_of(text, at->start_mark.index);
		*to = byte_of(text, at->end_mark.index);
		rc = is_replaceable(at, (struct slice){ text.p + *from, *to - *from }) ? 0 : -1;
	}
	if (rc) {
		err_set(e, ERR_INPUT, "'%s' is not a value of one line of its own", key);
		err_hint(e, "change the file by hand");
	}
	yaml_document_delete(&nodes);
	yaml_parser_delete(&parser);
	return rc;
}

/* ---- changing ---- */

/* What the document should be afterwards: `doc` is changed. */
static int set_member(json_t *doc, const char *key, json_t *value, struct err *e)
{
	struct slice rest = slice_of(key), part;
	json_t *above = NULL, *at = doc;
	uint64_t i = 0;
	int rc;

	while (rest.p) {
		above = at;
		at = step(above, &rest, &part);
		if (!at)
			return no_such_key(above, part, key, e);
	}
	if (json_is_array(above))
		rc = num_parse_uint(part, &i) ? json_array_set(above, i, value) : -1;
	else
		rc = json_object_setn(above, part.p, part.len, value);
	return rc ? err_nomem(e) : 0;
}

/* Is what was written read back as what was meant? (An anchor would have changed more than one.) */
static int check(
	const struct buf *out, const char *name, const char *key, const json_t *want, struct err *e)
{
	struct err why = ERR_INIT;
	json_t *got = buf_check(out, e) ? NULL : doc_parse(buf_slice(out), name, &why);
	bool same = got && json_equal(got, want);

	json_decref(got);
	if (same || out->failed)
		return same ? 0 : -1;
	err_set(e, ERR_INPUT, "'%s' cannot be changed alone, or to this value", key);
	return err_hint(e, "change the file by hand");
}

int yedit_set(struct buf *out, struct slice text, const char *name, const char *key,
	const char *value, struct err *e)
{
	json_t *doc, *want = NULL, *v = NULL;
	size_t from = 0, to = 0;
	int rc = -1;

	buf_reset(out);
	if (slice_ends(slice_of(name), ".toml")) {
		err_set(e, ERR_INPUT, "a value of a TOML file is not changed, only read");
		err_hint(e, "change the file by hand, or keep parameters in YAML");
		return err_at(e, "%s", name);
	}
	doc = doc_parse(text, name, e);
	if (doc)
		v = ydoc_parse(slice_of(value), "value", e);
	want = v ? json_deep_copy(doc) : NULL;
	if (v && !want)
		err_nomem(e);
	if (!want || set_member(want, key, v, e) || locate(text, doc, key, &from, &to, e))
		goto out;
	buf_add(out, text.p, from);
	if (from == to && from && text.p[from - 1] == ':')
		buf_add_char(out, ' ');
	if (slice_ends(slice_of(name), ".json"))
		jdoc_format(out, v, JDOC_LINE);
	else
		buf_add_text(out, value);
	buf_add(out, text.p + to, text.len - to);
	rc = check(out, name, key, want, e);
out:
	if (rc)
		err_at(e, "%s", name);
	json_decref(doc);
	json_decref(v);
	json_decref(want);
	return rc;
}
