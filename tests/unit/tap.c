/* tap - see tap.h. Rests on libc alone, apart from the shape of `struct err`. */
#define _XOPEN_SOURCE 700
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrap.h"

enum { MAX_SCRATCH = 64, OOM_EXACT = 300 };

/* A test is one program: its state may be global. */
static struct {
	int n, n_failed;
	char *folders[MAX_SCRATCH];
	int n_folders;
} tap;

static atomic_size_t n_allocs;
static atomic_size_t fail_at;
static atomic_bool fail_sticky;
static atomic_bool has_failed;

/* ---- TAP ---------------------------------------------------------------------------------------- */

static bool report(bool good, const char *file, int line, const char *name, va_list ap)
{
	char text[512];

	if (tap.n == 0)
		setvbuf(stdout, NULL, _IOLBF, 0); /* what was checked is seen also after a crash */
	vsnprintf(text, sizeof(text), name, ap);
	for (char *p = text; *p; p++) /* a '#' would begin a directive, a newline a new line */
		if (*p == '#' || *p == '\n')
			*p = ' ';
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap.n, text);
	if (!good) {
		tap.n_failed++;
		printf("# %s:%d\n", file, line);
	}
	return good;
}

#define REPORT(good)                                  \
	do {                                          \
		va_list ap;                           \
		va_start(ap, name);                   \
		report((good), file, line, name, ap); \
		va_end(ap);                           \
	} while (0)

bool tap_ok(const char *file, int line, const char *cond, bool good, const char *name, ...)
{
	REPORT(good);
	if (!good)
		printf("# false: %s\n", cond);
	return good;
}

static void print_value(const char *what, const char *s)
{
	printf("# %s: ", what);
	if (!s) {
		puts("NULL");
		return;
	}
	putchar('"');
	for (; *s; s++) {
		if (*s == '\n')
			fputs("\\n", stdout);
		else if ((unsigned char)*s < 0x20)
			printf("\\x%02x", (unsigned char)*s);
		else
			putchar(*s);
	}
	puts("\"");
}

bool tap_is_text(
	const char *file, int line, const char *got, const char *want, const char *name, ...)
{
	bool good = got && want ? strcmp(got, want) == 0 : got == want;

	REPORT(good);
	if (!good) {
		print_value(" got", got);
		print_value("want", want);
	}
	return good;
}

bool tap_is_int(const char *file, int line, int64_t got, int64_t want, const char *name, ...)
{
	REPORT(got == want);
	if (got != want)
		printf("#  got: %" PRId64 "\n# want: %" PRId64 "\n", got, want);
	return got == want;
}

bool tap_is_num(const char *file, int line, double got, double want, const char *name, ...)
{
	bool good = (got != got && want != want) || memcmp(&got, &want, sizeof(got)) == 0;

	REPORT(good);
	if (!good)
		printf("#  got: %.17g\n# want: %.17g\n", got, want);
	return good;
}

static void print_err(const struct err *e)
{
	printf("# error %d, place \"%s\", what \"%s\", hint \"%s\"\n", (int)e->code, e->place,
		e->what, e->hint);
}

bool tap_is_err(const char *file, int line, struct err *e, enum err_code code, const char *text,
	const char *name, ...)
{
	char whole[sizeof(e->place) + sizeof(e->what) + sizeof(e->hint) + 8];
	bool good;

	snprintf(whole, sizeof(whole), "%s%s%s%s%s", e->place, e->place[0] ? ": " : "", e->what,
		e->hint[0] ? "; " : "", e->hint);
	good = e->code == code && (!text || strstr(whole, text));
	REPORT(good);
	if (!good) {
		print_err(e);
		printf("# wanted error %d with \"%s\"\n", (int)code, text ? text : "");
	}
	memset(e, 0, sizeof(*e));
	return good;
}

bool tap_no_err(const char *file, int line, struct err *e, const char *name, ...)
{
	bool good = e->code == ERR_NONE;

	REPORT(good);
	if (!good)
		print_err(e);
	memset(e, 0, sizeof(*e));
	return good;
}

void skip(const char *why)
{
	printf("ok %d # SKIP %s\n", ++tap.n, why);
}

