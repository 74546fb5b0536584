#include "base/jdoc.h"
#include "table/join.h"

static double share_of(const struct table_join_counts *c)
{
	uint64_t n = c->n_matched + c->n_unmatched;

	return n ? (double)c->n_matched / (double)n : 1;
}

void table_join_note(
	const struct table_join *j, const struct table_join_result *r, struct diag *diag)
{
	for (size_t s = 0; s < j->n_sides; s++) {
		const struct table_join_side *side = &j->sides[s];
		const struct table_join_counts *c = &r->sides[s];

		diag_say(diag, DIAG_NOTE,
			"%s: %llu of %llu rows match by '%s' (%.2f %%); %llu rows, %llu keys, %llu "
			"without key, %llu duplicates",
			side->path, (unsigned long long)c->n_matched,
			(unsigned long long)(c->n_matched + c->n_unmatched), side->key,
			100 * share_of(c), (unsigned long long)c->rows.n_rows,
			(unsigned long long)c->rows.n_keys, (unsigned long long)c->rows.n_unkeyed,
			(unsigned long long)c->rows.n_duplicates);
		if (c->n_added)
			diag_say(diag, DIAG_NOTE, "%s: %llu rows that match nothing added",
				side->path, (unsigned long long)c->n_added);
	}
	if (r->n_ragged)
		diag_say(diag, DIAG_NOTE, "%llu ragged rows padded or left out",
			(unsigned long long)r->n_ragged);
	diag_say(diag, DIAG_NOTE, "%s: %llu rows, %llu written", j->left,
		(unsigned long long)r->n_left, (unsigned long long)r->n_out);
}

static json_t *side_report(const struct table_join_side *side, const struct table_join_counts *c)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I}", "file",
		side->path, "kind", table_join_kinds[side->kind], "key", side->key, "rows",
		(json_int_t)c->rows.n_rows, "keys", (json_int_t)c->rows.n_keys, "without_key",
		(json_int_t)c->rows.n_unkeyed, "duplicates", (json_int_t)c->rows.n_duplicates,
		"matched", (json_int_t)c->n_matched, "unmatched", (json_int_t)c->n_unmatched,
		"match_share", share_of(c), "added", (json_int_t)c->n_added);
}

int table_join_save_report(const struct table_join *j, const struct table_join_result *r,
	const char *path, struct err *e)
{
	json_t *tables = json_array(), *report = NULL;
	int rc = -1;

	for (size_t s = 0; tables && s < j->n_sides; s++) {
		if (json_array_append_new(tables, side_report(&j->sides[s], &r->sides[s]))) {
			json_decref(tables);
			tables = NULL;
		}
	}
	if (tables)
		report = json_pack("{s:{s:s, s:I}, s:o, s:I, s:I}", "left", "file", j->left, "rows",
			(json_int_t)r->n_left, "tables", tables, "rows_out", (json_int_t)r->n_out,
			"ragged", (json_int_t)r->n_ragged);
	if (!report)
		err_set(e, ERR_SYSTEM, "out of memory, or a name that is not UTF-8, in the report");
	else
		rc = jdoc_save(path, report, JDOC_PRETTY, OUTPUT_PLAIN, e);
	json_decref(report);
	return rc;
}
