#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

void path_append(struct buf *b, const char *name)
{
	if (name[0] == '/')
		buf_reset(b);
	else if (b->len && b->p[b->len - 1] != '/')
		buf_add_char(b, '/');
	buf_add_text(b, name);
}

void path_join(struct buf *b, const char *dir, const char *name)
{
	buf_reset(b);
	if (strcmp(dir, ".") != 0)
		buf_add_text(b, dir);
	path_append(b, name);
}

void path_normalise(struct buf *b)
{
	bool absolute = b->len && b->p[0] == '/';
	size_t to = absolute, at = 0;
	size_t floor = to; /* what is before it cannot be undone by a ".." */

	while (at < b->len) {
		size_t begin, n;

		while (at < b->len && b->p[at] == '/')
			at++;
		begin = at;
		while (at < b->len && b->p[at] != '/')
			at++;
		n = at - begin;
		if (n == 0 || (n == 1 && b->p[begin] == '.'))
			continue;
		if (n == 2 && b->p[begin] == '.' && b->p[begin + 1] == '.') {
			if (to > floor) {
				while (to > floor && b->p[to - 1] != '/')
					to--;
				if (to > floor)
					to--; /* the slash too */
				continue;
			}
			if (absolute)
				continue;
		}
		if (to > absolute)
			b->p[to++] = '/';
		memmove(b->p + to, b->p + begin, n);
		to += n;
		if (n == 2 && b->p[to - 1] == '.' && b->p[to - 2] == '.' && !absolute)
			floor = to;
	}
	buf_truncate(b, to);
	if (b->len == 0)
		buf_add_char(b, '.');
}

bool path_stays_below(const char *p)
{
	if (p[0] == '/')
		return false;
	return !(p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == '\0'));
}

const char *path_base(const char *p)
{
	const char *slash = strrchr(p, '/');

	return slash ? slash + 1 : p;
}

void path_dir(struct buf *b, const char *p)
{
	const char *slash = strrchr(p, '/');

	buf_reset(b);
	if (!slash)
		buf_add_char(b, '.');
	else
		buf_add(b, p, slash == p ? 1 : (size_t)(slash - p));
}

void path_relative(struct buf *b, const char *from, const char *to)
{
	size_t same = 0, i = 0;

	/* `same`: length of the longest common beginning that ends at a whole name in both */
	for (;; i++) {
		if ((from[i] == '/' || from[i] == '\0') && (to[i] == '/' || to[i] == '\0'))
			same = i;
		if (from[i] != to[i] || from[i] == '\0')
			break;
	}
	if (from[0] == '/' && from[1] == '\0')
		same = 0;
	buf_reset(b);
	for (const char *p = from + same; *p;) {
		while (*p == '/')
			p++;
		if (*p)
			path_append(b, "..");
		while (*p && *p != '/')
			p++;
	}
	to += same;
	while (*to == '/')
		to++;
	if (*to)
		path_append(b, to);
	if (b->len == 0)
		buf_add_char(b, '.');
}

int path_absolute(struct buf *b, const char *p, struct err *e)
{
	buf_reset(b);
	if (p[0] != '/') {
		size_t cap = 256;

		for (;;) {
			char *to = buf_reserve(b, cap);

			if (!to)
				return err_nomem(e);
			if (getcwd(to, cap))
				break;
			if (errno != ERANGE)
				return err_errno(e, "cannot tell the current folder");
			cap *= 2;
		}
		b->len = strlen(b->p);
	}
	path_append(b, p);
	path_normalise(b);
	return buf_check(b, e);
}

/* Leaves errno as it was: the message is about what failed before. */
static bool is_dir_now(const char *p)
{
	int before = errno;
	bool is = path_is_dir(p);

	errno = before;
	return is;
}

