/*
 * base/yedit: the first line is `NAME KEY VALUE`, the rest the text. What is set reads back as that value at that
 * key, and nothing else became another value.
 */
#include "base/yedit.h"

#include <stdlib.h>

#include "base/doc.h"
#include "base/ydoc.h"
#include "fuzz.h"

static char *text_of(struct slice s)
{
	char *p = malloc(s.len + 1);

	MUST(p != NULL);
	memcpy(p, s.len ? s.p : "", s.len);
	p[s.len] = '\0';
	return p;
}

/* How many leaves of the first are not the same in the second? */
static size_t count_changes(const json_t *a, const json_t *b)
{
	size_t n = 0, i;
	const char *key;
	json_t *v;

	if (json_is_object(a) && json_is_object(b)) {
		json_object_foreach((json_t *)(uintptr_t)a, key, v) n +=
			count_changes(v, json_object_get(b, key));
	} else if (json_is_array(a) && json_is_array(b)) {
		json_array_foreach(a, i, v) n += count_changes(v, json_array_get(b, i));
	} else {
		n = !b || !json_equal(a, b);
	}
	return n;
}

static void check(const char *name, const char *key, const char *value, struct slice text)
{
	struct err e = ERR_INIT;
	struct buf out = BUF_INIT;
	json_t *was, *is, *want;

	if (yedit_set(&out, text, name, key, value, &e)) {
		MUST(e.code == ERR_INPUT && e.what[0]);
		buf_release(&out);
		return;
	}
	was = doc_parse(text, name, &e);
	is = doc_parse(buf_slice(&out), name, &e);
	want = ydoc_parse(slice_of(value), "value", &e);
	MUST(was && is && want && yedit_find(was, key));
	MUST(json_equal(yedit_find(is, key), want));
	if (!json_is_object(yedit_find(was, key)) && !json_is_array(yedit_find(was, key)))
		MUST(count_changes(was, is) <= 1);
	json_decref(was);
	json_decref(is);
	json_decref(want);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, line, part[3];
	char *word[3];

	if (!slice_cut(&rest, '\n', &line) || !rest.p || memchr(line.p, '\0', line.len))
		return 0;
	part[2] = line;
	if (!slice_cut(&part[2], ' ', &part[0]) || !slice_cut(&part[2], ' ', &part[1]) ||
		!part[2].p)
		return 0;
	for (int i = 0; i < 3; i++)
		word[i] = text_of(part[i]);
	check(word[0], word[1], word[2], rest);
	for (int i = 0; i < 3; i++)
		free(word[i]);
	return 0;
}
