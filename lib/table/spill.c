#include "table/spill.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

struct extent {
	uint64_t at;
	size_t len;
};

struct stream {
	char *bytes; /* [spill's block], allocated with the first byte */
	size_t len;
	struct extent *extents;
	size_t n, cap;
	uint64_t size;
};

struct table_spill {
	int fd;
	size_t block;
	_Atomic uint64_t end; /* of the file */
	struct stream **streams; /* [n] */
	size_t n, cap;
};

int table_spill_open_file(const char *dir, struct err *e)
{
	struct buf path = BUF_INIT;
	int fd = -1;

	buf_addf(&path, "%s/cd4ml-XXXXXX", dir ? dir : "/tmp");
	if (buf_check(&path, e))
		return -1;
	fd = mkstemp(path.p);
	if (fd < 0) {
		err_errno(e, "cannot make a temporary file");
		err_at(e, "%s", path.p);
		err_hint(e, "set TMPDIR, or give more --memory");
	} else {
		unlink(path.p);
	}
	buf_release(&path);
	return fd;
}

struct table_spill *table_spill_new(const char *temp_dir, size_t block, struct err *e)
{
	struct table_spill *s = mem_new(sizeof(*s), e);

	if (!s)
		return NULL;
	s->block = block;
	s->fd = table_spill_open_file(temp_dir, e);
	if (s->fd < 0) {
		free(s);
		return NULL;
	}
	return s;
}

void table_spill_free(struct table_spill *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->streams[i]->bytes);
		free(s->streams[i]->extents);
		free(s->streams[i]);
	}
	free(s->streams);
	close(s->fd);
	free(s);
}

int table_spill_add_streams(struct table_spill *s, size_t n, struct err *e)
{
	if (mem_grow(&s->streams, &s->cap, s->n + n, sizeof(*s->streams), e))
		return -1;
	for (; n; n--) {
		s->streams[s->n] = mem_new(sizeof(struct stream), e);
		if (!s->streams[s->n])
			return -1;
		s->n++;
	}
	return 0;
}

static int write_extent(struct table_spill *s, struct stream *t, struct err *e)
{
	struct extent x = { .len = t->len };

	if (mem_grow(&t->extents, &t->cap, t->n + 1, sizeof(*t->extents), e))
		return -1;
	x.at = atomic_fetch_add(&s->end, t->len);
	for (size_t done = 0; done < t->len;) {
		ssize_t n = pwrite(s->fd, t->bytes + done, t->len - done, (off_t)(x.at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_errno(e, "cannot write to the temporary file");
			e->code = ERR_SYSTEM;
			return err_hint(e, "set TMPDIR, or give more --memory");
		}
		done += (size_t)n;
	}
	t->extents[t->n++] = x;
	t->len = 0;
	return 0;
}

int table_spill_write(
	struct table_spill *s, size_t stream, const void *p, size_t len, struct err *e)
{
	struct stream *t = s->streams[stream];
	const char *from = p;

	if (!t->bytes) {
		t->bytes = mem_array_raw(s->block, 1, e);
		if (!t->bytes)
			return -1;
	}
	t->size += len;
	while (len) {
		size_t n = s->block - t->len < len ? s->block - t->len : len;

		memcpy(t->bytes + t->len, from, n);
		t->len += n;
		from += n;
		len -= n;
		if (t->len == s->block && write_extent(s, t, e))
			return -1;
	}
	return 0;
}

int table_spill_close(struct table_spill *s, size_t stream, struct err *e)
{
	struct stream *t = s->streams[stream];

	if (t->len && write_extent(s, t, e))
		return -1;
	free(t->bytes);
	t->bytes = NULL;
	return 0;
}

uint64_t table_spill_size(const struct table_spill *s, size_t stream)
{
	return s->streams[stream]->size;
}

int table_spill_begin(
	struct table_spill_reader *r, const struct table_spill *s, size_t stream, struct err *e)
{
	*r = (struct table_spill_reader){ .spill = s, .stream = stream };
	if (s->streams[stream]->n)
		r->bytes = mem_array_raw(s->block, 1, e);
	return s->streams[stream]->n && !r->bytes ? -1 : 0;
}

/* 1, 0 at the end. */
static int next_extent(struct table_spill_reader *r, struct err *e)
{
	const struct stream *t = r->spill->streams[r->stream];
	const struct extent *x;

	if (r->block == t->n)
		return 0;
	x = &t->extents[r->block];
	for (r->at = r->len = 0; r->len < x->len;) {
		ssize_t n = pread(
			r->spill->fd, r->bytes + r->len, x->len - r->len, (off_t)(x->at + r->len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read the temporary file");
		if (n == 0)
			return err_set(e, ERR_SYSTEM, "the temporary file is cut short");
		r->len += (size_t)n;
	}
	r->block++;
	return 1;
}

int table_spill_read(struct table_spill_reader *r, void *p, size_t len, struct err *e)
{
	size_t done = 0;

	while (done < len) {
		size_t n = r->len - r->at < len - done ? r->len - r->at : len - done;

		if (n) {
			memcpy((char *)p + done, r->bytes + r->at, n);
			r->at += n;
			done += n;
			continue;
		}

		int got = next_extent(r, e);

		if (got < 0)
			return -1;
		if (!got)
			return done ? err_set(e, ERR_SYSTEM, "the temporary file is cut short") : 0;
	}
	return 1;
}

void table_spill_end(struct table_spill_reader *r)
{
	free(r->bytes);
	r->bytes = NULL;
}
