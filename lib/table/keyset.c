#include "table/keyset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "hash/sha256.h"
#include "table/spill.h"

enum { HEAD_BYTES = 4096, LEAST_SLOTS = 4096, MOST_SEGMENTS = 48, BITS_MAX = 40 };

struct segment {
	uint64_t at; /* in the file */
	uint64_t n_slots; /* a power of two */
	uint64_t n_used;
};

/* The first bytes of the file. */
struct head {
	char magic[16]; /* all zeros while keys are being added */
	uint64_t byte_order;
	struct table_keyset_stamp stamp;
	uint64_t n_segments;
	struct segment segments[MOST_SEGMENTS];
	uint8_t check[HASH_SHA256_LEN]; /* of all before */
};

_Static_assert(sizeof(struct head) <= HEAD_BYTES, "the head has its place");

static const char magic[16] = "cd4ml keyset 1\n";
static const uint64_t byte_order = 0x0102030405060708u;

struct table_keyset {
	int fd;
	char *name; /* for messages */
	struct head head;
	struct table_print *slots[MOST_SEGMENTS]; /* mapped */
	uint64_t end; /* of the file */
	uint64_t n_expected;
	bool is_known;
	bool is_open; /* keys are being added: the file has no stamp */
};

int table_print_of(struct slice key, struct table_print *print, struct err *e)
{
	uint8_t sha[HASH_SHA256_LEN];

	if (hash_sha256_of(key, sha, e))
		return -1;
	memcpy(print, sha, sizeof(*print));
	if (!print->a && !print->b)
		print->b = 1;
	return 0;
}

static int fail(const struct table_keyset *s, const char *what, struct err *e)
{
	err_errno(e, "%s", what);
	return err_at(e, "%s", s->name);
}

/* ---- the file ----------------------------------------------------------------------------------- */

static int sum_head(const struct head *h, uint8_t sum[HASH_SHA256_LEN], struct err *e)
{
	return hash_sha256_of(
		(struct slice){ (const char *)h, offsetof(struct head, check) }, sum, e);
}

static int write_head(const struct table_keyset *s, const struct head *h, struct err *e)
{
	if (pwrite(s->fd, h, sizeof(*h), 0) == (ssize_t)sizeof(*h) && !fdatasync(s->fd))
		return 0;
	return fail(s, "cannot write", e);
}

static int map_segment(struct table_keyset *s, size_t i, struct err *e)
{
	const struct segment *g = &s->head.segments[i];
	size_t size = (size_t)g->n_slots * sizeof(struct table_print);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, (off_t)g->at);

	if (p == MAP_FAILED)
		return fail(s, "cannot map", e);
	posix_madvise(p, size, POSIX_MADV_RANDOM);
	s->slots[i] = p;
	s->end = g->at + size;
	return 0;
}

/* Does the head describe segments that lie in the file, one behind the other? */
static bool is_sound(const struct head *h, uint64_t file_size)
{
	uint64_t at = HEAD_BYTES;

	for (uint64_t i = 0; i < h->n_segments; i++) {
		const struct segment *g = &h->segments[i];

		if (i == MOST_SEGMENTS || g->at != at || g->n_slots < LEAST_SLOTS ||
			g->n_slots >> BITS_MAX || g->n_slots & (g->n_slots - 1) ||
			g->n_used > g->n_slots / 4 * 3)
			return false;
		at += g->n_slots * sizeof(struct table_print);
	}
	return at <= file_size;
}

/* Takes over what is in the file if it has the stamp: 1, or 0. */
static int load(struct table_keyset *s, const struct table_keyset_stamp *stamp, struct err *e)
{
	uint8_t sum[HASH_SHA256_LEN];
	struct head *h = &s->head;
	struct stat st;

	if (fstat(s->fd, &st))
		return fail(s, "cannot read", e);
	if (pread(s->fd, h, sizeof(*h), 0) != (ssize_t)sizeof(*h))
		return 0;
	if (sum_head(h, sum, e))
		return -1;
	if (memcmp(h->magic, magic, sizeof(magic)) != 0 || h->byte_order != byte_order ||
		memcmp(h->check, sum, sizeof(sum)) != 0 ||
		memcmp(&h->stamp, stamp, sizeof(*stamp)) != 0 || !is_sound(h, (uint64_t)st.st_size))
		return 0;
	for (size_t i = 0; i < h->n_segments; i++)
		if (map_segment(s, i, e))
			return -1;
	return 1;
}

