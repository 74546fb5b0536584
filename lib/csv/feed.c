#include "csv/feed.h"

#include "base/mem.h"

/* Stays in a core's second cache, together with what is made of it. */
enum { PIECE_BYTES = 256 << 10 };
#define MAX_ROW_BYTES ((size_t)1 << 30)

void csv_feed_init(struct csv_feed *f, struct input *in, const struct csv_scan *scan, char quote)
{
	*f = (struct csv_feed){
		.in = in, .scan = scan, .quote = quote, .piece_bytes = PIECE_BYTES, .line = 1
	};
	buf_init(&f->carry);
}

void csv_feed_release(struct csv_feed *f)
{
	input_close(f->in);
	f->in = NULL;
	buf_release(&f->carry);
}

/*
 * The length of the whole rows in [start, len): behind the last newline that is outside of quotes. The
 * state at the end is known, so the way back needs no state from the front. 0: there is none.
 */
static size_t find_cut(const char *p, size_t start, size_t len, char quote, bool is_inside)
{
	for (size_t i = len; i > start; i--) {
		if (p[i - 1] == '\n' && !is_inside)
			return i;
		if (quote && p[i - 1] == quote)
			is_inside = !is_inside;
	}
	return 0;
}

static void skip_bom(struct csv_feed *f, struct csv_piece *p)
{
	f->is_started = true;
	f->has_bom = p->len >= 3 && memcmp(p->p, "\xef\xbb\xbf", 3) == 0;
	if (f->has_bom)
		p->start = 3;
}

static int make_room(const struct csv_feed *f, struct csv_piece *p, size_t more, struct err *e)
{
	if (p->len > MAX_ROW_BYTES) {
		err_set(e, ERR_INPUT, "a row is longer than 1 GiB");
		err_hint(e, "is a quote not closed?");
		return err_at(e, "%s:%llu", input_name(f->in), (unsigned long long)p->line);
	}
	return mem_grow(&p->p, &p->cap, p->len + more + CSV_PIECE_SLACK, 1, e);
}

/* Ends the piece at the end of the input. */
static void finish_last(struct csv_feed *f, struct csv_piece *p, bool is_inside)
{
	f->is_ended = true;
	if (p->len > p->start && p->p[p->len - 1] != '\n' && !is_inside) {
		p->p[p->len++] = '\n';
		p->is_eol_added = true;
	}
}

static int keep_rest(
	struct csv_feed *f, struct csv_piece *p, size_t cut, uint64_t n_newlines, struct err *e)
{
	uint64_t n_quotes = 0, n_behind = 0;

	buf_reset(&f->carry);
	buf_add(&f->carry, p->p + cut, p->len - cut);
	f->scan->count(p->p + cut, p->len - cut, f->quote, &n_quotes, &n_behind);
	f->line += n_newlines - n_behind;
	p->len = cut;
	return buf_check(&f->carry, e);
}

int csv_feed_next(struct csv_feed *f, struct csv_piece *p, struct err *e)
{
	uint64_t n_quotes = 0, n_newlines = 0;
	size_t counted = 0, cut = 0, more = f->piece_bytes;

	p->start = p->len = 0;
	p->line = f->line;
	p->is_eol_added = false;
	if (f->is_ended)
		return 0;
	/* a table of one piece, or one whose header is all that is wanted, needs no thread */
	if (f->is_started && input_read_ahead(f->in, e))
		return -1;
	if (make_room(f, p, f->carry.len + more, e))
		return -1;
	memcpy(p->p, f->carry.p, f->carry.len);
	p->len = f->carry.len;
	while (!cut && !f->is_ended) {
		ssize_t n;

		if (make_room(f, p, more, e))
			return -1;
		n = input_read(f->in, p->p + p->len, more, e);
		if (n < 0)
			return -1;
		p->len += (size_t)n;
		if (!f->is_started)
			skip_bom(f, p);
		f->scan->count(p->p + counted, p->len - counted, f->quote, &n_quotes, &n_newlines);
		counted = p->len;

		bool is_inside = f->quote && (n_quotes & 1);

		if ((size_t)n < more)
			finish_last(f, p, is_inside);
		else
			cut = find_cut(p->p, p->start, p->len, f->quote, is_inside);
		more = p->len; /* a row that is longer than the piece: twice as much */
	}
	if (cut && keep_rest(f, p, cut, n_newlines, e))
		return -1;
	memset(p->p + p->len, '\r', CSV_PIECE_SLACK - 1);
	return p->len > p->start;
}
