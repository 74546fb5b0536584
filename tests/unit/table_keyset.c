/* table/keyset: what is in, what is not, and which files are believed. */
#include "table/keyset.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

static struct table_print print_of(unsigned i)
{
	struct table_print p = { 0, 0 };
	struct err e = ERR_INIT;
	char key[32];
	int len = snprintf(key, sizeof(key), "key %u", i);

	if (table_print_of((struct slice){ key, (size_t)len }, &p, &e))
		no_err(&e, "a fingerprint");
	return p;
}

static unsigned count(const struct table_keyset *s, unsigned from, unsigned to)
{
	unsigned n = 0;

	for (unsigned i = from; i < to; i++)
		n += table_keyset_has(s, print_of(i));
	return n;
}

/* Adds keys [from, to) and says how many were new. */
static unsigned add(struct table_keyset *s, unsigned from, unsigned to)
{
	struct err e = ERR_INIT;
	unsigned n = 0;

	for (unsigned i = from; i < to; i++) {
		int rc = table_keyset_add(s, print_of(i), &e);

		n += rc > 0;
		if (rc < 0)
			no_err(&e, "added");
	}
	return n;
}

static void test_keys(void)
{
	struct err e = ERR_INIT;
	struct table_keyset *s = table_keyset_open(NULL, ".", NULL, &e);
	struct table_keyset *more = table_keyset_open(NULL, ".", NULL, &e);

	ok(s && more && !table_keyset_is_known(s), "unnamed ones are empty");
	is_int(count(s, 0, 100), 0, "nothing is in");
	is_int(add(s, 0, 50000), 50000, "through several segments");
	is_int(add(s, 49000, 51000), 1000, "what is there is not added");
	is_int(count(s, 0, 60000), 51000, "all are found, no others");
	is_int(table_keyset_n(s), 51000, "counted");
	table_keyset_expect(more, 20000);
	is_int(add(more, 50000, 70000), 20000, "another");
	ok(!table_keyset_add_all(s, more, &e), "all of it");
	is_int(count(s, 0, 80000), 70000, "the union");
	is_int(table_keyset_n(s), 70000, "counted");
	table_keyset_close(s);
	table_keyset_close(more);
	is_int(count_files("."), 0, "no files are left");
}

static bool is_known(const char *path, const struct table_keyset_stamp *stamp)
{
	struct err e = ERR_INIT;
	struct table_keyset *s = table_keyset_open(path, NULL, stamp, &e);
	bool known = s && table_keyset_is_known(s);

	no_err(&e, "opened");
	if (known)
		is_int(count(s, 0, 20000), 10000, "with its keys");
	table_keyset_close(s);
	return known;
}

static void save(const struct table_keyset_stamp *stamp)
{
	struct err e = ERR_INIT;
	struct table_keyset *s = table_keyset_open("keys", NULL, stamp, &e);

	is_int(add(s, 0, 10000), 10000, "made anew");
	ok(!table_keyset_save(s, stamp, &e), "saved");
	table_keyset_close(s);
}

static void test_file(void)
{
	struct table_keyset_stamp stamp = { .size = 7, .mtime_ns = 8, .content = { 1 } };
	struct table_keyset_stamp other = stamp;
	struct err e = ERR_INIT;
	struct table_keyset *s;
	char *bytes;
	size_t len;

	other.meaning[31] = 1;
	save(&stamp);
	bytes = read_file("keys", &len);
	ok(is_known("keys", &stamp), "known by its stamp");
	ok(!is_known("keys", &other), "not by another");
	ok(!is_known("keys", &stamp), "which has emptied it");

	/* every byte of the head counts */
	for (size_t i = 0; i < 1400; i += i < 160 ? 1 : 61) {
		bytes[i] = (char)(bytes[i] ^ 1);
		write_file("changed", bytes, len);
		bytes[i] = (char)(bytes[i] ^ 1);
		if (is_known("changed", &stamp) != (i >= 1296))
			ok(false, "byte %zu", i);
	}
	write_file("short", bytes, len - 1);
	ok(!is_known("short", &stamp), "a short file");
	free(bytes);

	/* a process that dies while it adds */
	save(&stamp);
	s = table_keyset_open("keys", NULL, &stamp, &e);
	ok(table_keyset_is_known(s), "known");
	is_int(add(s, 10000, 10001), 1, "one more key");
	table_keyset_close(s);
	ok(!is_known("keys", &stamp), "not believed any more");
}

int main(void)
{
	scratch();
	test_keys();
	scratch();
	test_file();
	return done_testing();
}
