#define _DEFAULT_SOURCE /* ioctl */
#include "cas/object.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "cas/object_internal.h"

enum { LOAD_MAX_BYTES = 1 << 30 };

struct cas_cache *cas_object_open(const struct cas_repo *r, struct cas_index *x, struct err *e)
{
	struct cas_cache *c = mem_new(sizeof(*c), e);
	mode_t mask;

	if (!c)
		return NULL;
	c->repo = r;
	c->index = x;
	atomic_init(&c->dir_fd, -1);
	mask = umask(0);
	umask(mask);
	c->strict_umask = mask & 0444;
	c->place.spare_dir = r->tmp_dir;
	if (r->tmp_dir) {
		fresh_sweep(r->tmp_dir);
		fresh_sweep(r->cache_dir);
	}
	return c;
}

void cas_object_close(struct cas_cache *c)
{
	int fd = c ? atomic_load(&c->dir_fd) : -1;

	if (fd >= 0)
		close(fd);
	free(c);
}

int cas_object_dir_fd(struct cas_cache *c)
{
	int fd = atomic_load(&c->dir_fd), none = -1;

	if (fd >= 0)
		return fd;
	fd = open(c->repo->cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && !atomic_compare_exchange_strong(&c->dir_fd, &none, fd)) {
		close(fd);
		fd = none;
	}
	return fd;
}

/* ---- names ---- */

static void shard_path(const struct cas_cache *c, const struct cas_id *id, struct buf *b)
{
	char hex[CAS_ID_TEXT_MAX];

	cas_id_format(id, hex);
	buf_reset(b);
	buf_add_text(b, c->repo->cache_dir);
	buf_add_text(b, id->is_legacy ? "/" : "/files/md5/");
	buf_add(b, hex, 2);
}

void cas_object_path(const struct cas_cache *c, const struct cas_id *id, struct buf *b)
{
	char hex[CAS_ID_TEXT_MAX];

	cas_id_format(id, hex);
	shard_path(c, id, b);
	buf_add_char(b, '/');
	buf_add_text(b, hex + 2);
}

bool cas_object_has(struct cas_cache *c, const struct cas_id *id)
{
	char hex[CAS_ID_TEXT_MAX], name[CAS_ID_TEXT_MAX + 16];
	int fd = cas_object_dir_fd(c);
	struct stat st;

	if (fd < 0)
		return false;
	cas_id_format(id, hex);
	snprintf(name, sizeof(name), "%s%.2s/%s", id->is_legacy ? "" : "files/md5/", hex, hex + 2);
	return !fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode);
}

struct stat cas_object_index_key(const struct stat *st, bool is_legacy)
{
	struct stat key = *st;

	if (is_legacy)
		key.st_dev = ~key.st_dev;
	return key;
}

/* ---- new objects ---- */

int cas_object_make_dir(struct cas_cache *c, const struct cas_id *id, struct err *e)
{
	struct buf dir = BUF_INIT;
	int r = -1;

	shard_path(c, id, &dir);
	if (buf_check(&dir, e))
		goto out;
	if (mkdir(dir.p, 0777)) {
		if (errno == EEXIST)
			r = 0;
		else
			r = path_make_dirs(dir.p, e);
	} else {
		r = 0;
	}
	if (!r && c->repo->shared && chmod(dir.p, 02775) && errno != EPERM)
		r = err_errno(e, "cannot share '%s' with the group", dir.p);
out:
	buf_release(&dir);
	return r;
}

int cas_object_fresh(struct cas_cache *c, const struct cas_id *id, struct fresh *f, struct err *e)
{
	struct buf dir = BUF_INIT;
	struct err first = ERR_INIT;
	int r = -1;

	shard_path(c, id, &dir);
	if (buf_check(&dir, e))
		goto out;
	/* The folder is nearly always there: looked for only when it is missed. */
	r = c->place.nameless ? fresh_open(&c->place, dir.p, 0444, f, &first) : -1;
	if (r)
		r = cas_object_make_dir(c, id, e) ? -1 : fresh_open(&c->place, dir.p, 0444, f, e);
out:
	buf_release(&dir);
	return r;
}

