#include "eval/origin.h"

#include "base/input.h"
#include "base/path.h"
#include "cas/git.h"

static int hash_file(const char *path, char hex[HASH_MD5_HEX + 1], struct err *e)
{
	struct input *in = input_open(path, e);
	uint8_t md5[HASH_MD5_LEN];
	struct slice all;
	int rc = -1;

	if (in && !input_map(in, 0, &all, e)) {
		hash_md5_of(all, md5);
		hash_md5_format(md5, hex);
		rc = 0;
	}
	input_close(in);
	return rc;
}

int eval_origin_find(struct eval_origin *o, const char *model, const char *baseline, struct err *e)
{
	static const char *const args[] = { "rev-parse", "--verify", "-q", "HEAD", NULL };
	struct err ignored = ERR_INIT;
	struct buf dir = BUF_INIT;
	int rc = -1;

	*o = (struct eval_origin){ .model = model, .commit = BUF_INIT };
	path_dir(&dir, baseline);
	if (buf_check(&dir, e) || (model && hash_file(model, o->model_hash, e)))
		goto out;
	/* No repository, no commit yet, no git: a baseline is possible without. */
	if (cas_git_run(dir.p, args, (struct slice){ NULL, 0 }, &o->commit, NULL, &ignored))
		buf_reset(&o->commit);
	while (o->commit.len && o->commit.p[o->commit.len - 1] == '\n')
		buf_truncate(&o->commit, o->commit.len - 1);
	rc = 0;
out:
	buf_release(&dir);
	return rc;
}

void eval_origin_release(struct eval_origin *o)
{
	if (o)
		buf_release(&o->commit);
}
