#include "remote/trail.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

enum { BLOCK = 256 << 10 };

static int hash_to(struct remote_trail *t, char *block, struct err *e)
{
	while (t->at < t->until) {
		uint64_t left = t->until - t->at;
		ssize_t n = pread(t->fd, block, left < BLOCK ? (size_t)left : BLOCK, (off_t)t->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read");
		if (n == 0)
			return err_set(e, ERR_SYSTEM, "the file became shorter meanwhile");
		if (hash_md5_add(t->hash, block, (size_t)n, e))
			return -1;
		t->at += (uint64_t)n;
	}
	return 0;
}

static void work(struct crew_task *task)
{
	struct remote_trail *t = (struct remote_trail *)task;
	char *block = mem_array_raw(BLOCK, 1, &t->failed);

	t->has_failed = !block || hash_to(t, block, &t->failed);
	free(block);
}

static void go_on(struct remote_trail *t)
{
	t->until = t->wanted;
	t->is_busy = true;
	remote_http_work(t->http, &t->task);
}

static int done(struct crew_task *task, struct err *e)
{
	struct remote_trail *t = (struct remote_trail *)task;

	t->is_busy = false;
	if (!t->has_failed && t->at < t->wanted) {
		go_on(t);
		return 0;
	}
	return t->caught_up(t->ctx, e);
}

int remote_trail_init(struct remote_trail *t, struct remote_http *http, struct err *e)
{
	*t = (struct remote_trail){ .task = { .work = work, .done = done }, .http = http };
	t->hash = hash_md5_new(e);
	return t->hash ? 0 : -1;
}

void remote_trail_release(struct remote_trail *t)
{
	hash_md5_free(t->hash);
	t->hash = NULL;
}

void remote_trail_follow(struct remote_trail *t, int fd, uint64_t until)
{
	if (until <= t->wanted)
		return;
	t->wanted = until;
	/* The rest is the thread's while it works; done() then sees that more is wanted, of the same file. */
	if (t->is_busy || t->has_failed)
		return;
	t->fd = fd;
	go_on(t);
}

int remote_trail_finish(struct remote_trail *t, uint8_t md5[HASH_MD5_LEN], struct err *e)
{
	bool has_failed = t->has_failed;

	t->at = t->until = t->wanted = 0;
	t->has_failed = false;
	if (has_failed)
		*e = t->failed;
	t->failed = (struct err)ERR_INIT;
	return hash_md5_finish(t->hash, md5, e) || has_failed ? -1 : 0;
}
