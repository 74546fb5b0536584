#include "cas/pointer.h"

#include <dirent.h>
#include <stdlib.h>

#include "tap.h"

/* DVC's own .dvc files read, and write back to the byte, also after their hash was set anew. */
static void test_golden(void)
{
	static const char dir[] = TEST_ROOT "/tests/data/dvc/pointers";
	struct buf path = BUF_INIT, out = BUF_INIT;
	struct err e = ERR_INIT;
	struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d))) {
		struct cas_pointer *p;
		struct cas_content c;
		char *text;

		if (entry->d_name[0] == '.')
			continue;
		buf_reset(&path);
		buf_addf(&path, "%s/%s", dir, entry->d_name);
		text = read_file(path.p, NULL);
		p = cas_pointer_parse(slice_of(text), entry->d_name, &e);
		no_err(&e, "%s reads", entry->d_name);
		is_int(p->n_outs, 1, "one output");
		ok(p->outs[0].has_id && !p->outs[0].content.id.is_legacy, "with a hash of DVC 3");
		buf_reset(&out);
		is_int(cas_pointer_format(p, &out, &e), 0, "formats");
		is_text(out.p, text, "to the same");
		c = p->outs[0].content;
		is_int(cas_pointer_set(p, 0, &c, &e), 0, "is set");
		buf_reset(&out);
		is_int(cas_pointer_format(p, &out, &e), 0, "formats");
		is_text(out.p, text, "to the same again");
		cas_pointer_free(p);

		/* made from nothing */
		p = cas_pointer_new("sub/x", &e);
		is_text(p->file, "sub/x.dvc", "the file's name");
		is_int(cas_pointer_set(p, 0, &c, &e), 0, "a new one is set");
		buf_reset(&out);
		is_int(cas_pointer_format(p, &out, &e), 0, "formats");
		*strstr(text, "  path: ") = '\0';
		*strstr(out.p, "  path: ") = '\0';
		is_text(out.p, text, "as DVC writes it, but the path");
		cas_pointer_free(p);
		free(text);
	}
	if (d)
		closedir(d);
	buf_release(&path);
	buf_release(&out);
}

static void test_kept(void)
{
	static const char text[] = "outs:\n"
				   "- md5: d41d8cd98f00b204e9800998ecf8427e\n"
				   "  size: 1\n"
				   "  path: ../a\n"
				   "  desc: what it is\n"
				   "  push: false\n"
				   "meta:\n"
				   "  owner: me\n";
	static const char want[] = "outs:\n"
				   "- md5: 0cc175b9c0f1b6a831c399e269772661.dir\n"
				   "  size: 7\n"
				   "  path: ../a\n"
				   "  desc: what it is\n"
				   "  push: false\n"
				   "  nfiles: 2\n"
				   "  hash: md5\n"
				   "meta:\n"
				   "  owner: me\n";
	struct cas_content c = { .size = 7, .n_files = 2 };
	struct err e = ERR_INIT;
	struct buf out = BUF_INIT;
	struct cas_pointer *p = cas_pointer_parse(slice_of(text), "sub/b.dvc", &e);

	no_err(&e, "an old one reads");
	is_text(p->outs[0].path, "a", "its path is the root's");
	ok(p->outs[0].content.id.is_legacy, "its hash is of the old kind");
	ok(!p->outs[0].push && p->outs[0].cache, "flags");
	cas_id_parse(slice_of("0cc175b9c0f1b6a831c399e269772661.dir"), &c.id);
	is_int(cas_pointer_set(p, 0, &c, &e), 0, "it becomes a directory");
	is_int(cas_pointer_format(p, &out, &e), 0, "formats");
	is_text(out.p, want, "what we do not know stays");
	cas_pointer_free(p);
	buf_release(&out);
}

static void test_refused(void)
{
	static const char *const bad[] = { "", "[]", "outs: 1", "outs:\n- 1", "outs:\n- md5: x",
		"outs:\n- path: /etc/passwd", "outs:\n- path: ../../x", "outs:\n- path: .git/hooks",
		"outs:\n- path: a/../../.dvc/config", "outs:\n- path: a\n  md5: 12",
		"outs:\n- path: a\n  size: -5", "outs:\n- path: a\n  hash: sha1",
		"outs:\n- path: s3://b/k", "wdir: ../../..\nouts:\n- path: a" };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ok(!cas_pointer_parse(slice_of(bad[i]), "sub/x.dvc", &e), "refused: %s", bad[i]);
		is_err(&e, ERR_INPUT, "sub/x.dvc", "with the file");
	}
}

int main(void)
{
	test_golden();
	test_kept();
	test_refused();
	return done_testing();
}
