#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "base/mem.h"

enum { LOOKS = 2000 }; /* some 100 microseconds */

struct worker {
	struct pool *pool;
	pthread_t thread;
	int number;
};

struct pool {
	int n;
	int n_started; /* threads besides the caller's */
	struct worker *workers;
	pthread_mutex_t mutex;
	pthread_cond_t begin, finished;
	int n_looks; /* at what is awaited, before a thread sleeps */
	atomic_uint_fast64_t round; /* goes up with each job */
	bool is_open; /* the job may have items left */
	atomic_int n_busy; /* threads that take part in it, besides the caller's */
	bool stop;
	pool_task *task; /* the job of this round */
	void *ctx;
	size_t n_items;
	atomic_size_t next_item;
};

static void take_part(struct pool *p, int number)
{
	for (;;) {
		size_t i = atomic_fetch_add_explicit(&p->next_item, 1, memory_order_relaxed);

		if (i >= p->n_items)
			return;
		p->task(p->ctx, i, number);
	}
}

/* To sleep and be woken takes as long as a small job: what comes soon is looked out for. */
static void look_for_round(struct pool *p, uint64_t seen)
{
	for (int i = 0; i < p->n_looks && atomic_load(&p->round) == seen; i++)
		cpu_relax();
}

static void look_for_end(struct pool *p)
{
	for (int i = 0; i < p->n_looks && atomic_load(&p->n_busy) > 0; i++)
		cpu_relax();
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;
	uint64_t seen = 0;

	for (;;) {
		bool takes_part;

		look_for_round(p, seen);
		pthread_mutex_lock(&p->mutex);
		while (p->round == seen && !p->stop)
			pthread_cond_wait(&p->begin, &p->mutex);
		seen = p->round;
		/* nobody waits for one who comes too late */
		takes_part = p->is_open;
		p->n_busy += takes_part;
		if (p->stop)
			break;
		pthread_mutex_unlock(&p->mutex);
		if (!takes_part)
			continue;
		take_part(p, w->number);
		pthread_mutex_lock(&p->mutex);
		if (--p->n_busy == 0)
			pthread_cond_signal(&p->finished);
		pthread_mutex_unlock(&p->mutex);
	}
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

/*
 * Signals are the caller's: one that waits for them (sigwait, as base/tool's users may) would not see what
 * the kernel gives to a thread that does not block it.
 */
static int start_without_signals(struct worker *w)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

struct pool *pool_new(int n, struct err *e)
{
	struct pool *p = mem_new(sizeof(*p), e);

	if (!p)
		return NULL;
	p->n = n < 1 ? 1 : n;
	p->n_looks = p->n <= cpu_count() ? LOOKS : 0;
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->begin, NULL);
	pthread_cond_init(&p->finished, NULL);
	p->workers = mem_array((size_t)p->n, sizeof(*p->workers), e);
	if (!p->workers) {
		pool_free(p);
		return NULL;
	}
	for (int i = 1; i < p->n; i++) {
		struct worker *w = &p->workers[i];

		w->pool = p;
		w->number = i;
		if (start_without_signals(w)) {
			err_set(e, ERR_SYSTEM, "cannot start a thread");
			err_hint(e, "use fewer with -j");
			pool_free(p);
			return NULL;
		}
		p->n_started++;
	}
	return p;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	p->stop = true;
	pthread_cond_broadcast(&p->begin);
	pthread_mutex_unlock(&p->mutex);
	for (int i = 1; i <= p->n_started; i++)
		pthread_join(p->workers[i].thread, NULL);
	pthread_cond_destroy(&p->begin);
	pthread_cond_destroy(&p->finished);
	pthread_mutex_destroy(&p->mutex);
	free(p->workers);
	free(p);
}

int pool_size(const struct pool *p)
{
	return p->n;
}

void pool_for(struct pool *p, size_t n, pool_task *task, void *ctx)
{
	if (p->n_started == 0 || n == 1) {
		for (size_t i = 0; i < n; i++)
			task(ctx, i, 0);
		return;
	}
	pthread_mutex_lock(&p->mutex);
	p->task = task;
	p->ctx = ctx;
	p->n_items = n;
	atomic_store(&p->next_item, 0);
	p->is_open = true;
	p->round++;
	pthread_cond_broadcast(&p->begin);
	pthread_mutex_unlock(&p->mutex);

	take_part(p, 0);

	pthread_mutex_lock(&p->mutex);
	p->is_open = false;
	pthread_mutex_unlock(&p->mutex);
	look_for_end(p);
	pthread_mutex_lock(&p->mutex);
	while (p->n_busy)
		pthread_cond_wait(&p->finished, &p->mutex);
	pthread_mutex_unlock(&p->mutex);
}

