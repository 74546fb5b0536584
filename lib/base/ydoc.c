#include "base/ydoc.h"

#include <string.h>
#include <yaml.h>

#include "base/output.h"
#include "base/ydoc_scalar.h"

enum {
	MAX_DEPTH = 200,
	MAX_EXPANDED = 1000000, /* nodes that aliases may stand for in one document */
	LINE_WIDTH = 80,
};

/* ---- reading ---- */

struct reader {
	yaml_parser_t parser;
	const char *name;
	json_t *anchors; /* name to value */
	size_t expanded;
	struct err *e;
};

/* The place goes before the message once, at the deepest level that knows it. */
static json_t *fail_at(struct reader *r, yaml_mark_t at)
{
	err_at(r->e, "%s:%zu", r->name, at.line + 1);
	return NULL;
}

static json_t *refuse(struct reader *r, yaml_mark_t at, const char *what)
{
	err_set(r->e, ERR_INPUT, "%s", what);
	return fail_at(r, at);
}

static int next_event(struct reader *r, yaml_event_t *ev)
{
	if (yaml_parser_parse(&r->parser, ev))
		return 0;
	if (r->parser.error == YAML_MEMORY_ERROR)
		return err_nomem(r->e);
	err_set(r->e, ERR_INPUT, "not good YAML: %s",
		r->parser.problem ? r->parser.problem : "cannot be read");
	return err_at(r->e, "%s:%zu", r->name, r->parser.problem_mark.line + 1);
}

static json_t *read_value(struct reader *r, yaml_event_t *ev, int depth);

static size_t count_nodes(const json_t *v)
{
	size_t n = 1;
	const char *key;
	json_t *m;

	if (json_is_object(v)) {
		json_object_foreach((json_t *)(uintptr_t)v, key, m) n += count_nodes(m);
	} else if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++)
			n += count_nodes(json_array_get(v, i));
	}
	return n;
}

static json_t *read_alias(struct reader *r, yaml_event_t *ev)
{
	json_t *v = json_object_get(r->anchors, (const char *)ev->data.alias.anchor);

	if (!v)
		return refuse(r, ev->start_mark, "alias of an anchor that is not there before it");
	r->expanded += count_nodes(v);
	if (r->expanded > MAX_EXPANDED)
		return refuse(r, ev->start_mark, "aliases stand for too much");
	v = json_deep_copy(v);
	if (!v)
		err_nomem(r->e);
	return v;
}

static json_t *read_list(struct reader *r, int depth)
{
	json_t *list = json_array(), *v;
	yaml_event_t ev;

	if (!list)
		err_nomem(r->e);
	while (list) {
		bool end;

		if (next_event(r, &ev))
			goto fail;
		end = ev.type == YAML_SEQUENCE_END_EVENT;
		v = end ? NULL : read_value(r, &ev, depth + 1);
		yaml_event_delete(&ev);
		if (end)
			return list;
		if (!v)
			goto fail;
		if (json_array_append_new(list, v)) {
			err_nomem(r->e);
			goto fail;
		}
	}
fail:
	json_decref(list);
	return NULL;
}

/* `<<: *base` puts what the base has before what is written here, which wins. */
static int merge_into(struct reader *r, json_t **map, const json_t *from, yaml_mark_t at)
{
	json_t *merged = json_object();
	int rc = -1;

	if (!merged)
		return err_nomem(r->e);
	if (json_is_object(from)) {
		rc = json_object_update(merged, (json_t *)(uintptr_t)from);
	} else if (json_is_array(from)) {
		rc = 0;
		for (size_t i = 0; i < json_array_size(from) && !rc; i++)
			rc = json_object_update_missing(merged, json_array_get(from, i));
	}
	if (rc) {
		json_decref(merged);
		refuse(r, at, "'<<' takes a mapping, or a list of mappings");
		return -1;
	}
	if (json_object_update(merged, *map)) {
		json_decref(merged);
		return err_nomem(r->e);
	}
	json_decref(*map);
	*map = merged;
	return 0;
}

static bool is_merge_key(const yaml_event_t *key)
{
	return key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && key->data.scalar.length == 2 &&
	       memcmp(key->data.scalar.value, "<<", 2) == 0;
}

/* Reads the value of the key in `key` and puts it into the map, or into `*base` for a merge key. */
static int read_member(struct reader *r, json_t *map, json_t **base, yaml_event_t *key, int depth)
{
	const char *name = (const char *)key->data.scalar.value;
	yaml_event_t ev;
	json_t *v;

	if (key->type != YAML_SCALAR_EVENT) {
		refuse(r, key->start_mark, "a key must be a simple text");
		return -1;
	}
	if (memchr(name, 0, key->data.scalar.length)) {
		refuse(r, key->start_mark, "text with a NUL");
		return -1;
	}
	if (json_object_get(map, name) || (is_merge_key(key) && *base)) {
		err_set(r->e, ERR_INPUT, "key '%s' is there twice", name);
		fail_at(r, key->start_mark);
		return -1;
	}
	if (next_event(r, &ev))
		return -1;
	v = read_value(r, &ev, depth + 1);
	yaml_event_delete(&ev);
	if (!v)
		return -1;
	if (is_merge_key(key)) {
		*base = v;
		return 0;
	}
	return json_object_set_new(map, name, v) ? err_nomem(r->e) : 0;
}

