#include "stage/declare.h"

#include <stdlib.h>
#include <string.h>

#include "base/input.h"
#include "base/opt.h"
#include "base/output.h"
#include "base/path.h"
#include "base/ydoc.h"
#include "stage/where.h"

/* What the fragment wrote as \n, \q and \\ (its make cannot carry these safely). */
static json_t *decoded(const char *text, struct err *e)
{
	struct buf b = BUF_INIT;
	struct slice s;
	json_t *v = NULL;

	for (const char *p = text; *p; p++) {
		if (*p != '\\' || !p[1])
			buf_add_char(&b, *p);
		else if (*++p == 'n')
			buf_add_char(&b, '\n');
		else
			buf_add_char(&b, *p == 'q' ? '\'' : *p);
	}
	if (!buf_check(&b, e)) {
		s = slice_trim(buf_slice(&b));
		while (s.len && s.p[s.len - 1] == '\n')
			s = slice_trim((struct slice){ s.p, s.len - 1 });
		while (s.len && *s.p == '\n')
			s = slice_trim((struct slice){ s.p + 1, s.len - 1 });
		v = json_stringn(s.p, s.len);
		if (!v)
			err_set(e, ERR_INPUT, "'%s' is not UTF-8", text);
	}
	buf_release(&b);
	return v;
}

/* In dvc.yaml a dollar before a brace would begin a template. */
static json_t *escaped(json_t *text, struct err *e)
{
	struct buf b = BUF_INIT;
	json_t *v;

	for (const char *p = json_string_value(text); *p; p++) {
		if (!strncmp(p, "${", 2))
			buf_add_char(&b, '\\');
		buf_add_char(&b, *p);
	}
	v = b.failed ? NULL : json_stringn(b.p, b.len);
	buf_release(&b);
	json_decref(text);
	if (!v)
		err_nomem(e);
	return v;
}

/* `flag`, "cache: false" or "persist: true", may be NULL. */
static int append_path(json_t *list, struct slice word, const char *flag, struct err *e)
{
	json_t *path = json_stringn(word.p, word.len);
	json_t *item = path;

	if (!path)
		return err_set(e, ERR_INPUT, "'%.*s' is not UTF-8", (int)word.len, word.p);
	if (flag) {
		item = json_pack(
			"{s{sb}}", json_string_value(path), flag, !strcmp(flag, "persist"));
		json_decref(path);
	}
	return json_array_append_new(list, item) ? err_nomem(e) : 0;
}

/* params: keys of params.yaml stand alone, others below the name of their file. */
static int append_param(json_t *list, struct slice word, struct err *e)
{
	const char *colon = memchr(word.p, ':', word.len);
	size_t file_len = colon ? (size_t)(colon - word.p) : 0;
	struct slice key = { colon ? colon + 1 : word.p, word.len - (colon ? file_len + 1 : 0) };
	struct buf file = BUF_INIT;
	json_t *keys = NULL, *item = NULL;
	int rc = -1;

	buf_add(&file, word.p, file_len);
	if (buf_check(&file, e))
		goto out;
	if (!file.len && key.len) {
		rc = append_path(list, key, NULL, e);
		goto out;
	}
	for (size_t i = 0; i < json_array_size(list) && !keys; i++)
		keys = json_object_get(json_array_get(list, i), file.p);
	if (!keys) {
		item = json_object();
		keys = key.len ? json_array() : json_null();
		if (!item || !keys || json_object_set_new(item, file.p, keys) ||
			json_array_append_new(list, item)) {
			err_nomem(e);
			goto out;
		}
	}
	rc = key.len && json_is_array(keys) ? append_path(keys, key, NULL, e) : 0;
out:
	buf_release(&file);
	return rc;
}

/* Blanks separate, so a path with one comes in pieces that its quotes or backslash give away. */
static int check_word(const char *key, struct slice word, struct err *e)
{
	if (word.p[word.len - 1] != '\\' && !memchr(word.p, '"', word.len) &&
		!memchr(word.p, '\'', word.len))
		return 0;
	err_set(e, ERR_INPUT, "%s: '%.*s' looks like a part of a path with blanks", key,
		(int)word.len, word.p);
	return err_hint(e, "make cannot carry these in a list: rename it");
}

/* A word with a list of paths or parameters: what it is in dvc.yaml. */
struct list_word {
	const char *word, *key, *flag;
};

