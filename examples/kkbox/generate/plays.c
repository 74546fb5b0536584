/*
 * plays - which user plays which song, where, and whether again.
 */
#define _POSIX_C_SOURCE 200809L
#include "world.h"
#include <pthread.h>
#include <stdlib.h>

struct task {
	struct world *w;
	uint32_t from, to;
};

/* Draws the songs of some users, none twice. Every eighth song is new after train. */
static void *draw_pairs(void *arg)
{
	struct task *t = arg;
	struct world *w = t->w;
	uint32_t *seen = need(w->n_active, sizeof(*seen)); /* by rank: last user + 1 */

	for (uint32_t u = t->from; u < t->to; u++) {
		uint64_t index = 0, key = draw(w->seed, S_PAIRS, u);

		for (int d = 0; d < N_DELIVERIES; d++) {
			struct plays *p = &w->plays[d];

			for (uint64_t slot = p->start[u]; slot < p->start[u + 1]; slot++) {
				uint32_t rank = 0;

				for (int try = 0; try < 8; try++) {
					rank = dist_pick(&w->song_dist,
						mix(key + index++ * 0x9e3779b97f4a7c15u));
					rank -= d == TRAIN && rank % 8 == 7;
					if (seen[rank] != u + 1)
						break;
				}
				while (seen[rank] == u + 1)
					rank = rank + 1 < w->n_active ? rank + 1 : 0;
				seen[rank] = u + 1;
				p->rank[slot] = rank;
			}
		}
	}
	free(seen);
	return NULL;
}

/* Shares the rows of a delivery out to its users by weight; `room` is what each may still get. */
static void share_rows(
	const struct world *w, struct plays *p, const uint32_t *weight, uint32_t *room)
{
	uint64_t total = 0, given = 0;
	uint64_t *n = p->start + 1;

	for (uint32_t u = 0; u < w->n_users; u++)
		total += weight[u];
	for (uint32_t u = 0; u < w->n_users; u++) {
		n[u] = (uint64_t)((unsigned __int128)p->n_rows * weight[u] / total);
		n[u] = n[u] < room[u] ? n[u] : room[u];
		given += n[u];
	}
	while (given < p->n_rows) {
		uint64_t before = given;

		for (uint32_t u = 0; u < w->n_users && given < p->n_rows; u++) {
			if (weight[u] && n[u] < room[u]) {
				n[u]++;
				given++;
			}
		}
		if (given == before)
			die(2, "more rows than pairs of user and song; take fewer days");
	}
	for (uint32_t u = 0; u < w->n_users; u++) {
		room[u] -= (uint32_t)n[u];
		n[u] += p->start[u];
		for (uint64_t g = (p->start[u] + 63) / 64; g * 64 < n[u]; g++)
			p->guide[g] = u;
	}
}

void plays_make(struct world *w, unsigned n_threads)
{
	uint32_t *weight = need(w->n_users, sizeof(*weight));
	uint32_t *room = need(w->n_users, sizeof(*room));
	uint64_t key = draw(w->seed, S_ACTIVITY, 0);

	for (uint32_t u = 0; u < w->n_users; u++)
		room[u] = w->n_active / 4 * 3;
	for (int d = 0; d < N_DELIVERIES; d++) {
		struct plays *p = &w->plays[d];

		p->start = need((uint64_t)w->n_users + 1, sizeof(*p->start));
		p->guide = need(p->n_rows / 64 + 1, sizeof(*p->guide));
		p->rank = need(p->n_rows, sizeof(*p->rank));
		for (uint32_t u = 0; u < w->n_users; u++) {
			uint64_t bits = draw(w->seed, S_ACTIVITY, (uint64_t)u + 1);
			uint64_t h = bits & 0xffff, rank = permute(u, w->n_users, key);
			int only_train = below(bits, 1000) < 270;
			int only_test = below(bits, 1000) > 893;

			/* Zipf's law from the 300th rank on, times something between 1/40 and 1. */
			weight[u] = (uint32_t)((h * h / 65536 + 1600) * 1024 /
					       (64 + rank * 7360 / w->n_users));
			if ((d == TRAIN && only_test) || (d != TRAIN && only_train))
				weight[u] = 0;
		}
		share_rows(w, p, weight, room);
	}
	pthread_t threads[256];
	struct task tasks[256];
	for (unsigned i = 0; i < n_threads; i++) {
		tasks[i] = (struct task){ w, (uint32_t)((uint64_t)w->n_users * i / n_threads),
			(uint32_t)((uint64_t)w->n_users * (i + 1) / n_threads) };
		if (pthread_create(&threads[i], NULL, draw_pairs, &tasks[i]))
			die(3, "cannot start a thread");
	}
	for (unsigned i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	free(weight);
	free(room);
}

struct play plays_row(const struct world *w, enum delivery d, uint64_t row)
{
	const struct plays *p = &w->plays[d];
	uint64_t seed = w->seed + ((uint64_t)d << 56), n_sessions = p->n_rows / SESSION, slot = row;
	struct play y;

	if (row / SESSION < n_sessions)
		slot = permute(row / SESSION, n_sessions, draw(seed, S_ORDER, 0)) * SESSION +
		       row % SESSION;
	y.user = p->guide[slot / 64];
	while (p->start[y.user + 1] <= slot)
		y.user++;
	y.rank = p->rank[slot];
	const struct user *u = &w->users[y.user];
	const struct song *s = &w->songs[y.rank];
	uint64_t bits = draw(seed, S_ROW, slot), luck = mix(bits);
	uint64_t same = below(bits << 8, 100) < 65 ? draw(seed, S_SESSION, slot / SESSION) : bits;
	uint32_t gap = luck & 0xfff;
	const struct context *c = &w->contexts[dist_pick(&w->habits[u->habit], same)];
	int logit = u->effect + s->effect + w->taste[u->taste][s->genre] + c->effect + 150;

	logit += LOGIT_STEP * N_LOGITS / 2;
	logit = logit < 0 ? 0 : logit / LOGIT_STEP;
	y.cell = logit >= N_LOGITS ? N_LOGITS - 1 : (uint32_t)logit;
	y.target = luck >> 32 < w->probability[y.cell];
	gap = gap < 12 ? GAP_ALL : gap < 14 ? GAP_TAB : gap < 216 ? GAP_SCREEN : GAP_NONE;
	y.context = &c->in_row[gap];
	return y;
}