static json_t *read_map(struct reader *r, int depth)
{
	json_t *map = json_object(), *base = NULL;
	yaml_event_t key;
	int rc = map ? 0 : err_nomem(r->e);
	bool end = false;

	while (!rc && !end) {
		rc = next_event(r, &key);
		if (rc)
			break;
		end = key.type == YAML_MAPPING_END_EVENT;
		if (!end)
			rc = read_member(r, map, &base, &key, depth);
		else if (base)
			rc = merge_into(r, &map, base, key.start_mark);
		yaml_event_delete(&key);
	}
	json_decref(base);
	if (!rc)
		return map;
	json_decref(map);
	return NULL;
}

static json_t *read_scalar(struct reader *r, const yaml_event_t *ev)
{
	struct slice s = { (const char *)ev->data.scalar.value, ev->data.scalar.length };
	json_t *v;

	if (ev->data.scalar.tag)
		return refuse(r, ev->start_mark, "tags are not read");
	v = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? ydoc_scalar_parse(s, r->e)
							     : ydoc_scalar_text(s, r->e);
	return v ? v : fail_at(r, ev->start_mark);
}

static json_t *keep_anchor(struct reader *r, const yaml_char_t *anchor, json_t *v)
{
	if (v && anchor && json_object_set(r->anchors, (const char *)anchor, v)) {
		json_decref(v);
		err_nomem(r->e);
		return NULL;
	}
	return v;
}

static json_t *read_value(struct reader *r, yaml_event_t *ev, int depth)
{
	json_t *v;

	if (depth > MAX_DEPTH)
		return refuse(r, ev->start_mark, "nested too deeply");
	switch (ev->type) {
	case YAML_ALIAS_EVENT:
		return read_alias(r, ev);
	case YAML_SCALAR_EVENT:
		v = read_scalar(r, ev);
		return keep_anchor(r, ev->data.scalar.anchor, v);
	case YAML_SEQUENCE_START_EVENT:
		if (ev->data.sequence_start.tag)
			return refuse(r, ev->start_mark, "tags are not read");
		v = read_list(r, depth);
		return keep_anchor(r, ev->data.sequence_start.anchor, v);
	case YAML_MAPPING_START_EVENT:
		if (ev->data.mapping_start.tag)
			return refuse(r, ev->start_mark, "tags are not read");
		v = read_map(r, depth);
		return keep_anchor(r, ev->data.mapping_start.anchor, v);
	default:
		return refuse(r, ev->start_mark, "not good YAML");
	}
}

/* Stream start, one document or none, stream end. */
static json_t *read_document(struct reader *r)
{
	json_t *v = NULL;
	yaml_event_t ev;

	for (;;) {
		yaml_event_type_t type;
		bool ok = true;

		if (next_event(r, &ev))
			goto fail;
		type = ev.type;
		if (type == YAML_DOCUMENT_START_EVENT) {
			if (v) {
				refuse(r, ev.start_mark, "one document is expected, not several");
				ok = false;
			}
		} else if (type != YAML_STREAM_START_EVENT && type != YAML_STREAM_END_EVENT &&
			   type != YAML_DOCUMENT_END_EVENT) {
			v = read_value(r, &ev, 0);
			ok = v != NULL;
		}
		yaml_event_delete(&ev);
		if (!ok)
			goto fail;
		if (type == YAML_STREAM_END_EVENT)
			return v ? v : json_null();
	}
fail:
	json_decref(v);
	return NULL;
}

json_t *ydoc_parse(struct slice text, const char *name, struct err *e)
{
	struct reader r = { .name = name, .e = e };
	json_t *v = NULL;

	if (text.len > JDOC_MAX_BYTES) {
		err_set(e, ERR_INPUT, "YAML of more than %d MiB", JDOC_MAX_BYTES >> 20);
		err_at(e, "%s", name);
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		err_nomem(e);
		return NULL;
	}
	r.anchors = json_object();
	if (r.anchors) {
		yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(
			&r.parser, (const unsigned char *)(text.len ? text.p : ""), text.len);
		v = read_document(&r);
	} else {
		err_nomem(e);
	}
	json_decref(r.anchors);
	yaml_parser_delete(&r.parser);
	return v;
}

json_t *ydoc_load(const char *path, struct err *e)
{
	return jdoc_read(path, ydoc_parse, e);
}

/* ---- writing ---- */

