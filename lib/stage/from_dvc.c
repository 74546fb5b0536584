#include "stage/from_dvc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stage/template.h"

struct writer {
	struct buf *b;
	struct diag *diag;
	const char *name; /* in the Makefile */
	bool first; /* of the words of a list */
	struct buf note; /* scratch */
};

static void note(struct writer *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void note(struct writer *w, const char *fmt, ...)
{
	va_list ap;

	buf_reset(&w->note);
	if (w->name)
		buf_addf(&w->note, "stage '%s': ", w->name);
	va_start(ap, fmt);
	buf_vaddf(&w->note, fmt, ap);
	va_end(ap);
	buf_addf(w->b, "# %s\n", w->note.p);
	diag_say(w->diag, DIAG_WARNING, "%s", w->note.p);
}

/* ---- what make can carry ---- */

/* In dvc.yaml \${ is a command's own ${. */
static void add_text(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (!strncmp(s, "\\${", 3))
			continue;
		if (*s == '$')
			buf_add_char(b, '$');
		buf_add_char(b, *s);
	}
}

static bool is_word(const char *s)
{
	return *s && *s != '-' && *s != '~' && !s[strcspn(s, " \t\n\"'\\#%:=*?[]|;")];
}

/* Why the stage cannot be said, NULL if it can. */
static const char *unsayable_path(const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *path = json_is_object(item) && json_object_size(item)
					   ? json_object_iter_key(json_object_iter(item))
					   : json_string_value(item);

		if (!path)
			return "a list of paths is not one";
		if (!is_word(path))
			return path;
	}
	return NULL;
}

static const char *unsayable(const json_t *stage)
{
	static const char *const lists[] = { "deps", "outs", "metrics", "plots", NULL };
	const char *why = NULL, *cmd = json_string_value(json_object_get(stage, "cmd"));

	for (size_t i = 0; lists[i] && !why; i++)
		why = unsayable_path(json_object_get(stage, lists[i]));
	if (cmd && (strstr(cmd, "\nendef") || !strncmp(cmd, "endef", 5)))
		why = "endef";
	return why;
}

/* ---- variables ---- */

static void begin(struct writer *w, const char *key)
{
	buf_addf(w->b, "%s_%s := ", w->name, key);
	w->first = true;
}

static void add_word(struct writer *w, const char *text)
{
	if (!w->first)
		buf_add_char(w->b, ' ');
	w->first = false;
	add_text(w->b, text);
}

static void add_command(struct writer *w, const char *text)
{
	size_t len = strlen(text);
	struct slice trimmed = slice_trim((struct slice){ text, len });

	if (trimmed.len != len || (len && text[len - 1] == '\n'))
		note(w, "blanks or lines at the end of its command go: dvc.lock has another, it is "
			"looked up "
			"in the run cache or runs once more");
	if (strpbrk(text, "\n#") || (len && text[len - 1] == '\\')) {
		buf_addf(w->b, "define %s_CMD\n", w->name);
		add_text(w->b, text);
		buf_addf(w->b, "%sendef\n", len && text[len - 1] == '\n' ? "" : "\n");
	} else {
		begin(w, "CMD");
		add_text(w->b, text);
		buf_add_char(w->b, '\n');
	}
}

static void add_cmd(struct writer *w, const json_t *cmd)
{
	struct buf all = BUF_INIT;
	json_t *line;
	size_t i;

	if (json_is_string(cmd)) {
		add_command(w, json_string_value(cmd));
		return;
	}
	json_array_foreach(cmd, i, line)
		buf_addf(&all, "%s%s", i ? "\n" : "", json_string_value(line));
	note(w, "its list of commands is one of several lines now: dvc.lock has another, it runs "
		"once more");
	add_command(w, all.p);
	buf_release(&all);
}

/* The flags of an output that a variable's name says, or a note. */
static const char *variable_of(
	struct writer *w, const char *path, const char *kind, const json_t *flags)
{
	bool is_out = !strcmp(kind, "OUTS"),
	     cache = !json_is_false(json_object_get(flags, "cache"));
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)flags, key, v)
	{
		if (!strcmp(key, "cache") && (cache || strcmp(kind, "PLOTS") != 0))
			continue;
		if (!strcmp(key, "persist") && is_out)
			continue;
		note(w, "'%s' of '%s' is not carried over", key, path);
	}
	if (is_out && json_is_true(json_object_get(flags, "persist")))
		return "OUTS_PERSIST";
	if (!strcmp(kind, "METRICS") && cache)
		note(w, "'%s' is kept in git from now on, not in the cache", path);
	return is_out && !cache ? "OUTS_NO_CACHE" : kind;
}

static void add_paths(struct writer *w, const json_t *list, const char *kind)
{
	static const char *const all[] = { "DEPS", "OUTS", "OUTS_NO_CACHE", "OUTS_PERSIST",
		"METRICS", "PLOTS" };
	struct buf words[6], *main = w->b;
	json_t *item;
	size_t i;

	for (i = 0; i < 6; i++)
		buf_init(&words[i]);
	json_array_foreach(list, i, item)
	{
		void *it = json_is_object(item) ? json_object_iter(item) : NULL;
		const char *path = it ? json_object_iter_key(it) : json_string_value(item);
		const char *to = variable_of(w, path, kind, it ? json_object_iter_value(it) : NULL);

		for (size_t k = 0; k < 6; k++) {
			if (strcmp(all[k], to) != 0)
				continue;
			w->b = &words[k];
			w->first = !words[k].len;
			add_word(w, path);
			w->b = main;
		}
	}
	for (i = 0; i < 6; i++) {
		if (words[i].len)
			buf_addf(w->b, "%s_%s := %s\n", w->name, all[i], words[i].p);
		if (words[i].failed)
			w->b->failed = true;
		buf_release(&words[i]);
	}
}

