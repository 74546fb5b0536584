/*
 * csv/reader and csv/chunk: what is read, what is refused, and that both read the same.
 */
#include <stdio.h>
#include <string.h>

#include "csv/chunk.h"
#include "csv/reader.h"
#include "tap.h"

static const struct csv_dialect plain = CSV_DIALECT_DEFAULT;

static struct csv_reader *reader(const char *text, const struct csv_dialect *d, struct err *e)
{
	struct input *in = input_open_memory("t.csv", slice_of(text), e);

	return in ? csv_reader_new(in, d, e) : NULL;
}

/* The whole table as text: values in [], rows with line number; an error as "! message". */
static const char *dump(const char *text, const struct csv_dialect *d, struct buf *out)
{
	struct err e = ERR_INIT;
	struct csv_reader *r = reader(text, d, &e);
	struct buf value = BUF_INIT;
	struct csv_row row;
	char message[2048];
	int got = -1;

	buf_reset(out);
	for (size_t i = 0; r && i < csv_reader_n_cols(r); i++)
		buf_addf(out, "<%s>", csv_reader_name(r, i));
	while (r && (got = csv_reader_next(r, &row, &e)) > 0) {
		buf_addf(out, " %d:", (int)row.line);
		for (size_t i = 0; i < row.n; i++) {
			struct slice v = csv_field_value(&row.fields[i], '"', &value);

			buf_addf(out, "[%.*s]", (int)v.len, v.p);
		}
	}
	if (got < 0) {
		err_format(&e, message, sizeof(message));
		buf_addf(out, " ! %s", message);
	}
	buf_release(&value);
	csv_reader_close(r);
	return out->p;
}

static void test_good(struct buf *b)
{
	struct csv_dialect d = plain;

	is_text(dump("a,b\n1,2\n", &plain, b), "<a><b> 2:[1][2]", "a plain table");
	is_text(dump("a,b\n1,2", &plain, b), "<a><b> 2:[1][2]", "without final newline");
	is_text(dump("a,b\r\n1,2\n3,4\r\n", &plain, b), "<a><b> 2:[1][2] 3:[3][4]",
		"mixed line ends");
	is_text(dump("\xef\xbb\xbf\"a\",b\n1,\n", &plain, b), "<a><b> 2:[1][]",
		"a BOM before a quoted header");
	is_text(dump("a,b\n\"x\ny\",\"\"\n\"p\"\"q\",2\r\n", &plain, b),
		"<a><b> 2:[x\ny][] 4:[p\"q][2]", "newlines and quotes inside quotes count lines");
	is_text(dump("a\n\nx\n", &plain, b), "<a> 2:[] 3:[x]",
		"an empty line is an empty field in a table of one column");
	is_text(dump("a,b\n", &plain, b), "<a><b>", "only a header");
	is_text(dump("\"a\nb\",c\n1,2\n", &plain, b), "<a\nb><c> 3:[1][2]",
		"a newline in the header");
	d.no_header = true;
	is_text(dump("5,6\n7,8\n", &d, b), "<1><2> 1:[5][6] 2:[7][8]", "without header");
	d = plain;
	d.delimiter = "\\t";
	d.quote = "";
	is_text(dump("a\tb\n\"x\t2\n", &d, b), "<a><b> 2:[\"x][2]", "tabs, no quote");
	d = plain;
	d.ragged = CSV_RAGGED_PAD;
	is_text(dump("a,b,c\n1\n\"2\",3\r\n", &d, b), "<a><b><c> 2:[1][][] 3:[2][3][]",
		"short rows are padded");
	d.ragged = CSV_RAGGED_SKIP;
	is_text(dump("a,b\n1\n1,2\n1,2,3\n4,5\n", &d, b), "<a><b> 3:[1][2] 5:[4][5]",
		"ragged rows are skipped");
}