/*
 * The pipeline: a ring of items, each in one of these states. Every thread runs the same loop: it takes
 * the step that is furthest along - hand over the oldest item, else work on one that is filled, else
 * fill the next - so that results leave as early as they can and the ring does not run full.
 */
enum item_state { ITEM_EMPTY, ITEM_FILLING, ITEM_FILLED, ITEM_WORKING, ITEM_READY, ITEM_LEAVING };

struct pipe_run {
	const struct pool_pipe *pipe;
	void *ctx;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	enum item_state *states; /* [n_items] */
	uint64_t filled, started,
		left; /* items so far: filled or being filled, taken by work, handed over */
	bool next_busy, at_end, failed;
	uint64_t failed_at; /* the earliest item that failed */
	struct err error;
};

static void *item_at(const struct pipe_run *r, uint64_t i)
{
	return (char *)r->pipe->items + (size_t)(i % r->pipe->n_items) * r->pipe->item_size;
}

static enum item_state *state_at(const struct pipe_run *r, uint64_t i)
{
	return &r->states[i % r->pipe->n_items];
}

static void note_failure(struct pipe_run *r, uint64_t i, const struct err *e)
{
	if (r->failed && r->failed_at <= i)
		return;
	r->failed = true;
	r->failed_at = i;
	r->error = *e;
}

/* All three are called and return with the mutex held, and let go of it in between. */
static void step_done(struct pipe_run *r)
{
	uint64_t i = r->left;
	struct err e = ERR_INIT;
	int status = 0;

	*state_at(r, i) = ITEM_LEAVING;
	if (r->pipe->done && !(r->failed && r->failed_at <= i)) {
		pthread_mutex_unlock(&r->mutex);
		status = r->pipe->done(r->ctx, item_at(r, i), &e);
		pthread_mutex_lock(&r->mutex);
	}
	if (status)
		note_failure(r, i, &e);
	*state_at(r, i) = ITEM_EMPTY;
	r->left++;
}

static void step_work(struct pipe_run *r, int worker)
{
	uint64_t i = r->started++;
	struct err e = ERR_INIT;
	int status = 0;

	*state_at(r, i) = ITEM_WORKING;
	if (!(r->failed && r->failed_at <= i)) {
		pthread_mutex_unlock(&r->mutex);
		status = r->pipe->work(r->ctx, item_at(r, i), worker, &e);
		pthread_mutex_lock(&r->mutex);
	}
	if (status)
		note_failure(r, i, &e);
	*state_at(r, i) = ITEM_READY;
}

static void step_next(struct pipe_run *r)
{
	uint64_t i = r->filled;
	struct err e = ERR_INIT;
	int status;

	r->next_busy = true;
	*state_at(r, i) = ITEM_FILLING;
	pthread_mutex_unlock(&r->mutex);
	status = r->pipe->next(r->ctx, item_at(r, i), &e);
	pthread_mutex_lock(&r->mutex);
	r->next_busy = false;
	if (status == 1) {
		*state_at(r, i) = ITEM_FILLED;
		r->filled++;
		return;
	}
	*state_at(r, i) = ITEM_EMPTY;
	r->at_end = true;
	if (status < 0)
		note_failure(r, i, &e);
}

static bool take_step(struct pipe_run *r, int worker)
{
	if (r->left < r->started && *state_at(r, r->left) == ITEM_READY)
		step_done(r);
	else if (r->started < r->filled && *state_at(r, r->started) == ITEM_FILLED)
		step_work(r, worker);
	else if (!r->next_busy && !r->at_end && !r->failed &&
		 r->filled - r->left < r->pipe->n_items)
		step_next(r);
	else
		return false;
	return true;
}

static bool is_over(const struct pipe_run *r)
{
	return (r->at_end || r->failed) && !r->next_busy && r->left == r->filled;
}

static void run_pipe(void *ctx, size_t i, int worker)
{
	struct pipe_run *r = ctx;

	(void)i;
	pthread_mutex_lock(&r->mutex);
	while (!is_over(r)) {
		if (take_step(r, worker))
			pthread_cond_broadcast(&r->changed);
		else
			pthread_cond_wait(&r->changed, &r->mutex);
	}
	pthread_mutex_unlock(&r->mutex);
}

int pool_run(struct pool *p, const struct pool_pipe *pipe, void *ctx, struct err *e)
{
	struct pipe_run r = { .pipe = pipe, .ctx = ctx };

	r.states = mem_array(pipe->n_items, sizeof(*r.states), e);
	if (!r.states)
		return -1;
	pthread_mutex_init(&r.mutex, NULL);
	pthread_cond_init(&r.changed, NULL);
	pool_for(p, (size_t)p->n, run_pipe, &r);
	pthread_cond_destroy(&r.changed);
	pthread_mutex_destroy(&r.mutex);
	free(r.states);
	if (r.failed)
		*e = r.error;
	return r.failed ? -1 : 0;
}
