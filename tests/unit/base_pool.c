/* base/pool, base/progress: every item once, results in order, the earliest failure, for any number of threads. */
#include "base/pool.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/progress.h"
#include "tap.h"

enum { ITEMS = 5000, RING = 7 };

struct tally {
	atomic_int seen[ITEMS];
	atomic_int busy[16]; /* by worker: never two at a time */
	atomic_bool clash, bad_worker;
	int n_workers;
};

static void count_one(void *ctx, size_t i, int worker)
{
	struct tally *t = ctx;

	if (worker < 0 || worker >= t->n_workers) {
		atomic_store(&t->bad_worker, true);
		return;
	}
	if (atomic_fetch_add(&t->busy[worker], 1))
		atomic_store(&t->clash, true);
	atomic_fetch_add(&t->seen[i], 1);
	if (i % 100 == 0)
		sched_yield();
	atomic_fetch_sub(&t->busy[worker], 1);
}

static void check_for(int n_threads)
{
	static const size_t counts[] = { 0, 1, 2, 3, ITEMS };
	struct err e = ERR_INIT;
	struct pool *p = pool_new(n_threads, &e);

	if (!ok(p != NULL && pool_size(p) == n_threads, "a pool of %d", n_threads))
		return;
	for (int round = 0; round < 20; round++) {
		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
			struct tally *t = calloc(1, sizeof(*t));
			bool once = true;

			if (!t)
				break;
			t->n_workers = n_threads;
			pool_for(p, counts[c], count_one, t);
			for (size_t i = 0; i < ITEMS; i++)
				once = once && t->seen[i] == (i < counts[c]);
			if (!once || t->clash || t->bad_worker || round == 0)
				ok(once && !t->clash && !t->bad_worker,
					"%zu items once each, on %d", counts[c], n_threads);
			free(t);
		}
	}
	pool_free(p);
}

/* The pipeline squares the numbers below `n`; failures where asked for. */
struct pipe_test {
	size_t n,
		next; /* next and done must not be called side by side: plain fields, for TSan to see */
	size_t n_done, n_worked_after;
	bool in_order;
	size_t next_fails, work_fails, work_fails_too, done_fails; /* SIZE_MAX: never */
	atomic_bool failed;
	uint64_t sum;
};

struct item {
	size_t i;
	uint64_t square;
	char padding[40];
};

static int next_item(void *ctx, void *item, struct err *e)
{
	struct pipe_test *t = ctx;
	struct item *it = item;

	if (t->next == t->next_fails)
		return err_set(e, ERR_INPUT, "next %zu", t->next);
	if (t->next == t->n)
		return 0;
	it->i = t->next++;
	return 1;
}

static int work_item(void *ctx, void *item, int worker, struct err *e)
{
	struct pipe_test *t = ctx;
	struct item *it = item;

	(void)worker;
	if (it->i == t->work_fails || it->i == t->work_fails_too)
		return err_set(e, ERR_SYSTEM, "work %zu", it->i);
	for (size_t k = 0; k < it->i % 5; k++)
		sched_yield();
	it->square = (uint64_t)it->i * it->i;
	return 0;
}

static int done_item(void *ctx, void *item, struct err *e)
{
	struct pipe_test *t = ctx;
	struct item *it = item;

	t->in_order = t->in_order && it->i == t->n_done && it->square == (uint64_t)it->i * it->i;
	if (it->i == t->done_fails)
		return err_set(e, ERR_SYSTEM, "done %zu", it->i);
	t->n_done++;
	t->sum += it->square;
	return 0;
}

static struct pipe_test pipe_of(size_t n)
{
	return (struct pipe_test){ .n = n,
		.in_order = true,
		.next_fails = SIZE_MAX,
		.work_fails = SIZE_MAX,
		.work_fails_too = SIZE_MAX,
		.done_fails = SIZE_MAX };
}

static int run_pipe(struct pool *p, struct pipe_test *t, size_t ring, bool with_done, struct err *e)
{
	struct item items[RING];
	struct pool_pipe pipe = { next_item, work_item, with_done ? done_item : NULL, items,
		sizeof(items[0]), ring };

	return pool_run(p, &pipe, t, e);
}

static void check_pipeline(int n_threads)
{
	struct err e = ERR_INIT;
	struct pool *p = pool_new(n_threads, &e);
	struct pipe_test t;

	if (!p)
		return;
	for (size_t ring = 1; ring <= RING; ring += 3) {
		t = pipe_of(1000);
		is_int(run_pipe(p, &t, ring, true, &e), 0, "%d threads, ring of %zu", n_threads,
			ring);
		ok(t.in_order && t.n_done == 1000 && t.sum == 332833500, "all done in order");
	}
	t = pipe_of(0);
	is_int(run_pipe(p, &t, RING, true, &e), 0, "nothing to do");
	t = pipe_of(100);
	is_int(run_pipe(p, &t, RING, false, &e), 0, "without done");
	is_int(t.next, 100, "all were taken");

	t = pipe_of(1000);
	t.next_fails = 500;
	is_int(run_pipe(p, &t, RING, true, &e), -1, "next fails");
	is_err(&e, ERR_INPUT, "next 500", "its error");
	ok(t.in_order && t.n_done == 500, "what came before is done");
	for (int round = 0; round < 30; round++) {
		t = pipe_of(1000);
		t.work_fails = 300;
		t.work_fails_too = 302;
		run_pipe(p, &t, RING, true, &e);
		if (e.code != ERR_SYSTEM || strcmp(e.what, "work 300") != 0 || t.n_done != 300 ||
			!t.in_order || t.next > 300 + RING)
			ok(false, "of two failures the earlier counts (%s, %zu done, %zu taken)",
				e.what, t.n_done, t.next);
		err_clear(&e);
	}
	t = pipe_of(1000);
	t.work_fails = 303;
	t.done_fails = 302;
	is_int(run_pipe(p, &t, RING, true, &e), -1, "done fails");
	is_err(&e, ERR_SYSTEM, "done 302", "before a work behind it");
	is_int(t.n_done, 302, "nothing after it is done");
	pool_free(p);
}

static int make_pool(void *ctx, struct err *e)
{
	struct pipe_test t = pipe_of(50);
	struct pool *p = pool_new(2, e);
	int result;

	(void)ctx;
	if (!p)
		return -1;
	result = run_pipe(p, &t, RING, true, e);
	pool_free(p);
	return result;
}

static void add_many(void *ctx, size_t i, int worker)
{
	(void)i;
	(void)worker;
	progress_add(ctx, 1000);
}

static void check_progress(void)
{
	struct err e = ERR_INIT;
	struct pool *pool = pool_new(3, &e);
	struct progress *p = progress_new(open("/dev/null", O_WRONLY));

	progress_add(NULL, 1);
	progress_start(NULL, "x", 1, NULL);
	progress_note(NULL, "x");
	progress_clear(NULL);
	progress_free(NULL);
	progress_start(p, "reading", 1000000000000, PROGRESS_BYTES);
	pool_for(pool, 1000, add_many, p);
	progress_note(p, "auc 0.7");
	progress_clear(p);
	progress_start(p, "training", 0, "trees");
	progress_add(p, 1);
	progress_free(p);
	ok(true, "a bar is fed by many threads");
	pool_free(pool);
}

int main(void)
{
	for (int n = 1; n <= 5; n += 2) {
		check_for(n);
		check_pipeline(n);
	}
	ok(cpu_count() >= 1 && cpu_name(cpu_best()) != NULL, "there is a CPU");
	pool_free(NULL);
	check_progress();
	survives_oom(make_pool, NULL, "each allocation may fail");
	return done_testing();
}
