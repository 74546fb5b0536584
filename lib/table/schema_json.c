#include "table/schema_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void table_texts_release(struct table_texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->items[i]);
	free(t->items);
}

int table_texts_add(struct table_texts *t, const char *text, struct err *e)
{
	if (mem_grow(&t->items, &t->cap, t->n + 1, sizeof(*t->items), e))
		return -1;
	t->items[t->n] = mem_dup(text, e);
	if (!t->items[t->n])
		return -1;
	t->n++;
	return 0;
}

bool table_texts_has(const struct table_texts *t, struct slice text)
{
	for (size_t i = 0; i < t->n; i++) {
		if (slice_is(text, t->items[i]))
			return true;
	}
	return false;
}

int table_schema_json_fail(const struct schema_place *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(at->e, ERR_INPUT, fmt, ap);
	va_end(ap);
	return err_at(at->e, "%s", at->where);
}

int table_schema_json_get_severity(const struct schema_place *at, json_t *o, const char *key,
	enum table_severity last, enum table_severity *severity)
{
	static const char *const words[] = { "error", "warning", "ignore" };
	const char *text = NULL;

	if (jdoc_get_text_or(o, key, at->where, &text, at->e))
		return -1;
	if (!text)
		return 0;
	for (int i = 0; i <= (int)last; i++) {
		if (strcmp(words[i], text) == 0) {
			*severity = (enum table_severity)i;
			return 0;
		}
	}
	return table_schema_json_fail(at, "'%s' cannot be '%s'", key, text);
}

int table_schema_json_get_texts(
	const struct schema_place *at, json_t *o, const char *key, struct table_texts *t, bool *has)
{
	json_t *list = json_object_get(o, key);

	if (!list)
		return 0;
	if (!json_is_array(list))
		return table_schema_json_fail(at, "'%s' must be a list of texts", key);
	table_texts_release(t);
	*t = (struct table_texts){ 0 };
	if (has)
		*has = true;
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i);
		/* Table Schema 2 knows {"value": .., "label": ..} too. */
		const char *text = json_string_value(
			json_is_object(item) ? json_object_get(item, "value") : item);

		if (!text)
			return table_schema_json_fail(at, "'%s' must be a list of texts", key);
		if (table_texts_add(t, text, at->e))
			return -1;
	}
	return 0;
}

int table_schema_json_get_count(
	const struct schema_place *at, json_t *o, const char *key, uint64_t *v)
{
	int64_t n = 0;

	if (!json_object_get(o, key))
		return 0;
	if (jdoc_get_int(o, key, at->where, &n, at->e))
		return -1;
	if (n < 0)
		return table_schema_json_fail(at, "'%s' must not be negative", key);
	*v = (uint64_t)n;
	return 0;
}