void diag(const char *fmt, ...)
{
	va_list ap;

	fputs("# ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

int done_testing(void)
{
	printf("1..%d\n", tap.n);
	if (fflush(stdout))
		return 1;
	return tap.n_failed > 0;
}

/* ---- files -------------------------------------------------------------------------------------- */

static void die(const char *what, const char *path)
{
	printf("Bail out! %s %s: %s\n", what, path, strerror(errno));
	fflush(stdout);
	exit(1);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

static int open_folder(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)walk;
	if (type == FTW_D || type == FTW_DNR)
		(void)!chmod(path, 0700);
	return 0;
}

static void remove_scratch(void)
{
	(void)!chdir("/");
	for (int i = 0; i < tap.n_folders; i++) {
		nftw(tap.folders[i], open_folder, 16, FTW_PHYS);
		nftw(tap.folders[i], remove_entry, 16, FTW_PHYS | FTW_DEPTH);
		free(tap.folders[i]);
	}
	tap.n_folders = 0;
}

const char *scratch(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[4096], *real;

	if (tap.n_folders == MAX_SCRATCH)
		die("too many calls of", "scratch()");
	snprintf(path, sizeof(path), "%s/cd4ml-unit.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(path) || chdir(path))
		die("cannot make", path);
	real = realpath(path, NULL);
	if (!real)
		die("cannot find", path);
	if (tap.n_folders == 0)
		atexit(remove_scratch);
	tap.folders[tap.n_folders++] = real;
	return real;
}

void write_file(const char *path, const void *p, size_t len)
{
	FILE *f = fopen(path, "wb");

	if (!f || (len && fwrite(p, 1, len, f) != len) || fclose(f))
		die("cannot write", path);
}

void write_text(const char *path, const char *text)
{
	write_file(path, text, strlen(text));
}

char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *p = NULL;
	size_t n = 0, got;

	if (!f)
		return NULL;
	do {
		p = realloc(p, n + 65537);
		if (!p)
			die("no memory for", path);
		got = fread(p + n, 1, 65536, f);
		n += got;
	} while (got);
	p[n] = '\0';
	fclose(f);
	if (len)
		*len = n;
	return p;
}

int count_files(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	if (!d)
		die("cannot open", dir);
	for (struct dirent *entry; (entry = readdir(d));)
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(d);
	return n;
}

/* ---- failing allocations ------------------------------------------------------------------------ */

bool wrap_must_fail(void)
{
	size_t n = atomic_fetch_add(&n_allocs, 1) + 1, at = atomic_load(&fail_at);

	if (at == 0 || (atomic_load(&fail_sticky) ? n < at : n != at))
		return false;
	atomic_store(&has_failed, true);
	errno = ENOMEM;
	return true;
}

void alloc_fail(size_t n, bool sticky)
{
	atomic_store(&n_allocs, 0);
	atomic_store(&has_failed, false);
	atomic_store(&fail_sticky, sticky);
	atomic_store(&fail_at, n);
}

size_t alloc_count(void)
{
	return atomic_load(&n_allocs);
}

/* One run with the n-th allocation failing. NULL if it is as it must be, else what is wrong. */
static const char *oom_run(size_t n, tap_run *run, void *ctx, struct err *e, bool *reached)
{
	int result;

	memset(e, 0, sizeof(*e));
	alloc_fail(n, false);
	result = run(ctx, e);
	*reached = atomic_load(&has_failed);
	alloc_fail(0, false);
	if (!*reached)
		return result == 0 ? NULL : "fails though nothing was refused";
	if (result == 0)
		return "succeeds though an allocation was refused";
	return e->code == ERR_SYSTEM ? NULL : "does not say that memory ran out";
}

bool tap_survives_oom(const char *file, int line, tap_run *run, void *ctx, const char *name, ...)
{
	struct err e;
	bool reached = true;
	size_t n = 0, step = 0;
	const char *wrong = oom_run(0, run, ctx, &e, &reached);

	for (reached = true; !wrong && reached;) {
		step = n < OOM_EXACT ? 1 : 1 + n / 50;
		n += step;
		wrong = oom_run(n, run, ctx, &e, &reached);
	}
	REPORT(!wrong);
	if (wrong) {
		printf("# with allocation %zu refused it %s\n", n, wrong);
		print_err(&e);
	}
	return !wrong;
}
