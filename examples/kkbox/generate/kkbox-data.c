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
 * Compile with: cc -O2 -pthread -o kkbox-data *.c
 */
#define _POSIX_C_SOURCE 200809L
#include "world.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	CHUNK_ROWS = 2048,
	ROW_MAX = 1024,
};

static const char *const genres[N_GENRES] = { "465", "458", "921", "1609", "444", "1259", "2022",
	"359", "139", "1011", "958", "2122", "786", "726", "940", "1152", "864", "451", "947",
	"275", "850", "893", "2157", "829", "388", "691", "873", "242", "474", "1616", "516",
	"1180", "1944", "545", "423", "2130", "2072", "95", "109", "437", "880", "1068", "1138",
	"873", "698", "1287", "352", "125" };
static const char *const languages[N_LANGUAGES] = { "52.0", "-1.0", "3.0", "17.0", "24.0", "31.0",
	"10.0", "45.0", "59.0", "38.0" };

/* ---- rows ----------------------------------------------------------------------------------------- */

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
	struct play y = plays_row(w, TRAIN, row);

	tally->n[y.cell][y.target]++;
	p = put_play(p, w, &y);
	*p++ = ',';
	*p++ = (char)('0' + y.target);
	return p;
}

static char *put_day(char *p, const struct world *w, uint64_t row, struct tally *tally)
{
	struct play y = plays_row(w, DAYS, row);

	(void)tally;
	p = put_play(p, w, &y);
	*p++ = ',';
	*p++ = (char)('0' + y.target);
	return p;
}

static char *put_test(char *p, const struct world *w, uint64_t row, struct tally *tally)
{
	struct play y = plays_row(w, TEST, row);

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
	*p++ = (char)('0' + plays_row(w, TEST, row).target);
	return p;
}

static char *put_member(char *p, const struct world *w, uint64_t row, struct tally *tally)
{
	static const char *const genders[] = { "", "male", "female" };
	struct member m = world_member(w, (uint32_t)row);

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
	struct song_facts f = world_song(w, song, w->heard[song]);
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
	static struct world world; /* half a megabyte: not for the stack */
	struct world *w = &world;
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
	world_make(w, scale, o.n_threads);
	write_all(w, &o);
	clock_gettime(CLOCK_MONOTONIC, &b);
	double seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	if (o.verbose)
		printf("%.1f MB in %.2f s: %.0f MB/s\n", (double)o.n_bytes / 1e6, seconds,
			(double)o.n_bytes / 1e6 / seconds);
	world_release(w);
	return fflush(stdout) ? 3 : 0;
}
