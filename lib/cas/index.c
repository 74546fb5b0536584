#include "cas/index.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/output.h"

enum {
	STEP_NS = 20 * 1000 * 1000, /* more than the longest tick of a kernel's clock (HZ=100) */
	MAX_RECORDS = 1 << 24,
};
/* File systems that keep whole seconds (two, on FAT). */
#define COARSE_STEP_NS 2100000000LL

struct record {
	uint64_t dev, ino; /* ino 0: the slot is free */
	int64_t size, mtime_ns, ctime_ns;
	uint8_t md5[HASH_MD5_LEN];
	uint64_t check; /* of all above: a torn or damaged record is a free one */
};

struct header {
	char magic[8];
	uint64_t n_slots, n_used;
	char unused[40];
};

static const char magic[8] = "cd4mlix1";

struct table {
	struct record *slots; /* [n_slots], a power of two; NULL: empty */
	size_t n_slots, n_used;
};

struct cas_index {
	char *path;
	struct header *map; /* the file; NULL: none */
	size_t map_len;
	struct table old; /* in the map, not written */
	pthread_mutex_t mutex;
	struct table fresh; /* what came since */
};

/* ---- records ---- */

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t record_check(const struct record *r)
{
	uint64_t words[2], z = mix(r->dev + 1);

	memcpy(words, r->md5, sizeof(words));
	z = mix(z ^ r->ino);
	z = mix(z ^ (uint64_t)r->size);
	z = mix(z ^ (uint64_t)r->mtime_ns);
	z = mix(z ^ (uint64_t)r->ctime_ns);
	return mix(mix(z ^ words[0]) ^ words[1]);
}

static int64_t time_ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void record_set(struct record *r, const struct stat *st)
{
	*r = (struct record){ .dev = (uint64_t)st->st_dev, .ino = (uint64_t)st->st_ino };
	r->size = (int64_t)st->st_size;
	r->mtime_ns = time_ns(st->st_mtim);
	r->ctime_ns = time_ns(st->st_ctim);
}

static bool record_same(const struct record *a, const struct record *b)
{
	return a->size == b->size && a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

/* The record of the file, or the free slot where it would go; NULL in a table without slots. */
static struct record *find(const struct table *t, uint64_t dev, uint64_t ino)
{
	size_t mask = t->n_slots - 1, at;

	if (!t->n_slots)
		return NULL;
	at = (size_t)mix(mix(dev) ^ ino) & mask;
	for (size_t i = 0; i < t->n_slots; i++, at = (at + 1) & mask) {
		struct record *r = &t->slots[at];

		if (!r->ino || (r->ino == ino && r->dev == dev))
			return r;
	}
	return NULL;
}

static int table_make(struct table *t, size_t n_records, struct err *e)
{
	size_t n = 64;

	while (n < n_records + n_records / 3)
		n *= 2;
	*t = (struct table){ .slots = mem_array(n, sizeof(*t->slots), e), .n_slots = n };
	return t->slots ? 0 : -1;
}

/* Room must be there. */
static void table_add(struct table *t, const struct record *r)
{
	struct record *slot = find(t, r->dev, r->ino);

	if (!slot)
		return;
	t->n_used += !slot->ino;
	*slot = *r;
}

static int table_grow(struct table *t, struct err *e)
{
	struct table bigger;

	if (t->n_used < t->n_slots - t->n_slots / 4)
		return 0;
	if (table_make(&bigger, t->n_used * 2 + 64, e))
		return -1;
	for (size_t i = 0; i < t->n_slots; i++)
		if (t->slots[i].ino)
			table_add(&bigger, &t->slots[i]);
	free(t->slots);
	*t = bigger;
	return 0;
}

/* ---- the file ---- */

static void map_file(struct cas_index *x)
{
	int fd = open(x->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0)
		return;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(struct header))
		goto out;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		goto out;
	x->map = p;
	x->map_len = (size_t)st.st_size;
	if (!memcmp(x->map->magic, magic, sizeof(magic)) && x->map->n_slots > 0 &&
		x->map->n_slots <= 4 * (uint64_t)MAX_RECORDS &&
		!(x->map->n_slots & (x->map->n_slots - 1)) &&
		x->map_len == sizeof(struct header) + x->map->n_slots * sizeof(struct record))
		x->old = (struct table){ (struct record *)(x->map + 1), x->map->n_slots,
			x->map->n_used };
out:
	close(fd);
}

struct cas_index *cas_index_open(const char *path, struct err *e)
{
	struct cas_index *x = mem_new(sizeof(*x), e);

