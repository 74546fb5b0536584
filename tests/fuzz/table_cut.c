/*
 * table/cut_parts: a template that is taken gives a name for any value and number, in the template's own folder,
 * and values that differ give names that differ.
 *
 * Input: the template, a NUL, one value, a NUL, another.
 */
#include "table/cut_parts.h"

#include <string.h>

#include "fuzz.h"

static size_t n_slashes(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '/';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size }, names, one, two;
	struct err e = ERR_INIT;
	char *template, *a, *b;

	if (!slice_cut(&text, '\0', &names) || !slice_cut(&text, '\0', &one))
		return 0;
	two = text;
	template = calloc(names.len + 1, 1);
	if (!template)
		return 0;
	memcpy(template, names.p, names.len);
	for (int by_value = 0; by_value < 2; by_value++) {
		if (table_cut_parts_check(template, by_value, &e)) {
			MUST(e.code == ERR_INPUT && e.what[0]);
			continue;
		}
		a = table_cut_parts_path(template, 1, one, &e);
		MUST(a || e.code == ERR_INPUT);
		b = table_cut_parts_path(template, 2, two, &e);
		MUST(b || e.code == ERR_INPUT);
		MUST(!a || n_slashes(a) == n_slashes(template));
		MUST(!a || !b || strcmp(a, b) != 0 || (by_value && slice_eq(one, two)));
		free(a);
		free(b);
	}
	free(template);
	return 0;
}
