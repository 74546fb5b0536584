#include "base/claim.h"

#include <sys/stat.h>

#include "base/path.h"

enum { CLAIMS = 16 };

struct claims {
	const char *options[CLAIMS], *paths[CLAIMS];
	size_t n;
};

static bool is_stream(const char *path)
{
	return strcmp(path, "-") == 0;
}

static bool same_inode(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Will both be the same file? Pipes and devices take what comes. `result` 1, 0, or -1: no memory. */
static int is_same(const char *a, const char *b, struct err *e)
{
	struct buf dir_a = BUF_INIT, dir_b = BUF_INIT;
	struct stat sa, sb;
	int result;

	if (is_stream(a) || is_stream(b))
		return is_stream(a) && is_stream(b);
	if (stat(a, &sa) == 0)
		return S_ISREG(sa.st_mode) && stat(b, &sb) == 0 && same_inode(&sa, &sb);
	path_dir(&dir_a, a);
	path_dir(&dir_b, b);
	result = buf_check(&dir_a, e) || buf_check(&dir_b, e) ? -1 : 0;
	if (result == 0)
		result = strcmp(path_base(a), path_base(b)) == 0 && stat(dir_a.p, &sa) == 0 &&
			 stat(dir_b.p, &sb) == 0 && same_inode(&sa, &sb);
	buf_release(&dir_a);
	buf_release(&dir_b);
	return result;
}

static int check_place(const char *option, const char *path, struct err *e)
{
	struct buf dir = BUF_INIT;
	int result = 0;

	if (!path[0])
		return err_set(e, ERR_INPUT, "option '--%s': the name of a file is empty", option);
	if (is_stream(path))
		return 0;
	path_dir(&dir, path);
	if (buf_check(&dir, e))
		result = -1;
	else if (path_is_dir(path))
		result = err_set(e, ERR_INPUT, "option '--%s': '%s' is a folder", option, path);
	else if (!path_is_dir(dir.p))
		result = err_set(e, ERR_INPUT, "option '--%s': there is no folder '%s' for '%s'",
			option, dir.p, path);
	buf_release(&dir);
	return result;
}

static int add(struct claims *c, const char *option, const char *path, struct err *e)
{
	for (size_t i = 0; i < c->n; i++) {
		int same = is_same(c->paths[i], path, e);

		if (same < 0)
			return -1;
		if (!same)
			continue;
		err_set(e, ERR_INPUT, "%s would get both --%s and --%s",
			is_stream(path) ? "standard output" : path, c->options[i], option);
		return err_hint(e, "name a file for each");
	}
	if (c->n < CLAIMS) {
		c->options[c->n] = option;
		c->paths[c->n++] = path;
	}
	return 0;
}

static int check_operands(
	const char *option, const char *path, char *const *operands, struct err *e)
{
	for (; *operands; operands++) {
		int same = is_stream(path) ? 0 : is_same(path, *operands, e);

		if (same < 0)
			return -1;
		if (same) {
			err_set(e, ERR_INPUT, "option '--%s': '%s' is read, too", option, path);
			return err_hint(e, "it would be overwritten; name another file");
		}
	}
	return 0;
}

int claim_check(const struct opt_table *table, bool has_output, const char *output,
	char *const *operands, struct err *e)
{
	struct claims c = { .n = 0 };

	if (has_output && add(&c, "output", output ? output : "-", e))
		return -1;
	for (const struct opt *o = table->options; o && o->type != OPT_TYPE_END; o++) {
		const char *path =
			o->writes ? *(const char **)((char *)table->args + o->offset) : NULL;

		if (path && (check_place(o->name, path, e) || add(&c, o->name, path, e) ||
				    check_operands(o->name, path, operands, e)))
			return -1;
	}
	return 0;
}
