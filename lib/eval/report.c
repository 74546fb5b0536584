#include "eval/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/output.h"

static bool has_name(const struct eval_report *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->findings[i].name, name))
			return true;
	return false;
}

int eval_report_add(struct eval_report *r, enum eval_status status, const char *name,
	const char *observed, const char *detail, struct err *e)
{
	struct eval_finding f = { .status = status };
	struct buf unique = BUF_INIT;
	int rc = -1;

	buf_add_text(&unique, name);
	for (int i = 2; has_name(r, unique.p) && !unique.failed; i++) {
		buf_reset(&unique);
		buf_addf(&unique, "%s (%d)", name, i);
	}
	if (buf_check(&unique, e) || mem_grow(&r->findings, &r->cap, r->n + 1, sizeof(f), e))
		goto out;
	f.name = arena_dup(&r->texts, unique.p, unique.len, e);
	f.observed = f.name ? arena_dup(&r->texts, observed, strlen(observed), e) : NULL;
	f.detail = f.observed ? arena_dup(&r->texts, detail, strlen(detail), e) : NULL;
	if (!f.detail)
		goto out;
	r->findings[r->n++] = f;
	rc = 0;
out:
	buf_release(&unique);
	return rc;
}

size_t eval_report_count(const struct eval_report *r, enum eval_status status)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->findings[i].status == status;
	return n;
}

const char *eval_report_status(enum eval_status status)
{
	static const char *const names[] = { "pass", "warning", "fail", "skip" };

	return names[status];
}

void eval_report_release(struct eval_report *r)
{
	if (!r)
		return;
	free(r->findings);
	arena_release(&r->texts);
	*r = (struct eval_report){ 0 };
}