int cas_object_publish(
	struct cas_cache *c, const struct cas_id *id, struct fresh *f, bool *is_new, struct err *e)
{
	struct buf path = BUF_INIT;
	struct stat st, key;
	int r = -1;

	cas_object_path(c, id, &path);
	if (c->strict_umask && fchmod(f->fd, 0444))
		err_errno(e, "cannot set the mode of '%s'", path.p);
	else if (!buf_check(&path, e))
		r = fresh_publish(f, path.p, &st, e);
	/* An object that is there already is the same; anything else there is none. */
	if (r == 0 && (lstat(path.p, &st) || !S_ISREG(st.st_mode))) {
		err_set(e, ERR_INPUT, "is in the way: an object has to be here");
		err_hint(e, "move it away");
		r = err_at(e, "%s", path.p);
	}
	if (r < 0)
		fresh_abandon(f);
	if (r > 0) {
		key = cas_object_index_key(&st, id->is_legacy);
		cas_index_put_own(c->index, &key, id->md5);
	}
	if (is_new)
		*is_new = r > 0;
	buf_release(&path);
	return r < 0 ? -1 : 0;
}

bool cas_object_clone(struct cas_cache *c, int from, int to)
{
	if (atomic_load(&c->reflinks) < 0)
		return false;
	if (!ioctl(to, FICLONE, from)) {
		atomic_store(&c->reflinks, 1);
		return true;
	}
	atomic_store(&c->reflinks, -1);
	return false;
}

int cas_object_put_bytes(
	struct cas_cache *c, const struct cas_id *id, struct slice data, struct err *e)
{
	struct fresh f = FRESH_INIT;

	if (cas_object_has(c, id))
		return 0;
	if (cas_object_fresh(c, id, &f, e))
		return -1;
	if (cas_digest_write(f.fd, data, e)) {
		fresh_abandon(&f);
		return err_at(e, "cache");
	}
	return cas_object_publish(c, id, &f, NULL, e);
}

/* ---- reading ---- */

int cas_object_corrupt(const struct cas_id *id, const char *path, struct err *e)
{
	char hex[CAS_ID_TEXT_MAX];

	cas_id_format(id, hex);
	err_set(e, ERR_INPUT, "the object %s is corrupt: its bytes have another hash", hex);
	err_hint(e, "cas-hash verify moves it aside; s3-sync fetch brings it again");
	return err_at(e, "%s", path);
}

static int missing(const struct cas_id *id, struct err *e)
{
	char hex[CAS_ID_TEXT_MAX];

	cas_id_format(id, hex);
	err_set(e, ERR_INPUT, "the object %s is not in the cache", hex);
	return err_hint(e, "s3-sync fetch brings it from the remote");
}

/* A manifest's name is the hash of its bytes, whatever the kind of its members. */
static int digest(
	int fd, const struct cas_id *id, const char *path, uint8_t md5[HASH_MD5_LEN], struct err *e)
{
	struct cas_digest d = {
		.fd = fd, .label = path, .to = -1, .is_legacy = id->is_legacy && !id->is_dir
	};
	int r = cas_digest_stream(&d, e);

	memcpy(md5, d.md5, HASH_MD5_LEN);
	return r;
}

int cas_object_check(struct cas_cache *c, const struct cas_id *id, int64_t *size, struct err *e)
{
	struct buf path = BUF_INIT;
	struct stat st, key;
	uint8_t md5[HASH_MD5_LEN];
	int64_t now = cas_index_now();
	int fd = -1, r = -1;

	cas_object_path(c, id, &path);
	if (buf_check(&path, e))
		goto out;
	if (lstat(path.p, &st) || !S_ISREG(st.st_mode)) {
		r = 0;
		goto out;
	}
	key = cas_object_index_key(&st, id->is_legacy);
	if (!cas_index_get(c->index, &key, md5)) {
		fd = open(path.p, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			err_errno(e, "cannot open the object '%s'", path.p);
			goto out;
		}
		if (digest(fd, id, path.p, md5, e))
			goto out;
		cas_index_put(c->index, &key, now, md5);
	}
	if (memcmp(md5, id->md5, HASH_MD5_LEN) != 0) {
		cas_object_corrupt(id, path.p, e);
		goto out;
	}
	if (size)
		*size = st.st_size;
	r = 1;
out:
	if (fd >= 0)
		close(fd);
	buf_release(&path);
	return r;
}

