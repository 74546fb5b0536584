#include "cas/index.h"

#include <stdlib.h>

#include "base/path.h"
#include "tap.h"

static struct stat make_stat(uint64_t ino, int64_t at)
{
	struct stat st = { .st_dev = 7, .st_ino = ino, .st_size = 100 };

	st.st_ctim.tv_sec = (time_t)(at / 1000000000);
	st.st_ctim.tv_nsec = (long)(at % 1000000000) | 1;
	st.st_mtim = st.st_ctim;
	return st;
}

static struct cas_index *open_index(void)
{
	struct err e = ERR_INIT;
	struct cas_index *x = cas_index_open("index", &e);

	no_err(&e, "opens");
	return x;
}

static void close_index(struct cas_index *x)
{
	struct err e = ERR_INIT;

	is_int(cas_index_close(x, &e), 0, "closes");
}

static void test_life(void)
{
	static const uint8_t sum[HASH_MD5_LEN] = { 1, 2, 3 }, other[HASH_MD5_LEN] = { 9 };
	int64_t clock = cas_index_now();
	struct stat st = make_stat(11, clock - 1000000000), young = make_stat(12, clock), now;
	struct cas_index *x = open_index();
	uint8_t md5[HASH_MD5_LEN];

	ok(!cas_index_get(x, &st, md5), "nothing is known");
	cas_index_put(x, &st, cas_index_now(), sum);
	ok(cas_index_get(x, &st, md5) && !memcmp(md5, sum, 16), "what was put is known");
	cas_index_put(x, &young, clock, sum);
	ok(!cas_index_get(x, &young, md5), "a file changed in this step of the clock is not");
	close_index(x);

	x = open_index();
	ok(cas_index_get(x, &st, md5) && !memcmp(md5, sum, 16), "it is kept");
	now = st;
	now.st_size++;
	ok(!cas_index_get(x, &now, md5), "another size is another file");
	now = st;
	now.st_mtim.tv_nsec ^= 2;
	ok(!cas_index_get(x, &now, md5), "another time too");
	now = st;
	now.st_ctim.tv_nsec ^= 2;
	ok(!cas_index_get(x, &now, md5), "another change time too: mtime can be set back");
	now = st;
	now.st_dev = 8;
	ok(!cas_index_get(x, &now, md5), "another device too");
	cas_index_put(x, &st, cas_index_now(), other);
	close_index(x);

	x = open_index();
	ok(cas_index_get(x, &st, md5) && !memcmp(md5, other, 16), "the newer one wins");
	cas_index_put_own(x, &young, sum);
	ok(cas_index_get(x, &young, md5), "our own file is known while we run");
	close_index(x);
}

static void test_many(void)
{
	enum { N = 20000 };
	struct cas_index *x = open_index();
	struct stat st = make_stat(0, cas_index_now() - 1000000000);
	uint8_t md5[HASH_MD5_LEN] = { 0 };
	int found = 0;

	for (uint64_t i = 1; i <= N; i++) {
		st.st_ino = i;
		memcpy(md5, &i, sizeof(i));
		cas_index_put(x, &st, cas_index_now(), md5);
	}
	close_index(x);
	x = open_index();
	for (uint64_t i = 1; i <= N; i++) {
		uint64_t got = 0;

		st.st_ino = i;
		if (cas_index_get(x, &st, md5))
			memcpy(&got, md5, sizeof(got));
		found += got == i;
	}
	is_int(found, N, "many are found");
	close_index(x);
}

static void test_damaged(void)
{
	size_t len = 0;
	char *bytes = read_file("index", &len);
	struct stat st = make_stat(5, cas_index_now() - 1000000000);
	uint8_t md5[HASH_MD5_LEN];
	struct cas_index *x;

	write_file("index", bytes, len / 2);
	x = open_index();
	ok(!cas_index_get(x, &st, md5), "half a table is an empty one");
	cas_index_free(x);
	for (size_t i = 64; i < len; i += 7)
		bytes[i] ^= 0x55;
	write_file("index", bytes, len);
	x = open_index();
	ok(!cas_index_get(x, &st, md5), "a damaged one too");
	close_index(x);
	free(bytes);
}

int main(void)
{
	scratch();
	test_life();
	test_many();
	test_damaged();
	return done_testing();
}
