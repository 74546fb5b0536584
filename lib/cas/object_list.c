/* Whole folders of the cache: every object in order, a look for many at once, and what must not stay in them. */
#define _DEFAULT_SOURCE /* d_type */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "cas/object_internal.h"
#include "remote/partial.h"

struct listing {
	struct cas_id *ids; /* sorted */
	size_t n, cap;
};

static int by_id(const void *a, const void *b)
{
	return cas_id_cmp(a, b);
}

/* The objects of one folder; other names (temporary, set aside) are left out. */
static int list_shard(DIR *d, unsigned shard, bool is_legacy, struct listing *l, struct err *e)
{
	struct dirent *entry;
	char two[8];

	snprintf(two, sizeof(two), "%02x", shard & 255);
	l->n = 0;
	while ((entry = readdir(d))) {
		char text[CAS_ID_TEXT_MAX];
		size_t len = strlen(entry->d_name);
		struct cas_id id;

		if (len + 2 >= sizeof(text) ||
			(entry->d_type != DT_REG && entry->d_type != DT_UNKNOWN))
			continue;
		memcpy(text, two, 2);
		memcpy(text + 2, entry->d_name, len);
		if (!cas_id_parse((struct slice){ text, len + 2 }, &id))
			continue;
		id.is_legacy = is_legacy;
		if (mem_grow(&l->ids, &l->cap, l->n + 1, sizeof(*l->ids), e))
			return -1;
		l->ids[l->n++] = id;
	}
	if (l->n)
		qsort(l->ids, l->n, sizeof(*l->ids), by_id);
	return 0;
}

enum { SHARD_NAME_MAX = 32 };

static void shard_name(unsigned shard, bool is_legacy, char name[SHARD_NAME_MAX])
{
	snprintf(name, SHARD_NAME_MAX, "%s%02x", is_legacy ? "" : "files/md5/", shard);
}

/* The descriptor of a shard's folder; -1 and errno. */
static int open_shard(struct cas_cache *c, unsigned shard, bool is_legacy)
{
	char name[SHARD_NAME_MAX];
	int cache = cas_object_dir_fd(c);

	if (cache < 0) {
		errno = ENOENT;
		return -1;
	}
	shard_name(shard, is_legacy, name);
	return openat(cache, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool cas_object_stamp(struct cas_cache *c, bool is_legacy, uint8_t stamp[HASH_MD5_LEN])
{
	struct {
		uint64_t dev, ino;
		int64_t mtime, mtime_ns, ctime, ctime_ns;
	} seen[256] = { { 0 } };
	int64_t now = cas_index_now();
	int cache = cas_object_dir_fd(c);

	for (unsigned i = 0; i < 256; i++) {
		char name[SHARD_NAME_MAX];
		struct stat st;

		shard_name(i, is_legacy, name);
		if (cache < 0 || fstatat(cache, name, &st, 0))
			continue; /* not there: as good a state as any */
		if (!cas_index_is_settled(&st, now))
			return false;
		seen[i].dev = st.st_dev;
		seen[i].ino = st.st_ino;
		seen[i].mtime = st.st_mtim.tv_sec;
		seen[i].mtime_ns = st.st_mtim.tv_nsec;
		seen[i].ctime = st.st_ctim.tv_sec;
		seen[i].ctime_ns = st.st_ctim.tv_nsec;
	}
	hash_md5_of((struct slice){ (const char *)seen, sizeof(seen) }, stamp);
	return true;
}

/* Is reading the whole folder cheaper than asking for `n` names? Its size tells how many it holds. */
static bool is_dense(int fd, size_t n)
{
	struct stat st;

	return n >= 8 && !fstat(fd, &st) && st.st_size < (off_t)(8192 + n * 512);
}

int cas_object_has_all(struct cas_cache *c, const struct cas_id *ids, const size_t *wanted,
	size_t n, struct err *e)
{
	struct listing l = { 0 };
	DIR *d = NULL;
	int fd, r = 0;
	size_t i = 0;

	if (!n)
		return 1;
	fd = open_shard(c, ids[wanted[0]].md5[0], ids[wanted[0]].is_legacy);
	if (fd < 0)
		return 0;
	if (is_dense(fd, n))
		d = fdopendir(fd);
	if (d)
		r = list_shard(d, ids[wanted[0]].md5[0], ids[wanted[0]].is_legacy, &l, e);
	for (; i < n && !r; i++) {
		const struct cas_id *id = &ids[wanted[i]];

		if (d ? !l.n || !bsearch(id, l.ids, l.n, sizeof(*l.ids), by_id)
		      : !cas_object_has(c, id))
			break;
	}
	if (d)
		closedir(d);
	else
		close(fd);
	free(l.ids);
	return r ? -1 : i == n;
}

typedef int each_object(void *ctx, const struct cas_id *id, const struct stat *st, struct err *e);

static int each_of_shard(struct cas_cache *c, unsigned shard, bool is_legacy, each_object *each,
	void *ctx, struct listing *l, struct err *e)
{
	int fd = open_shard(c, shard, is_legacy), r;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char hex[CAS_ID_TEXT_MAX];
	struct stat st;

	if (!d) {
		r = errno == ENOENT ? 0
				    : err_errno(e, "cannot list the cache's folder %02x", shard);
		if (fd >= 0)
			close(fd);
		return r;
	}
	r = list_shard(d, shard, is_legacy, l, e);
	for (size_t i = 0; !r && i < l->n; i++) {
		cas_id_format(&l->ids[i], hex);
		if (!fstatat(dirfd(d), hex + 2, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode))
			r = each(ctx, &l->ids[i], &st, e);
	}
	closedir(d);
	return r;
}

int cas_object_each(struct cas_cache *c, each_object *each, void *ctx, struct err *e)
{
	struct listing l = { 0 };
	int r = 0;

	for (int legacy = 0; legacy < 2; legacy++)
		for (unsigned shard = 0; shard < 256 && !r; shard++)
			r = each_of_shard(c, shard, legacy, each, ctx, &l, e);
	free(l.ids);
	return r;
}

size_t cas_object_sweep(struct cas_cache *c)
{
	struct buf dir = BUF_INIT;
	char name[SHARD_NAME_MAX];
	size_t n = 0;

	for (unsigned i = 0; i < 512; i++) {
		shard_name(i & 255, i >= 256, name);
		path_join(&dir, c->repo->cache_dir, name);
		if (!dir.failed)
			n += remote_partial_sweep(dir.p, 0);
	}
	buf_release(&dir);
	return n;
}
