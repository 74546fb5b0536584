#include "remote/dir_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"

/* The names of one folder; a folder's with "/" behind, which puts them where their keys belong. */
struct level {
	char **names; /* [n], sorted */
	size_t n, at;
	size_t key_len; /* of the folder's own key, with "/" */
};

struct listing {
	struct remote_listing base;
	char *root, *prefix;
	struct diag *diag;
	struct level *levels;
	size_t n, cap;
	struct buf key, path;
};

static void level_release(struct level *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->names);
}

static void listing_close(struct remote_listing *base)
{
	struct listing *l = (struct listing *)base;

	while (l->n)
		level_release(&l->levels[--l->n]);
	free(l->levels);
	free(l->root);
	free(l->prefix);
	buf_release(&l->key);
	buf_release(&l->path);
	free(l);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_temporary(const char *name)
{
	struct slice s = slice_of(name);

	return slice_starts(s, ".cd4ml-") && slice_ends(s, ".tmp");
}

/* 'f' or 'd'; 0 for what is left out. */
static char kind_of(struct listing *l, DIR *d, const char *name)
{
	struct stat st;

	if (fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (S_ISDIR(st.st_mode))
		return 'd';
	if (S_ISREG(st.st_mode))
		return is_temporary(name) ? 0 : 'f';
	if (S_ISLNK(st.st_mode) && !fstatat(dirfd(d), name, &st, 0) && S_ISREG(st.st_mode))
		return 'f';
	diag_say(l->diag, DIAG_WARNING, "'%s%s' is left out: it is neither a file nor a folder",
		l->key.p, name);
	return 0;
}

static int add_name(struct level *v, size_t *cap, const char *name, bool is_dir, struct err *e)
{
	struct buf b = BUF_INIT;

	if (mem_grow(&v->names, cap, v->n + 1, sizeof(*v->names), e))
		return -1;
	buf_add_text(&b, name);
	if (is_dir)
		buf_add_char(&b, '/');
	v->names[v->n] = buf_detach(&b, e);
	if (!v->names[v->n])
		return -1;
	v->n++;
	return 0;
}

/* Reads the folder whose key is in l->key. One that is not there is empty. */
static int open_level(struct listing *l, struct err *e)
{
	struct level *v;
	struct dirent *entry;
	size_t cap = 0;
	DIR *d;
	int r = 0;

	path_join(&l->path, l->root, l->key.p);
	if (buf_check(&l->path, e) || buf_check(&l->key, e) ||
		mem_grow(&l->levels, &l->cap, l->n + 1, sizeof(*l->levels), e))
		return -1;
	v = &l->levels[l->n++];
	*v = (struct level){ .key_len = l->key.len };
	d = opendir(l->path.p);
	if (!d)
		return errno == ENOENT ? 0 : err_errno(e, "cannot list the folder '%s'", l->path.p);
	while (!r && (errno = 0, entry = readdir(d))) {
		const char *name = entry->d_name;
		char kind = 0;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			kind = kind_of(l, d, name);
		if (kind)
			r = add_name(v, &cap, name, kind == 'd', e);
	}
	if (!r && errno)
		r = err_errno(e, "cannot list the folder '%s'", l->path.p);
	closedir(d);
	if (v->n)
		qsort(v->names, v->n, sizeof(*v->names), by_name);
	return r;
}

/* Does the key have the prefix, or is it a folder ("a/b/") in which some may? */
static bool may_hold(const struct listing *l, const struct buf *key)
{
	size_t len = strlen(l->prefix);

	if (key->len < len && key->p[key->len - 1] != '/')
		return false;
	return !strncmp(key->p, l->prefix, key->len < len ? key->len : len);
}

static int listing_next(struct remote_listing *base, struct remote_entry *entry, struct err *e)
{
	struct listing *l = (struct listing *)base;
	struct stat st;

	while (l->n) {
		struct level *v = &l->levels[l->n - 1];

		if (v->at == v->n) {
			level_release(v);
			l->n--;
			continue;
		}
		buf_truncate(&l->key, v->key_len);
		buf_add_text(&l->key, v->names[v->at++]);
		if (buf_check(&l->key, e))
			return -1;
		if (!may_hold(l, &l->key))
			continue;
		if (l->key.p[l->key.len - 1] == '/') {
			if (open_level(l, e))
				return -1;
			continue;
		}
		path_join(&l->path, l->root, l->key.p);
		if (buf_check(&l->path, e))
			return -1;
		if (stat(l->path.p, &st))
			continue; /* removed just now */
		*entry = (struct remote_entry){ .key = l->key.p, .size = st.st_size };
		entry->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
		entry->is_exec = st.st_mode & S_IXUSR;
		return 1;
	}
	return 0;
}

struct remote_listing *remote_dir_list(
	const char *path, const char *prefix, struct diag *diag, struct err *e)
{
	struct listing *l = mem_new(sizeof(*l), e);
	const char *slash = strrchr(prefix, '/');

	if (!l)
		return NULL;
	l->base.next = listing_next;
	l->base.close = listing_close;
	l->diag = diag;
	buf_init(&l->key);
	buf_init(&l->path);
	l->root = mem_dup(path, e);
	l->prefix = l->root ? mem_dup(prefix, e) : NULL;
	/* Starts at the deepest folder that the prefix names whole. */
	if (l->prefix && slash)
		buf_add(&l->key, prefix, (size_t)(slash - prefix) + 1);
	if (!l->prefix || open_level(l, e)) {
		listing_close(&l->base);
		return NULL;
	}
	return &l->base;
}