static const struct list_word list_words[] = { { "deps", "deps", NULL },
	{ "params", "params", NULL }, { "outs", "outs", NULL },
	{ "outs_no_cache", "outs", "cache" }, { "outs_persist", "outs", "persist" },
	{ "metrics", "metrics", "cache" }, { "plots", "plots", NULL } };

static int add_words(json_t *list, const struct list_word *how, const json_t *text, struct err *e)
{
	struct slice rest = slice_of(json_string_value(text)), word;
	bool is_params = !strcmp(how->word, "params");

	while (slice_cut(&rest, ' ', &word)) {
		word = slice_trim(word);
		if (!word.len)
			continue;
		if (check_word(how->word, word, e) ||
			(is_params ? append_param(list, word, e)
				   : append_path(list, word, how->flag, e)))
			return -1;
	}
	return 0;
}

static int set_words(json_t *stage, const struct list_word *how, const char *text, struct err *e)
{
	json_t *list = json_object_get(stage, how->key), *plain = decoded(text, e);
	int rc = plain ? 0 : -1;

	list = list ? json_incref(list) : json_array();
	if (!list && !rc)
		rc = err_nomem(e);
	if (!rc)
		rc = add_words(list, how, plain, e);
	json_decref(plain);
	if (!rc && json_array_size(list) && json_object_set(stage, how->key, list))
		rc = err_nomem(e);
	json_decref(list);
	return rc;
}

static int set_text(json_t *stage, const char *key, const char *text, struct err *e)
{
	json_t *v = decoded(text, e), *meta;

	if (!v)
		return -1;
	if (!*json_string_value(v)) {
		json_decref(v);
		return 0;
	}
	if (!strcmp(key, "cmd")) {
		v = escaped(v, e);
		if (!v)
			return -1;
	}
	if (!strcmp(key, "ci")) {
		meta = json_pack("{so}", "ci", v);
		if (!meta || json_object_set_new(stage, "meta", meta))
			return err_nomem(e);
		return 0;
	}
	return json_object_set_new(stage, key, v) ? err_nomem(e) : 0;
}

/* What of our variables the word after "NAME_" was probably meant to be; NULL: the user's own. */
static const char *meant(const char *suffix)
{
	static const char *const known[] = { "DEPS", "OUTS", "OUTS_NO_CACHE", "OUTS_PERSIST",
		"METRICS", "PLOTS", "PARAMS", "CMD", "CI", "DESC", "ALWAYS", "FROZEN", "WDIR",
		NULL };
	static const char *const alias[][2] = { { "OUTPUTS", "OUTS" }, { "OUTPUT", "OUTS" },
		{ "INPUTS", "DEPS" }, { "INPUT", "DEPS" }, { "DEPENDENCIES", "DEPS" },
		{ "COMMAND", "CMD" }, { "CMDS", "CMD" }, { "PARAMETERS", "PARAMS" },
		{ "DESCRIPTION", "DESC" }, { "OUT", "OUTS" }, { "DEP", "DEPS" } };
	const char *near;

	if (suffix[strspn(suffix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")])
		return NULL;
	for (size_t i = 0; i < sizeof(alias) / sizeof(*alias); i++)
		if (!strcmp(alias[i][0], suffix))
			return alias[i][1];
	near = strlen(suffix) > 3 ? opt_nearest(suffix, known) : NULL;
	return near && *near == *suffix ? near : NULL;
}

/* variable=NAME_OUT, say, with stage=NAME somewhere. */
static int check_variable(char **words, size_t n, const char *variable, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const char *stage = words[i] + 6, *near;
		size_t len;

		if (strncmp(words[i], "stage=", 6) != 0)
			continue;
		len = strlen(stage);
		if (strncmp(variable, stage, len) != 0 || variable[len] != '_')
			continue;
		near = meant(variable + len + 1);
		if (!near)
			continue;
		err_set(e, ERR_INPUT, "'%s' is no variable of stage '%s'", variable, stage);
		err_hint(e, "did you mean '%s_%s'?", stage, near);
		return stage_where_at(words, n, variable, NULL, e);
	}
	return 0;
}

/* knob=CD4ML_REMOT, a variable of the Makefile that is none of ours: nearly one of `knobs`? */
static int check_knob(const char *knob, const char *knobs, struct err *e)
{
	const char *names[128] = { NULL }, *near;
	struct buf all = BUF_INIT;
	size_t n = 0, head = strlen("CD4ML_");
	int rc = 0;

	if (strlen(knob) < head + 4) /* too short to be nearly anything */
		return 0;

	buf_add_text(&all, knobs);
	for (char *p = all.p; !all.failed && n < 127 && strlen(p) > head;) {
		names[n++] = p + head;
		p += strcspn(p, " ");
		while (*p == ' ')
			*p++ = '\0';
	}
	near = opt_nearest(knob + head, names);
	if (near && *near == knob[head]) {
		rc = err_set(e, ERR_INPUT, "'%s' is no variable of cd4ml.mk", knob);
		err_hint(e, "did you mean 'CD4ML_%s'?", near);
	}
	buf_release(&all);
	return rc;
}

static int check_knobs(char **words, size_t n, struct err *e)
{
	const char *knobs = "";
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		if (!strncmp(words[i], "knobs=", 6))
			knobs = words[i] + 6;
		else if (!strncmp(words[i], "knob=", 5))
			rc = check_knob(words[i] + 5, knobs, e)
				     ? stage_where_at(words, n, words[i] + 5, NULL, e)
				     : 0;
	}
	return rc;
}

static bool is_about_variables(const char *word)
{
	return !strncmp(word, "makefile=", 9) || !strncmp(word, "variable=", 9) ||
	       !strncmp(word, "knobs=", 6) || !strncmp(word, "knob=", 5);
}

static int set_flag(json_t *stage, const char *key, const char *text, struct err *e)
{
	return *text && json_object_set_new(stage, key, json_true()) ? err_nomem(e) : 0;
}

static int set_word(json_t *stage, const char *word, struct err *e)
{
	static const char *const texts[] = { "cmd", "desc", "ci", "wdir" };
	struct slice text = slice_of(word), key;
	const char *value = strchr(word, '=');

	if (!value || !slice_cut(&text, '=', &key))
		return err_set(e, ERR_INPUT, "'%s' is no part of a stage", word);
	value++;
	for (size_t k = 0; k < sizeof(list_words) / sizeof(*list_words); k++)
		if (slice_is(key, list_words[k].word))
			return set_words(stage, &list_words[k], value, e);
	for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++)
		if (slice_is(key, texts[k]))
			return set_text(stage, texts[k], value, e);
	if (slice_is(key, "always"))
		return set_flag(stage, "always_changed", value, e);
	if (slice_is(key, "frozen"))
		return set_flag(stage, "frozen", value, e);
	return err_set(e, ERR_INPUT, "'%s' is no part of a stage", word);
}

