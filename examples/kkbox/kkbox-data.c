/*
 * kkbox-data - writes data shaped like that of the KKBox music recommendation challenge.
 *
 *	kkbox-data [--scale S] [--seed N] [--days D] [-j N] [-v] DIR
 *
 * The real tables may not be passed on, so these are drawn: members.csv, songs.csv, train.csv, test.csv,
 * test_truth.csv (id,target) and, with --days, days/2017-03-01.csv and on: what a provider would
 * deliver daily, in the format of train.csv. At scale 1 they have the real numbers of rows, users and
 * songs; ids, categories, missing values and popularity follow the real ones; a pair of user and song
 * occurs once in all of train, test and days, as it does there.
 *
 * The target is a coin thrown with a known probability: the logistic function of a sum of effects.
 *	visible at once    where the song was played (source_*); city, age, way and year of registration
 *	through songs.csv  artist, genre, language, length; the taste of an age group for a genre
 *	through the ids    what is left of a user and of a song; how popular the song is
 * -v prints the AUC of that probability itself: no model can do better ("Bayes AUC").
 *
 * Each value is a function of (seed, stream, index), so the bytes do not depend on the number of threads,
 * and all arithmetic that decides about a byte is on integers or single IEEE operations, so they do not
 * depend on the machine either. Effects are in thousandths of a logit.
 *
 * Compile with: cc -O2 -pthread -o kkbox-data kkbox-data.c
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	N_CELLS = 16384, /* of a distribution: 14 bits */
	N_HABITS = 4, /* kinds of users by where they play songs */
	N_TASTES = 8, /* kinds of users by what they like */
	N_GENRES = 48,
	N_LANGUAGES = 10,
	N_PERSONS = 65536,
	CHUNK_ROWS = 2048,
	ROW_MAX = 1024,
	LOGIT_STEP = 4,
	N_LOGITS = 4000, /* of the table from -8 to 8 */
	SESSION = 4, /* rows that a user plays in a row */
};

enum delivery { TRAIN, TEST, DAYS, N_DELIVERIES };

enum stream {
	S_USER_ID = 1,
	S_SONG_ID,
	S_MEMBER,
	S_USER,
	S_ACTIVITY,
	S_SONG,
	S_TEXT,
	S_RANK,
	S_ARTIST,
	S_PERSON,
	S_TASTE,
	S_GENRE,
	S_CITY,
	S_DRAW,
	S_PAIRS,
	S_ORDER,
	S_ROW,
	S_SESSION,
	S_TARGET
};

/* ---- random values ------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t draw(uint64_t seed, enum stream stream, uint64_t index)
{
	return mix(
		mix(seed * 0xd1342543de82ef95u + (uint64_t)stream) + index * 0x9e3779b97f4a7c15u);
}

/* `n` > 0; the upper half of the bits decides. */
static uint32_t below(uint64_t bits, uint32_t n)
{
	return (uint32_t)(((bits >> 32) * n) >> 32);
}

/* Nearly normal: the sum of four 16-bit values, whose deviation is 37837. */
static int gauss(uint64_t bits, int deviation)
{
	int64_t sum = (int64_t)(bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) +
		      (bits >> 48);

	return (int)((sum - 131070) * deviation / 37837);
}

/* A distribution over 0 .. n-1: where each 1/N_CELLS of the mass begins. */
struct dist {
	uint32_t from[N_CELLS + 1];
};

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

static uint32_t dist_pick(const struct dist *d, uint64_t bits)
{
	uint32_t cell = (uint32_t)(bits >> 50);
	uint64_t span = d->from[cell + 1] - d->from[cell];

	return d->from[cell] + (uint32_t)(span * (uint32_t)bits >> 32);
}

/* A permutation of 0 .. n-1: one of the next power of two, walked until it is inside. */
static uint64_t permute(uint64_t x, uint64_t n, uint64_t key)
{
	unsigned bits = 2;

	while (n >> bits)
		bits++;
	uint64_t mask = ((uint64_t)1 << bits) - 1;
	do {
		for (unsigned round = 0; round < 3; round++) {
			x = (x * ((key << 1 | 1) + 0x9e3779b97f4a7c14u) + key) & mask;
			x ^= x >> (bits + 1) / 2;
		}
	} while (x >= n);
	return x;
}

