/* base/output, base/lock: a file appears whole or not at all; one holder at a time. */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/path.h"
#include "tap.h"

static void file_is(const char *path, const char *want, const char *what)
{
	char *text = read_file(path, NULL);

	is_text(text, want, "%s", what);
	free(text);
}

static void check_whole(void)
{
	struct err e = ERR_INIT;
	struct output *o;
	struct stat st;

	scratch();
	umask(027);
	o = output_open("a.csv", OUTPUT_PLAIN, &e);
	output_text(o, "a");
	output_char(o, ',');
	output_slice(o, (struct slice){ "bcd", 1 });
	output_printf(o, "%03d\n", 7);
	ok(!path_exists("a.csv"), "nothing is there before the end");
	is_int(count_files("."), 1, "but a temporary file");
	is_int(output_close(o, &e), 0, "closed");
	file_is("a.csv", "a,b007\n", "whole");
	is_int(count_files("."), 1, "alone");
	ok(stat("a.csv", &st) == 0 && (st.st_mode & 0777) == 0640, "its mode is 0666 less umask");
	o = output_open("a.csv", OUTPUT_SYNC | OUTPUT_READ_ONLY, &e);
	output_text(o, "new");
	file_is("a.csv", "a,b007\n", "the old one stays until the end");
	is_int(output_close(o, &e), 0, "closed");
	file_is("a.csv", "new", "replaced");
	ok(stat("a.csv", &st) == 0 && (st.st_mode & 0777) == 0444, "read-only");
	o = output_open("a.csv", OUTPUT_PLAIN, &e);
	output_text(o, "never");
	output_abandon(o);
	file_is("a.csv", "new", "abandoned: the old one stays");
	is_int(count_files("."), 1, "and nothing beside it");
	output_abandon(NULL);
	umask(022);
}

static void check_large(void)
{
	struct err e = ERR_INIT;
	struct output *o = output_open("large", OUTPUT_PLAIN, &e);
	char *piece = malloc(300001);
	bool same = true;
	size_t len = 0;

	if (!piece || !o)
		return;
	for (int i = 0; i < 300001; i++)
		piece[i] = (char)('a' + i % 23);
	for (size_t n = 0; n <= 300001; n += 50000 + n / 7) {
		output_write(o, piece, n);
		len += n;
		output_write(o, NULL, 0);
	}
	int fd = output_fd(o, &e);
	ok(fd >= 0 && lseek(fd, 0, SEEK_CUR) == (off_t)len, "output_fd has flushed");
	is_int(output_close(o, &e), 0, "pieces below and above the buffer");
	char *text = read_file("large", &len);
	size_t at = 0;
	for (size_t n = 0; text && n <= 300001; n += 50000 + n / 7) {
		same = same && at + n <= len && memcmp(text + at, piece, n) == 0;
		at += n;
	}
	ok(same && at == len, "in their order");
	free(text);
	free(piece);
}

static void check_keep_same(void)
{
	struct err e = ERR_INIT;
	struct stat before, after;

	scratch();
	is_int(output_save("f", OUTPUT_PLAIN, slice_of("same"), &e), 0, "saved");
	stat("f", &before);
	is_int(output_save("f", OUTPUT_KEEP_SAME, slice_of("same"), &e), 0, "the same again");
	stat("f", &after);
	ok(before.st_ino == after.st_ino, "leaves the file");
	is_int(output_save("f", OUTPUT_KEEP_SAME, slice_of("else"), &e), 0,
		"other bytes of the same length");
	stat("f", &after);
	ok(before.st_ino != after.st_ino, "replace it");
	is_int(output_save("f", OUTPUT_KEEP_SAME | OUTPUT_READ_ONLY, slice_of("else"), &e), 0,
		"another mode");
	stat("f", &after);
	is_int(after.st_mode & 0777, 0444, "replaces it too");
	is_int(count_files("."), 1, "nothing is left");
}

static void check_links(void)
{
	struct err e = ERR_INIT;
	struct stat st;

	scratch();
	write_text("target", "old");
	ok(symlink("target", "link") == 0, "a link");
	is_int(output_save("link", OUTPUT_PLAIN, slice_of("new"), &e), 0, "written through");
	file_is("target", "new", "the file that it names is replaced");
	ok(lstat("link", &st) == 0 && S_ISLNK(st.st_mode), "the link stays");
	char name[300];
	memset(name, 'n', 255);
	name[255] = '\0';
	is_int(output_save(name, OUTPUT_PLAIN, slice_of("x"), &e), 0,
		"the longest name that there is");
	file_is(name, "x", "is written");
}

static void check_failures(void)
{
	struct err e = ERR_INIT;
	struct output *o;

	scratch();
	ok(!output_open("no/such/folder", OUTPUT_PLAIN, &e), "no folder");
	is_err(&e, ERR_INPUT, "no/such/folder: ", "is told");
	ok(!output_open(".", OUTPUT_PLAIN, &e), "a folder");
	is_err(&e, ERR_INPUT, "is a folder", "is told");
	ok(!output_open("", OUTPUT_PLAIN, &e), "an empty name");
	is_err(&e, ERR_INPUT, "the name of an output is empty", "is told");
	is_int(count_files("."), 0, "nothing is left");
	o = output_open("/dev/full", OUTPUT_PLAIN, &e);
	for (int i = 0; o && i < 1000000 && !output_failed(o); i++)
		output_text(o, "some text\n");
	ok(o && output_failed(o), "a full disk is noticed on the way");
	ok(o && output_fd(o, &e) == -1, "and by output_fd");
	is_err(&e, ERR_SYSTEM, "/dev/full: cannot write: No space left on device",
		"with its message");
	is_int(output_close(o, &e), -1, "and at the end");
	is_err(&e, ERR_SYSTEM, "/dev/full: cannot write: No space left on device", "with the same");
	is_int(output_save("/dev/full", OUTPUT_PLAIN, slice_of("x"), &e), -1,
		"also of a single byte");
	is_err(&e, ERR_SYSTEM, "No space", "at closing");
	is_int(output_save("/dev/null", OUTPUT_SYNC, slice_of("x"), &e), 0,
		"a device is written directly");
	/* What is in the way of the rename. */
	o = output_open("d", OUTPUT_PLAIN, &e);
	ok(mkdir("d", 0700) == 0, "a folder takes its place meanwhile");
	output_text(o, "x");
	is_int(output_close(o, &e), -1, "the rename fails");
	is_err(&e, ERR_SYSTEM, "d: cannot rename", "and says so");
	is_int(count_files("."), 1, "nothing but the folder is left");
}

