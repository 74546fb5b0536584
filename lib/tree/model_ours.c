#include "tree/model_ours.h"

#include <string.h>

#include "base/jdoc.h"
#include "base/mem.h"
#include "base/num.h"

void tree_ours_format(const struct tree_model *m, const bool *is_used, struct buf *b)
{
	buf_addf(b, "{\"version\": 1, \"learner\": \"%s\", \"task\": \"%s\"",
		m->is_forest ? "forest" : "boost",
		m->task == TREE_BINARY       ? "binary"
		: m->task == TREE_MULTICLASS ? "multiclass"
					     : "regression");
	if (m->target) {
		buf_add_text(b, ", \"target\": ");
		jdoc_format_text(b, slice_of(m->target));
	}
	if (m->run) {
		buf_add_text(b, ", \"run\": ");
		jdoc_format_text(b, slice_of(m->run));
	}
	if (m->n_labels) {
		buf_add_text(b, ", \"labels\": [");
		for (size_t i = 0; i < m->n_labels; i++) {
			buf_add_text(b, i ? ", " : "");
			jdoc_format_text(b, slice_of(m->labels[i]));
		}
		buf_add_char(b, ']');
	}
	buf_add_text(b, ", \"unused\": [");
	for (size_t i = 0, n = 0; i < m->n_features; i++)
		if (!is_used[i])
			buf_addf(b, n++ ? ", %zu" : "%zu", i);
	buf_add_text(b, "]}");
}

static int add_label(struct tree_model *m, const char *text, struct err *e)
{
	m->labels[m->n_labels] = mem_dup(text, e);
	return m->labels[m->n_labels++] ? 0 : -1;
}

int tree_ours_guess(struct tree_model *m, struct err *e)
{
	size_t n = m->task == TREE_REGRESSION ? 0 : m->task == TREE_BINARY ? 2 : m->n_outputs;
	char text[NUM_TEXT_MAX];

	m->labels = mem_array(n, sizeof(*m->labels), e);
	if (!m->labels)
		return -1;
	for (size_t i = 0; i < n; i++) {
		num_format_int(text, (int64_t)i);
		if (add_label(m, text, e))
			return -1;
	}
	return 0;
}

static int take_labels(struct tree_model *m, json_t *labels, struct err *e)
{
	size_t n = json_array_size(labels);

	m->labels = mem_array(n, sizeof(*m->labels), e);
	if (!m->labels)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(labels, i));

		if (!s)
			return err_set(e, ERR_INPUT, "cd4ml: a label is not a text");
		if (add_label(m, s, e))
			return -1;
	}
	return 0;
}

/** "unused": [column, ...]: what no split asks for. */
static int take_unused(struct tree_model *m, json_t *list, struct err *e)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_int_t column = json_integer_value(json_array_get(list, i));

		if (column < 0 || (size_t)column >= m->n_features)
			return err_set(e, ERR_INPUT, "cd4ml: an unused column is out of range");
		m->features[column].is_unused = true;
	}
	m->knows_unused = json_is_array(list);
	return 0;
}

static int take(struct tree_model *m, json_t *o, struct err *e)
{
	const char *learner = "boost", *task = "regression", *target = NULL, *run = NULL;
	json_t *labels = json_object_get(o, "labels");
	size_t n_labels = json_array_size(labels);

	if (jdoc_get_text_or(o, "learner", "cd4ml", &learner, e) ||
		jdoc_get_text_or(o, "task", "cd4ml", &task, e) ||
		jdoc_get_text_or(o, "target", "cd4ml", &target, e) ||
		jdoc_get_text_or(o, "run", "cd4ml", &run, e) ||
		take_unused(m, json_object_get(o, "unused"), e))
		return -1;
	m->is_forest = strcmp(learner, "forest") == 0;
	m->task = strcmp(task, "binary") == 0       ? TREE_BINARY
		  : strcmp(task, "multiclass") == 0 ? TREE_MULTICLASS
						    : TREE_REGRESSION;
	if (target) {
		m->target = mem_dup(target, e);
		if (!m->target)
			return -1;
	}
	if (run) {
		m->run = mem_dup(run, e);
		if (!m->run)
			return -1;
	}
	if (m->task == TREE_REGRESSION)
		n_labels = 0;
	else if (n_labels != (m->task == TREE_BINARY ? 2 : m->n_outputs) ||
		 (m->task == TREE_BINARY && m->n_outputs != 1))
		return err_set(
			e, ERR_INPUT, "cd4ml: %zu labels for %zu outputs", n_labels, m->n_outputs);
	return n_labels ? take_labels(m, labels, e) : 0;
}

int tree_ours_parse(struct tree_model *m, struct slice text, struct err *e)
{
	json_t *o = jdoc_parse(text, "attribute cd4ml", e);
	int rc = o ? take(m, o, e) : -1;

	json_decref(o);
	return rc;
}
