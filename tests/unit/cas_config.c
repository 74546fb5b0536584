#include "cas/config.h"

#include <stdlib.h>

#include "tap.h"

static const char text[] = "# first\n"
			   "[core]\n"
			   "    remote = store   # the usual\n"
			   "    Unknown = a, b\n"
			   "\n"
			   "['remote \"store\"']\n"
			   "    url = ../../store\n"
			   "    acl = 'bucket-owner, full'\n"
			   "[cache]\n"
			   "    type = \"reflink,hardlink\"\n";

static struct cas_config *parse(const char *s)
{
	struct err e = ERR_INIT;
	struct cas_config *c = cas_config_parse(slice_of(s), "config", &e);

	no_err(&e, "parsing");
	return c;
}

static void is_format(const struct cas_config *c, const char *want, const char *name)
{
	struct buf b = BUF_INIT;

	cas_config_format(c, &b);
	is_text(b.p, want, "%s", name);
	buf_release(&b);
}

static void test_get(void)
{
	struct cas_config *c = parse(text);

	is_text(cas_config_get(c, "core", "remote"), "store", "a value without its comment");
	is_text(cas_config_get(c, "CORE", "Remote"), "store", "in any case");
	is_text(cas_config_get(c, "remote \"store\"", "acl"), "bucket-owner, full", "quotes gone");
	is_text(cas_config_get(c, "cache", "type"), "reflink,hardlink", "double quotes too");
	is_text(cas_config_get(c, "remote \"Store\"", "url"), NULL, "a remote's name has a case");
	is_text(cas_config_get(c, "core", "nosuch"), NULL, "not set");
	is_text(cas_config_section(c, 1), "remote \"store\"", "sections by number");
	is_text(cas_config_section(c, 3), NULL, "no fourth one");
	is_format(c, text, "what was read is written");
	cas_config_free(c);
}

static void test_set(void)
{
	struct err e = ERR_INIT;
	struct cas_config *c = parse("[core]\n    a = 1\n# end\n[x]\n    b = 2\n");

	is_int(cas_config_set(c, "core", "c", "3", &e), 0, "a new key");
	is_int(cas_config_set(c, "core", "a", "new", &e), 0, "a changed one");
	is_int(cas_config_set(c, "remote \"r\"", "url", "s3://b/p", &e), 0, "a new section");
	is_int(cas_config_set(c, "x", "list", "a,b", &e), 0, "a list");
	is_int(cas_config_set(c, "x", "b", NULL, &e), 0, "a removed key");
	is_format(c,
		"[core]\n    a = new\n    c = 3\n# end\n[x]\n    list = \"a,b\"\n"
		"['remote \"r\"']\n    url = s3://b/p\n",
		"all else stays");
	is_int(cas_config_set(c, "x", "k", "a\nb", &e), -1, "a line break is refused");
	is_err(&e, ERR_INPUT, "line break", "with a message");
	ok(cas_config_remove(c, "remote \"r\""), "a section goes");
	ok(!cas_config_remove(c, "remote \"r\""), "once");
	is_format(c, "[core]\n    a = new\n    c = 3\n# end\n[x]\n    list = \"a,b\"\n", "whole");
	cas_config_free(c);
}

static void test_bad(void)
{
	static const char *const bad[] = { "[core\n", "key\n", "= v\n", "[]\n", "[a] b\n",
		"k = 'open\n" };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ok(!cas_config_parse(slice_of(bad[i]), "config", &e), "refused: %zu", i);
		is_err(&e, ERR_INPUT, "config:1", "with its line");
	}
}

static int all(void *ctx, struct err *e)
{
	struct cas_config *c = cas_config_parse(slice_of(text), "config", e);
	int r = -1;

	(void)ctx;
	if (c && !cas_config_set(c, "remote \"new\"", "url", "x", e))
		r = 0;
	cas_config_free(c);
	return r;
}

int main(void)
{
	test_get();
	test_set();
	test_bad();
	survives_oom(all, NULL, "reading and changing a configuration");
	return done_testing();
}
