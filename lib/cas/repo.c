#include "cas/repo.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"

/* ---- where configuration lies ---- */

/* The files outside of a repository; NULL in `*path` where the environment names none. */
static int outer_config_path(enum cas_level level, char **path, struct err *e)
{
	const char *own = getenv(
		level == CAS_LEVEL_SYSTEM ? "DVC_SYSTEM_CONFIG_DIR" : "DVC_GLOBAL_CONFIG_DIR");
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	struct buf b = BUF_INIT;

	if (own && *own) {
		path_join(&b, own, "config");
	} else if (level == CAS_LEVEL_SYSTEM) {
		buf_add_text(&b, "/etc/xdg/dvc/config");
	} else if (xdg && *xdg) {
		path_join(&b, xdg, "dvc/config");
	} else if (home && *home) {
		path_join(&b, home, ".config/dvc/config");
	} else {
		return 0;
	}
	*path = buf_detach(&b, e);
	return *path ? 0 : -1;
}

static int load_configs(struct cas_repo *r, struct err *e)
{
	struct buf b = BUF_INIT;
	int result = -1;

	for (int level = 0; level < CAS_N_LEVELS; level++) {
		if (level < CAS_LEVEL_REPO) {
			if (outer_config_path((enum cas_level)level, &r->config_path[level], e))
				goto out;
		} else {
			path_join(&b, r->dvc_dir,
				level == CAS_LEVEL_REPO ? "config" : "config.local");
			if (buf_check(&b, e))
				goto out;
			r->config_path[level] = mem_dup(b.p, e);
			if (!r->config_path[level])
				goto out;
		}
		if (!r->config_path[level])
			continue;
		r->config[level] = cas_config_load(r->config_path[level], e);
		if (!r->config[level])
			goto out;
	}
	result = 0;
out:
	buf_release(&b);
	return result;
}

/* The value and the level that sets it. */
static const char *get_at(
	const struct cas_repo *r, const char *section, const char *key, enum cas_level *at)
{
	for (int level = CAS_N_LEVELS; level-- > 0;) {
		const char *v =
			r->config[level] ? cas_config_get(r->config[level], section, key) : NULL;

		if (v) {
			*at = (enum cas_level)level;
			return v;
		}
	}
	return NULL;
}

const char *cas_repo_get(const struct cas_repo *r, const char *section, const char *key)
{
	enum cas_level level;

	return get_at(r, section, key, &level);
}

int cas_repo_set(struct cas_repo *r, enum cas_level level, const char *section, const char *key,
	const char *value, struct err *e)
{
	if (!r->config[level])
		return err_set(e, ERR_INPUT, "there is no configuration file of that level");
	if (cas_config_set(r->config[level], section, key, value, e))
		return -1;
	if (level < CAS_LEVEL_REPO && path_make_parents(r->config_path[level], e))
		return -1;
	return cas_config_save(r->config[level], r->config_path[level], e);
}

static bool is_true(const char *v)
{
	static const char *const words[] = { "true", "yes", "on", "1" };

	for (size_t i = 0; v && i < 4; i++)
		if (!strcasecmp(v, words[i]))
			return true;
	return false;
}

/* A path of a configuration file: "~" is the home, a relative one begins at the file's folder. */
static int config_path(const struct cas_repo *r, enum cas_level level, const char *value,
	struct buf *b, struct err *e)
{
	const char *home = getenv("HOME");
	struct buf dir = BUF_INIT;

	path_dir(&dir, r->config_path[level]);
	if (value[0] == '~' && (value[1] == '/' || !value[1])) {
		if (!home || !*home) {
			buf_release(&dir);
			return err_set(e, ERR_INPUT, "'%s' needs HOME, which is not set", value);
		}
		path_join(b, home, value[1] ? value + 2 : "");
	} else {
		path_join(b, dir.p, value);
	}
	buf_release(&dir);
	path_normalise(b);
	return buf_check(b, e);
}

/* ---- opening ---- */

static int set_cache_dir(struct cas_repo *r, struct err *e)
{
	struct buf b = BUF_INIT;
	enum cas_level level;
	const char *dir = get_at(r, "cache", "dir", &level);
	int result = -1;

	if (dir) {
		if (config_path(r, level, dir, &b, e))
			goto out;
	} else {
		path_join(&b, r->dvc_dir, "cache");
	}
	r->cache_dir = buf_detach(&b, e);
	result = r->cache_dir ? 0 : -1;
out:
	buf_release(&b);
	return result;
}

