#include "tree/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/input.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/path.h"
#include "hash/crc64.h"
#include "tree/resume.h"

enum { ALIGNED = 8 }; /* each part of the file begins at a multiple of it */

/** Behind it: nodes, sets, words. */
struct record {
	uint64_t crc; /* of all that follows */
	uint64_t number; /* of the tree */
	uint64_t n_words;
	uint32_t n_nodes, n_sets;
};

struct tree_journal {
	const char *path;
	int fd; /* -1: only read */
	struct input *in; /* what was there, which the trees point into */
	struct tree_journal_list old;
	size_t n_added;
	struct buf text;
};

static size_t padded(size_t len)
{
	return (len + ALIGNED - 1) / ALIGNED * ALIGNED;
}

static uint64_t crc_of(const char *record, size_t len)
{
	size_t crc = sizeof(uint64_t);

	return hash_crc64_add(0, (struct slice){ (char *)record + crc, len - crc }, cpu_best());
}

/* ---- reading --------------------------------------------------------------------------------------------- */

/** The length of the whole record that begins at `p`, of `len` bytes at most; 0: there is none. */
static size_t record_len(const char *p, size_t len, size_t number, struct record *r)
{
	size_t size = sizeof(*r), most = len / sizeof(uint64_t);

	if (len < size)
		return 0;
	memcpy(r, p, sizeof(*r));
	if (r->number != number || r->n_nodes > most || r->n_sets > most || r->n_words > most)
		return 0;
	size += padded(r->n_nodes * sizeof(struct tree_node)) +
		r->n_sets * sizeof(struct tree_set) + r->n_words * sizeof(uint64_t);
	return size <= len && crc_of(p, size) == r->crc ? size : 0;
}

/** A tree whose arrays are where the record is. */
static struct tree tree_at(char *p, const struct record *r)
{
	struct tree t = { .n_nodes = r->n_nodes, .n_sets = r->n_sets, .n_words = r->n_words };

	p += sizeof(*r);
	t.nodes = (struct tree_node *)p;
	p += padded(r->n_nodes * sizeof(struct tree_node));
	t.sets = (struct tree_set *)p;
	t.words = (uint64_t *)(p + r->n_sets * sizeof(struct tree_set));
	return t;
}

/** Compares the head; `*at` is where the trees begin. */
static int check_head(struct slice all, const char *run, size_t *at, struct err *e)
{
	size_t magic = sizeof(TREE_JOURNAL_MAGIC) - 1, len;
	const char *old = all.p + magic;

	if (all.len < magic || memcmp(all.p, TREE_JOURNAL_MAGIC, magic) != 0 ||
		!memchr(old, '\0', all.len - magic))
		return err_set(e, ERR_INPUT, "no checkpoint of a forest");
	len = strlen(old);
	*at = padded(magic + len + 1);
	return tree_resume_compare(old, run, e);
}

int tree_journal_parse(
	struct slice all, const char *run, struct tree_journal_list *l, struct err *e)
{
	struct record r;
	size_t len;

	l->n = 0;
	if (check_head(all, run, &l->end, e))
		return -1;
	while (l->end < all.len &&
		(len = record_len(all.p + l->end, all.len - l->end, l->n, &r)) > 0) {
		if (mem_grow(&l->trees, &l->cap, l->n + 1, sizeof(*l->trees), e))
			return -1;
		l->trees[l->n++] = tree_at((char *)all.p + l->end, &r);
		l->end += len;
	}
	return 0;
}

static int read_trees(struct tree_journal *j, const char *run, struct err *e)
{
	struct slice all;

	j->in = input_open(j->path, e);
	if (!j->in || input_map(j->in, 0, &all, e))
		return -1;
	return tree_journal_parse(all, run, &j->old, e) ? err_at(e, "%s", j->path) : 0;
}

/* ---- writing --------------------------------------------------------------------------------------------- */

static int fail(const struct tree_journal *j, const char *what, struct err *e)
{
	err_errno(e, "%s", what);
	e->code = ERR_SYSTEM;
	return err_at(e, "%s", j->path);
}

void tree_journal_format_head(const char *run, struct buf *b)
{
	static const char zeros[ALIGNED];

	buf_add_text(b, TREE_JOURNAL_MAGIC);
	buf_add(b, run, strlen(run) + 1);
	buf_add(b, zeros, padded(b->len) - b->len);
}

static int make_file(const struct tree_journal *j, const char *run, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = -1;

	tree_journal_format_head(run, &b);
	if (!buf_check(&b, e))
		rc = output_save(j->path, OUTPUT_SYNC, buf_slice(&b), e);
	buf_release(&b);
	return rc;
}

/** Opens for writing; no other process may do so until this one ends. */
static int open_file(struct tree_journal *j, const char *run, struct err *e)
{
	if (!path_exists(j->path) && make_file(j, run, e))
		return -1;
	j->fd = open(j->path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (j->fd < 0)
		return fail(j, "cannot open", e);
	if (flock(j->fd, LOCK_EX | LOCK_NB)) {
		if (errno == EWOULDBLOCK) {
			err_set(e, ERR_SYSTEM, "another process writes this checkpoint");
			return err_at(e, "%s", j->path);
		}
		return fail(j, "cannot lock", e);
	}
	return 0;
}

struct tree_journal *tree_journal_open(
	const char *path, const char *run, bool writes, struct err *e)
{
	struct tree_journal *j = mem_new(sizeof(*j), e);
	int rc;

	if (!j)
		return NULL;
	j->path = path;
	j->fd = -1;
	rc = writes ? open_file(j, run, e) : 0;
	if (!rc)
		rc = read_trees(j, run, e);
	/* what a break has left of a record */
	if (!rc && writes && ftruncate(j->fd, (off_t)j->old.end))
		rc = fail(j, "cannot shorten", e);
	if (rc) {
		tree_journal_close(j);
		return NULL;
	}
	j->n_added = j->old.n;
	return j;
}

const struct tree *tree_journal_trees(const struct tree_journal *j, size_t *n)
{
	*n = j->old.n;
	return j->old.trees;
}

static int write_all(const struct tree_journal *j, const char *p, size_t len, struct err *e)
{
	while (len > 0) {
		ssize_t n = write(j->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(j, "cannot write", e);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

void tree_journal_format(const struct tree *t, size_t number, struct buf *b)
{
	struct record r = { 0, number, t->n_words, t->n_nodes, t->n_sets };
	static const char zeros[ALIGNED];
	size_t nodes = t->n_nodes * sizeof(*t->nodes), at = b->len;

	buf_add(b, &r, sizeof(r));
	buf_add(b, t->nodes, nodes);
	buf_add(b, zeros, padded(nodes) - nodes);
	buf_add(b, t->sets, t->n_sets * sizeof(*t->sets));
	buf_add(b, t->words, t->n_words * sizeof(*t->words));
	if (b->failed)
		return;
	r.crc = crc_of(b->p + at, b->len - at);
	memcpy(b->p + at, &r, sizeof(r));
}

int tree_journal_add(struct tree_journal *j, const struct tree *t, bool sync, struct err *e)
{
	buf_reset(&j->text);
	tree_journal_format(t, j->n_added, &j->text);
	if (buf_check(&j->text, e) || write_all(j, j->text.p, j->text.len, e))
		return -1;
	j->n_added++;
	return sync && fdatasync(j->fd) ? fail(j, "cannot sync", e) : 0;
}

void tree_journal_close(struct tree_journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	input_close(j->in);
	free(j->old.trees);
	buf_release(&j->text);
	free(j);
}
