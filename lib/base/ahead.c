#include "base/ahead.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { STEP = 128 << 10 };

_Static_assert(AHEAD_BYTES % STEP == 0, "the source always finds room for a whole step");

struct ahead {
	ahead_source *source;
	void *ctx;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* for whichever of the two waits: never both do */
	char *ring; /* [AHEAD_BYTES]; byte i of the source lies at i % AHEAD_BYTES */
	uint64_t n_made, n_taken;
	bool is_over; /* nothing is made any more: the end, or */
	bool failed;
	bool stop; /* nothing is wanted any more */
	struct err error;
};

static void *make(void *arg)
{
	struct ahead *a = arg;

	pthread_mutex_lock(&a->mutex);
	while (!a->is_over) {
		while (a->n_made - a->n_taken > AHEAD_BYTES - STEP && !a->stop)
			pthread_cond_wait(&a->changed, &a->mutex);
		if (a->stop)
			break;

		char *to = a->ring + a->n_made % AHEAD_BYTES;
		ssize_t n;

		pthread_mutex_unlock(&a->mutex);
		n = a->source(a->ctx, to, STEP, &a->error);
		pthread_mutex_lock(&a->mutex);
		a->failed = n < 0;
		a->is_over = n < STEP;
		if (n > 0)
			a->n_made += (uint64_t)n;
		pthread_cond_signal(&a->changed);
	}
	pthread_mutex_unlock(&a->mutex);
	return NULL;
}

struct ahead *ahead_new(ahead_source *source, void *ctx, struct err *e)
{
	struct ahead *a = mem_new(sizeof(*a), e);

	if (!a)
		return NULL;
	a->source = source;
	a->ctx = ctx;
	a->error = (struct err)ERR_INIT;
	a->ring = mem_array_raw(AHEAD_BYTES, 1, e);
	if (!a->ring) {
		free(a);
		return NULL;
	}
	pthread_mutex_init(&a->mutex, NULL);
	pthread_cond_init(&a->changed, NULL);
	if (pthread_create(&a->thread, NULL, make, a)) {
		err_set(e, ERR_SYSTEM, "cannot start a thread");
		pthread_cond_destroy(&a->changed);
		pthread_mutex_destroy(&a->mutex);
		free(a->ring);
		free(a);
		return NULL;
	}
	return a;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->mutex);
	a->stop = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->mutex);
	pthread_join(a->thread, NULL);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->mutex);
	free(a->ring);
	free(a);
}

/* What can be taken at once, waiting until there is something or nothing will come. */
static size_t wait_for_bytes(struct ahead *a, size_t most)
{
	size_t n, to_edge;

	while (a->n_made == a->n_taken && !a->is_over)
		pthread_cond_wait(&a->changed, &a->mutex);
	n = (size_t)(a->n_made - a->n_taken);
	to_edge = AHEAD_BYTES - (size_t)(a->n_taken % AHEAD_BYTES);
	if (n > to_edge)
		n = to_edge;
	return n < most ? n : most;
}

ssize_t ahead_read(struct ahead *a, char *p, size_t cap, struct err *e)
{
	size_t done = 0, n;
	bool failed;

	pthread_mutex_lock(&a->mutex);
	while (done < cap && (n = wait_for_bytes(a, cap - done)) > 0) {
		const char *from = a->ring + a->n_taken % AHEAD_BYTES;

		pthread_mutex_unlock(&a->mutex);
		memcpy(p + done, from, n);
		done += n;
		pthread_mutex_lock(&a->mutex);
		a->n_taken += n;
		pthread_cond_signal(&a->changed);
	}
	failed = done < cap && a->failed;
	if (failed)
		*e = a->error;
	pthread_mutex_unlock(&a->mutex);
	return failed ? -1 : (ssize_t)done;
}