static int set_links(struct cas_repo *r, struct err *e)
{
	static const char *const names[] = { "reflink", "hardlink", "symlink", "copy" };
	const char *types = cas_repo_get(r, "cache", "type");
	struct slice rest = slice_of(types ? types : "reflink,copy"), part;
	unsigned seen = 0;

	while (slice_cut(&rest, ',', &part)) {
		size_t i = 0;

		part = slice_trim(part);
		if (part.len >= 2 && (part.p[0] == '"' || part.p[0] == '\''))
			part = (struct slice){ part.p + 1, part.len - 2 };
		while (i < 4 && !slice_is(part, names[i]))
			i++;
		if (i == 4) {
			err_set(e, ERR_INPUT, "cache.type knows no '%.*s'", (int)part.len, part.p);
			return err_hint(e, "it is a list of reflink, hardlink, symlink, copy");
		}
		if (!(seen & 1u << i))
			r->links[r->n_links++] = (enum cas_link)i;
		seen |= 1u << i;
	}
	if (!(seen & 1u << CAS_LINK_COPY))
		r->links[r->n_links++] = CAS_LINK_COPY;
	return 0;
}

/* Walks up from `start` to the folder that holds `name`: 1, 0 if there is none, -1. */
static int find_up(const char *start, const char *name, struct buf *found, struct err *e)
{
	struct buf probe = BUF_INIT;
	bool is_there;

	buf_reset(found);
	buf_add_text(found, start);
	for (;;) {
		path_join(&probe, found->p, name);
		is_there = !probe.failed && path_exists(probe.p);
		if (is_there || probe.failed || found->failed || !strcmp(found->p, "/"))
			break;
		path_dir(&probe, found->p);
		buf_reset(found);
		buf_add_slice(found, buf_slice(&probe));
	}
	if (buf_check(&probe, e) || buf_check(found, e)) {
		buf_release(&probe);
		return -1;
	}
	buf_release(&probe);
	return is_there;
}

int cas_repo_find_git(const char *physical, struct buf *root, struct err *e)
{
	return find_up(physical, ".git", root, e);
}

int cas_repo_find(const char *physical, struct buf *root, struct err *e)
{
	return find_up(physical, ".dvc", root, e);
}

static int find_root(struct cas_repo *r, const char *start, struct err *e)
{
	struct buf here = BUF_INIT, found = BUF_INIT, b = BUF_INIT;
	char *physical = NULL;
	int result = -1, is_there;

	/* Links resolved once, so that ".." as text is right from here on. */
	physical = realpath(start ? start : ".", NULL);
	if (!physical) {
		err_errno(e, "cannot open the folder '%s'", start ? start : ".");
		goto out;
	}
	buf_add_text(&here, physical);
	is_there = buf_check(&here, e) ? -1 : cas_repo_find(here.p, &found, e);
	if (is_there < 0)
		goto out;
	if (!is_there) {
		err_set(e, ERR_INPUT, "no repository here: no folder .dvc in '%s' or above",
			here.p);
		err_hint(e, "cas-hash init makes one");
		goto out;
	}
	r->root = mem_dup(found.p, e);
	path_relative(&b, found.p, here.p);
	r->here = r->root && !buf_check(&b, e) ? mem_dup(b.p, e) : NULL;
	path_join(&b, found.p, ".dvc");
	r->dvc_dir = r->here && !buf_check(&b, e) ? mem_dup(b.p, e) : NULL;
	path_join(&b, found.p, ".dvc/tmp");
	r->tmp_dir = r->dvc_dir && !buf_check(&b, e) ? mem_dup(b.p, e) : NULL;
	if (!r->tmp_dir)
		goto out;
	result = 0;
out:
	free(physical);
	buf_release(&here);
	buf_release(&found);
	buf_release(&b);
	return result;
}

static int find_git(struct cas_repo *r, struct err *e)
{
	struct buf found = BUF_INIT;
	int there = is_true(cas_repo_get(r, "core", "no_scm"))
			    ? 0
			    : cas_repo_find_git(r->root, &found, e);

	if (there > 0)
		r->git_root = mem_dup(found.p, e);
	buf_release(&found);
	return there < 0 || (there > 0 && !r->git_root) ? -1 : 0;
}

struct cas_repo *cas_repo_open(const char *start, struct err *e)
{
	struct cas_repo *r = mem_new(sizeof(*r), e);
	const char *shared;

	if (!r)
		return NULL;
	if (find_root(r, start, e) || load_configs(r, e) || set_cache_dir(r, e) ||
		set_links(r, e) || find_git(r, e))
		goto fail;
	if (is_true(cas_repo_get(r, "core", "hardlink_lock"))) {
		err_set(e, ERR_INPUT, "core.hardlink_lock is not supported");
		err_hint(e, "unset it: every file system of today has flock");
		goto fail;
	}
	r->autostage = is_true(cas_repo_get(r, "core", "autostage"));
	shared = cas_repo_get(r, "cache", "shared");
	r->shared = shared && !strcmp(shared, "group");
	if (path_make_dirs(r->tmp_dir, e))
		goto fail;
	return r;
fail:
	cas_repo_close(r);
	return NULL;
}