struct table_keyset *table_keyset_open(const char *path, const char *temp_dir,
	const struct table_keyset_stamp *stamp, struct err *e)
{
	struct table_keyset *s = mem_new(sizeof(*s), e);
	int known = 0;

	if (!s)
		return NULL;
	s->name = mem_dup(path ? path : "a temporary file", e);
	if (path)
		s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	else
		s->fd = table_spill_open_file(temp_dir, e);
	if (!s->name)
		goto fail;
	if (s->fd < 0) {
		if (path)
			fail(s, "cannot open", e);
		goto fail;
	}
	s->end = HEAD_BYTES;
	if (path && stamp)
		known = load(s, stamp, e);
	if (known < 0)
		goto fail;
	if (!known) {
		s->head = (struct head){ .n_segments = 0 };
		s->is_open = true;
		if (ftruncate(s->fd, 0) || ftruncate(s->fd, HEAD_BYTES)) {
			fail(s, "cannot write", e);
			goto fail;
		}
	}
	s->is_known = known;
	return s;
fail:
	table_keyset_close(s);
	return NULL;
}

void table_keyset_close(struct table_keyset *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < MOST_SEGMENTS && s->slots[i]; i++)
		munmap(s->slots[i],
			(size_t)s->head.segments[i].n_slots * sizeof(struct table_print));
	if (s->fd >= 0)
		close(s->fd);
	free(s->name);
	free(s);
}

int table_keyset_save(struct table_keyset *s, const struct table_keyset_stamp *stamp, struct err *e)
{
	struct head *h = &s->head;

	/* the keys must be there before it is said that they are */
	for (size_t i = 0; s->is_open && i < h->n_segments; i++)
		if (msync(s->slots[i], (size_t)h->segments[i].n_slots * sizeof(struct table_print),
			    MS_SYNC))
			return fail(s, "cannot write", e);
	memcpy(h->magic, magic, sizeof(magic));
	h->byte_order = byte_order;
	h->stamp = *stamp;
	s->is_open = false;
	return sum_head(h, h->check, e) ? -1 : write_head(s, h, e);
}

/* ---- keys --------------------------------------------------------------------------------------- */

bool table_keyset_is_known(const struct table_keyset *s)
{
	return s->is_known;
}

void table_keyset_expect(struct table_keyset *s, uint64_t n)
{
	s->n_expected = n;
}

uint64_t table_keyset_n(const struct table_keyset *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->head.n_segments; i++)
		n += s->head.segments[i].n_used;
	return n;
}

/* Where the key is in the segment, or the empty slot where it would be. */
static struct table_print *find_slot(
	const struct table_keyset *s, size_t i, struct table_print print)
{
	uint64_t mask = s->head.segments[i].n_slots - 1;

	for (uint64_t at = print.a & mask;; at = (at + 1) & mask) {
		struct table_print *slot = &s->slots[i][at];

		if ((slot->a == print.a && slot->b == print.b) || (!slot->a && !slot->b))
			return slot;
	}
}

bool table_keyset_has(const struct table_keyset *s, struct table_print print)
{
	for (size_t i = s->head.n_segments; i-- > 0;) {
		const struct table_print *slot = find_slot(s, i, print);

		if (slot->a || slot->b)
			return true;
	}
	return false;
}

static int add_segment(struct table_keyset *s, struct err *e)
{
	struct head *h = &s->head;
	uint64_t n = LEAST_SLOTS, total = 0;
	size_t i = (size_t)h->n_segments;
	int rc;

	for (size_t k = 0; k < i; k++)
		total += h->segments[k].n_slots;
	while (n < total || n / 4 * 3 < s->n_expected)
		n *= 2;
	s->n_expected = 0;
	if (i == MOST_SEGMENTS || n >> BITS_MAX)
		return err_set(e, ERR_SYSTEM, "too many keys");
	/* all of it now, so that a full disk is an error here and not a signal later */
	rc = posix_fallocate(s->fd, (off_t)s->end, (off_t)(n * sizeof(struct table_print)));
	if (rc) {
		errno = rc;
		return fail(s, "cannot make room for keys", e);
	}
	h->segments[i] = (struct segment){ .at = s->end, .n_slots = n };
	if (map_segment(s, i, e))
		return -1;
	h->n_segments++;
	return 0;
}

static bool is_full(const struct head *h)
{
	const struct segment *last = &h->segments[h->n_segments - (h->n_segments > 0)];

	return !h->n_segments || last->n_used == last->n_slots / 4 * 3;
}

int table_keyset_add(struct table_keyset *s, struct table_print print, struct err *e)
{
	static const struct head none;

	if (table_keyset_has(s, print))
		return 0;
	if (!s->is_open) {
		if (write_head(s, &none, e))
			return -1;
		s->is_open = true;
	}
	if (is_full(&s->head) && add_segment(s, e))
		return -1;
	*find_slot(s, s->head.n_segments - 1, print) = print;
	s->head.segments[s->head.n_segments - 1].n_used++;
	return 1;
}

int table_keyset_add_all(struct table_keyset *s, const struct table_keyset *from, struct err *e)
{
	for (size_t i = 0; i < from->head.n_segments; i++) {
		for (uint64_t k = 0; k < from->head.segments[i].n_slots; k++) {
			struct table_print print = from->slots[i][k];

			if ((print.a || print.b) && table_keyset_add(s, print, e) < 0)
				return -1;
		}
	}
	return 0;
}
