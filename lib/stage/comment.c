#include "stage/comment.h"

#include <string.h>

#include "cas/git.h"
#include "stage/compare.h"

static const struct slice no_input = { NULL, 0 };

/* The newest commit of the branch into FETCH_HEAD; a whole clone stays whole. */
static int fetch(const char *root, const char *branch, struct err *e)
{
	const char *ask[] = { "rev-parse", "--is-shallow-repository", NULL };
	const char *whole[] = { "fetch", "-q", "origin", branch, NULL };
	const char *one[] = { "fetch", "-q", "--depth=1", "origin", branch, NULL };
	struct buf answer = BUF_INIT;
	int rc = -1;

	if (*branch == '-')
		err_set(e, ERR_INPUT, "'%s' cannot be a branch", branch);
	else if (!cas_git_must(root, ask, no_input, &answer, e))
		rc = cas_git_must(root, slice_starts(buf_slice(&answer), "true") ? one : whole,
			no_input, NULL, e);
	buf_release(&answer);
	return rc;
}

/* Characters of a path that a link in Markdown may have. */
static void add_encoded(struct buf *b, const char *path)
{
	for (; *path; path++) {
		if (strchr("-._~/", *path) || (*path >= '0' && *path <= '9') ||
			((*path | 32) >= 'a' && (*path | 32) <= 'z'))
			buf_add_char(b, *path);
		else
			buf_addf(b, "%%%02X", (unsigned char)*path);
	}
}

static void add_reports(const struct stage_comment *c, struct buf *b)
{
	for (size_t i = 0; i < c->n_reports; i++) {
		buf_add_text(b, i ? ", " : "\nReports: ");
		if (!c->job_url) {
			buf_addf(b, "`%s`", c->reports[i]);
			continue;
		}
		buf_addf(b, "[%s](%s/artifacts/file/", c->reports[i], c->job_url);
		add_encoded(b, c->reports[i]);
		buf_add_char(b, ')');
	}
	if (c->n_reports)
		buf_add_char(b, '\n');
}

int stage_comment_format(
	struct stage_project *p, const struct stage_comment *c, struct buf *b, struct err *e)
{
	struct stage_compare how = { .what = STAGE_COMPARE_METRICS,
		.format = STAGE_COMPARE_MARKDOWN,
		.rev = c->rev      ? c->rev
		       : c->branch ? "FETCH_HEAD"
				   : "HEAD",
		.name = c->rev ? c->rev : c->branch };

	if (!c->rev && c->branch && fetch(p->tree->repo->root, c->branch, e))
		return -1;
	buf_addf(b, "### %s\n\n", c->title);
	if (stage_compare_format(p, &how, b, e))
		return -1;
	buf_add_text(b, "\n<details><summary>Parameters</summary>\n\n");
	how.what = STAGE_COMPARE_PARAMS;
	if (stage_compare_format(p, &how, b, e))
		return -1;
	buf_add_text(b, "\n</details>\n");
	add_reports(c, b);
	return buf_check(b, e);
}
