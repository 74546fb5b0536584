/* base/crew: every task worked once and told of once, for any number of threads; freed in the middle of work. */
#include "base/crew.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

enum { TASKS = 500 };

struct job {
	struct crew_task task;
	struct bench *bench;
	int worked, done;
};

struct bench {
	struct crew *crew;
	struct job jobs[TASKS];
	atomic_int wakes;
	int n_done, again;
};

static void wake(void *ctx)
{
	struct bench *b = ctx;

	atomic_fetch_add(&b->wakes, 1);
}

static void work(struct crew_task *t)
{
	((struct job *)t)->worked++;
}

static int done(struct crew_task *t, struct err *e)
{
	struct job *j = (struct job *)t;

	(void)e;
	j->done++;
	j->bench->n_done++;
	/* One that hands itself over again. */
	if (j == &j->bench->jobs[7] && j->bench->again++ < 3)
		crew_add(j->bench->crew, t);
	return 0;
}

static void fill(struct bench *b, int n, struct err *e)
{
	b->crew = crew_new(n, wake, b, e);
	for (int i = 0; i < TASKS && b->crew; i++) {
		b->jobs[i].bench = b;
		b->jobs[i].task = (struct crew_task){ .work = work, .done = done };
		crew_add(b->crew, &b->jobs[i].task);
	}
}

static void test_all(int n)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct err e = ERR_INIT;
	int bad = 0, r = 0;

	fill(b, n, &e);
	while (b->crew && crew_n_pending(b->crew) && !r)
		r = crew_collect(b->crew, &e);
	for (int i = 0; i < TASKS; i++) {
		int want = i == 7 ? 4 : 1;

		bad += b->jobs[i].worked != want || b->jobs[i].done != want;
	}
	is_int(r, 0, "%d threads: collected", n);
	is_int(bad, 0, "%d threads: each task once", n);
	ok(atomic_load(&b->wakes) >= TASKS, "%d threads: the loop is woken", n);
	crew_free(b->crew);
	free(b);
}

static void test_abandoned(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct err e = ERR_INIT;

	fill(b, 3, &e);
	crew_free(b->crew);
	is_int(b->n_done, 0, "what is dropped is not told of");
	free(b);
}

int main(void)
{
	test_all(0);
	test_all(1);
	test_all(5);
	test_abandoned();
	crew_free(NULL);
	return done_testing();
}
