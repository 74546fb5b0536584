/*
 * world.h - the users, songs and plays that the tables of kkbox-data are written from.
 *
 * All is a function of the seed: `draw` gives 64 random bits for (seed, stream, index), so that
 * nothing depends on the order in which threads ask. Effects are in thousandths of a logit.
 */
#ifndef KKBOX_WORLD_H
#define KKBOX_WORLD_H

#include <stddef.h>
#include <stdint.h>

enum {
	N_CELLS = 16384, /* of a distribution: 14 bits */
	N_HABITS = 4, /* kinds of users by where they play songs */
	N_TASTES = 8, /* kinds of users by what they like */
	N_GENRES = 48,
	N_LANGUAGES = 10,
	N_CONTEXTS = 28,
	N_PERSONS = 65536,
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
	S_PAIRS,
	S_ORDER,
	S_ROW,
	S_SESSION,
};

/* ---- random values ---- */

static inline uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline uint64_t draw(uint64_t seed, enum stream stream, uint64_t index)
{
	return mix(
		mix(seed * 0xd1342543de82ef95u + (uint64_t)stream) + index * 0x9e3779b97f4a7c15u);
}

/* `n` > 0; the upper half of the bits decides. */
static inline uint32_t below(uint64_t bits, uint32_t n)
{
	return (uint32_t)(((bits >> 32) * n) >> 32);
}

/* Nearly normal: the sum of four 16-bit values, whose deviation is 37837. */
static inline int gauss(uint64_t bits, int deviation)
{
	int64_t sum = (int64_t)(bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) +
		      (bits >> 48);

	return (int)((sum - 131070) * deviation / 37837);
}

/* A distribution over 0 .. n-1: where each 1/N_CELLS of the mass begins. */
struct dist {
	uint32_t from[N_CELLS + 1];
};

static inline uint32_t dist_pick(const struct dist *d, uint64_t bits)
{
	uint32_t cell = (uint32_t)(bits >> 50);
	uint64_t span = d->from[cell + 1] - d->from[cell];

	return d->from[cell] + (uint32_t)(span * (uint32_t)bits >> 32);
}

/* A permutation of 0 .. n-1: one of the next power of two, walked until it is inside. */
static inline uint64_t permute(uint64_t x, uint64_t n, uint64_t key)
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

/* ---- the world ---- */

enum gap { GAP_NONE, GAP_SCREEN, GAP_TAB, GAP_ALL, N_GAPS };

/* Where a song was played, as it stands in a row: whole or with its usual gaps. */
struct context {
	int effect;
	struct context_text {
		unsigned char len;
		char text[79];
	} in_row[N_GAPS];
};

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
	struct context contexts[N_CONTEXTS];
	struct dist habits[N_HABITS], song_dist, artist_dist, genre_dist, all_languages,
		heard_languages;
	char base64[4096][2];
};

struct song_facts {
	uint32_t length, artist;
	uint8_t genre[3], n_genres, language;
};

struct play {
	uint32_t user, rank;
	const struct context_text *context;
	uint32_t cell; /* of the table of probabilities */
	int target;
};

/* Ends the program with a message. */
_Noreturn void die(int status, const char *format, ...);

/* Memory of zeros; ends the program where there is none. */
void *need(uint64_t n, size_t size);

/* The world of w->seed at a scale, with w->n_days days; as many threads as may be. */
void world_make(struct world *w, double scale, unsigned n_threads);
void world_release(struct world *w);

/* What songs.csv says of a row; `heard`: whether it is played at all. */
struct song_facts world_song(const struct world *w, uint32_t song, int heard);
struct member world_member(const struct world *w, uint32_t user);

/* Fills the artists' and persons' names. */
void names_make(struct world *w);

/* Copies text, or a text as a CSV field, to p; returns the end, where no NUL is written. */
char *put_text(char *p, const char *s);
char *put_field(char *p, const char *raw);

/* Shares the rows out to users and draws their songs; then a row can be asked for. */
void plays_make(struct world *w, unsigned n_threads);
struct play plays_row(const struct world *w, enum delivery d, uint64_t row);

#endif
