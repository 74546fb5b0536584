#include "table/store.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

void table_store_release(struct table_store *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->blocks[i].p);
	free(s->blocks);
	if (s->has_file)
		close(s->fd);
	*s = (struct table_store)TABLE_STORE_INIT;
}

static int make_file(struct table_store *s, struct err *e)
{
	struct buf path = BUF_INIT;
	int rc;

	buf_addf(&path, "%s/cd4ml-XXXXXX", s->temp_dir ? s->temp_dir : "/tmp");
	rc = buf_check(&path, e);
	if (rc == 0) {
		s->fd = mkstemp(path.p);
		s->has_file = s->fd >= 0;
		rc = s->has_file ? unlink(path.p) : -1;
		if (rc) {
			err_errno(e, "cannot make a temporary file");
			err_at(e, "%s", path.p);
			err_hint(e, "set TMPDIR, or give more --memory");
		}
	}
	buf_release(&path);
	return rc;
}

static int write_block(struct table_store *s, struct slice block, struct err *e)
{
	if (!s->has_file && make_file(s, e))
		return -1;
	for (size_t done = 0; done < block.len;) {
		ssize_t n =
			pwrite(s->fd, block.p + done, block.len - done, (off_t)(s->n_filed + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_errno(e, "cannot write to the temporary file");
			return err_hint(e, "set TMPDIR, or give more --memory");
		}
		done += (size_t)n;
	}
	return 0;
}

int table_store_take(struct table_store *s, char *p, size_t len, struct err *e)
{
	bool file = s->memory > 0 && s->n_kept + len > s->memory;

	if (mem_grow(&s->blocks, &s->cap, s->n + 1, sizeof(*s->blocks), e) ||
		(file && write_block(s, (struct slice){ p, len }, e))) {
		free(p);
		return -1;
	}
	s->blocks[s->n++] = (struct table_store_block){ file ? NULL : p, len, s->n_filed };
	if (file) {
		free(p);
		s->n_filed += len;
	} else {
		s->n_kept += len;
	}
	return 0;
}

int table_store_add(struct table_store *s, struct slice block, struct err *e)
{
	char *copy = mem_dup_n(block.p, block.len, e);

	return copy ? table_store_take(s, copy, block.len, e) : -1;
}

int table_store_get(
	const struct table_store *s, size_t i, struct buf *b, struct slice *block, struct err *e)
{
	const struct table_store_block *from = &s->blocks[i];
	char *p = from->p;

	if (!p) {
		buf_reset(b);
		p = buf_reserve(b, from->len);
		if (!p)
			return buf_check(b, e);
		for (size_t done = 0; done < from->len;) {
			ssize_t n =
				pread(s->fd, p + done, from->len - done, (off_t)(from->at + done));

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return err_errno(e, "cannot read the temporary file");
			if (n == 0)
				return err_set(e, ERR_SYSTEM, "the temporary file is cut short");
			done += (size_t)n;
		}
		b->len = from->len;
	}
	*block = (struct slice){ p, from->len };
	return 0;
}

void table_store_drop(struct table_store *s, size_t i)
{
	free(s->blocks[i].p);
	s->blocks[i].p = NULL;
	s->blocks[i].len = 0;
}
