/*
 * table/join: any key, columns and tables are joined or refused, the same way from memory and from disk.
 *
 * The input is lines, a form feed, LEFT, a form feed, the table. The lines: a byte for the kind and one of option
 * bits; the key; the columns ("" for all); the prefix ("" for none).
 */
#include "table/join.h"

#include "base/input.h"
#include "files.h"

struct outcome {
	int rc;
	struct err e;
	struct buf text;
	struct table_join_counts counts;
	struct table_join_result result;
};

static void join(const struct table_join *spec, uint64_t memory, struct outcome *o)
{
	static struct pool *pool;
	struct table_join j = *spec;
	struct buf path = BUF_INIT;
	struct output *out;

	*o = (struct outcome){ .text = BUF_INIT, .result = { .sides = &o->counts } };
	j.memory = memory;
	if (!pool)
		pool = pool_new(1, &o->e);
	out = output_open(files_path(&path, "out.csv"), OUTPUT_PLAIN, &o->e);
	MUST(pool && out);
	o->rc = table_join_run(&j, out, pool, NULL, NULL, &o->result, &o->e);
	MUST(!o->rc || (o->e.code == ERR_INPUT && o->e.what[0]));
	if (o->rc)
		output_abandon(out);
	else
		MUST(!output_close(out, &o->e) && !input_load(path.p, 0, &o->text, &o->e));
	buf_release(&path);
}

static void set_options(const char *bits, struct table_join_side *s, struct csv_dialect *d)
{
	s->kind = (enum table_join_kind)((unsigned char)bits[0] % 6);
	if (!bits[0])
		return;
	s->duplicates = bits[1] & 3;
	s->ignore_case = bits[1] & 4;
	s->trim = bits[1] & 8;
	s->match_empty = bits[1] & 16;
	d->no_header = bits[1] & 32;
	d->ragged = bits[1] & 64 ? CSV_RAGGED_PAD : CSV_RAGGED_ERROR;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf bits = BUF_INIT, key = BUF_INIT, cols = BUF_INIT, prefix = BUF_INIT;
	struct buf left_path = BUF_INIT, side_path = BUF_INIT;
	struct slice rest = { (const char *)data, size }, lines, left = { "", 0 };
	struct csv_dialect d = CSV_DIALECT_DEFAULT;
	struct table_join_side side = { .require_match = 0 };
	struct table_join spec = { .sides = &side, .n_sides = 1, .dialect = &d };
	struct outcome from_memory, from_disk;

	if (size > 1 << 14 || !slice_cut(&rest, '\f', &lines))
		return 0;
	if (rest.p)
		slice_cut(&rest, '\f', &left);
	set_options(files_cut(&lines, '\n', &bits), &side, &d);
	side.key = files_cut(&lines, '\n', &key);
	side.cols = files_cut(&lines, '\n', &cols);
	side.prefix = files_cut(&lines, '\n', &prefix);
	if (!*side.cols)
		side.cols = NULL;
	if (!*side.prefix)
		side.prefix = NULL;
	spec.left = files_write(&left_path, "left.csv", left);
	side.path = files_write(&side_path, "side.csv", rest);
	join(&spec, 0, &from_memory);
	join(&spec, 1, &from_disk);
	/* of several errors, the one that is met first may differ */
	MUST(from_memory.rc == from_disk.rc);
	MUST(slice_eq(buf_slice(&from_memory.text), buf_slice(&from_disk.text)));
	MUST(from_memory.rc || from_memory.counts.n_matched == from_disk.counts.n_matched);
	buf_release(&from_memory.text);
	buf_release(&from_disk.text);
	buf_release(&bits);
	buf_release(&key);
	buf_release(&cols);
	buf_release(&prefix);
	buf_release(&left_path);
	buf_release(&side_path);
	return 0;
}
