/*
 * table/schema: any bytes are a schema or an input error; one that is taken can validate a table, or its
 * patterns are the input's fault.
 */
#include "table/schema.h"

#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	struct table_schema *s =
		table_schema_parse((struct slice){ (const char *)data, size }, "fuzz", NULL, &e);
	struct buf b = BUF_INIT;

	MUST(s || (e.code == ERR_INPUT && e.what[0]));
	for (size_t i = 0; s && i < s->n_fields; i++) {
		const struct table_field *f = &s->fields[i];

		MUST(table_schema_find(s, f->name) == i);
		MUST(f->domain_mass >= 0 && f->domain_mass <= 1);
		if (f->pattern)
			MUST(f->pattern[0] == '^' && f->pattern[strlen(f->pattern) - 1] == '$');
		for (uint32_t k = 0; k < f->domain.n; k++) {
			struct slice key = table_field_key(f, f->domain.items[k], &b);

			/* What is in the domain is found there again. */
			MUST(table_dict_get(&f->domain, key, table_dict_hash(key)) == k);
		}
	}
	buf_release(&b);
	table_schema_free(s);
	return 0;
}