struct writer {
	yaml_emitter_t emitter;
	struct buf *b;
	struct err *e;
};

static int take_bytes(void *ctx, unsigned char *p, size_t len)
{
	struct writer *w = ctx;

	buf_add(w->b, p, len);
	return !w->b->failed;
}

static int emit(struct writer *w, yaml_event_t *ev)
{
	if (yaml_emitter_emit(&w->emitter, ev))
		return 0;
	if (w->emitter.error == YAML_MEMORY_ERROR || w->b->failed)
		return err_nomem(w->e);
	return err_set(w->e, ERR_INPUT, "cannot be written as YAML: %s",
		w->emitter.problem ? w->emitter.problem : "unknown");
}

static int emit_scalar(struct writer *w, struct slice s, yaml_scalar_style_t style)
{
	yaml_event_t ev;

	if (!yaml_scalar_event_initialize(
		    &ev, NULL, NULL, (const yaml_char_t *)s.p, (int)s.len, 1, 1, style))
		return err_nomem(w->e);
	return emit(w, &ev);
}

static int emit_text(struct writer *w, struct slice s)
{
	return emit_scalar(w, s, ydoc_scalar_style(s));
}

static int emit_value(struct writer *w, const json_t *v, int depth);

static int emit_object(struct writer *w, const json_t *o, int depth)
{
	const char *key;
	yaml_event_t ev;
	json_t *v;

	if (!yaml_mapping_start_event_initialize(&ev, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE))
		return err_nomem(w->e);
	if (emit(w, &ev))
		return -1;
	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		if (emit_text(w, slice_of(key)) || emit_value(w, v, depth + 1))
			return -1;
	}
	if (!yaml_mapping_end_event_initialize(&ev))
		return err_nomem(w->e);
	return emit(w, &ev);
}

static int emit_array(struct writer *w, const json_t *a, int depth)
{
	yaml_event_t ev;

	if (!yaml_sequence_start_event_initialize(&ev, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE))
		return err_nomem(w->e);
	if (emit(w, &ev))
		return -1;
	for (size_t i = 0; i < json_array_size(a); i++)
		if (emit_value(w, json_array_get(a, i), depth + 1))
			return -1;
	if (!yaml_sequence_end_event_initialize(&ev))
		return err_nomem(w->e);
	return emit(w, &ev);
}

static int emit_number(struct writer *w, const json_t *v)
{
	struct buf text = BUF_INIT;
	int rc = -1;

	jdoc_format(&text, v, JDOC_LINE);
	if (!buf_check(&text, w->e))
		rc = emit_scalar(w, buf_slice(&text), YAML_PLAIN_SCALAR_STYLE);
	buf_release(&text);
	return rc;
}

static int emit_value(struct writer *w, const json_t *v, int depth)
{
	if (depth > MAX_DEPTH)
		return err_set(w->e, ERR_INPUT, "cannot be written as YAML: nested too deeply");
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return emit_object(w, v, depth);
	case JSON_ARRAY:
		return emit_array(w, v, depth);
	case JSON_STRING:
		return emit_text(w, (struct slice){ json_string_value(v), json_string_length(v) });
	case JSON_NULL:
		return emit_scalar(w, slice_of(""), YAML_PLAIN_SCALAR_STYLE);
	default:
		return emit_number(w, v);
	}
}

static int emit_all(struct writer *w, const json_t *v)
{
	yaml_event_t ev;

	if (!yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING))
		return err_nomem(w->e);
	if (emit(w, &ev))
		return -1;
	if (!yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 1))
		return err_nomem(w->e);
	if (emit(w, &ev) || emit_value(w, v, 0))
		return -1;
	if (!yaml_document_end_event_initialize(&ev, 1))
		return err_nomem(w->e);
	if (emit(w, &ev))
		return -1;
	if (!yaml_stream_end_event_initialize(&ev))
		return err_nomem(w->e);
	return emit(w, &ev);
}

int ydoc_format(struct buf *b, const json_t *v, struct err *e)
{
	struct writer w = { .b = b, .e = e };
	int rc;

	if (!yaml_emitter_initialize(&w.emitter))
		return err_nomem(e);
	yaml_emitter_set_output(&w.emitter, take_bytes, &w);
	yaml_emitter_set_unicode(&w.emitter, 1);
	yaml_emitter_set_width(&w.emitter, LINE_WIDTH);
	yaml_emitter_set_indent(&w.emitter, 2);
	rc = emit_all(&w, v);
	yaml_emitter_delete(&w.emitter);
	return rc ? rc : buf_check(b, e);
}

int ydoc_save(const char *path, const json_t *v, unsigned flags, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = ydoc_format(&b, v, e);

	if (!rc)
		rc = output_save(path, flags, buf_slice(&b), e);
	else
		err_at(e, "%s", path);
	buf_release(&b);
	return rc;
}
