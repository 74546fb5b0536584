#include "cas/manifest.h"

#include <dirent.h>
#include <stdlib.h>

#include "tap.h"

/* Each of DVC's own manifests reads, writes back to the byte, and hashes to its name. */
static void test_golden(void)
{
	static const char dir[] = TEST_ROOT "/tests/data/dvc/dirs";
	struct cas_manifest m = CAS_MANIFEST_INIT;
	struct buf path = BUF_INIT, out = BUF_INIT;
	char hex[CAS_ID_TEXT_MAX];
	struct err e = ERR_INIT;
	struct dirent *entry;
	struct cas_id id;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d))) {
		size_t len = 0;
		char *text;

		if (entry->d_name[0] == '.')
			continue;
		buf_reset(&path);
		buf_addf(&path, "%s/%s", dir, entry->d_name);
		text = read_file(path.p, &len);
		is_int(cas_manifest_parse(&m, (struct slice){ text, len }, "m", &e), 0, "%s reads",
			entry->d_name);
		is_int(cas_manifest_id(&m, &out, &id, &e), 0, "has an id");
		is_text(out.p, text, "writes back");
		cas_id_format(&id, hex);
		is_text(hex, entry->d_name, "and hashes to its name");
		free(text);
	}
	if (d)
		closedir(d);
	cas_manifest_release(&m);
	buf_release(&path);
	buf_release(&out);
}

static void test_refused(void)
{
#define MD5 "\"md5\": \"d41d8cd98f00b204e9800998ecf8427e\""
	static const char *const bad[] = { "", "{}", "[", "[]x", "[{}]", "[{" MD5 "}]",
		"[{\"relpath\": \"a\"}]", "[{" MD5 ", \"relpath\": \"\"}]",
		"[{" MD5 ", \"relpath\": \"../a\"}]", "[{" MD5 ", \"relpath\": \"a/../../b\"}]",
		"[{" MD5 ", \"relpath\": \"/etc/passwd\"}]", "[{" MD5 ", \"relpath\": \"a//b\"}]",
		"[{" MD5 ", \"relpath\": \"a/\"}]", "[{" MD5 ", \"relpath\": \"./a\"}]",
		"[{" MD5 ", \"relpath\": \"x/.git/config\"}]",
		"[{" MD5 ", \"relpath\": \"a\\u0000b\"}]", "[{" MD5 ", \"relpath\": \"\\ud800\"}]",
		"[{" MD5 ", \"relpath\": \"\xff\"}]", "[{" MD5 ", \"relpath\": \"a\nb\"}]",
		"[{" MD5 ", \"relpath\": \"a\"}, {" MD5 ", \"relpath\": \"a\"}]",
		"[{" MD5 ", \"relpath\": \"a\"}, {" MD5 ", \"relpath\": \"a/b\"}]",
		"[{" MD5 ", \"relpath\": \"a\"}, {" MD5 ", \"relpath\": \"a-x\"}, {" MD5
		", \"relpath\": \"a/b/c\"}]",
		"[{\"md5\": \"12\", \"relpath\": \"a\"}]",
		"[{" MD5 ", " MD5 ", \"relpath\": \"a\"}]" };
	struct cas_manifest m = CAS_MANIFEST_INIT;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_int(cas_manifest_parse(&m, slice_of(bad[i]), "name", &e), -1, "refused: %s",
			bad[i]);
		is_err(&e, ERR_INPUT, "name", "with the name");
	}
	is_int(cas_manifest_parse(&m,
		       slice_of(" [ {\"size\": 3, \"relpath\" : \"b\", " MD5 "} ,\n{" MD5
				",\"relpath\":\"\\u0061\\/c\",\"x\":\"y\"} ] "),
		       "m", &e),
		0, "what another program might write");
	is_int(m.n, 2, "is read");
	is_text(m.entries[0].relpath, "a/c", "and sorted");
	cas_manifest_release(&m);
}

static void test_find(void)
{
	struct cas_manifest m = CAS_MANIFEST_INIT;
	struct err e = ERR_INIT;
	int found = 0;

	for (int i = 0; i < 100; i++) {
		char name[2] = { (char)('!' + (i * 37) % 90), 0 };

		if (i < 90 && name[0] != '/' && !cas_manifest_add(&m, slice_of(name), &e))
			abort();
	}
	is_int(cas_manifest_sort(&m, &e), 0, "sort");
	for (size_t i = 0; i < m.n; i++) {
		struct slice s = { m.entries[i].relpath, m.entries[i].len };

		found += cas_manifest_find(&m, s) == &m.entries[i];
	}
	is_int(found, m.n, "each is found");
	ok(!cas_manifest_find(&m, slice_of("nosuch")), "another is not");
	ok(!cas_manifest_add(&m, slice_of("\xc3"), &e), "a name that is not UTF-8");
	is_err(&e, ERR_INPUT, "UTF-8", "is refused");
	cas_manifest_release(&m);
}

static int read_one(void *ctx, struct err *e)
{
	struct cas_manifest m = CAS_MANIFEST_INIT;
	struct buf out = BUF_INIT;
	struct cas_id id;
	int r = cas_manifest_parse(&m,
			slice_of("[{" MD5 ", \"relpath\": \"a\"}, {" MD5 ", \"relpath\": \"b\"}]"),
			"m", e) ||
				cas_manifest_id(&m, &out, &id, e)
			? -1
			: 0;

	(void)ctx;
	cas_manifest_release(&m);
	buf_release(&out);
	return r;
}

int main(void)
{
	test_golden();
	test_refused();
	test_find();
	survives_oom(read_one, NULL, "reading and writing a manifest");
	return done_testing();
}
