#include "base/progress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"

enum { BAR = 24, FIRST_MS = 1000, EVERY_MS = 100 };

struct progress {
	int fd;
	pthread_mutex_t mutex; /* of all below but the two atomics */
	char title[64], unit[24], note[64], what[24];
	bool bytes;
	uint64_t total, n_expected;
	int64_t begun_ms;
	bool drawn;
	atomic_uint_fast64_t n, n_things;
	atomic_int_fast64_t next_ms; /* when it is worth drawing again */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct progress *progress_new(int fd)
{
	struct progress *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->fd = fd;
	pthread_mutex_init(&p->mutex, NULL);
	atomic_store(&p->next_ms, INT64_MAX);
	return p;
}

static void wipe(struct progress *p)
{
	static const char clear_line[] = "\r\033[K";
	ssize_t ignored = 0;

	if (p->drawn)
		ignored = write(p->fd, clear_line, sizeof(clear_line) - 1);
	(void)ignored;
	p->drawn = false;
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	wipe(p);
	pthread_mutex_destroy(&p->mutex);
	free(p);
}

void progress_start(struct progress *p, const char *title, uint64_t total, const char *unit)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	wipe(p);
	snprintf(p->title, sizeof(p->title), "%s", title);
	snprintf(p->unit, sizeof(p->unit), "%s", unit ? unit : "");
	p->note[0] = p->what[0] = '\0';
	p->bytes = !unit;
	p->total = total;
	p->begun_ms = now_ms();
	p->n_expected = 0;
	atomic_store(&p->n, 0);
	atomic_store(&p->n_things, 0);
	atomic_store(&p->next_ms, p->begun_ms + FIRST_MS);
	pthread_mutex_unlock(&p->mutex);
}

static void format_amount(const struct progress *p, double v, char out[NUM_TEXT_MAX])
{
	if (p->bytes)
		num_format_bytes(out, v);
	else if (v >= 100 || v == 0)
		snprintf(out, NUM_TEXT_MAX, "%.0f", v);
	else
		snprintf(out, NUM_TEXT_MAX, "%.3g", v);
}

static int add_things(const struct progress *p, char *to, size_t room, uint64_t n)
{
	if (!p->what[0])
		return 0;
	if (p->n_expected)
		return snprintf(to, room, "  %llu/%llu %s", (unsigned long long)n,
			(unsigned long long)p->n_expected, p->what);
	return snprintf(to, room, "  %llu %s", (unsigned long long)n, p->what);
}

/* title [=====>     ]  45%  1.2 GB  310 MB/s  ETA 0:12  note */
static void draw(struct progress *p, int64_t now)
{
	char line[320], bar[BAR + 1], amount[NUM_TEXT_MAX], rate[NUM_TEXT_MAX];
	double n = (double)atomic_load(&p->n), seconds = (double)(now - p->begun_ms) / 1000;
	uint64_t things = atomic_load(&p->n_things);
	bool by_things = !p->total && p->n_expected;
	bool is_known = p->total || by_things;
	double share = by_things  ? (double)things / (double)p->n_expected
		       : p->total ? n / (double)p->total
				  : 0;
	int len, filled;
	ssize_t ignored;

	share = share > 1 ? 1 : share;
	filled = (int)(share * BAR);
	memset(bar, ' ', BAR);
	memset(bar, '=', (size_t)filled);
	bar[BAR] = '\0';
	format_amount(p, n, amount);
	format_amount(p, n / seconds, rate);
	len = snprintf(line, sizeof(line), "\r\033[K%s ", p->title);
	if (is_known)
		len += snprintf(
			line + len, sizeof(line) - (size_t)len, "[%s] %3.0f%%  ", bar, share * 100);
	len += snprintf(line + len, sizeof(line) - (size_t)len, "%s%s%s  %s%s%s/s", amount,
		p->bytes ? "" : " ", p->unit, rate, p->bytes ? "" : " ", p->unit);
	len += add_things(p, line + len, sizeof(line) - (size_t)len, things);
	if (is_known && share > 0) {
		double left = seconds * (1 - share) / share + 0.5;
		int minutes = left < 6e6 ? (int)left / 60 : 99999;

		len += snprintf(line + len, sizeof(line) - (size_t)len, "  ETA %d:%02d", minutes,
			left < 6e6 ? (int)left % 60 : 59);
	}
	if (p->note[0])
		len += snprintf(line + len, sizeof(line) - (size_t)len, "  %s", p->note);
	ignored = write(p->fd, line, (size_t)len);
	(void)ignored;
	p->drawn = true;
}

static void draw_if_due(struct progress *p)
{
	int64_t now = now_ms();

	if (now < atomic_load_explicit(&p->next_ms, memory_order_relaxed))
		return;
	if (pthread_mutex_trylock(&p->mutex))
		return; /* somebody else is drawing */
	if (now >= atomic_load(&p->next_ms)) {
		atomic_store(&p->next_ms, now + EVERY_MS);
		draw(p, now);
	}
	pthread_mutex_unlock(&p->mutex);
}

void progress_add(struct progress *p, uint64_t n)
{
	if (!p)
		return;
	atomic_fetch_add_explicit(&p->n, n, memory_order_relaxed);
	draw_if_due(p);
}

void progress_expect(struct progress *p, uint64_t n, const char *what)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	p->n_expected = n;
	snprintf(p->what, sizeof(p->what), "%s", what);
	pthread_mutex_unlock(&p->mutex);
}

void progress_tick(struct progress *p)
{
	if (!p)
		return;
	atomic_fetch_add_explicit(&p->n_things, 1, memory_order_relaxed);
	draw_if_due(p);
}

void progress_note(struct progress *p, const char *text)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	snprintf(p->note, sizeof(p->note), "%s", text);
	pthread_mutex_unlock(&p->mutex);
}

void progress_clear(struct progress *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	wipe(p);
	pthread_mutex_unlock(&p->mutex);
}
