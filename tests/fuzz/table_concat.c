/*
 * table/concat: any tables, key and order are merged or refused, the same way from memory and from disk; and what
 * can be appended gives a table to which nothing can be appended again.
 *
 * The input is lines, a form feed, a table, a form feed, another. The lines: a byte of option bits; the key, and the
 * columns to sort by ("" for none).
 */
#include "table/concat.h"

#include "base/input.h"
#include "files.h"

struct outcome {
	int rc;
	struct err e;
	struct buf text;
	struct table_concat_result result;
};

static struct pool *one_thread(void)
{
	static struct pool *pool;
	struct err e = ERR_INIT;

	if (!pool)
		pool = pool_new(1, &e);
	MUST(pool);
	return pool;
}

static void merge(const struct table_concat *spec, uint64_t memory, struct outcome *o)
{
	struct table_concat c = *spec;
	struct buf path = BUF_INIT;
	struct output *out;

	*o = (struct outcome){ .text = BUF_INIT };
	c.memory = memory;
	out = output_open(files_path(&path, "out.csv"), OUTPUT_PLAIN, &o->e);
	MUST(out);
	o->rc = table_concat_run(&c, out, one_thread(), NULL, &o->result, &o->e);
	MUST(!o->rc || (o->e.code == ERR_INPUT && o->e.what[0]));
	if (o->rc)
		output_abandon(out);
	else
		MUST(!output_close(out, &o->e) && !input_load(path.p, 0, &o->text, &o->e));
	buf_release(&path);
}

/* Appends the second table to the first; what must hold when that can be done. */
static void append(const struct table_concat *spec, const struct outcome *merged)
{
	struct buf into = BUF_INIT, index = BUF_INIT, text = BUF_INIT;
	struct table_concat c = *spec;
	struct table_concat_result r;
	struct err e = ERR_INIT;

	c.into = spec->paths[0];
	c.paths++;
	c.n_paths--;
	files_path(&index, "keys");
	if (!table_concat_append(&c, index.p, one_thread(), NULL, &r, &e)) {
		MUST(!merged->rc);
		MUST(!input_load(c.into, 0, &text, &e));
		/* a merge drops keys that are twice in the first table, too, and pads its rows */
		MUST(merged->result.n_duplicates != r.n_duplicates || merged->result.n_ragged ||
			slice_eq(buf_slice(&text), buf_slice(&merged->text)));
		MUST(!table_concat_append(&c, index.p, one_thread(), NULL, &r, &e));
		MUST(r.is_index_known && r.n_out == 0);
	} else {
		MUST(e.code == ERR_INPUT && e.what[0]);
	}
	buf_release(&into);
	buf_release(&index);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf bits = BUF_INIT, key = BUF_INIT, sort = BUF_INIT, a = BUF_INIT, b = BUF_INIT;
	struct slice rest = { (const char *)data, size }, lines, first = { "", 0 };
	struct csv_dialect d = CSV_DIALECT_DEFAULT;
	struct outcome from_memory, from_disk;
	char *paths[2];
	struct table_concat spec = { .paths = paths, .n_paths = 2, .dialect = &d };
	char options;

	if (size > 1 << 14 || !slice_cut(&rest, '\f', &lines))
		return 0;
	if (rest.p)
		slice_cut(&rest, '\f', &first);
	options = *files_cut(&lines, '\n', &bits);
	spec.fill = options & 1;
	spec.keep_last = options & 2;
	d.no_header = options & 4;
	d.ragged = options & 8 ? CSV_RAGGED_PAD : CSV_RAGGED_ERROR;
	spec.key = files_cut(&lines, '\n', &key);
	spec.sort_by = files_cut(&lines, '\n', &sort);
	if (!*spec.key)
		spec.key = NULL;
	if (!*spec.sort_by)
		spec.sort_by = NULL;
	files_write(&a, "a.csv", first);
	files_write(&b, "b.csv", rest);
	paths[0] = a.p;
	paths[1] = b.p;
	merge(&spec, 0, &from_memory);
	merge(&spec, 1, &from_disk);
	MUST(from_memory.rc == from_disk.rc);
	MUST(slice_eq(buf_slice(&from_memory.text), buf_slice(&from_disk.text)));
	if (spec.key && !spec.sort_by && !spec.keep_last)
		append(&spec, &from_memory);
	buf_release(&from_memory.text);
	buf_release(&from_disk.text);
	buf_release(&bits);
	buf_release(&key);
	buf_release(&sort);
	buf_release(&a);
	buf_release(&b);
	return 0;
}
