#include "cas/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "cas/walk.h"

enum { HUGE_BYTES = 128 << 20 };

/* ---- spreading ---- */

struct spread {
	cas_tree_work *work;
	void *ctx;
	size_t n, piece;
	struct progress *progress;
	atomic_size_t failed_at; /* the earliest piece that failed */
	pthread_mutex_t mutex;
	struct err *e; /* its message */
};

static void run_piece(void *ctx, size_t i, int worker)
{
	struct spread *s = ctx;
	size_t from = i * s->piece, to = from + s->piece < s->n ? from + s->piece : s->n;
	struct err e = ERR_INIT;

	(void)worker;
	if (i > atomic_load(&s->failed_at))
		return;
	if (s->work(s->ctx, from, to, &e)) {
		pthread_mutex_lock(&s->mutex);
		if (i < atomic_load(&s->failed_at)) {
			atomic_store(&s->failed_at, i);
			*s->e = e;
		}
		pthread_mutex_unlock(&s->mutex);
	}
	progress_add(s->progress, to - from);
}

int cas_tree_spread(struct cas_worktree *w, size_t n, size_t piece, cas_tree_work *work, void *ctx,
	struct err *e)
{
	struct spread s = {
		.work = work, .ctx = ctx, .n = n, .piece = piece, .progress = w->progress, .e = e
	};

	atomic_init(&s.failed_at, SIZE_MAX);
	pthread_mutex_init(&s.mutex, NULL);
	pool_for(w->pool, (n + piece - 1) / piece, run_piece, &s);
	pthread_mutex_destroy(&s.mutex);
	return atomic_load(&s.failed_at) == SIZE_MAX ? 0 : -1;
}

/* ---- hashing ---- */

struct reading {
	struct cas_worktree *w;
	const struct cas_tree_options *o;
	struct cas_manifest *m;
	const char *path, *absolute;
	int root_fd;
	pthread_mutex_t mutex;
	size_t *large; /* [n_large], of m's entries, not done yet: one by one after the others */
	size_t n_large, cap_large;
};

/* The absolute path is needed only to link, the one for messages only to fail: made when asked for. */
static int name_files(const struct reading *r, struct cas_put *puts, struct arena *names,
	const struct cas_manifest_entry *entries, size_t n, struct err *e)
{
	struct buf b = BUF_INIT;
	int result = 0;

	for (size_t i = 0; i < n && !result; i++) {
		path_join(&b, r->absolute, entries[i].relpath);
		result = buf_check(&b, e);
		puts[i].path = result ? NULL : arena_dup(names, b.p, b.len, e);
		if (!puts[i].path)
			result = -1;
	}
	buf_release(&b);
	return result;
}

static int leave_for_later(struct reading *r, size_t at, struct err *e)
{
	int result;

	pthread_mutex_lock(&r->mutex);
	result = mem_grow(&r->large, &r->cap_large, r->n_large + 1, sizeof(*r->large), e);
	if (!result)
		r->large[r->n_large++] = at;
	pthread_mutex_unlock(&r->mutex);
	return result;
}

/* Files from .. to - 1. With `leave` large ones are for later; `pool` is idle, for a single file. */
static int read_files(
	struct reading *r, size_t from, size_t to, bool leave, struct pool *pool, struct err *e)
{
	struct cas_manifest_entry *entries = r->m->entries + from;
	struct cas_put *puts = mem_array(to - from, sizeof(*puts), e);
	struct arena names = ARENA_INIT;
	int result = -1;

	if (!puts)
		return -1;
	for (size_t i = 0; i < to - from; i++)
		puts[i] = (struct cas_put){ .dir_fd = r->root_fd,
			.name = entries[i].relpath,
			.label = entries[i].relpath,
			.is_legacy = r->o->is_legacy,
			.store = r->o->store,
			.link = r->o->link,
			.leave_large = leave,
			.pool = pool };
	if (r->o->link && name_files(r, puts, &names, entries, to - from, e))
		goto out;
	if (cas_object_put_files(r->w->cache, puts, to - from, e)) {
		err_at(e, "%s", r->path);
		goto out;
	}
	result = 0;
	for (size_t i = 0; i < to - from && !result; i++) {
		memcpy(entries[i].md5, puts[i].id.md5, HASH_MD5_LEN);
		entries[i].size = puts[i].st.st_size;
		entries[i].is_exec = puts[i].st.st_mode & S_IXUSR;
		if (puts[i].is_left)
			result = leave_for_later(r, from + i, e);
	}
out:
	arena_release(&names);
	free(puts);
	return result;
}

static int read_piece(void *ctx, size_t from, size_t to, struct err *e)
{
	return read_files(ctx, from, to, true, NULL, e);
}

static int read_large(void *ctx, size_t from, size_t to, struct err *e)
{
	struct reading *r = ctx;

	for (size_t i = from; i < to; i++)
		if (read_files(r, r->large[i], r->large[i] + 1, false, NULL, e))
			return -1;
	return 0;
}

