#include "base/crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

struct queue {
	struct crew_task *first, **end;
};

struct crew {
	int n, n_running;
	pthread_t *threads; /* [n_running] */
	void (*wake)(void *ctx);
	void *ctx;
	size_t n_pending; /* the loop's own count */
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t added;
	struct queue todo, finished;
	bool ending;
};

static void put(struct queue *q, struct crew_task *t)
{
	t->next = NULL;
	*q->end = t;
	q->end = &t->next;
}

static struct crew_task *take(struct queue *q)
{
	struct crew_task *t = q->first;

	if (t) {
		q->first = t->next;
		if (!q->first)
			q->end = &q->first;
	}
	return t;
}

struct crew *crew_new(int n, void (*wake)(void *ctx), void *ctx, struct err *e)
{
	struct crew *c = mem_new(sizeof(*c), e);

	if (!c)
		return NULL;
	c->threads = mem_array((size_t)n, sizeof(*c->threads), e);
	if (!c->threads) {
		free(c);
		return NULL;
	}
	c->n = n;
	c->wake = wake;
	c->ctx = ctx;
	c->todo.end = &c->todo.first;
	c->finished.end = &c->finished.first;
	pthread_mutex_init(&c->mutex, NULL);
	pthread_cond_init(&c->added, NULL);
	return c;
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->mutex);
	c->ending = true;
	pthread_cond_broadcast(&c->added);
	pthread_mutex_unlock(&c->mutex);
	for (int i = 0; i < c->n_running; i++)
		pthread_join(c->threads[i], NULL);
	pthread_cond_destroy(&c->added);
	pthread_mutex_destroy(&c->mutex);
	free(c->threads);
	free(c);
}

static void *run(void *arg)
{
	struct crew *c = arg;

	pthread_mutex_lock(&c->mutex);
	while (!c->ending) {
		struct crew_task *t = take(&c->todo);

		if (!t) {
			pthread_cond_wait(&c->added, &c->mutex);
			continue;
		}
		pthread_mutex_unlock(&c->mutex);
		t->work(t);
		pthread_mutex_lock(&c->mutex);
		put(&c->finished, t);
		c->wake(c->ctx);
	}
	pthread_mutex_unlock(&c->mutex);
	return NULL;
}

/* Signals are for the threads that were there before. */
static void start_threads(struct crew *c)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (c->n_running < c->n && !pthread_create(&c->threads[c->n_running], NULL, run, c))
		c->n_running++;
	c->n = c->n_running;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void crew_add(struct crew *c, struct crew_task *t)
{
	c->n_pending++;
	if (c->n_running < c->n)
		start_threads(c);
	if (!c->n)
		t->work(t);
	pthread_mutex_lock(&c->mutex);
	put(c->n ? &c->todo : &c->finished, t);
	pthread_cond_signal(&c->added);
	pthread_mutex_unlock(&c->mutex);
	if (!c->n)
		c->wake(c->ctx);
}

int crew_collect(struct crew *c, struct err *e)
{
	for (;;) {
		struct crew_task *t;

		pthread_mutex_lock(&c->mutex);
		t = take(&c->finished);
		pthread_mutex_unlock(&c->mutex);
		if (!t)
			return 0;
		c->n_pending--;
		if (t->done(t, e))
			return -1;
	}
}

size_t crew_n_pending(const struct crew *c)
{
	return c->n_pending;
}