/* ---- the world ----------------------------------------------------------------------------------- */

struct context {
	const char *tab, *screen, *type;
	uint32_t weight[N_HABITS];
	int effect;
};

static const struct context contexts[] = {
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

enum { N_CONTEXTS = sizeof(contexts) / sizeof(contexts[0]) };

/* A context as it stands in a row, whole or with its usual gaps. */
struct context_text {
	unsigned char len;
	char text[79];
};

enum gap { GAP_NONE, GAP_SCREEN, GAP_TAB, GAP_ALL, N_GAPS };

struct user {
	int effect;
	uint8_t taste, habit;
};

/* A song that is played at all, by rank. */
struct song {
	uint32_t row; /* of songs.csv */
	int16_t effect;
	uint8_t genre, language;
};

struct member {
	int city, age, gender, via; /* gender 0: not told */
	uint32_t registered, expires;
};

struct plays {
	uint64_t n_rows;
	uint64_t *start; /* [n_users + 1]: first slot of each user */
	uint32_t *guide; /* [n_rows / 64 + 1]: user of the slot */
	uint32_t *rank; /* [n_rows]: song of the slot */
};

struct world {
	uint64_t seed;
	uint32_t n_users, n_songs, n_active, n_artists, n_days;
	struct plays plays[N_DELIVERIES];
	struct user *users;
	struct song *songs;
	uint8_t *heard; /* [n_songs]: whether it is played at all */
	char **artists; /* names, as CSV fields */
	char **persons;
	char *text; /* what both point into */
	uint32_t probability[N_LOGITS];
	int taste[N_TASTES][N_GENRES];
	struct context_text context_texts[N_CONTEXTS][N_GAPS];
	struct dist habits[N_HABITS], song_dist, artist_dist, genre_dist, all_languages,
		heard_languages;
	char base64[4096][2];
};

static const char *const genres[N_GENRES] = { "465", "458", "921", "1609", "444", "1259", "2022",
	"359", "139", "1011", "958", "2122", "786", "726", "940", "1152", "864", "451", "947",
	"275", "850", "893", "2157", "829", "388", "691", "873", "242", "474", "1616", "516",
	"1180", "1944", "545", "423", "2130", "2072", "95", "109", "437", "880", "1068", "1138",
	"873", "698", "1287", "352", "125" };
static const char *const languages[N_LANGUAGES] = { "52.0", "-1.0", "3.0", "17.0", "24.0", "31.0",
	"10.0", "45.0", "59.0", "38.0" };
static const uint32_t language_all[N_LANGUAGES] = { 1337, 639, 107, 92, 41, 39, 15, 14, 8, 2 };
static const uint32_t language_heard[N_LANGUAGES] = { 1864, 308, 4045, 245, 78, 656, 171, 14, 8,
	2 };
static const int language_effect[N_LANGUAGES] = { 60, -330, 110, -190, -260, 90, 170, -80, -150,
	-60 };

static _Noreturn void die(int status, const char *format, ...)
{
	va_list ap;

	fputs("kkbox-data: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

static void *need(uint64_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		die(3, "out of memory");
	return p;
}

static struct member member_of(const struct world *w, uint32_t user)
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
	static const int way[14] = { [3] = -130, [4] = -420, [7] = 190, [9] = 60, [13] = -250 };
	struct member m = member_of(w, index);
	uint64_t bits = draw(w->seed, S_USER, index);
	int group = m.age < 10 || m.age > 80 ? 3 : m.age < 22 ? 0 : m.age < 32 ? 1 : 2;
	static const int by_group[] = { 220, 40, -240, 0 };
	struct user u = { .habit = bits >> 8 & 3 };

	u.taste = (uint8_t)(group * 2 + (m.via == 9 || m.via == 3));
	u.effect =
		gauss(draw(w->seed, S_USER, ~(uint64_t)index), 700) + way[m.via] + by_group[group];
	u.effect += gauss(draw(w->seed, S_CITY, (uint64_t)m.city), 200);
	u.effect += ((int)(m.registered / 10000) - 2013) * -55;
	return u;
}

struct song_facts {
	uint32_t length, artist;
	uint8_t genre[3], n_genres, language;
};

static struct song_facts song_facts_of(const struct world *w, uint32_t song, int heard)
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
	struct song_facts f = song_facts_of(w, row, 1);
	struct song s = { .row = row, .genre = f.genre[0], .language = f.language };
	int effect = gauss(draw(w->seed, S_TASTE, row), 400), magnitude = 0;

	effect += gauss(draw(w->seed, S_ARTIST, ~(uint64_t)f.artist), 480);
	effect += gauss(draw(w->seed, S_GENRE, f.n_genres ? f.genre[0] : N_GENRES), 280);
	effect += language_effect[f.language];
	effect += f.length > 190000 && f.length < 280000 ? 90 : -110;
	/* Popular songs are heard again: from +400 to -300 over the powers of two of the rank. */
	while ((uint64_t)w->n_active >> magnitude > rank + 64)
		magnitude++;
	s.effect = (int16_t)(effect + 70 * magnitude - 330);
	return s;
}

/* ---- names --------------------------------------------------------------------------------------- */

static char *put_text(char *p, const char *s)
{
	while (*s)
		*p++ = *s++;
	return p;
}

/* `raw` as a CSV field. */
static char *put_field(char *p, const char *raw)
{
	if (!strpbrk(raw, ",\""))
		return put_text(p, raw);
	*p++ = '"';
	for (; *raw; raw++) {
		if (*raw == '"')
			*p++ = '"';
		*p++ = *raw;
	}
	*p++ = '"';
	return p;
}

static char *put_latin(char *p, uint64_t bits, unsigned n_syllables)
{
	static const char *const syllables[32] = { "ka", "ri", "mo", "ta", "len", "so", "bel",
		"mar", "vin", "ja", "ro", "sha", "dan", "el", "ni", "po", "win", "ter", "\xc3\xa9l",
		"lu", "gar", "th", "an", "bo", "ch\xc3\xb6", "sen", "da", "my", "ke", "ol", "fa",
		"jun" };
	char *start = p;

	for (unsigned i = 0; i < n_syllables; i++)
		p = put_text(p, syllables[bits >> 5 * i & 31]);
	if (*start >= 'a' && *start <= 'z')
		*start = (char)(*start - 'a' + 'A');
	return p;
}

static char *put_han(char *p, uint64_t bits, unsigned n_signs)
{
	static const char signs[] = "周林陳張王李黃吳蔡楊許鄭謝洪郭曾"
				    "傑倫俊宥勝惠妹信哲美雅婷怡君志明";

	for (unsigned i = 0; i < n_signs; i++, p += 3)
		memcpy(p, signs + 3 * ((i ? 16 : 0) + (bits >> 4 * i & 15)), 3);
	return p;
}

static char *put_person(char *p, uint64_t bits)
{
	switch (bits & 7) {
	case 0:
	case 1:
	case 2:
		return put_han(p, bits >> 8, 2 + (bits >> 3 & 1));
	case 3:
		p = put_latin(p, bits >> 30, 1 + (bits >> 4 & 1));
		return put_latin(put_text(p, ", "), bits >> 8, 2);
	default:
		p = put_latin(p, bits >> 8, 1 + (bits >> 3 & 1));
		return put_latin(put_text(p, " "), bits >> 24, 2 + (bits >> 4 & 1));
	}
}

/* A raw name of at most 100 bytes. */
static char *put_artist(char *p, const struct world *w, uint32_t artist, uint64_t bits)
{
	const char *who = w->persons[bits >> 40 & (N_PERSONS - 1)];

	if (artist == 0)
		return put_text(p, "Various Artists");
	switch (bits & 15) {
	case 0:
		return put_text(
			put_text(put_text(p, who), ", "), w->persons[bits >> 20 & (N_PERSONS - 1)]);
	case 1:
		p = put_latin(put_text(p, "The "), bits >> 8, 2);
		return put_latin(put_text(p, " "), bits >> 28, 1);
	case 2:
		p = put_text(put_latin(p, bits >> 8, 2), " \"");
		return put_text(put_latin(p, bits >> 18, 2), "\" Band");
	case 3:
	case 4:
	case 5:
	case 6:
		p = put_text(put_han(p, bits >> 8, 3), " (");
		p = put_text(put_latin(p, bits >> 20, 2), " ");
		return put_text(put_latin(p, bits >> 30, 2), ")");
	default:
		return put_text(p, who);
	}
}

static void make_names(struct world *w)
{
	char *p = w->text = need((uint64_t)N_PERSONS * 40 + (uint64_t)w->n_artists * 128, 1),
	     raw[128];

	w->persons = need(N_PERSONS, sizeof(*w->persons));
	w->artists = need(w->n_artists, sizeof(*w->artists));
	for (uint32_t i = 0; i < N_PERSONS; i++) {
		w->persons[i] = p;
		p = put_person(p, draw(w->seed, S_PERSON, i)) + 1;
	}
	for (uint32_t i = 0; i < w->n_artists; i++) {
		*put_artist(raw, w, i, draw(w->seed, S_ARTIST, i)) = '\0';
		w->artists[i] = p;
		p = put_field(p, raw) + 1;
	}
}

/* ---- who plays what ------------------------------------------------------------------------------- */

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

static void make_plays(struct world *w, unsigned n_threads)
{
	uint32_t *weight = need(w->n_users, sizeof(*weight)),
		 *room = need(w->n_users, sizeof(*room));
	uint64_t key = draw(w->seed, S_ACTIVITY, 0);

	for (uint32_t u = 0; u < w->n_users; u++)
		room[u] = w->n_active / 4 * 3;
	for (int d = 0; d < N_DELIVERIES; d++) {
		struct plays *p = &w->plays[d];

		p->start = need((uint64_t)w->n_users + 1, sizeof(*p->start));
		p->guide = need(p->n_rows / 64 + 1, sizeof(*p->guide));
		p->rank = need(p->n_rows, sizeof(*p->rank));
		for (uint32_t u = 0; u < w->n_users; u++) {
			uint64_t bits = draw(w->seed, S_ACTIVITY, (uint64_t)u + 1),
				 h = bits & 0xffff;
			uint64_t rank = permute(u, w->n_users, key);
			uint32_t here = below(bits, 1000),
				 only_train = here<270, only_test = here> 893;

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

/* ---- tables --------------------------------------------------------------------------------------- */

static void make_contexts(struct world *w)
{
	uint32_t weight[N_CONTEXTS];

	for (int c = 0; c < N_CONTEXTS; c++) {
		const struct context *k = &contexts[c];

		for (int g = 0; g < N_GAPS; g++) {
			struct context_text *t = &w->context_texts[c][g];

			t->len = (unsigned char)snprintf(t->text, sizeof(t->text), ",%s,%s,%s",
				g >= GAP_TAB ? "" : k->tab, g == GAP_NONE ? k->screen : "",
				g == GAP_ALL ? "" : k->type);
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

static void make_world(struct world *w, double scale, unsigned n_threads)
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
	make_names(w);
	for (int t = 0; t < N_TASTES; t++)
		for (int g = 0; g < N_GENRES; g++)
			w->taste[t][g] =
				gauss(draw(w->seed, S_TASTE, ~(uint64_t)(t * N_GENRES + g)), 500);
	w->users = need(w->n_users, sizeof(*w->users));
	for (uint32_t u = 0; u < w->n_users; u++)
		w->users[u] = user_of(w, u);
	w->songs = need(w->n_active, sizeof(*w->songs));
	w->heard = need(w->n_songs, 1);
	for (uint32_t r = 0; r < w->n_active; r++) {
		w->songs[r] = song_effects(w, r);
		w->heard[w->songs[r].row] = 1;
	}
	make_plays(w, n_threads);
}

static void free_world(struct world *w)
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

/* ---- rows ----------------------------------------------------------------------------------------- */

struct play {
	uint32_t user, rank;
	const struct context_text *context;
	uint32_t cell; /* of the table of probabilities */
	int target;
};

static struct play play_of(const struct world *w, enum delivery d, uint64_t row)
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
	uint32_t context = dist_pick(&w->habits[u->habit], same), gap = luck & 0xfff;
	int logit = u->effect + s->effect + w->taste[u->taste][s->genre] +
		    contexts[context].effect + 80;

	logit += LOGIT_STEP * N_LOGITS / 2;
	logit = logit < 0 ? 0 : logit / LOGIT_STEP;
	y.cell = logit >= N_LOGITS ? N_LOGITS - 1 : (uint32_t)logit;
	y.target = luck >> 32 < w->probability[y.cell];
	gap = gap < 12 ? GAP_ALL : gap < 14 ? GAP_TAB : gap < 216 ? GAP_SCREEN : GAP_NONE;
	y.context = &w->context_texts[context][gap];
	return y;
}

/* 32 random bytes in base64: 44 characters, as a SHA-256 looks. */
static char *put_id(char *p, const struct world *w, enum stream stream, uint32_t index)
{
	uint64_t bits = draw(w->seed, stream, index);

	for (int word = 0; word < 4; word++) {
		for (int i = 0; i < 5; i++, p += 2)
			memcpy(p, w->base64[bits >> (4 + 12 * i) & 4095], 2);
		bits = mix(bits + 0x9e3779b97f4a7c15u);
	}
	memcpy(p, w->base64[bits & 4095], 2);
	p[2] = w->base64[(bits >> 12 & 15) << 8][0]; /* the last four bits, padded with two */
	p[3] = '=';
	return p + 4;
}

static char *put_number(char *p, uint64_t n)
{
	char digits[20];
	int at = 20;

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	memcpy(p, digits + at, (size_t)(20 - at));
	return p + 20 - at;
}

/* What a thread counts: rows by probability and target. */
struct tally {
	uint64_t n[N_LOGITS][2];
};

typedef char *put_row(char *p, const struct world *w, uint64_t row, struct tally *tally);

static char *put_play(char *p, const struct world *w, const struct play *y)
{
	p = put_id(p, w, S_USER_ID, y->user);
	*p++ = ',';
	p = put_id(p, w, S_SONG_ID, w->songs[y->rank].row);
	memcpy(p, y->context->text, sizeof(y->context->text));
	return p + y->context->len;
}

static char *put_train(char *p, const struct world *w, uint64_t row, struct tally *tally)
{
	struct play y = play_of(w, TRAIN, row);

	tally->n[y.cell][y.target]++;
	p = put_play(p, w, &y);
	*p++ = ',';
	*p++ = (char)('0' + y.target);
	return p;
}

static char *put_day(char *p, const struct world *w, uint64_t row, struct tally *tally)
{
	struct play y = play_of(w, DAYS, row);

	(void)tally;
	p = put_play(p, w, &y);
	*p++ = ',';
	*p++ = (char)('0' + y.target);
	return p;
}

static char *put_test(char *p, const struct world *w, uint64_t row, struct tally *tally)
{
	struct play y = play_of(w, TEST, row);

	tally->n[y.cell][y.target]++;
	p = put_number(p, row);
	*p++ = ',';
	return put_play(p, w, &y);
}

static char *put_truth(char *p, const struct world *w, uint64_t row, struct tally *tally)
{
	(void)tally;
	p = put_number(p, row);
	*p++ = ',';
	*p++ = (char)('0' + play_of(w, TEST, row).target);
	return p;
}

static char *put_member(char *p, const struct world *w, uint64_t row, struct tally *tally)
{
	static const char *const genders[] = { "", "male", "female" };
	struct member m = member_of(w, (uint32_t)row);

	(void)tally;
	p = put_id(p, w, S_USER_ID, (uint32_t)row);
	return p + snprintf(p, ROW_MAX - 64, ",%d,%d,%s,%d,%u,%u", m.city, m.age, genders[m.gender],
			   m.via, (unsigned)m.registered, (unsigned)m.expires);
}

/* One to three persons, separated by '|'; a fifth of the share of one. */
static char *put_people(char *p, const struct world *w, uint64_t bits, uint32_t percent)
{
	char raw[160], *q = raw;
	int n = (bits & 7) == 0 ? 3 : (bits & 7) < 3 ? 2 : 1;

	if (below(bits, 1000) >= percent)
		return p;
	for (int i = 0; i < n; i++) {
		if (i)
			*q++ = '|';
		q = put_text(q, w->persons[bits >> (3 + 9 * i) & (N_PERSONS - 1)]);
	}
	*q = '\0';
	return put_field(p, raw);
}

static char *put_song(char *p, const struct world *w, uint64_t row, struct tally *tally)
{
	uint32_t song = (uint32_t)row;
	struct song_facts f = song_facts_of(w, song, w->heard[song]);
	uint64_t bits = draw(w->seed, S_TEXT, song);

	(void)tally;
	p = put_id(p, w, S_SONG_ID, song);
	*p++ = ',';
	p = put_number(p, f.length);
	*p++ = ',';
	for (int i = 0; i < f.n_genres; i++) {
		if (i)
			*p++ = '|';
		p = put_text(p, genres[f.genre[i]]);
	}
	*p++ = ',';
	p = put_text(p, w->artists[f.artist]);
	*p++ = ',';
	p = put_people(p, w, bits, 533);
	*p++ = ',';
	p = put_people(p, w, mix(bits), 153);
	*p++ = ',';
	return song ? put_text(p, languages[f.language]) : p;
}

/* ---- files ---------------------------------------------------------------------------------------- */

struct job {
	const struct world *w;
	put_row *put;
	const char *header;
	uint64_t first, n_rows, n_chunks;
	int fd, error;
	uint64_t next, turn, offset; /* chunk to take; chunk to place, and where */
	pthread_mutex_t mutex;
	pthread_cond_t turned;
	struct tally *tally;
};

static int write_at(int fd, const char *p, size_t n, uint64_t offset)
{
	while (n) {
		ssize_t wrote = pwrite(fd, p, n, (off_t)offset);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return wrote < 0 ? errno : ENOSPC;
		p += wrote;
		n -= (size_t)wrote;
		offset += (uint64_t)wrote;
	}
	return 0;
}

/* Takes chunk after chunk; places are given in order, and then written side by side. */
static void *write_chunks(void *arg)
{
	struct job *j = arg;
	char *text = need(CHUNK_ROWS + 1, ROW_MAX);
	struct tally *tally = need(1, sizeof(*tally));

	pthread_mutex_lock(&j->mutex);
	while (j->next < j->n_chunks && !j->error) {
		uint64_t chunk = j->next++, row = chunk * CHUNK_ROWS;
		uint64_t end = row + CHUNK_ROWS < j->n_rows ? row + CHUNK_ROWS : j->n_rows;
		char *p = text;

		pthread_mutex_unlock(&j->mutex);
		if (!chunk)
			p = put_text(p, j->header);
		for (; row < end; row++) {
			p = j->put(p, j->w, j->first + row, tally);
			*p++ = '\n';
		}
		pthread_mutex_lock(&j->mutex);
		while (j->turn != chunk)
			pthread_cond_wait(&j->turned, &j->mutex);
		uint64_t offset = j->offset;
		j->offset += (uint64_t)(p - text);
		j->turn++;
		pthread_cond_broadcast(&j->turned);
		pthread_mutex_unlock(&j->mutex);
		int error = write_at(j->fd, text, (size_t)(p - text), offset);
		pthread_mutex_lock(&j->mutex);
		j->error = j->error ? j->error : error;
	}
	for (int i = 0; i < N_LOGITS; i++) {
		j->tally->n[i][0] += tally->n[i][0];
		j->tally->n[i][1] += tally->n[i][1];
	}
	pthread_mutex_unlock(&j->mutex);
	free(tally);
	free(text);
	return NULL;
}

struct output {
	const char *dir;
	unsigned n_threads;
	int verbose;
	uint64_t n_bytes;
};

/* Writes DIR/name, which appears when it is whole. */
static void write_file(struct output *o, const char *name, struct job *j)
{
	char *path = need(strlen(o->dir) + strlen(name) + 16, 1);
	char *part = need(strlen(o->dir) + strlen(name) + 16, 1);
	pthread_t threads[256];

	sprintf(path, "%s/%s", o->dir, name);
	sprintf(part, "%s/%s.part", o->dir, name);
	j->fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (j->fd < 0)
		die(errno == ENOENT || errno == ENOTDIR ? 2 : 3, "%s: %s", part, strerror(errno));
	j->n_chunks = (j->n_rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
	pthread_mutex_init(&j->mutex, NULL);
	pthread_cond_init(&j->turned, NULL);
	for (unsigned i = 0; i < o->n_threads; i++)
		if (pthread_create(&threads[i], NULL, write_chunks, j))
			die(3, "cannot start a thread");
	for (unsigned i = 0; i < o->n_threads; i++)
		pthread_join(threads[i], NULL);
	if (close(j->fd) && !j->error)
		j->error = errno;
	if (!j->error && rename(part, path))
		j->error = errno;
	if (j->error) {
		unlink(part);
		die(3, "%s: %s", path, strerror(j->error));
	}
	o->n_bytes += j->offset;
	if (o->verbose)
		printf("%-20s %10llu rows %8.1f MB\n", name, (unsigned long long)j->n_rows,
			(double)j->offset / 1e6);
	pthread_mutex_destroy(&j->mutex);
	pthread_cond_destroy(&j->turned);
	free(path);
	free(part);
}

/* The AUC that the true probabilities reach, the share of ones and the best accuracy. */
static void print_bayes(const char *name, const struct tally *t)
{
	double zeros = 0, ones = 0, area = 0, right = 0;

	for (int i = 0; i < N_LOGITS; i++) {
		area += (double)t->n[i][1] * (zeros + (double)t->n[i][0] / 2);
		right += (double)t->n[i][i >= N_LOGITS / 2];
		zeros += (double)t->n[i][0];
		ones += (double)t->n[i][1];
	}
	printf("%-6s Bayes AUC %.4f, Bayes accuracy %.4f, share of ones %.4f\n", name,
		area / (zeros * ones), right / (zeros + ones), ones / (zeros + ones));
}

static void write_days(const struct world *w, struct output *o, struct tally *tally)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint64_t n = w->n_days ? w->plays[DAYS].n_rows / w->n_days : 0;
	int year = 2017, month = 2, day = 0;

	if (!w->n_days)
		return;
	for (uint32_t i = 0; i < w->n_days; i++) {
		struct job j = { .w = w,
			.put = put_day,
			.first = i * n,
			.n_rows = n,
			.tally = tally,
			.header = "msno,song_id,source_system_tab,source_screen_name,source_type,"
				  "target\n" };
		char name[64];

		if (++day > month_days[month] + (month == 1 && year % 4 == 0)) {
			day = 1;
			month = (month + 1) % 12;
			year += month == 0;
		}
		snprintf(name, sizeof(name), "days/%04d-%02d-%02d.csv", year, month + 1, day);
		write_file(o, name, &j);
	}
}

static void write_all(const struct world *w, struct output *o)
{
	struct tally *train = need(1, sizeof(*train)), *test = need(1, sizeof(*test));
	struct {
		const char *name;
		struct job job;
	} files[] = {
		{ "members.csv", { .put = put_member,
					 .n_rows = w->n_users,
					 .header = "msno,city,bd,gender,registered_via,"
						   "registration_init_time,expiration_date\n" } },
		{ "songs.csv", { .put = put_song,
				       .n_rows = w->n_songs,
				       .header = "song_id,song_length,genre_ids,artist_name,"
						 "composer,lyricist,language\n" } },
		{ "train.csv", { .put = put_train,
				       .n_rows = w->plays[TRAIN].n_rows,
				       .header = "msno,song_id,source_system_tab,source_screen_"
						 "name,source_type,target\n" } },
		{ "test.csv", { .put = put_test,
				      .n_rows = w->plays[TEST].n_rows,
				      .tally = test,
				      .header = "id,msno,song_id,source_system_tab,source_screen_"
						"name,source_type\n" } },
		{ "test_truth.csv", { .put = put_truth,
					    .n_rows = w->plays[TEST].n_rows,
					    .header = "id,target\n" } },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		files[i].job.w = w;
		if (!files[i].job.tally)
			files[i].job.tally = train;
		write_file(o, files[i].name, &files[i].job);
	}
	if (o->verbose) {
		print_bayes("train", train);
		print_bayes("test", test);
	}
	write_days(w, o, train);
	free(train);
	free(test);
}

/* ---- main ----------------------------------------------------------------------------------------- */

static const char usage[] =
	"usage: kkbox-data [--scale S] [--seed N] [--days D] [-j N] [-v] DIR\n"
	"Writes members, songs, train, test and test_truth (.csv) shaped like the KKBox data into "
	"DIR.\n"
	"\n"
	"      --scale S   share of the real number of rows, users and songs (default 1: 1.5 GB)\n"
	"      --seed N    another world (default 1)\n"
	"      --days D    also D daily deliveries: days/2017-03-01.csv and on\n"
	"  -j, --threads N threads (default: all cores); the bytes are the same\n"
	"  -v, --verbose   sizes, and the AUC that no model can exceed\n"
	"  -h, --help      this\n"
	"\n"
	"example: kkbox-data --scale 0.01 -v data\n";

static double number(const char *option, const char *text, double lowest, double highest)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= lowest && value <= highest))
		die(2, "--%s takes a number from %g to %g, not '%s'", option, lowest, highest,
			text);
	return value;
}

static void make_dir(const char *dir, const char *sub)
{
	char *path = need(strlen(dir) + strlen(sub) + 2, 1);

	sprintf(path, "%s%s", dir, sub);
	if (mkdir(path, 0777) && errno != EEXIST)
		die(errno == ENOENT || errno == ENOTDIR ? 2 : 3, "%s: %s", path, strerror(errno));
	free(path);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "scale", 1, NULL, 's' },
		{ "seed", 1, NULL, 'r' }, { "days", 1, NULL, 'd' }, { "threads", 1, NULL, 'j' },
		{ "verbose", 0, NULL, 'v' }, { "help", 0, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct output o = { .n_threads = n_cores < 1     ? 1
					 : n_cores > 256 ? 256
							 : (unsigned)n_cores };
	struct world *w = need(1, sizeof(*w));
	struct timespec a, b;
	double scale = 1;
	int c;

	w->seed = 1;
	while ((c = getopt_long(argc, argv, "j:vh", options, NULL)) != -1) {
		switch (c) {
		case 's':
			scale = number("scale", optarg, 0.0001, 100);
			break;
		case 'r':
			w->seed = (uint64_t)number("seed", optarg, 0, 1e15);
			break;
		case 'd':
			w->n_days = (uint32_t)number("days", optarg, 0, 1000);
			break;
		case 'j':
			o.n_threads = (unsigned)number("threads", optarg, 1, 256);
			break;
		case 'v':
			o.verbose = 1;
			break;
		case 'h':
			fputs(usage, stdout);
			return fflush(stdout) ? 3 : 0;
		default:
			fputs("kkbox-data --help lists the options\n", stderr);
			return 2;
		}
	}
	if (argc - optind != 1) {
		fputs(usage, stderr);
		return 2;
	}
	o.dir = argv[optind];
	make_dir(o.dir, "");
	if (w->n_days)
		make_dir(o.dir, "/days");
	clock_gettime(CLOCK_MONOTONIC, &a);
	make_world(w, scale, o.n_threads);
	write_all(w, &o);
	clock_gettime(CLOCK_MONOTONIC, &b);
	double seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	if (o.verbose)
		printf("%.1f MB in %.2f s: %.0f MB/s\n", (double)o.n_bytes / 1e6, seconds,
			(double)o.n_bytes / 1e6 / seconds);
	free_world(w);
	free(w);
	return fflush(stdout) ? 3 : 0;
}