static void test_bad(struct buf *b)
{
	struct csv_dialect d = plain;

	is_text(dump("", &plain, b),
		" ! t.csv: the table is empty; the first line must name the columns", "empty");
	is_text(dump("a,a\n", &plain, b),
		" ! t.csv:1: columns 1 and 2 are both called 'a'; rename one of them, or say "
		"--no-header if there is none",
		"a name twice");
	is_text(dump("a,\n", &plain, b),
		" ! t.csv:1: column 2 has no name; name it in the header, or say --no-header if "
		"there is none",
		"no name");
	is_text(dump("a,b\r1,2\r", &plain, b),
		" ! t.csv:1: a carriage return in the name of column 2; do lines end with it "
		"alone? tr '\\r' '\\n' converts them",
		"old line ends");
	is_text(dump("\"a\rb\"\r\n1\n", &plain, b), "<a\rb> 2:[1]",
		"a carriage return in a quoted name");
	is_text(dump("a,b\n1,2\n\"x,2\n3,4\n", &plain, b),
		"<a><b> 2:[1][2] ! t.csv:3: a quoted field is never closed; close the quote that "
		"opens in this row",
		"an unclosed quote");
	is_text(dump("a,b\n\"x\"y,2\n", &plain, b),
		"<a><b> ! t.csv:2: text behind a closing quote; double the quotes inside a quoted "
		"field",
		"text behind a closing quote");
	is_text(dump("a,b\n\"x\n\"y,2\n", &plain, b),
		"<a><b> ! t.csv:3: text behind a closing quote; the field's quote was opened in "
		"line 2: is it closed, and are quotes inside doubled?",
		"the same, some lines on");
	is_text(dump("a,b\n\"x\"\ry,2\n", &plain, b),
		"<a><b> ! t.csv:2: text behind a closing quote; double the quotes inside a quoted "
		"field",
		"a carriage return behind a closing quote");
	is_text(dump("a,b\nx\"y\",2\n", &plain, b),
		"<a><b> ! t.csv:2: a quote inside a field that does not begin with one; quote the "
		"whole field and double the quote, or say --quote ''",
		"a quote in the middle");
	is_text(dump("a,b\n1\n", &plain, b),
		"<a><b> ! t.csv:2: 1 field where 2 were expected; correct the row, or choose "
		"--ragged pad or skip",
		"too few fields");
	is_text(dump("a,b\n1,2\n\n", &plain, b),
		"<a><b> 2:[1][2] ! t.csv:3: an empty line where 2 fields were expected; correct "
		"the row, or choose --ragged pad or skip",
		"an empty line");
	d.ragged = CSV_RAGGED_PAD;
	is_text(dump("a,b\n1,2,3\n", &d, b),
		"<a><b> ! t.csv:2: 3 fields where 2 were expected; correct the row (is a delimiter "
		"not quoted?), or choose --ragged skip",
		"too many fields are not cut off");

	struct err e = ERR_INIT;
	struct input *in = input_open_memory("t.csv", (struct slice){ "a,b\n1,\0\n", 8 }, &e);
	struct csv_reader *r = csv_reader_new(in, &plain, &e);
	struct csv_row row;

	ok(r && csv_reader_next(r, &row, &e) < 0, "a NUL is refused");
	is_err(&e, ERR_INPUT, "t.csv:2: there is a NUL byte", "with its place");
	csv_reader_close(r);
}

/* ---- chunk and reader agree --------------------------------------------------------------------- */

static int copy_rows(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	struct buf *b = csv_chunk_buf(c);
	struct csv_row row;
	int got;

	(void)ctx;
	(void)worker;
	while ((got = csv_chunk_next(c, &row, e)) > 0) {
		buf_add(b, &row.line, sizeof(row.line));
		buf_add(b, &row.raw.len, sizeof(row.raw.len));
		buf_add(b, row.raw.p, row.raw.len);
	}
	return got ? -1 : buf_check(b, e);
}

static int add_buf(void *ctx, struct csv_chunk *c, struct err *e)
{
	(void)e;
	buf_add_slice(ctx, buf_slice(csv_chunk_buf(c)));
	return 0;
}