int path_make_dirs(const char *dir, struct err *e)
{
	struct buf b = BUF_INIT;
	int result = -1;

	buf_add_text(&b, dir);
	if (buf_check(&b, e))
		goto out;
	if (path_is_dir(dir)) {
		result = 0;
		goto out;
	}
	for (size_t i = 1; i <= b.len; i++) {
		char c = b.p[i];

		if (c != '/' && c != '\0')
			continue;
		b.p[i] = '\0';
		if (mkdir(b.p, 0777) && errno != EEXIST && !is_dir_now(b.p)) {
			err_errno(e, "cannot make the folder");
			err_at(e, "%s", b.p);
			goto out;
		}
		b.p[i] = c;
	}
	if (!path_is_dir(dir)) {
		err_set(e, ERR_INPUT, "is not a folder");
		err_at(e, "%s", dir);
		goto out;
	}
	result = 0;
out:
	buf_release(&b);
	return result;
}

int path_make_parents(const char *p, struct err *e)
{
	struct buf b = BUF_INIT;
	int result;

	path_dir(&b, p);
	result = buf_check(&b, e) ? -1 : path_make_dirs(b.p, e);
	buf_release(&b);
	return result;
}

int path_check_links(const char *root, const char *rel, struct err *e)
{
	struct buf dir = BUF_INIT, path = BUF_INIT;
	struct stat st;
	int r = 0;

	for (const char *c = strchr(rel, '/'); c && !r; c = strchr(c + 1, '/')) {
		buf_reset(&dir);
		buf_add(&dir, rel, (size_t)(c - rel));
		path_join(&path, root, dir.p);
		if (buf_check(&dir, e) || buf_check(&path, e)) {
			r = -1;
		} else if (!lstat(path.p, &st) && S_ISLNK(st.st_mode)) {
			err_set(e, ERR_INPUT, "lies beyond the symbolic link '%s'", dir.p);
			err_hint(e, "what a link names is not touched; make it a folder");
			r = err_at(e, "%s", rel);
		}
	}
	buf_release(&dir);
	buf_release(&path);
	return r;
}

bool path_exists(const char *p)
{
	struct stat st;

	return lstat(p, &st) == 0;
}

bool path_is_dir(const char *p)
{
	struct stat st;

	return stat(p, &st) == 0 && S_ISDIR(st.st_mode);
}

/*
 * Removes below `b` without recursion: goes down into the first folder it meets, comes back up when
 * one is empty. Every turn of the loop removes something or goes one folder deeper.
 */
static int remove_tree(struct buf *b, struct err *e)
{
	size_t root = b->len;

	for (;;) {
		DIR *d = opendir(b->p);
		struct dirent *entry;
		bool deeper = false;

		if (!d)
			return err_errno(e, "cannot read the folder");
		while (!deeper && (entry = readdir(d))) {
			size_t len = b->len;

			if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
				continue;
			path_append(b, entry->d_name);
			if (buf_check(b, e) == 0 && (unlink(b->p) == 0 || errno == ENOENT)) {
				buf_truncate(b, len);
				continue;
			}
			if (b->failed || (errno != EISDIR && errno != EPERM)) {
				if (!b->failed)
					err_errno(e, "cannot remove");
				closedir(d);
				return -1;
			}
			deeper = true;
		}
		closedir(d);
		if (deeper)
			continue;
		if (rmdir(b->p))
			return err_errno(e, "cannot remove");
		if (b->len == root)
			return 0;
		buf_truncate(b, (size_t)(strrchr(b->p, '/') - b->p));
	}
}

int path_remove_all(const char *p, struct err *e)
{
	struct buf b = BUF_INIT;
	struct stat st;
	int result = 0;

	buf_add_text(&b, p);
	/* A slash behind would follow a link, and lead remove_tree() out of the folder. */
	while (b.len > 1 && b.p[b.len - 1] == '/')
		buf_truncate(&b, b.len - 1);
	if (buf_check(&b, e))
		result = -1;
	else if (lstat(b.p, &st))
		result = errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(e, "cannot remove");
	else if (!S_ISDIR(st.st_mode))
		result = unlink(b.p) && errno != ENOENT ? err_errno(e, "cannot remove") : 0;
	else
		result = remove_tree(&b, e);
	if (result)
		err_at(e, "%s", b.p);
	buf_release(&b);
	return result;
}