void cas_repo_close(struct cas_repo *r)
{
	if (!r)
		return;
	for (int level = 0; level < CAS_N_LEVELS; level++) {
		cas_config_free(r->config[level]);
		free(r->config_path[level]);
	}
	free(r->root);
	free(r->dvc_dir);
	free(r->tmp_dir);
	free(r->cache_dir);
	free(r->git_root);
	free(r->here);
	free(r);
}

/* ---- remotes and paths ---- */

int cas_repo_remote_url(const struct cas_repo *r, const char *name, struct buf *resolved,
	struct buf *url, struct err *e)
{
	struct buf section = BUF_INIT;
	enum cas_level level;
	const char *value;
	int result = -1;

	if (!name)
		name = cas_repo_get(r, "core", "remote");
	if (!name) {
		err_set(e, ERR_INPUT, "no default remote is set");
		err_hint(e, "cas-hash remote add -d NAME URL sets one");
		goto out;
	}
	buf_reset(resolved);
	buf_add_text(resolved, name);
	buf_addf(&section, "remote \"%s\"", name);
	if (buf_check(&section, e) || buf_check(resolved, e))
		goto out;
	value = get_at(r, section.p, "url", &level);
	if (!value || !*value) {
		err_set(e, ERR_INPUT, "there is no remote '%s'", name);
		err_hint(e, "cas-hash remote list shows them");
		goto out;
	}
	if (is_true(cas_repo_get(r, section.p, "version_aware")) ||
		is_true(cas_repo_get(r, section.p, "worktree"))) {
		err_set(e, ERR_INPUT, "remote '%s' is version_aware or a worktree", name);
		err_hint(e, "only remotes of objects are supported");
		goto out;
	}
	buf_reset(url);
	if (strstr(value, "://")) {
		buf_add_text(url, value);
		result = buf_check(url, e);
	} else {
		result = config_path(r, level, value, url, e);
	}
out:
	buf_release(&section);
	return result;
}

void cas_repo_absolute(const struct cas_repo *r, const char *rel, struct buf *b)
{
	if (!strcmp(rel, ".")) {
		buf_reset(b);
		buf_add_text(b, r->root);
	} else {
		path_join(b, r->root, rel);
	}
}

/* The physical form of the folder that holds what was typed: links above it may lead anywhere. */
static int physical_path(const struct cas_repo *r, const char *typed, struct buf *b, struct err *e)
{
	struct buf dir = BUF_INIT, here = BUF_INIT;
	char *physical;
	int result = -1;

	cas_repo_absolute(r, r->here, &here);
	path_join(b, here.p, typed);
	path_normalise(b);
	path_dir(&dir, b->p);
	if (buf_check(b, e) || buf_check(&dir, e))
		goto out;
	physical = realpath(dir.p, NULL);
	if (physical && strcmp(b->p, "/") != 0) {
		struct buf whole = BUF_INIT;

		path_join(&whole, physical, path_base(b->p));
		buf_reset(b);
		buf_add_slice(b, buf_slice(&whole));
		buf_release(&whole);
	}
	free(physical);
	result = buf_check(b, e);
out:
	buf_release(&dir);
	buf_release(&here);
	return result;
}

bool cas_repo_is_reserved(const char *rel)
{
	struct slice rest = slice_of(rel), part;

	while (slice_cut(&rest, '/', &part))
		if (slice_is(part, ".git") || slice_is(part, ".hg") || slice_is(part, ".dvc"))
			return true;
	return false;
}

bool cas_repo_is_data(const char *rel)
{
	return *rel && strcmp(rel, ".") != 0 && path_stays_below(rel) && !cas_repo_is_reserved(rel);
}

int cas_repo_relative(const struct cas_repo *r, const char *typed, struct buf *b, struct err *e)
{
	struct buf whole = BUF_INIT;
	int result = -1;

	if (!*typed) {
		err_set(e, ERR_INPUT, "a path is empty");
		goto out;
	}
	if (physical_path(r, typed, &whole, e))
		goto out;
	path_relative(b, r->root, whole.p);
	if (buf_check(b, e))
		goto out;
	if (!path_stays_below(b->p)) {
		err_set(e, ERR_INPUT, "'%s' is outside of the repository in '%s'", typed, r->root);
		goto out;
	}
	if (cas_repo_is_reserved(b->p)) {
		err_set(e, ERR_INPUT, "'%s' is inside of .dvc or .git", typed);
		goto out;
	}
	result = 0;
out:
	buf_release(&whole);
	return result;
}

struct lock *cas_repo_lock(const struct cas_repo *r, int timeout_ms, struct err *e)
{
	struct buf path = BUF_INIT;
	struct lock *l = NULL;

	path_join(&path, r->tmp_dir, "lock");
	if (!buf_check(&path, e))
		l = lock_take(path.p, timeout_ms, e);
	buf_release(&path);
	return l;
}
