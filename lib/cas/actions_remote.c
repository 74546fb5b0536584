#include <unistd.h>

#include "base/lock.h"
#include "base/path.h"
#include "cas/actions.h"
#include "remote/url.h"

static int section_of(const char *name, struct buf *section, struct err *e)
{
	if (!*name || strpbrk(name, "\"'[]\r\n/\\")) {
		err_set(e, ERR_INPUT, "'%s' cannot be the name of a remote", name);
		return -1;
	}
	buf_reset(section);
	buf_addf(section, "remote \"%s\"", name);
	return buf_check(section, e);
}

/* A path is stored relative to the folder of the configuration file, so that a moved repository finds it. */
static int stored_url(const struct cas_repo *r, const char *typed, struct buf *url, struct err *e)
{
	struct remote_url parsed;
	struct buf absolute = BUF_INIT;
	int result = remote_url_parse(&parsed, typed, e);

	if (!result && parsed.kind == REMOTE_URL_STREAM)
		result = err_set(e, ERR_INPUT, "'-' is not a remote");
	buf_reset(url);
	if (!result && (strstr(typed, "://") || typed[0] == '/' || typed[0] == '~')) {
		buf_add_text(url, typed);
	} else if (!result) {
		result = path_absolute(&absolute, typed, e);
		if (!result)
			path_relative(url, r->dvc_dir, absolute.p);
	}
	if (!result)
		result = buf_check(url, e);
	remote_url_release(&parsed);
	buf_release(&absolute);
	return result;
}

static int add(const struct cas_actions *a, const char *name, const char *url, enum cas_level level,
	bool is_default, bool force, struct err *e)
{
	struct cas_repo *r = a->w->repo;
	struct buf section = BUF_INIT, stored = BUF_INIT;
	int result = -1;

	if (section_of(name, &section, e) || stored_url(r, url, &stored, e))
		goto out;
	if (!force && cas_config_get(r->config[level], section.p, "url")) {
		err_set(e, ERR_INPUT, "there is a remote '%s' already", name);
		err_hint(e, "overwrite it with --force");
		goto out;
	}
	if (cas_repo_set(r, level, section.p, "url", stored.p, e) ||
		(is_default && cas_repo_set(r, level, "core", "remote", name, e)))
		goto out;
	result = 0;
out:
	buf_release(&section);
	buf_release(&stored);
	return result;
}

static int no_remote(const char *name, struct err *e)
{
	err_set(e, ERR_INPUT, "there is no remote '%s'", name);
	return err_hint(e, "cas-hash remote list shows them");
}

static int remove_one(
	const struct cas_actions *a, const char *name, enum cas_level level, struct err *e)
{
	struct cas_repo *r = a->w->repo;
	struct buf section = BUF_INIT;
	const char *chosen;
	int result = -1;

	if (section_of(name, &section, e))
		goto out;
	if (!cas_config_remove(r->config[level], section.p)) {
		no_remote(name, e);
		goto out;
	}
	chosen = cas_config_get(r->config[level], "core", "remote");
	if (chosen && !strcmp(chosen, name) &&
		cas_config_set(r->config[level], "core", "remote", NULL, e))
		goto out;
	result = cas_config_save(r->config[level], r->config_path[level], e);
out:
	buf_release(&section);
	return result;
}

static int modify(const struct cas_actions *a, const char *name, const char *key, const char *value,
	enum cas_level level, struct err *e)
{
	struct cas_repo *r = a->w->repo;
	struct buf section = BUF_INIT, stored = BUF_INIT;
	int result = -1;

