#include "stage/timing.h"

#include <string.h>
#include <time.h>

#include "base/num.h"
#include "base/output.h"
#include "base/path.h"

static int path_of(struct stage_project *p, const char *stage, struct buf *b, struct err *e)
{
	path_join(b, p->tree->repo->tmp_dir, "timing");
	if (buf_check(b, e) || (stage && path_make_dirs(b->p, e)))
		return -1;
	buf_addf(b, "/%s.json", stage ? stage : "");
	return buf_check(b, e);
}

int stage_timing_put(struct stage_project *p, const char *stage, const struct stage_exec_result *r,
	struct err *e)
{
	json_t *doc = json_pack("{s:s, s:I, s:f, s:I, s:i}", "stage", stage, "started",
		(json_int_t)((double)time(NULL) - r->seconds), "seconds", r->seconds, "max_rss",
		(json_int_t)r->max_rss * 1024, "status", r->status);
	struct buf path = BUF_INIT;
	int rc = -1;

	if (!doc)
		return err_nomem(e);
	if (!path_of(p, stage, &path, e))
		rc = jdoc_save(path.p, doc, JDOC_LINE, OUTPUT_PLAIN, e);
	json_decref(doc);
	buf_release(&path);
	return rc;
}

/* NULL without an error: it never ran here, or what is written down is not to be read. */
static json_t *get(struct stage_project *p, const char *stage)
{
	struct buf path = BUF_INIT;
	struct err e = ERR_INIT;
	json_t *doc = NULL;

	if (!path_of(p, stage, &path, &e) && path_exists(path.p))
		doc = jdoc_load(path.p, &e);
	buf_release(&path);
	return doc;
}

static void add_row(struct buf *b, int width, const char *stage, const json_t *doc)
{
	char memory[NUM_TEXT_MAX], when[32] = "";
	time_t started = (time_t)json_integer_value(json_object_get(doc, "started"));
	struct tm tm;

	if (!doc) {
		buf_addf(b, "%-*s  %9s  %10s  %6s  %s\n", width, stage, "-", "-", "-", "-");
		return;
	}
	num_format_bytes(memory, (double)json_integer_value(json_object_get(doc, "max_rss")));
	if (gmtime_r(&started, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%SZ", &tm);
	buf_addf(b, "%-*s  %9.2f  %10s  %6d  %s\n", width, stage,
		json_number_value(json_object_get(doc, "seconds")), memory,
		(int)json_integer_value(json_object_get(doc, "status")), when);
}

int stage_timing_format(struct stage_project *p, bool json, struct buf *b, struct err *e)
{
	json_t *list = json_array();
	int width = 5;

	for (size_t i = 0; i < p->pipeline.n; i++)
		if ((int)strlen(p->pipeline.stages[i].name) > width)
			width = (int)strlen(p->pipeline.stages[i].name);
	if (!json)
		buf_addf(b, "%-*s  %9s  %10s  %6s  %s\n", width, "stage", "seconds", "memory",
			"status", "started");
	for (size_t k = 0; list && k < p->pipeline.n; k++) {
		const char *name = p->pipeline.stages[p->graph.order[k]].name;
		json_t *doc = get(p, name);

		if (!json)
			add_row(b, width, name, doc);
		if (doc && json_array_append_new(list, doc)) {
			json_decref(list);
			list = NULL;
		}
	}
	if (!list)
		return err_nomem(e);
	if (json)
		jdoc_format(b, list, JDOC_PRETTY);
	json_decref(list);
	return buf_check(b, e);
}
