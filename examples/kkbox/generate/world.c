/*
 * world - who the users and songs are, and what moves them.
 */
#define _POSIX_C_SOURCE 200809L
#include "world.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *tab, *screen, *type;
	uint32_t weight[N_HABITS];
	int effect;
} contexts[N_CONTEXTS] = {
	{ "my library", "Local playlist more", "local-library", { 560, 190, 120, 160 }, 640 },
	{ "my library", "Local playlist more", "local-playlist", { 190, 60, 60, 50 }, 560 },
	{ "my library", "My library", "local-library", { 40, 20, 10, 20 }, 470 },
	{ "my library", "My library_Search", "local-library", { 20, 8, 8, 8 }, 700 },
	{ "my library", "Self profile more", "local-playlist", { 6, 6, 6, 4 }, 350 },
	{ "discover", "Online playlist more", "online-playlist", { 60, 330, 90, 90 }, -480 },
	{ "discover", "Discover Feature", "online-playlist", { 10, 45, 14, 10 }, -420 },
	{ "discover", "Discover Chart", "online-playlist", { 6, 40, 10, 14 }, 90 },
	{ "discover", "Discover New", "online-playlist", { 4, 18, 6, 6 }, -160 },
	{ "discover", "Discover Genre", "online-playlist", { 8, 60, 12, 10 }, -390 },
	{ "discover", "Album more", "album", { 30, 50, 60, 30 }, -120 },
	{ "discover", "Others profile more", "online-playlist", { 8, 20, 8, 8 }, -280 },
	{ "discover", "Explore", "my-daily-playlist", { 8, 14, 6, 10 }, 60 },
	{ "explore", "Explore", "online-playlist", { 6, 22, 8, 14 }, -330 },
	{ "explore", "Discover Chart", "top-hits-for-artist", { 4, 10, 10, 10 }, 40 },
	{ "search", "Search", "song", { 20, 12, 90, 20 }, 30 },
	{ "search", "Search", "top-hits-for-artist", { 12, 10, 110, 16 }, -90 },
	{ "search", "Artist more", "top-hits-for-artist", { 20, 16, 120, 20 }, -60 },
	{ "search", "Search Trends", "song-based-playlist", { 2, 3, 14, 6 }, -200 },
	{ "search", "Album more", "album", { 14, 8, 70, 12 }, -230 },
	{ "search", "Search Home", "artist", { 1, 1, 6, 2 }, -100 },
	{ "radio", "Radio", "radio", { 30, 40, 20, 330 }, -1180 },
	{ "listen with", "Others profile more", "listen-with", { 8, 12, 8, 90 }, -1020 },
	{ "listen with", "Concert", "listen-with", { 1, 1, 1, 3 }, -700 },
	{ "notification", "Unknown", "online-playlist", { 3, 6, 4, 10 }, -350 },
	{ "notification", "Discover Feature", "topic-article-playlist", { 2, 8, 3, 6 }, -600 },
	{ "settings", "Payment", "song", { 1, 1, 1, 1 }, -150 },
	{ "my library", "Unknown", "local-library", { 12, 8, 8, 14 }, 380 },
};

static const uint32_t language_all[N_LANGUAGES] = { 1337, 639, 107, 92, 41, 39, 15, 14, 8, 2 };
static const uint32_t language_heard[N_LANGUAGES] = { 1864, 308, 4045, 245, 78, 656, 171, 14, 8,
	2 };
static const int language_effect[N_LANGUAGES] = { 60, -330, 110, -190, -260, 90, 170, -80, -150,
	-60 };