/* Members in the order in which DVC writes them. */
static json_t *in_order(json_t *stage, struct err *e)
{
	static const char *const order[] = { "cmd", "wdir", "deps", "params", "outs", "metrics",
		"plots", "frozen", "always_changed", "desc", "meta" };
	json_t *o = json_object();

	for (size_t i = 0; o && i < sizeof(order) / sizeof(*order); i++) {
		json_t *v = json_object_get(stage, order[i]);

		if (v && json_object_set(o, order[i], v)) {
			json_decref(o);
			o = NULL;
		}
	}
	if (!o)
		err_nomem(e);
	return o;
}

/* An error in stage=NAME's deps=..., say: the place is the line of NAME_DEPS. */
static int at_variable(char **words, size_t n, const char *name, const char *word, struct err *e)
{
	struct buf b = BUF_INIT;

	err_at(e, "stage '%s'", name);
	buf_addf(&b, "%s_", name);
	for (; *word && *word != '='; word++)
		buf_add_char(&b, *word >= 'a' && *word <= 'z' ? (char)(*word - 'a' + 'A') : *word);
	if (!b.failed)
		stage_where_at(words, n, b.p, NULL, e);
	buf_release(&b);
	return -1;
}

static int finish_stage(json_t *stages, const char *name, json_t *stage, struct err *e)
{
	json_t *o;

	if (!json_object_get(stage, "cmd")) {
		err_set(e, ERR_INPUT, "stage '%s' has no command", name);
		return err_hint(e, "set %s_CMD", name);
	}
	o = in_order(stage, e);
	if (!o)
		return -1;
	return json_object_set_new(stages, name, o) ? err_nomem(e) : 0;
}