static int by_index(const void *a, const void *b)
{
	const size_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Small files in pieces, then the huge ones with all threads on each, then the large ones side by side. */
static int read_all(struct reading *r, struct err *e)
{
	struct progress *progress = r->w->progress;
	size_t n = 0;
	int result = cas_tree_spread(r->w, r->m->n, CAS_TREE_PIECE, read_piece, r, e);

	if (result || !r->n_large)
		return result;
	qsort(r->large, r->n_large, sizeof(*r->large), by_index);
	for (size_t i = 0; i < r->n_large && !result; i++) {
		size_t at = r->large[i];

		if (r->m->entries[at].size < HUGE_BYTES)
			r->large[n++] = at;
		else
			result = read_files(r, at, at + 1, false, r->w->pool, e);
	}
	r->n_large = n;
	r->w->progress = NULL; /* they are counted already */
	if (!result)
		result = cas_tree_spread(r->w, n, 1, read_large, r, e);
	r->w->progress = progress;
	return result;
}

/* Rules apply to what is inside of the repository; those of the folder's parents and of itself. */
static int load_rules(
	struct cas_worktree *w, const char *path, struct cas_ignore **rules, struct err *e)
{
	struct buf dir = BUF_INIT;

	*rules = NULL;
	if (path[0] == '/' || !w->repo->dvc_dir)
		return 0;
	path_dir(&dir, path);
	if (!buf_check(&dir, e))
		*rules = cas_ignore_load_down(w->repo, dir.p, CAS_IGNORE_DVC, e);
	buf_release(&dir);
	return *rules ? 0 : -1;
}

int cas_tree_read(struct cas_worktree *w, const char *path, const struct cas_tree_options *o,
	struct cas_manifest *m, struct err *e)
{
	struct reading r = { .w = w, .o = o, .m = m, .path = path, .root_fd = -1 };
	struct cas_ignore *rules = NULL;
	struct buf absolute = BUF_INIT;
	int result = -1;

	pthread_mutex_init(&r.mutex, NULL);
	cas_repo_absolute(w->repo, path, &absolute);
	if (buf_check(&absolute, e) || load_rules(w, path, &rules, e))
		goto out;
	r.absolute = absolute.p;
	r.root_fd = open(absolute.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r.root_fd < 0) {
		err_errno(e, "cannot open the folder");
		err_at(e, "%s", path);
		goto out;
	}
	if (cas_walk_list(r.root_fd, path, rules, m, e))
		goto out;
	progress_start(w->progress, path, m->n, "files");
	result = read_all(&r, e);
out:
	pthread_mutex_destroy(&r.mutex);
	free(r.large);
	if (r.root_fd >= 0)
		close(r.root_fd);
	cas_ignore_free_all(rules);
	buf_release(&absolute);
	return result;
}

/* ---- are they all there? ---- */

struct asking {
	struct cas_worktree *w;
	struct cas_id *ids; /* [n] */
	size_t *order; /* [n]: indices by the first byte of the hash */
	size_t first[257]; /* where in `order` each byte begins */
	atomic_bool is_missing;
};

/* Pieces are of the 256 folders of the cache. */
static int ask_piece(void *ctx, size_t from, size_t to, struct err *e)
{
	struct asking *a = ctx;

	for (size_t byte = from; byte < to && !atomic_load(&a->is_missing); byte++) {
		int has = cas_object_has_all(a->w->cache, a->ids, a->order + a->first[byte],
			a->first[byte + 1] - a->first[byte], e);

		if (has < 0)
			return -1;
		if (!has)
			atomic_store(&a->is_missing, true);
	}
	return 0;
}

/* Counting sort. */
static int sort_by_folder(
	struct asking *a, const struct cas_manifest *m, bool is_legacy, struct err *e)
{
	size_t next[256];

	a->ids = mem_array(m->n + 1, sizeof(*a->ids), e);
	a->order = a->ids ? mem_array(m->n + 1, sizeof(*a->order), e) : NULL;
	if (!a->order)
		return -1;
	for (size_t i = 0; i < m->n; i++) {
		memcpy(a->ids[i].md5, m->entries[i].md5, HASH_MD5_LEN);
		a->ids[i].is_legacy = is_legacy;
		a->first[a->ids[i].md5[0] + 1]++;
	}
	for (size_t byte = 0; byte < 256; byte++) {
		a->first[byte + 1] += a->first[byte];
		next[byte] = a->first[byte];
	}
	for (size_t i = 0; i < m->n; i++)
		a->order[next[a->ids[i].md5[0]]++] = i;
	return 0;
}

static int ask(struct cas_worktree *w, const struct cas_manifest *m, bool is_legacy, struct err *e)
{
	struct asking a = { .w = w };
	struct progress *progress = w->progress;
	int r;

	atomic_init(&a.is_missing, false);
	w->progress = NULL; /* these are not the files that the bar counts */
	r = sort_by_folder(&a, m, is_legacy, e) || cas_tree_spread(w, 256, 8, ask_piece, &a, e)
		    ? -1
		    : !atomic_load(&a.is_missing);
	w->progress = progress;
	free(a.ids);
	free(a.order);
	return r;
}

/* In the index under a stat that no file has. */
static struct stat memo_key(const struct cas_id *id)
{
	struct stat key = { .st_dev = 0 };
	uint64_t words[2];

	memcpy(words, id->md5, sizeof(words));
	key.st_ino = (ino_t)(words[0] | 1);
	key.st_size = (off_t)(words[1] >> 1);
	return cas_object_index_key(&key, id->is_legacy);
}

int cas_tree_has(struct cas_worktree *w, const struct cas_id *id, const struct cas_manifest *m,
	struct err *e)
{
	enum { MANY = 512 }; /* fewer are asked for as quickly as the folders */
	struct stat key = memo_key(id);
	uint8_t now[HASH_MD5_LEN], then[HASH_MD5_LEN];
	bool is_settled = m->n >= MANY && cas_object_stamp(w->cache, id->is_legacy, now);
	int r;

	if (is_settled && cas_index_get(w->index, &key, then) && !memcmp(now, then, sizeof(now)))
		return 1;
	r = ask(w, m, id->is_legacy, e);
	if (r > 0 && is_settled)
		cas_index_put_own(w->index, &key, now);
	return r;
}