/* Rows of random shape: quotes, newlines inside, long fields, so that cuts fall everywhere. */
static void make_table(struct buf *b, unsigned seed, size_t bytes)
{
	buf_reset(b);
	buf_add_text(b, "a,b,c\n");
	while (b->len < bytes) {
		for (int i = 0; i < 3; i++) {
			seed = seed * 1103515245u + 12345u;
			switch (seed >> 28) {
			case 0:
				buf_add_text(b, "\"x\ny\n\"\",\"");
				break;
			case 1:
				buf_add_text(b, "\"\"");
				break;
			case 2:
				buf_add_char(b, '"');
				for (unsigned k = 0; k < (seed >> 18 & 1023); k++)
					buf_add_char(b, "\n,x\r"[k & 3]);
				buf_add_char(b, '"');
				break;
			default:
				buf_addf(b, "%u", seed);
			}
			buf_add_text(b, i < 2 ? "," : seed & 1u << 17 ? "\r\n" : "\n");
		}
	}
}

static void test_chunks(int threads)
{
	struct buf text = BUF_INIT, serial = BUF_INIT, chunked = BUF_INIT;
	struct err e = ERR_INIT;
	struct pool *pool = pool_new(threads, &e);
	struct csv_row row;

	make_table(&text, 7, 9 << 20);

	struct csv_reader *r = reader(text.p, &plain, &e);
	while (csv_reader_next(r, &row, &e) > 0) {
		buf_add(&serial, &row.line, sizeof(row.line));
		buf_add(&serial, &row.raw.len, sizeof(row.raw.len));
		buf_add(&serial, row.raw.p, row.raw.len);
	}
	no_err(&e, "read serially");
	csv_reader_close(r);

	struct input *in = input_open_memory("t.csv", buf_slice(&text), &e);
	struct csv_table *t = csv_table_new(in, &plain, &e);
	struct csv_run run = { .work = copy_rows, .done = add_buf, .ctx = &chunked };
	ok(t && csv_table_run(t, pool, &run, &e) == 0, "read in chunks by %d threads", threads);
	no_err(&e, "without error");
	csv_table_close(t);
	ok(slice_eq(buf_slice(&serial), buf_slice(&chunked)),
		"the same rows and lines in the same order");

	/* an error far behind has the right line, the first of two is told */
	size_t n_lines = 1;
	for (size_t i = 0; i < text.len; i++)
		n_lines += text.p[i] == '\n';
	buf_add_text(&text, "1,2,3\n1,2\n\"x");
	in = input_open_memory("t.csv", buf_slice(&text), &e);
	t = csv_table_new(in, &plain, &e);
	buf_reset(&chunked);
	ok(t && csv_table_run(t, pool, &run, &e) < 0, "a ragged row in a later chunk");
	char want[64];
	snprintf(want, sizeof(want), "t.csv:%zu: 2 fields where 3", n_lines + 1);
	is_err(&e, ERR_INPUT, want, "has the right line");
	csv_table_close(t);
	pool_free(pool);
	buf_release(&text);
	buf_release(&serial);
	buf_release(&chunked);
}

static int read_all(void *ctx, struct err *e)
{
	struct csv_reader *r = reader(ctx, &plain, e);
	struct csv_row row;
	int got = -1;

	while (r && (got = csv_reader_next(r, &row, e)) > 0)
		;
	csv_reader_close(r);
	return got;
}

static int run_all(void *ctx, struct err *e)
{
	struct pool *pool = pool_new(2, e);
	struct input *in = pool ? input_open_memory("t.csv", slice_of(ctx), e) : NULL;
	struct csv_table *t = in ? csv_table_new(in, &plain, e) : NULL;
	struct csv_run run = { .work = copy_rows, .result_size = 8 };
	int rc = t ? csv_table_run(t, pool, &run, e) : -1;

	csv_table_close(t);
	pool_free(pool);
	return rc;
}

int main(void)
{
	char small[] = "a,b\n1,\"2\"\"\"\n";
	struct buf b = BUF_INIT;

	test_good(&b);
	test_bad(&b);
	test_chunks(1);
	test_chunks(4);
	survives_oom(read_all, small, "reader");
	survives_oom(run_all, small, "chunks");
	buf_release(&b);
	return done_testing();
}
