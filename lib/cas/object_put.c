/*
 * Into the cache. Small files are read whole, hashed side by side, then written; a large one
 * streams through the hash into a nameless file. Where links share (hardlink, symlink) the
 * workspace's own file becomes the object, and nothing is copied.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "cas/object_internal.h"

enum {
	SMALL_BYTES = 128 << 10, /* read whole */
	GROUP_FILES = 64,
	GROUP_BYTES = 2 << 20,
	SETTLE_BYTES =
		16 << 20, /* takes longer to hash than the step of the clock that files have */
	SETTLE_NS = 21 * 1000 * 1000,
};

/* ---- looking at the file ---- */

static int changed(const struct cas_put *p, struct err *e)
{
	err_set(e, ERR_SYSTEM, "it changed while it was read; nothing was stored");
	err_hint(e, "try again when nobody writes to it");
	return err_at(e, "%s", p->label);
}

static bool same_stat(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool same_stat_and_ctime(const struct stat *a, const struct stat *b)
{
	return same_stat(a, b) && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int look(struct cas_put *p, struct err *e)
{
	if (!p->has_st) {
		p->now_ns = cas_index_now();
		if (fstatat(p->dir_fd, p->name, &p->st, 0)) {
			err_errno(e, "cannot open");
			return err_at(e, "%s", p->label);
		}
		p->has_st = true;
	}
	if (!S_ISREG(p->st.st_mode)) {
		err_set(e, ERR_INPUT, "is not a plain file");
		err_hint(e, "a pipe, socket, device or folder cannot be stored");
		return err_at(e, "%s", p->label);
	}
	return 0;
}

/* Does the index know the hash? */
static bool is_known(struct cas_cache *c, struct cas_put *p)
{
	struct stat key = cas_object_index_key(&p->st, p->is_legacy);

	p->id = (struct cas_id){ .is_legacy = p->is_legacy };
	return cas_index_get(c->index, &key, p->id.md5);
}

static int open_source(const struct cas_put *p, struct err *e)
{
	/* Not blocking, should a FIFO have taken the file's place. */
	int fd = openat(p->dir_fd, p->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		err_errno(e, "cannot open");
		err_at(e, "%s", p->label);
	}
	return fd;
}

static int check_unchanged(int fd, const struct cas_put *p, struct err *e)
{
	struct stat now;

	if (fstat(fd, &now) || !same_stat_and_ctime(&now, &p->st))
		return changed(p, e);
	return 0;
}

static void remember(struct cas_cache *c, const struct cas_put *p)
{
	struct stat key = cas_object_index_key(&p->st, p->is_legacy);

	cas_index_put(c->index, &key, p->now_ns, p->id.md5);
}

/* Is a sound object there already? A corrupt one is moved aside, to be stored anew. 1, 0, -1. */
static int is_stored(struct cas_cache *c, const struct cas_id *id, struct err *e)
{
	struct err why = ERR_INIT;
	int r = cas_object_check(c, id, NULL, &why);

	if (r >= 0)
		return r;
	if (why.code != ERR_INPUT) {
		*e = why;
		return -1;
	}
	return cas_object_set_aside(c, id, e) ? -1 : 0;
}

/* ---- links in place of the file ---- */

/* The first type of link that this cache does; a file to be run needs its own mode. */
static enum cas_link link_type(const struct cas_cache *c, const struct cas_put *p)
{
	if (!p->store || !p->link || p->st.st_mode & S_IXUSR)
		return CAS_LINK_COPY;
	for (size_t i = 0; i < c->repo->n_links; i++)
		if (c->repo->links[i] != CAS_LINK_REFLINK || atomic_load(&c->reflinks) >= 0)
			return c->repo->links[i];
	return CAS_LINK_COPY;
}

static bool is_sharing(enum cas_link type)
{
	return type == CAS_LINK_HARDLINK || type == CAS_LINK_SYMLINK;
}

/*
 * Makes the file itself the object: a second name, and read-only. Not where it has other names,
 * whose owners would not expect that, or belongs to somebody else. 1 done, 0 cannot be, -1.
 */
static int adopt(struct cas_cache *c, struct cas_put *p, int fd, struct err *e)
{
	struct buf path = BUF_INIT;
	struct stat now, own;
	int r = 0;

	cas_object_path(c, &p->id, &path);
	if (buf_check(&path, e) || cas_object_make_dir(c, &p->id, e)) {
		r = -1;
		goto out;
	}
	if (p->st.st_nlink != 1 || p->st.st_uid != geteuid() ||
		fstatat(p->dir_fd, p->name, &own, AT_SYMLINK_NOFOLLOW) || !S_ISREG(own.st_mode) ||
		linkat(p->dir_fd, p->name, AT_FDCWD, path.p, 0))
		goto out;
	if (fchmod(fd, 0444) || fstat(fd, &now) || !same_stat(&now, &p->st)) {
		unlink(path.p);
		r = changed(p, e);
		goto out;
	}
	p->is_new = true;
	p->st = now;
	r = 1;
out:
	buf_release(&path);
	return r;
}

static bool is_link_to(const char *path, const char *target)
{
	char text[4096];
	ssize_t n = readlink(path, text, sizeof(text));

	return n > 0 && (size_t)n == strlen(target) && !memcmp(text, target, (size_t)n);
}

/* Turns the workspace's file into a link to the stored object. */
static int link_back(struct cas_cache *c, struct cas_put *p, enum cas_link type, struct err *e)
{
	struct buf object = BUF_INIT;
	struct stat there, st;
	int r = 0;

	cas_object_path(c, &p->id, &object);
	if (buf_check(&object, e) || lstat(object.p, &there)) {
		r = object.failed ? -1 : err_errno(e, "cannot open the object '%s'", object.p);
		goto out;
	}
	if (type == CAS_LINK_SYMLINK ? is_link_to(p->path, object.p)
				     : there.st_ino == p->st.st_ino && there.st_dev == p->st.st_dev)
		goto out;
	/* What is there must still be what was stored. */
	if (fstatat(p->dir_fd, p->name, &st, 0) || !same_stat(&st, &p->st)) {
		r = changed(p, e);
		goto out;
	}
	if (cas_object_link(c, &p->id, p->path, false, e)) {
		r = -1;
		goto out;
	}
	if (fstatat(p->dir_fd, p->name, &p->st, 0))
		r = err_errno(e, "cannot open '%s'", p->label);
out:
	buf_release(&object);
	return r;
}

/* What comes after the bytes are in the cache. */
static int settle(struct cas_cache *c, struct cas_put *p, bool adopted, struct err *e)
{
	enum cas_link type = link_type(c, p);
	struct stat key;

	if (is_sharing(type) && link_back(c, p, type, e))
		return -1;
	if (adopted || is_sharing(type)) {
		key = cas_object_index_key(&p->st, p->is_legacy);
		cas_index_put_own(c->index, &key, p->id.md5);
	} else {
		remember(c, p);
	}
	return 0;
}

/* ---- one large file ---- */

static int digest(struct cas_put *p, int fd, int to, struct err *e)
{
	struct cas_digest d = {
		.fd = fd, .label = p->label, .to = to, .is_legacy = p->is_legacy, .pool = p->pool
	};
	int r = cas_digest_stream(&d, e);

	memcpy(p->id.md5, d.md5, HASH_MD5_LEN);
	return !r && d.size != p->st.st_size ? changed(p, e) : r;
}

/* Into a nameless file of the cache, hashed on the way (or from the clone, which nobody can change). */
static int copy_and_hash(
	struct cas_cache *c, struct cas_put *p, int fd, struct fresh *f, struct err *e)
{
	bool wants_clone = c->repo->links[0] == CAS_LINK_REFLINK;

	if (path_make_dirs(c->repo->cache_dir, e) ||
		fresh_open(&c->place, c->repo->cache_dir, 0444, f, e))
		return -1;
	if (wants_clone && cas_object_clone(c, fd, f->fd))
		return digest(p, f->fd, -1, e);
	return digest(p, fd, f->fd, e);
}

static int put_large(struct cas_cache *c, struct cas_put *p, struct err *e)
{
	struct fresh f = FRESH_INIT;
	enum cas_link type = link_type(c, p);
	int fd = open_source(p, e), r = -1, done = 0;

	if (fd < 0)
		return -1;
	if (p->store && !is_sharing(type))
		r = copy_and_hash(c, p, fd, &f, e);
	else
		r = digest(p, fd, -1, e);
	if (!r)
		r = check_unchanged(fd, p, e);
	if (r || !p->store)
		goto out;
	done = is_stored(c, &p->id, e);
	if (done < 0) {
		r = -1;
	} else if (!done && is_sharing(type)) {
		done = adopt(c, p, fd, e) > 0 ? 2 : 0;
		if (!done) {
			r = lseek(fd, 0, SEEK_SET) ? changed(p, e) : copy_and_hash(c, p, fd, &f, e);
			if (!r)
				r = check_unchanged(fd, p, e);
		}
	}
	if (!r && !done)
		r = cas_object_make_dir(c, &p->id, e) ||
				    cas_object_publish(c, &p->id, &f, &p->is_new, e)
			    ? -1
			    : 0;
out:
	fresh_abandon(&f);
	if (!r)
		r = settle(c, p, done == 2, e);
	close(fd);
	return r;
}

/* ---- many small ones ---- */

struct group {
	struct cas_put *puts[GROUP_FILES];
	struct slice data[GROUP_FILES];
	uint8_t md5[GROUP_FILES][HASH_MD5_LEN];
	size_t n, used; /* bytes of `memory` */
	char *memory; /* [GROUP_BYTES] */
	enum cpu_isa isa;
};

static int read_small(struct group *g, struct cas_put *p, struct err *e)
{
	size_t size = (size_t)p->st.st_size;
	char *to = g->memory + g->used;
	int fd = open_source(p, e), r = -1;
	int64_t n;

	if (fd < 0)
		return -1;
	n = cas_digest_read(fd, p->label, to, size, e);
	if (n >= 0)
		r = (size_t)n == size ? check_unchanged(fd, p, e) : changed(p, e);
	close(fd);
	if (r)
		return -1;
	g->puts[g->n] = p;
	g->data[g->n] = (struct slice){ to, size };
	g->n++;
	g->used += size;
	return 0;
}

static int store_small(struct cas_cache *c, struct cas_put *p, struct slice data, struct err *e)
{
	struct fresh f = FRESH_INIT;
	bool adopted = false;
	int r = p->store ? is_stored(c, &p->id, e) : 1, fd;

	if (r < 0)
		return -1;
	if (!r && is_sharing(link_type(c, p))) {
		fd = open_source(p, e);
		r = fd < 0 ? -1 : adopt(c, p, fd, e);
		adopted = r > 0;
		if (fd >= 0)
			close(fd);
	}
	if (r < 0)
		return -1;
	if (!r) {
		if (cas_object_fresh(c, &p->id, &f, e))
			return -1;
		if (cas_digest_write(f.fd, data, e)) {
			fresh_abandon(&f);
			return err_at(e, "cache");
		}
		if (cas_object_publish(c, &p->id, &f, &p->is_new, e))
			return -1;
	}
	return settle(c, p, adopted, e);
}

static int flush_group(struct cas_cache *c, struct group *g, struct err *e)
{
	size_t n = g->n;
	int r = 0;

	hash_md5_many(g->data, n, g->md5, g->isa);
	g->n = g->used = 0;
	for (size_t i = 0; i < n && !r; i++) {
		memcpy(g->puts[i]->id.md5, g->md5[i], HASH_MD5_LEN);
		r = store_small(c, g->puts[i], g->data[i], e);
	}
	return r;
}

/* Changed a moment ago, it would be hashed again the next time: to wait for the clock's step is cheaper. */
static int let_settle(struct cas_put *p, struct err *e)
{
	struct timespec step = { 0, SETTLE_NS };

	if (p->st.st_size < SETTLE_BYTES || cas_index_is_settled(&p->st, p->now_ns))
		return 0;
	nanosleep(&step, NULL);
	p->has_st = false;
	return look(p, e);
}

int cas_object_put_files(struct cas_cache *c, struct cas_put *puts, size_t n, struct err *e)
{
	struct group *g = NULL;
	int r = -1, stored;

	for (size_t i = 0; i < n; i++) {
		struct cas_put *p = &puts[i];

		p->is_new = p->is_left = false;
		if (look(p, e))
			goto out;
		if (is_known(c, p)) {
			stored = p->store ? is_stored(c, &p->id, e) : 1;
			if (stored < 0 || (stored > 0 && is_sharing(link_type(c, p)) &&
						  settle(c, p, false, e)))
				goto out;
			if (stored)
				continue;
		}
		p->is_left = p->leave_large && p->st.st_size > CAS_PUT_LARGE_BYTES;
		if (p->is_left)
			continue;
		if (p->st.st_size > SMALL_BYTES || p->is_legacy) {
			if (let_settle(p, e) || put_large(c, p, e))
				goto out;
			continue;
		}
		if (!g) {
			g = mem_new(sizeof(*g), e);
			if (!g)
				goto out;
			g->isa = cpu_best();
			g->memory = mem_array_raw(GROUP_BYTES, 1, e);
			if (!g->memory)
				goto out;
		}
		if ((g->n == GROUP_FILES || g->used + SMALL_BYTES > GROUP_BYTES) &&
			flush_group(c, g, e))
			goto out;
		if (read_small(g, p, e))
			goto out;
	}
	r = g ? flush_group(c, g, e) : 0;
out:
	if (g)
		free(g->memory);
	free(g);
	return r;
}

int cas_object_put_file(struct cas_cache *c, struct cas_put *p, struct err *e)
{
	return cas_object_put_files(c, p, 1, e);
}