bool cas_object_is_known(struct cas_cache *c, const struct cas_id *id, int fd)
{
	struct stat st, key;
	uint8_t md5[HASH_MD5_LEN];

	if (fstat(fd, &st))
		return false;
	key = cas_object_index_key(&st, id->is_legacy);
	return cas_index_get(c->index, &key, md5) && !memcmp(md5, id->md5, HASH_MD5_LEN);
}

void cas_object_remember(struct cas_cache *c, const struct cas_id *id)
{
	struct buf path = BUF_INIT;
	struct stat st, key;

	cas_object_path(c, id, &path);
	if (!path.failed && !lstat(path.p, &st) && S_ISREG(st.st_mode)) {
		key = cas_object_index_key(&st, id->is_legacy);
		cas_index_put_own(c->index, &key, id->md5);
	}
	buf_release(&path);
}

int cas_object_verify(struct cas_cache *c, const struct cas_id *id, struct err *e)
{
	struct buf path = BUF_INIT;
	uint8_t md5[HASH_MD5_LEN];
	int fd = -1, r = -1;

	cas_object_path(c, id, &path);
	if (buf_check(&path, e))
		goto out;
	fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		err_errno(e, "cannot open the object '%s'", path.p);
	else if (!digest(fd, id, path.p, md5, e))
		r = !memcmp(md5, id->md5, HASH_MD5_LEN);
out:
	if (fd >= 0)
		close(fd);
	buf_release(&path);
	return r;
}

int cas_object_load(struct cas_cache *c, const struct cas_id *id, struct buf *b, struct err *e)
{
	struct buf path = BUF_INIT;
	uint8_t md5[HASH_MD5_LEN];
	struct stat st;
	int64_t n;
	int fd = -1, r = -1;
	char *to;

	cas_object_path(c, id, &path);
	buf_reset(b);
	if (buf_check(&path, e))
		goto out;
	fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT) {
		missing(id, e);
		goto out;
	}
	if (fd < 0 || fstat(fd, &st)) {
		err_errno(e, "cannot open the object '%s'", path.p);
		goto out;
	}
	if (st.st_size > LOAD_MAX_BYTES) {
		err_set(e, ERR_INPUT, "the object '%s' is too large to be a list of files", path.p);
		goto out;
	}
	to = buf_reserve(b, (size_t)st.st_size + 1);
	if (!to) {
		err_nomem(e);
		goto out;
	}
	n = cas_digest_read(fd, path.p, to, (size_t)st.st_size + 1, e);
	if (n < 0)
		goto out;
	b->len = (size_t)(n > st.st_size ? st.st_size : n);
	b->p[b->len] = '\0';
	if (cas_digest_bytes(buf_slice(b), id->is_legacy && !id->is_dir, md5, e))
		goto out;
	if (n != st.st_size || memcmp(md5, id->md5, HASH_MD5_LEN) != 0) {
		cas_object_corrupt(id, path.p, e);
		goto out;
	}
	r = 0;
out:
	if (fd >= 0)
		close(fd);
	buf_release(&path);
	return r;
}

/* ---- removing ---- */

int cas_object_remove(struct cas_cache *c, const struct cas_id *id, struct err *e)
{
	struct buf path = BUF_INIT;
	int r = 0;

	cas_object_path(c, id, &path);
	if (buf_check(&path, e) || (unlink(path.p) && errno != ENOENT))
		r = path.failed ? -1 : err_errno(e, "cannot remove '%s'", path.p);
	buf_release(&path);
	return r;
}

int cas_object_set_aside(struct cas_cache *c, const struct cas_id *id, struct err *e)
{
	struct buf path = BUF_INIT, aside = BUF_INIT;
	int r = 0;

	cas_object_path(c, id, &path);
	buf_add_slice(&aside, buf_slice(&path));
	buf_add_text(&aside, ".corrupt");
	if (buf_check(&path, e) || buf_check(&aside, e))
		r = -1;
	else if (rename(path.p, aside.p))
		r = err_errno(e, "cannot rename '%s'", path.p);
	buf_release(&path);
	buf_release(&aside);
	return r;
}