	if (!x)
		return NULL;
	pthread_mutex_init(&x->mutex, NULL);
	x->path = path ? mem_dup(path, e) : NULL;
	if (path && !x->path) {
		cas_index_free(x);
		return NULL;
	}
	if (path)
		map_file(x);
	return x;
}

void cas_index_free(struct cas_index *x)
{
	if (!x)
		return;
	if (x->map)
		munmap(x->map, x->map_len);
	pthread_mutex_destroy(&x->mutex);
	free(x->fresh.slots);
	free(x->path);
	free(x);
}

static bool is_old_enough(const struct record *r, int64_t now_ns)
{
	bool coarse = r->ctime_ns % 1000000000 == 0 && r->mtime_ns % 1000000000 == 0;

	return r->ctime_ns + (coarse ? COARSE_STEP_NS : STEP_NS) < now_ns;
}

bool cas_index_is_settled(const struct stat *st, int64_t now_ns)
{
	struct record r;

	record_set(&r, st);
	return is_old_enough(&r, now_ns);
}

/* Old records, and the fresh ones in their place; too young ones, and those that are no longer true, left out. */
static int merge(const struct cas_index *x, struct table *all, struct err *e)
{
	int64_t now = cas_index_now();
	size_t n_old = x->old.n_used < MAX_RECORDS ? x->old.n_slots : 0;

	if (table_make(all, (n_old ? x->old.n_used : 0) + x->fresh.n_used, e))
		return -1;
	for (size_t i = 0; i < x->fresh.n_slots; i++)
		if (x->fresh.slots[i].ino && is_old_enough(&x->fresh.slots[i], now))
			table_add(all, &x->fresh.slots[i]);
	for (size_t i = 0; i < n_old; i++) {
		const struct record *r = &x->old.slots[i];
		const struct record *newer;

		if (!r->ino || r->check != record_check(r) || all->n_used >= all->n_slots - 1)
			continue;
		newer = find(&x->fresh, r->dev, r->ino);
		if (!newer || !newer->ino)
			table_add(all, r);
	}
	return 0;
}

int cas_index_close(struct cas_index *x, struct err *e)
{
	struct header h = { .n_slots = 0 };
	struct table all = { 0 };
	struct output *o;
	int r = 0;

	if (!x)
		return 0;
	if (!x->fresh.n_used || !x->path)
		goto out;
	r = -1;
	if (merge(x, &all, e))
		goto out;
	memcpy(h.magic, magic, sizeof(magic));
	h.n_slots = all.n_slots;
	h.n_used = all.n_used;
	o = output_open(x->path, OUTPUT_PLAIN, e);
	if (!o)
		goto out;
	output_write(o, &h, sizeof(h));
	output_write(o, all.slots, all.n_slots * sizeof(*all.slots));
	r = output_close(o, e);
out:
	free(all.slots);
	cas_index_free(x);
	return r;
}

/* ---- use ---- */

int64_t cas_index_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return time_ns(t);
}

bool cas_index_get(struct cas_index *x, const struct stat *st, uint8_t md5[HASH_MD5_LEN])
{
	struct record want, found;
	const struct record *r;

	record_set(&want, st);
	pthread_mutex_lock(&x->mutex);
	r = find(&x->fresh, want.dev, want.ino);
	if (r && r->ino)
		found = *r;
	else
		r = NULL;
	pthread_mutex_unlock(&x->mutex);
	if (!r) {
		r = find(&x->old, want.dev, want.ino);
		if (!r || !r->ino || r->check != record_check(r))
			return false;
		found = *r;
	}
	if (!record_same(&found, &want))
		return false;
	memcpy(md5, found.md5, HASH_MD5_LEN);
	return true;
}

void cas_index_put_own(struct cas_index *x, const struct stat *st, const uint8_t md5[HASH_MD5_LEN])
{
	struct err e = ERR_INIT;
	struct record r;

	if (!st->st_ino)
		return;
	record_set(&r, st);
	memcpy(r.md5, md5, HASH_MD5_LEN);
	r.check = record_check(&r);
	pthread_mutex_lock(&x->mutex);
	if (!table_grow(&x->fresh, &e))
		table_add(&x->fresh, &r);
	pthread_mutex_unlock(&x->mutex);
}

void cas_index_put(
	struct cas_index *x, const struct stat *st, int64_t now_ns, const uint8_t md5[HASH_MD5_LEN])
{
	struct record r;

	record_set(&r, st);
	if (is_old_enough(&r, now_ns))
		cas_index_put_own(x, st, md5);
}
