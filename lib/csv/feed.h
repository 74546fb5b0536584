/*
 * feed - an input cut into pieces of whole rows. Private to lib/csv.
 *
 * A piece ends at a newline outside of quotes: whether a newline is outside follows from the number of quotes
 * since the beginning of the piece, which is counted at the speed of memory. So cuts are right
 * wherever quoted fields hold newlines, and nothing is guessed. Bytes are read, not mapped, so that a file that shrinks
 * meanwhile is a short file and not a crash, and a piece lies in the cache when it is parsed.
 */
#ifndef CD4ML_CSV_FEED_H
#define CD4ML_CSV_FEED_H

#include "csv/rows.h"

struct csv_feed {
	struct input *in; /* owned */
	const struct csv_scan *scan;
	char quote;
	size_t piece_bytes; /* what is read at a time; tests make it small */
	uint64_t line; /* of the first row not yet given out */
	struct buf carry; /* what was read behind the last cut */
	bool is_started, is_ended;
	bool has_bom; /* known after the first piece */
};

/** Takes the input. */
void csv_feed_init(struct csv_feed *f, struct input *in, const struct csv_scan *scan, char quote);
/** Closes the input. */
void csv_feed_release(struct csv_feed *f);
/** Fills the piece (its memory is reused; the caller frees `p`): 1, 0 at the end, -1 and `e`. */
int csv_feed_next(struct csv_feed *f, struct csv_piece *p, struct err *e) MUST_CHECK;

#endif