static void add_params(struct writer *w, const json_t *list)
{
	struct buf word = BUF_INIT;
	json_t *item, *keys, *key;
	const char *file;
	size_t i, k;

	if (!json_array_size(list))
		return;
	begin(w, "PARAMS");
	json_array_foreach(list, i, item)
	{
		if (json_is_string(item))
			add_word(w, json_string_value(item));
		json_object_foreach(item, file, keys)
		{
			if (!json_array_size(keys)) {
				buf_reset(&word);
				buf_addf(&word, "%s:", file);
				add_word(w, word.p);
			}
			json_array_foreach(keys, k, key)
			{
				buf_reset(&word);
				buf_addf(&word, "%s:%s", file, json_string_value(key));
				add_word(w, word.p);
			}
		}
	}
	buf_add_char(w->b, '\n');
	buf_release(&word);
}

static void add_value(struct writer *w, const json_t *v, const char *key)
{
	const char *text = json_string_value(v);

	if (!text && !json_is_true(v))
		return;
	if (text && strpbrk(text, "\n#")) {
		note(w, "its %s is not carried over", key);
		return;
	}
	begin(w, key);
	add_text(w->b, text ? text : "1");
	buf_add_char(w->b, '\n');
}

static void add_stage(struct writer *w, const json_t *stage)
{
	static const char *const known[] = { "cmd", "wdir", "deps", "outs", "metrics", "plots",
		"params", "desc", "frozen", "always_changed", "meta", NULL };
	const char *key;
	json_t *v;

	buf_addf(w->b, "STAGES += %s\n", w->name);
	add_value(w, json_object_get(stage, "desc"), "DESC");
	add_value(w, json_object_get(stage, "wdir"), "WDIR");
	add_paths(w, json_object_get(stage, "deps"), "DEPS");
	add_params(w, json_object_get(stage, "params"));
	add_paths(w, json_object_get(stage, "outs"), "OUTS");
	add_paths(w, json_object_get(stage, "metrics"), "METRICS");
	add_paths(w, json_object_get(stage, "plots"), "PLOTS");
	add_value(w, json_object_get(json_object_get(stage, "meta"), "ci"), "CI");
	add_value(w, json_object_get(stage, "always_changed"), "ALWAYS");
	add_value(w, json_object_get(stage, "frozen"), "FROZEN");
	add_cmd(w, json_object_get(stage, "cmd"));
	json_object_foreach((json_t *)(uintptr_t)stage, key, v)
	{
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i] || (!strcmp(key, "meta") && !json_object_get(v, "ci")))
			note(w, "'%s' is not carried over", key);
	}
	buf_add_char(w->b, '\n');
}

/* NAME@KEY, and whatever a key may have, as a name of the fragment. */
static void make_name(struct buf *name, const char *dvc)
{
	buf_reset(name);
	for (; *dvc; dvc++)
		buf_add_char(name, (*dvc >= 'a' && *dvc <= 'z') || (*dvc >= 'A' && *dvc <= 'Z') ||
						   (*dvc >= '0' && *dvc <= '9') || *dvc == '_'
					   ? *dvc
					   : '-');
}

static void add_stages(struct writer *w, const json_t *stages)
{
	struct buf name = BUF_INIT;
	const char *dvc, *why;
	json_t *stage;

	json_object_foreach((json_t *)(uintptr_t)stages, dvc, stage)
	{
		make_name(&name, dvc);
		w->name = name.p;
		why = unsayable(stage);
		if (!json_object_get(stage, "cmd"))
			note(w, "it has no command, and is left out");
		else if (why)
			note(w, "'%s' cannot stand in a list of make: the stage is left out", why);
		if (why || !json_object_get(stage, "cmd"))
			continue;
		if (strcmp(name.p, dvc) != 0)
			note(w, "was '%s': it is looked up in the run cache, or runs once more",
				dvc);
		add_stage(w, stage);
	}
	w->name = NULL;
	buf_release(&name);
}

/* Is there a ${...} in it that is not a command's own? */
static bool has_template(const json_t *doc)
{
	struct buf text = BUF_INIT;
	const char *at;

	jdoc_format(&text, doc, JDOC_LINE);
	for (at = strstr(text.p, "${"); at && at > text.p && at[-1] == '\\';)
		at = strstr(at + 2, "${");
	buf_release(&text);
	return at != NULL;
}

int stage_from_dvc(struct buf *b, const json_t *doc, const char *dir, struct diag *d, struct err *e)
{
	json_t *problems = json_array(), *stages = NULL, *v;
	struct writer w = { .b = b, .diag = d, .note = BUF_INIT };
	const char *key;
	size_t i;

	if (!json_is_object(json_object_get(doc, "stages")))
		err_set(e, ERR_INPUT, "this is not a dvc.yaml: 'stages' with names is expected");
	else
		stages = problems ? stage_template_expand(doc, dir, problems, e) : NULL;
	if (!stages) {
		json_decref(problems);
		return -1;
	}
	buf_add_text(b, "# From dvc.yaml, which the Makefile writes from now on.\n\n");
	json_object_foreach((json_t *)(uintptr_t)doc, key, v)
	{
		if (strcmp(key, "stages") != 0 && strcmp(key, "vars") != 0)
			note(&w, "'%s' of dvc.yaml is not carried over", key);
	}
	json_array_foreach(problems, i, v) note(&w, "%s; it is left out", json_string_value(v));
	if (has_template(doc))
		note(&w,
			"values of ${...} stand in place of it: they no longer follow their files");
	add_stages(&w, stages);
	json_decref(problems);
	json_decref(stages);
	buf_release(&w.note);
	return buf_check(b, e);
}
