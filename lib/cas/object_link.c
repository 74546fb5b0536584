#define _GNU_SOURCE /* copy_file_range */
/* Out of the cache, into the workspace. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "cas/object_internal.h"

enum { COPY_MAX = 1 << 30 }; /* bytes a call */

/* 1 done, 0 the file system cannot, -1 and `e`. */
static int link_shared(struct cas_cache *c, const struct cas_id *id, const char *object,
	const char *path, bool symbolic, struct err *e)
{
	struct err why = ERR_INIT;
	struct stat st, key;
	int r = cas_object_check(c, id, NULL, e);

	if (r <= 0)
		return r; /* a missing one is told by the copy that comes last */
	if (fresh_link(&c->place, object, path, symbolic, &why))
		return 0;
	if (!symbolic && !lstat(path, &st)) {
		key = cas_object_index_key(&st, id->is_legacy);
		cas_index_put_own(c->index, &key, id->md5);
	}
	return 1;
}

/* The kernel copies; false where it cannot, or not all. The offsets of both stay at their start. */
static bool copy_by_kernel(int from, int to)
{
	struct stat st;
	off_t in = 0, out = 0;
	ssize_t n;

	if (fstat(from, &st))
		return false;
	do {
		n = copy_file_range(from, &in, to, &out, COPY_MAX, 0);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n == 0 && out == st.st_size;
}

static int copy_hashing(
	const struct cas_id *id, const char *object, int from, int to, struct err *e)
{
	struct cas_digest d = { .fd = from, .label = object, .to = to, .is_legacy = id->is_legacy };

	if (cas_digest_stream(&d, e))
		return -1;
	return memcmp(d.md5, id->md5, HASH_MD5_LEN) ? cas_object_corrupt(id, object, e) : 0;
}

/* 1 done, 0 a clone cannot be made, -1. What is not known to be sound is hashed: a copy on its way, a clone then. */
static int fill(struct cas_cache *c, const struct cas_id *id, const char *object, int to,
	bool as_clone, struct err *e)
{
	int fd = open(object, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), r;
	char hex[CAS_ID_TEXT_MAX];

	cas_id_format(id, hex);
	if (fd < 0) {
		err_errno(e, "cannot open the object %s", hex);
		return -1;
	}
	if (as_clone && !cas_object_clone(c, fd, to))
		r = 0;
	else if (as_clone)
		r = cas_object_check(c, id, NULL, e) < 0 ? -1 : 1;
	else if (cas_object_is_known(c, id, fd) && copy_by_kernel(fd, to))
		r = 1;
	else
		r = copy_hashing(id, object, fd, to, e) ? -1 : 1;
	close(fd);
	return r;
}

/* 1 done, 0 a clone cannot be made, -1. */
static int copy_out(struct cas_cache *c, const struct cas_id *id, const char *object,
	const char *path, bool is_exec, bool as_clone, struct err *e)
{
	struct fresh f = FRESH_INIT;
	struct buf dir = BUF_INIT;
	struct stat st, key;
	int r = -1;

	path_dir(&dir, path);
	if (buf_check(&dir, e))
		goto out;
	if (as_clone && atomic_load(&c->reflinks) < 0) {
		r = 0;
		goto out;
	}
	if (fresh_open(&c->place, dir.p, is_exec ? 0777 : 0666, &f, e))
		goto out;
	r = fill(c, id, object, f.fd, as_clone, e);
	if (r <= 0)
		goto out;
	r = fresh_replace(&c->place, &f, path, &st, e) ? -1 : 1;
	if (r > 0) {
		key = cas_object_index_key(&st, id->is_legacy);
		cas_index_put_own(c->index, &key, id->md5);
	}
out:
	fresh_abandon(&f);
	buf_release(&dir);
	return r;
}

int cas_object_link(
	struct cas_cache *c, const struct cas_id *id, const char *path, bool is_exec, struct err *e)
{
	struct buf object = BUF_INIT;
	int r = 0;

	cas_object_path(c, id, &object);
	if (buf_check(&object, e)) {
		r = -1;
		goto out;
	}
	for (size_t i = 0; i < c->repo->n_links && !r; i++) {
		enum cas_link type = c->repo->links[i];

		if (type == CAS_LINK_COPY || type == CAS_LINK_REFLINK)
			r = copy_out(c, id, object.p, path, is_exec, type == CAS_LINK_REFLINK, e);
		else if (!is_exec)
			r = link_shared(c, id, object.p, path, type == CAS_LINK_SYMLINK, e);
	}
out:
	if (r < 0)
		err_at(e, "%s", path);
	buf_release(&object);
	return r > 0 ? 0 : -1;
}
