#define _DEFAULT_SOURCE /* d_type */
#include "cas/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

struct walk {
	int root_fd;
	const char *path;
	const struct cas_ignore *ignore;
	struct cas_manifest *m;
	char **dirs; /* folders still to be listed, relative to root_fd */
	size_t n_dirs, cap_dirs;
	struct buf rel, full;
};

enum kind { KIND_FILE, KIND_DIR, KIND_SKIP, KIND_FAILED };

static int refuse(const struct walk *w, const char *what, const char *hint, struct err *e)
{
	err_set(e, ERR_INPUT, "%s", what);
	err_hint(e, "%s", hint);
	return err_at(e, "%s/%s", w->path, w->rel.p);
}

static enum kind kind_by_stat(const struct walk *w, bool is_link, struct err *e)
{
	struct stat st;

	if (fstatat(w->root_fd, w->rel.p, &st, is_link ? 0 : AT_SYMLINK_NOFOLLOW)) {
		if (is_link && (errno == ENOENT || errno == ELOOP)) {
			refuse(w, "is a broken symbolic link", "repair or remove it", e);
		} else {
			err_errno(e, "cannot look at it");
			err_at(e, "%s/%s", w->path, w->rel.p);
		}
		return KIND_FAILED;
	}
	if (S_ISLNK(st.st_mode))
		return kind_by_stat(w, true, e);
	if (S_ISREG(st.st_mode))
		return KIND_FILE;
	if (S_ISDIR(st.st_mode))
		return is_link ? KIND_SKIP : KIND_DIR;
	refuse(w, "is neither a file nor a folder",
		"a pipe, socket or device cannot be stored; move it away", e);
	return KIND_FAILED;
}

static enum kind kind_of(const struct walk *w, const struct dirent *entry, struct err *e)
{
	switch (entry->d_type) {
	case DT_REG:
		return KIND_FILE;
	case DT_DIR:
		return KIND_DIR;
	default:
		return kind_by_stat(w, entry->d_type == DT_LNK, e);
	}
}

static bool is_ours(const char *name)
{
	return !strcmp(name, ".git") || !strcmp(name, ".hg") || !strcmp(name, ".dvc");
}

static bool is_ignored(struct walk *w, bool is_dir)
{
	if (!w->ignore)
		return false;
	buf_reset(&w->full);
	buf_addf(&w->full, "%s/%s", w->path, w->rel.p);
	return !w->full.failed && cas_ignore_has(w->ignore, w->full.p, is_dir);
}

/* A repository of DVC's inside of the folder has data of its own. */
static bool is_other_repo(struct walk *w)
{
	struct stat st;
	size_t len = w->rel.len;
	bool is_one;

	buf_add_text(&w->rel, "/.dvc");
	is_one = !w->rel.failed && !fstatat(w->root_fd, w->rel.p, &st, 0) && S_ISDIR(st.st_mode);
	buf_truncate(&w->rel, len);
	return is_one;
}

static int take_entry(struct walk *w, const struct dirent *entry, struct err *e)
{
	enum kind kind = kind_of(w, entry, e);

	if (kind == KIND_FAILED)
		return -1;
	if (kind == KIND_SKIP || is_ignored(w, kind == KIND_DIR))
		return 0;
	if (!strcmp(entry->d_name, ".dvcignore"))
		return refuse(w, "is a .dvcignore inside of a directory that is stored",
			"put its rules into one above", e);
	if (kind == KIND_DIR) {
		if (is_ours(entry->d_name) || is_other_repo(w))
			return 0;
		if (mem_grow(&w->dirs, &w->cap_dirs, w->n_dirs + 1, sizeof(*w->dirs), e))
			return -1;
		w->dirs[w->n_dirs] = mem_dup(w->rel.p, e);
		return w->dirs[w->n_dirs] ? (w->n_dirs++, 0) : -1;
	}
	if (!cas_manifest_add(w->m, buf_slice(&w->rel), e))
		return err_at(e, "%s", w->path);
	return 0;
}

/* Lists one folder; `dir` is "" for the first. */
static int list_dir(struct walk *w, const char *dir, struct err *e)
{
	int fd = openat(w->root_fd, *dir ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!d) {
		err_errno(e, "cannot list the folder");
		err_at(e, "%s/%s", w->path, dir);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (!r && (errno = 0, entry = readdir(d))) {
		const char *name = entry->d_name;

		if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2])))
			continue;
		buf_reset(&w->rel);
		if (*dir) {
			buf_add_text(&w->rel, dir);
			buf_add_char(&w->rel, '/');
		}
		buf_add_text(&w->rel, name);
		r = buf_check(&w->rel, e) ? -1 : take_entry(w, entry, e);
	}
	if (!r && errno)
		r = err_errno(e, "cannot list the folder '%s/%s'", w->path, dir);
	closedir(d);
	return r;
}

int cas_walk_list(int root_fd, const char *path, const struct cas_ignore *ignore,
	struct cas_manifest *m, struct err *e)
{
	struct walk w = {
		.root_fd = root_fd, .path = path, .m = m, .rel = BUF_INIT, .full = BUF_INIT
	};
	int r;

	if (!cas_ignore_is_empty(ignore))
		w.ignore = ignore;
	m->n = 0;
	arena_reset(&m->names);
	r = list_dir(&w, "", e);
	while (!r && w.n_dirs) {
		char *dir = w.dirs[--w.n_dirs];

		r = list_dir(&w, dir, e);
		free(dir);
	}
	if (!r)
		r = cas_manifest_sort(m, e);
	while (w.n_dirs)
		free(w.dirs[--w.n_dirs]);
	free(w.dirs);
	buf_release(&w.rel);
	buf_release(&w.full);
	return r;
}