	if (section_of(name, &section, e))
		goto out;
	if (!cas_repo_get(r, section.p, "url")) {
		no_remote(name, e);
		goto out;
	}
	if (value && (strstr(key, "secret") || strstr(key, "token") || strstr(key, "password"))) {
		err_set(e, ERR_INPUT, "'%s' is a secret, and other users see command lines", key);
		err_hint(e, "write it into .dvc/config.local with an editor, or use AWS_*");
		goto out;
	}
	if (value && !strcmp(key, "url")) {
		if (stored_url(r, value, &stored, e))
			goto out;
		value = stored.p;
	}
	result = cas_repo_set(r, level, section.p, key, value, e);
out:
	buf_release(&section);
	buf_release(&stored);
	return result;
}

static int choose_default(
	const struct cas_actions *a, const char *name, enum cas_level level, struct err *e)
{
	struct cas_repo *r = a->w->repo;
	struct buf section = BUF_INIT;
	const char *chosen;
	int result = -1;

	if (!name) {
		chosen = cas_repo_get(r, "core", "remote");
		if (chosen)
			output_printf(a->out, "%s\n", chosen);
		return chosen ? 0 : err_set(e, ERR_INPUT, "no default remote is set");
	}
	if (section_of(name, &section, e))
		goto out;
	result = cas_repo_get(r, section.p, "url")
			 ? cas_repo_set(r, level, "core", "remote", name, e)
			 : no_remote(name, e);
out:
	buf_release(&section);
	return result;
}

/* The name in `remote "NAME"`, cut out of the section; empty for another section. */
static struct slice name_of(const char *section)
{
	struct slice s = slice_of(section);

	if (!slice_starts(s, "remote \"") || !slice_ends(s, "\""))
		return (struct slice){ NULL, 0 };
	return (struct slice){ s.p + 8, s.len - 9 };
}

static int list(const struct cas_actions *a, struct err *e)
{
	struct cas_repo *r = a->w->repo;
	const char *chosen = cas_repo_get(r, "core", "remote"), *section;
	struct buf name = BUF_INIT, resolved = BUF_INIT, url = BUF_INIT;
	int result = 0;

	for (int level = CAS_N_LEVELS; level-- > 0 && !result;)
		for (size_t i = 0; r->config[level] &&
				   (section = cas_config_section(r->config[level], i)) && !result;
			i++) {
			struct slice s = name_of(section);
			bool is_known = false;

			/* Told where the file that wins has it. */
			for (int above = CAS_N_LEVELS; --above > level && !is_known;)
				is_known = r->config[above] &&
					   cas_config_get(r->config[above], section, "url");
			if (!s.len || is_known)
				continue;
			buf_reset(&name);
			buf_add_slice(&name, s);
			result = buf_check(&name, e) ||
						 cas_repo_remote_url(r, name.p, &resolved, &url, e)
					 ? -1
					 : 0;
			if (!result)
				output_printf(a->out, "%s\t%s%s\n", name.p, url.p,
					chosen && !strcmp(chosen, name.p) ? "\t(default)" : "");
		}
	buf_release(&name);
	buf_release(&resolved);
	buf_release(&url);
	return result;
}

int cas_actions_remote(
	const struct cas_actions *a, const struct cas_actions_remote *o, struct err *e)
{
	char *const *w = a->targets;
	size_t n = a->n_targets;

	if (!strcmp(w[0], "list") && n == 1)
		return list(a, e);
	if (!strcmp(w[0], "default") && n <= 2)
		return choose_default(a, n == 2 ? w[1] : NULL, o->level, e);
	if (!strcmp(w[0], "add") && n == 3)
		return add(a, w[1], w[2], o->level, o->is_default, o->force, e);
	if (!strcmp(w[0], "remove") && n == 2)
		return remove_one(a, w[1], o->level, e);
	if (!strcmp(w[0], "modify") && n == (o->unset ? 3u : 4u))
		return modify(a, w[1], w[2], o->unset ? NULL : w[3], o->level, e);
	err_set(e, ERR_INPUT, "'remote %s' with %zu operands is not known", w[0], n - 1);
	return err_hint(
		e, "list; default [NAME]; add NAME URL; remove NAME; modify NAME KEY VALUE");
}