_Noreturn void die(int status, const char *format, ...)
{
	va_list ap;

	fputs("kkbox-data: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

void *need(uint64_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		die(3, "out of memory");
	return p;
}

static void dist_fill(struct dist *d, const uint32_t *weight, uint32_t n)
{
	uint64_t total = 0, sum = 0;
	uint32_t at = 0;

	for (uint32_t i = 0; i < n; i++)
		total += weight[i];
	for (uint32_t c = 0; c < N_CELLS; c++) {
		while (at < n - 1 && (sum + weight[at]) * N_CELLS <= c * total)
			sum += weight[at++];
		d->from[c] = at;
	}
	d->from[N_CELLS] = n;
}

struct member world_member(const struct world *w, uint32_t user)
{
	static const int ways[] = { 4, 7, 9, 9, 7, 3, 3, 13, 9, 7, 7, 9, 7, 4, 9, 7 };
	uint64_t a = draw(w->seed, S_MEMBER, user), b = draw(w->seed, S_MEMBER, ~(uint64_t)user);
	int bare = below(a, 100) < 57; /* a profile that nobody filled in */
	struct member m = { .city = 1, .via = ways[b & 15] };

	if (!bare || (a & 15) == 0)
		m.city = 3 + (int)(below(b, 20) * below(b << 7, 21) / 20);
	if (!bare || (a & 0xf0) == 0)
		m.age = 15 + (int)below(a << 11, 20) + (int)below(b << 11, 21);
	if ((a & 0x1ff00) == 0)
		m.age = (a & 0x20000) ? 1051 - (int)below(b << 5, 950)
				      : -43 + (int)below(b << 5, 44);
	if (!bare)
		m.gender = 1 + (int)(b >> 8 & 1);
	uint32_t age_days = below(b << 17, 65536); /* squared below: most registered lately */
	uint32_t days = (uint32_t)((uint64_t)age_days * age_days / 65536 * 4720 / 65536);
	uint32_t month = 2017 * 12 + 1 - days / 30;
	m.registered = month / 12 * 10000 + (month % 12 + 1) * 100 + days % 28 + 1;
	month = 2016 * 12 + 10 + below(a << 23, 12) * (1 + ((a >> 20 & 7) == 0));
	m.expires = month / 12 * 10000 + (month % 12 + 1) * 100 + (uint32_t)(a >> 24) % 28 + 1;
	if ((b & 0xff0000) == 0)
		m.expires = 19700101;
	return m;
}

static struct user user_of(const struct world *w, uint32_t index)
{
	static const int way[14] = { [3] = -200, [4] = -640, [7] = 280, [9] = 90, [13] = -380 };
	struct member m = world_member(w, index);
	uint64_t bits = draw(w->seed, S_USER, index);
	int group = m.age < 10 || m.age > 80 ? 3 : m.age < 22 ? 0 : m.age < 32 ? 1 : 2;
	static const int by_group[] = { 330, 60, -360, 0 };
	struct user u = { .habit = bits >> 8 & 3 };

	u.taste = (uint8_t)(group * 2 + (m.via == 9 || m.via == 3));
	u.effect =
		gauss(draw(w->seed, S_USER, ~(uint64_t)index), 450) + way[m.via] + by_group[group];
	u.effect += gauss(draw(w->seed, S_CITY, (uint64_t)m.city), 320);
	u.effect += ((int)(m.registered / 10000) - 2013) * -80;
	return u;
}

struct song_facts world_song(const struct world *w, uint32_t song, int heard)
{
	uint64_t a = draw(w->seed, S_SONG, song), b = draw(w->seed, S_SONG, ~(uint64_t)song);
	struct song_facts s = { .n_genres = 1 };

	s.length = (uint32_t)(246000 + gauss(mix(a), 58000));
	if (s.length > 500000 || (a & 0xff) == 0)
		s.length = 1000 + below(b << 9, 1200000);
	s.artist = dist_pick(&w->artist_dist, b);
	s.language = (uint8_t)dist_pick(heard ? &w->heard_languages : &w->all_languages, mix(b));
	s.genre[0] = (uint8_t)dist_pick(&w->genre_dist, a);
	if (below(a << 20, 100) < 4)
		s.n_genres = 0;
	else if (below(a << 20, 100) < 12)
		s.n_genres = 2 + (a >> 9 & 3) / 3;
	for (int i = 1; i < s.n_genres; i++)
		s.genre[i] =
			(uint8_t)((s.genre[i - 1] + 1 + (b >> 7 * i) % (N_GENRES - 1)) % N_GENRES);
	return s;
}

static struct song song_effects(const struct world *w, uint32_t rank)
{
	/* The ranks of popularity are spread over the rows. */
	uint32_t row = (uint32_t)permute(rank, w->n_songs, draw(w->seed, S_RANK, 0));
	struct song_facts f = world_song(w, row, 1);
	struct song s = { .row = row, .genre = f.genre[0], .language = f.language };
	int effect = gauss(draw(w->seed, S_TASTE, row), 300), magnitude = 0;

	effect += gauss(draw(w->seed, S_ARTIST, ~(uint64_t)f.artist), 440);
	effect += gauss(draw(w->seed, S_GENRE, f.n_genres ? f.genre[0] : N_GENRES), 360);
	effect += language_effect[f.language];
	effect += f.length > 190000 && f.length < 280000 ? 90 : -110;
	/* Popular songs are heard again: from +400 to -300 over the powers of two of the rank. */
	while ((uint64_t)w->n_active >> magnitude > rank + 64)
		magnitude++;
	s.effect = (int16_t)(effect + 70 * magnitude - 330);
	return s;
}

/* ---- tables --------------------------------------------------------------------------------------- */

static void make_contexts(struct world *w)
{
	uint32_t weight[N_CONTEXTS];

	for (int c = 0; c < N_CONTEXTS; c++) {
		w->contexts[c].effect = contexts[c].effect;
		for (int g = 0; g < N_GAPS; g++) {
			struct context_text *t = &w->contexts[c].in_row[g];

			t->len = (unsigned char)snprintf(t->text, sizeof(t->text), ",%s,%s,%s",
				g >= GAP_TAB ? "" : contexts[c].tab,
				g == GAP_NONE ? contexts[c].screen : "",
				g == GAP_ALL ? "" : contexts[c].type);
		}
	}
	for (int h = 0; h < N_HABITS; h++) {
		for (int c = 0; c < N_CONTEXTS; c++)
			weight[c] = contexts[c].weight[h];
		dist_fill(&w->habits[h], weight, N_CONTEXTS);
	}
}

/* p[k] = 1 / (1 + e^-x) as a share of 2^32, x = (k - N_LOGITS / 2) * LOGIT_STEP / 1000. */
static void make_probabilities(uint32_t *p)
{
	double power = 1.0;

	for (int k = 0; k < N_LOGITS / 2; k++) {
		double share = 1.0 / (1.0 + power);

		p[N_LOGITS / 2 - k] = (uint32_t)(share * 0x1p32);
		p[(N_LOGITS / 2 + k)] = (uint32_t)((1.0 - share) * 0x1p32);
		power *= 1.004008010677341872; /* e^0.004 */
	}
	p[0] = p[1];
}

static void make_dists(struct world *w)
{
	uint32_t n = w->n_active > w->n_artists ? w->n_active : w->n_artists;
	uint32_t *weight = need(n, sizeof(*weight));

	for (uint32_t r = 0; r < w->n_active; r++)
		weight[r] = 0x40000000u / (r + 1 + w->n_active / 8400);
	dist_fill(&w->song_dist, weight, w->n_active);
	for (uint32_t r = 0; r < w->n_artists; r++)
		weight[r] = 0x40000000u / (r + 1 + w->n_artists / 1000);
	dist_fill(&w->artist_dist, weight, w->n_artists);
	for (uint32_t g = 0; g < N_GENRES; g++)
		weight[g] = 100000 / (g + 1) / (g / 4 + 1) + 30;
	dist_fill(&w->genre_dist, weight, N_GENRES);
	dist_fill(&w->all_languages, language_all, N_LANGUAGES);
	dist_fill(&w->heard_languages, language_heard, N_LANGUAGES);
	free(weight);
}

static uint32_t scaled(double scale, double full, uint32_t least)
{
	double n = scale * full + 0.5;

	if (n > 4e9)
		die(2, "the scale is too large");
	return n < least ? least : (uint32_t)n;
}

void world_make(struct world *w, double scale, unsigned n_threads)
{
	static const char signs[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	w->n_users = scaled(scale, 34403, 60);
	w->n_songs = scaled(scale, 2296320, 2000);
	w->n_active = scaled(scale, 419839, w->n_songs < 3750 ? w->n_songs / 5 * 4 : 3000);
	w->n_artists = scaled(scale, 222363, 300);
	w->plays[TRAIN].n_rows = scaled(scale, 7377418, 1);
	w->plays[TEST].n_rows = scaled(scale, 2556790, 1);
	w->plays[DAYS].n_rows = (uint64_t)scaled(scale, 36887, 1) * w->n_days;
	for (int i = 0; i < 4096; i++) {
		w->base64[i][0] = signs[i >> 6];
		w->base64[i][1] = signs[i & 63];
	}
	make_contexts(w);
	make_probabilities(w->probability);
	make_dists(w);
	names_make(w);
	for (int t = 0; t < N_TASTES; t++)
		for (int g = 0; g < N_GENRES; g++)
			w->taste[t][g] =
				gauss(draw(w->seed, S_TASTE, ~(uint64_t)(t * N_GENRES + g)), 640);
	w->users = need(w->n_users, sizeof(*w->users));
	for (uint32_t u = 0; u < w->n_users; u++)
		w->users[u] = user_of(w, u);
	w->songs = need(w->n_active, sizeof(*w->songs));
	w->heard = need(w->n_songs, 1);
	for (uint32_t r = 0; r < w->n_active; r++) {
		w->songs[r] = song_effects(w, r);
		w->heard[w->songs[r].row] = 1;
	}
	plays_make(w, n_threads);
}

void world_release(struct world *w)
{
	for (int d = 0; d < N_DELIVERIES; d++) {
		free(w->plays[d].start);
		free(w->plays[d].guide);
		free(w->plays[d].rank);
	}
	free(w->users);
	free(w->songs);
	free(w->heard);
	free(w->artists);
	free(w->persons);
	free(w->text);
}
