#include "eval/baseline.h"

#include <stdlib.h>
#include <string.h>

#include "base/input.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/output.h"
#include "base/path.h"

enum { MAX_TEXT = 1 << 16 };

/* FILE.json for FILE.txt, whatever the extension. */
static void record_path(struct buf *b, const char *path)
{
	const char *dot = strrchr(path_base(path), '.');

	buf_reset(b);
	buf_add(b, path, dot && dot != path_base(path) ? (size_t)(dot - path) : strlen(path));
	buf_add_text(b, ".json");
}

static struct slice trim_lines(struct slice s)
{
	while (s.len && strchr(" \t\r\n", s.p[s.len - 1]) && s.p[s.len - 1])
		s.len--;
	while (s.len && strchr(" \t\r\n", s.p[0]) && s.p[0]) {
		s.p++;
		s.len--;
	}
	return s;
}

int eval_baseline_parse(struct slice text, const char *name, double *value, struct err *e)
{
	struct slice s = trim_lines(text);

	if (num_parse_double(s, false, value))
		return 0;
	err_set(e, ERR_INPUT, "'%.*s' is not a number", s.len < 80 ? (int)s.len : 80, s.p);
	err_hint(e, "the file holds one number, the value that the next model must beat");
	return err_at(e, "%s", name);
}

static int take_text(json_t *doc, const char *key, const char *name, char **out, struct err *e)
{
	const char *s = NULL;
	json_t *v = json_object_get(doc, key);

	if (!v || json_is_null(v))
		return 0;
	if (jdoc_get_text_or(doc, key, name, &s, e))
		return -1;
	*out = mem_dup(s, e);
	return *out ? 0 : -1;
}

int eval_baseline_parse_record(
	struct eval_baseline *b, json_t *doc, const char *name, struct err *e)
{
	char *direction = NULL;
	double value;
	int rc = -1;

	if (!json_is_object(doc))
		return err_set(e, ERR_INPUT, "%s: is not a mapping", name);
	if (jdoc_get_number(doc, "value", name, &value, e))
		return -1;
	if (value != b->value)
		return 0;
	if (take_text(doc, "metric", name, &b->metric, e) ||
		take_text(doc, "test_hash", name, &b->test_hash, e) ||
		take_text(doc, "model_hash", name, &b->model_hash, e) ||
		take_text(doc, "direction", name, &direction, e))
		goto out;
	if (direction)
		b->direction = !strcmp(direction, "lower") ? EVAL_LOWER : EVAL_HIGHER;
	b->is_recorded = true;
	rc = 0;
out:
	free(direction);
	return rc;
}

int eval_baseline_load(struct eval_baseline *b, const char *path, struct err *e)
{
	struct buf text = BUF_INIT, record = BUF_INIT;
	json_t *doc = NULL;
	int rc = -1;

	*b = (struct eval_baseline)EVAL_BASELINE_INIT;
	if (input_load(path, MAX_TEXT, &text, e) ||
		eval_baseline_parse(buf_slice(&text), path, &b->value, e))
		goto out;
	record_path(&record, path);
	if (buf_check(&record, e))
		goto out;
	if (path_exists(record.p) && strcmp(record.p, path) != 0) {
		doc = jdoc_load(record.p, e);
		if (!doc || eval_baseline_parse_record(b, doc, record.p, e))
			goto out;
	}
	rc = 0;
out:
	json_decref(doc);
	buf_release(&text);
	buf_release(&record);
	return rc;
}

void eval_baseline_release(struct eval_baseline *b)
{
	if (!b)
		return;
	free(b->metric);
	free(b->test_hash);
	free(b->model_hash);
	*b = (struct eval_baseline)EVAL_BASELINE_INIT;
}

int eval_baseline_save(const char *path, double value, const json_t *record, struct err *e)
{
	struct output *number = NULL, *other = NULL;
	struct buf name = BUF_INIT, text = BUF_INIT;
	char digits[NUM_TEXT_MAX];
	int rc = -1;

	record_path(&name, path);
	num_format_double(digits, value);
	if (record)
		jdoc_format(&text, record, JDOC_PRETTY);
	if (buf_check(&name, e) || buf_check(&text, e))
		goto out;
	number = output_open(path, OUTPUT_SYNC, e);
	if (!number)
		goto out;
	output_printf(number, "%s\n", digits);
	if (record && strcmp(name.p, path) != 0) {
		other = output_open(name.p, OUTPUT_SYNC, e);
		if (!other)
			goto out;
		output_slice(other, buf_slice(&text));
		rc = output_close(other, e);
		other = NULL;
		if (rc)
			goto out;
	}
	rc = output_close(number, e);
	number = NULL;
out:
	output_abandon(other);
	output_abandon(number);
	buf_release(&name);
	buf_release(&text);
	return rc;
}