static void check_rest(void)
{
	struct err e = ERR_INIT;
	struct output *o;

	scratch();
	o = output_open("f", OUTPUT_SYNC, &e);
	output_text(o, "a");
	output_rest(o);
	output_rest(o);
	output_text(o, "b");
	output_rest(o);
	ok(output_fd(o, &e) >= 0, "it wakes for its descriptor");
	output_rest(o);
	is_int(output_close(o, &e), 0, "and is closed at rest");
	file_is("f", "ab", "all parts in their order");
	o = output_open("g", OUTPUT_PLAIN, &e);
	output_text(o, "a");
	output_rest(o);
	output_abandon(o);
	is_int(count_files("."), 1, "and given up at rest");
	o = output_open("/dev/null", OUTPUT_PLAIN, &e);
	output_rest(o);
	output_text(o, "a");
	is_int(output_close(o, &e), 0, "a device does not rest");
}

static void check_unfinished(void)
{
	struct err e = ERR_INIT;
	int handles[600], n = 0;
	pid_t child;
	int status;

	scratch();
	write_text("old", "old");
	child = fork();
	if (child == 0) {
		struct output *a = output_open("old", OUTPUT_PLAIN, &e),
			      *b = output_open("new", OUTPUT_PLAIN, &e);

		mkdir("temporary", 0700);
		if (output_track("temporary") < 0)
			_exit(1);
		output_text(a, "a");
		output_text(b, "b");
		output_remove_unfinished();
		_exit(count_files(".") == 1 ? 0 : 1);
	}
	ok(waitpid(child, &status, 0) == child && status == 0,
		"what is unfinished can be removed at any time");
	file_is("old", "old", "what was there stays");
	while (n < 600 && (handles[n] = output_track("x")) >= 0)
		n++;
	is_int(n, 600, "any number is remembered");
	write_text("far", "");
	output_untrack(handles[300]);
	is_int(output_track("far"), handles[300], "a free place is taken again");
	struct output *o = output_open("more", OUTPUT_PLAIN, &e);
	output_text(o, "x");
	is_int(output_close(o, &e), 0, "one more works all the same");
	output_untrack(-1);
	while (n)
		output_untrack(handles[--n]);
	n = output_track("again");
	ok(n >= 0, "and their places are used again");
	output_untrack(n);
}

static void check_lock(void)
{
	struct err e = ERR_INIT;
	struct lock *l;
	int ready[2], status;
	char c, pid_text[64];

	scratch();
	l = lock_take("lock", 0, &e);
	ok(l != NULL, "a free lock is taken at once");
	snprintf(pid_text, sizeof(pid_text), " %ld\n", (long)getpid());
	file_is("lock", pid_text, "it holds the process number as DVC's does");
	ok(!lock_take("lock", 50, &e), "nobody else gets it");
	snprintf(pid_text, sizeof(pid_text), "process %ld", (long)getpid());
	is_err(&e, ERR_SYSTEM, pid_text, "and is told who has it");
	lock_drop(l);
	l = lock_take("lock", 0, &e);
	ok(l != NULL, "dropped, it is free again");
	lock_drop(l);
	lock_drop(NULL);
	ok(!lock_take("no/such/folder", 0, &e), "no folder");
	is_err(&e, ERR_INPUT, "no/such/folder", "is told");
	/* A holder that dies lets go. */
	if (pipe(ready))
		return;
	pid_t child = fork();
	if (child == 0) {
		if (!lock_take("lock", 0, &e))
			_exit(1);
		(void)!write(ready[1], "x", 1);
		pause();
		_exit(1);
	}
	ok(read(ready[0], &c, 1) == 1, "a child has it");
	ok(!lock_take("lock", 0, &e), "so we do not");
	kill(child, SIGKILL);
	l = lock_take("lock", -1, &e);
	ok(l != NULL, "when it dies, we do");
	waitpid(child, &status, 0);
	lock_drop(l);
	err_clear(&e);
}

static int save(void *ctx, struct err *e)
{
	struct output *o = output_open(ctx, OUTPUT_SYNC, e);
	struct lock *l;

	if (!o)
		return -1;
	l = lock_take("l", 0, e);
	if (!l) {
		output_abandon(o);
		return -1;
	}
	output_printf(o, "%d\n", 5);
	lock_drop(l);
	return output_close(o, e);
}

int main(void)
{
	check_whole();
	check_large();
	check_keep_same();
	check_links();
	check_failures();
	check_rest();
	check_unfinished();
	check_lock();
	scratch();
	survives_oom(save, "f", "each allocation may fail");
	is_int(count_files("."), 2, "and nothing is left behind");
	return done_testing();
}
