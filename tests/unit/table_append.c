/* table/append: whatever moment a process dies at, the next one finds the file as it was, or as it should be. */
#include "table/append.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static const char before[] = "k,v\na,1\n", rows[] = "b,2\nc,3\n", after[] = "k,v\na,1\nb,2\nc,3\n";

/* Appends in a process that is killed after `steps` steps. */
static void die_after(int steps)
{
	struct err e = ERR_INIT;
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct table_append *a = table_append_open("t.csv", &e);
		bool is_good =
			a && (steps < 1 || !table_append_begin(a, &e)) &&
			(steps < 2 || !table_append_write(a, (struct slice){ rows, 2 }, &e)) &&
			(steps < 3 || !table_append_write(a, slice_of(rows + 2), &e)) &&
			(steps < 4 || !table_append_end(a, &e));

		if (is_good)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	ok(waitpid(child, &status, 0) == child && WIFSIGNALED(status), "killed after %d steps",
		steps);
}

static void test_kill(void)
{
	struct err e = ERR_INIT;

	for (int steps = 0; steps <= 4; steps++) {
		struct stat st, now;
		struct table_append *a;
		char *text;

		write_text("t.csv", before);
		ok(!stat("t.csv", &st), "there it is");
		die_after(steps);
		a = table_append_open("t.csv", &e);
		ok(a != NULL, "it can be opened again");
		no_err(&e, "without an error");
		text = read_file("t.csv", NULL);
		is_text(text, steps == 4 ? after : before, "all or nothing after %d steps", steps);
		ok(!stat("t.csv", &now) &&
				(steps == 4 || (now.st_mtim.tv_sec == st.st_mtim.tv_sec &&
						       now.st_mtim.tv_nsec == st.st_mtim.tv_nsec)),
			"the time too");
		is_int(count_files("."), 1, "no journal is left");
		is_int(table_append_size(a), strlen(text), "the size");
		free(text);
		table_append_close(a);
	}
}

static void test_given_up(void)
{
	struct err e = ERR_INIT;
	struct table_append *a;
	char *text;

	write_text("t.csv", "k\na");
	a = table_append_open("t.csv", &e);
	ok(a && table_append_is_within_line(a), "no newline at the end");
	ok(!table_append_begin(a, &e) && !table_append_write(a, slice_of("\nb\n"), &e), "begun");
	is_int(count_files("."), 2, "there is a journal");
	table_append_close(a);
	text = read_file("t.csv", NULL);
	is_text(text, "k\na", "what was not ended is undone");
	free(text);
	is_int(count_files("."), 1, "and the journal is gone");
}

static void test_journal_of_another(void)
{
	struct err e = ERR_INIT;
	struct table_append *a;

	write_text("t.csv", before);
	die_after(3);
	ok(!rename("t.csv", "old.csv"), "moved away");
	write_text("t.csv", after);
	a = table_append_open("t.csv", &e);
	ok(!a, "a new file of the same beginning is not cut");
	is_err(&e, ERR_INPUT, "the file was changed since", "and it is said why");
	ok(!unlink("t.csv") && !rename("old.csv", "t.csv"), "back in its place");
	a = table_append_open("t.csv", &e);
	ok(a != NULL, "the old one is");
	is_int(table_append_size(a), strlen(before), "cut back");
	table_append_close(a);
}

int main(void)
{
	scratch();
	test_kill();
	scratch();
	test_given_up();
	scratch();
	test_journal_of_another();
	return done_testing();
}