json_t *stage_declare_parse(char **words, size_t n, struct err *e)
{
	json_t *stages = json_object(), *stage = NULL;
	const char *name = NULL;
	int rc = stages ? check_knobs(words, n, e) : err_nomem(e);

	for (size_t i = 0; i < n && !rc; i++)
		if (!strncmp(words[i], "variable=", 9))
			rc = check_variable(words, n, words[i] + 9, e);
	for (size_t i = 0; i < n && !rc; i++) {
		if (is_about_variables(words[i]))
			continue;
		if (strncmp(words[i], "stage=", 6) != 0) {
			rc = stage ? set_word(stage, words[i], e)
				   : err_set(e, ERR_INPUT, "'%s' comes before stage=NAME",
					     words[i]);
			if (rc && name)
				at_variable(words, n, name, words[i], e);
			continue;
		}
		if (stage && finish_stage(stages, name, stage, e))
			rc = stage_where_at(words, n, "STAGES", name, e);
		name = words[i] + 6;
		json_decref(stage);
		stage = json_object();
		if (!rc && !stage)
			rc = err_nomem(e);
		if (!rc && json_object_get(stages, name))
			rc = err_set(e, ERR_INPUT, "stage '%s' is declared twice", name);
	}
	if (!rc && stage && finish_stage(stages, name, stage, e))
		rc = stage_where_at(words, n, "STAGES", name, e);
	json_decref(stage);
	if (!rc)
		return stages;
	json_decref(stages);
	return NULL;
}

/* Our stages, in their order; in a file of others theirs first, ours changed in place or added. */
static json_t *merge(const json_t *old, json_t *stages, bool ours, struct err *e)
{
	json_t *doc = json_is_object(old) ? json_copy((json_t *)(uintptr_t)old) : json_object();
	json_t *theirs = json_object_get(old, "stages"), *all = NULL;

	if (!doc)
		goto nomem;
	if (ours || !json_is_object(theirs)) {
		/* values of templates, which the Makefile has resolved */
		if (ours)
			json_object_del(doc, "vars");
		if (json_object_set(doc, "stages", stages))
			goto nomem;
		return doc;
	}
	all = json_copy(theirs);
	if (!all || json_object_update(all, stages) || json_object_set_new(doc, "stages", all))
		goto nomem;
	return doc;
nomem:
	json_decref(doc);
	err_nomem(e);
	return NULL;
}

/* Equal, and the stages in the same order. */
static bool is_same_document(const json_t *a, const json_t *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool same;

	jdoc_format(&x, a, JDOC_LINE);
	jdoc_format(&y, b, JDOC_LINE);
	same = !x.failed && !y.failed && slice_eq(buf_slice(&x), buf_slice(&y));
	buf_release(&x);
	buf_release(&y);
	return same;
}

static int save(const char *path, const json_t *doc, bool header, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc;

	if (header)
		buf_add_text(&b, STAGE_OUR_HEADER);
	rc = ydoc_format(&b, doc, e);
	if (!rc)
		rc = output_save(path, OUTPUT_KEEP_SAME | OUTPUT_SYNC, buf_slice(&b), e);
	buf_release(&b);
	return rc;
}

json_t *stage_declare_save(
	const char *path, json_t *stages, bool dry, struct diag *d, struct err *e)
{
	struct buf text = BUF_INIT;
	json_t *old = NULL, *doc = NULL;
	bool is_new = !path_exists(path), ours = true;

	if (!is_new) {
		if (input_load(path, JDOC_MAX_BYTES, &text, e))
			goto out;
		ours = slice_starts(buf_slice(&text), STAGE_OUR_HEADER);
		old = ydoc_parse(buf_slice(&text), path, e);
		if (!old)
			goto out;
	}
	doc = merge(old, stages, ours, e);
	if (!doc || dry || (old && is_same_document(old, doc)))
		goto out;
	if (!ours && memchr(text.p, '#', text.len))
		diag_say(d, DIAG_WARNING,
			"%s: comments are not kept; move its stages to the Makefile", path);
	if (save(path, doc, ours, e)) {
		json_decref(doc);
		doc = NULL;
	}
out:
	json_decref(old);
	buf_release(&text);
	return doc;
}

int stage_declare_take_over(const char *path, struct err *e)
{
	struct buf text = BUF_INIT, marked = BUF_INIT;
	int rc = input_load(path, JDOC_MAX_BYTES, &text, e);

	if (!rc && !slice_starts(buf_slice(&text), STAGE_OUR_HEADER)) {
		buf_add_text(&marked, STAGE_OUR_HEADER);
		buf_add_slice(&marked, buf_slice(&text));
		rc = buf_check(&marked, e) || output_save(path, OUTPUT_SYNC, buf_slice(&marked), e)
			     ? -1
			     : 0;
	}
	buf_release(&text);
	buf_release(&marked);
	return rc;
}
