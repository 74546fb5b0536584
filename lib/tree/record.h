/*
 * record - all bins of a row side by side, behind its quantized gradient: what histograms are made of.
 *
 * Columns of few bins share a byte: their bins together have one number, the code of the bundle, in mixed radix.
 * One addition to the sums of codes then serves all of them; the sums of a column's bins are those of the codes
 * with that bin. A column of many bins is a bundle of its own, and its bin is the code. Bundles of one byte
 * come first, then those of two.
 */
#ifndef CD4ML_TREE_RECORD_H
#define CD4ML_TREE_RECORD_H

#include <string.h>

#include "base/pool.h"
#include "tree/kernel.h"

/** Bytes of a gradient in a record: see struct tree_gh. */
enum { TREE_GH_BYTES = 3, TREE_SLOTS = 256 /* of the sums of a bundle of one byte */ };

/** Where a column's bin is: base + code / step % span; the divisions by multiplication. */
struct tree_place {
	uint32_t bundle;
	uint32_t base, step, span;
	uint32_t by_step, by_span; /* 65536 / step + 1; 0: nothing to take off */
};

struct tree_bundle {
	size_t at; /* in a record */
	uint8_t width; /* 1 or 2 bytes */
	bool is_shared;
	uint32_t first; /* slot of code 0 in an array of sums */
	uint32_t n_codes;
	uint32_t col; /* its column, if not shared */
};

struct tree_records {
	uint8_t *rows; /* [n_rows][stride] */
	size_t stride;
	struct tree_bundle *bundles;
	size_t n_bundles, n_narrow;
	uint32_t n_slots; /* of all sums */
};

struct tree_frame;

/**
 * Lays out and fills the records of a frame whose columns are binned. One learner at a time uses their
 * gradients. tree_records_release() in any case; takes a zeroed one.
 */
int tree_records_make(
	struct tree_frame *f, bool share_bytes, struct pool *pool, struct err *e) MUST_CHECK;
void tree_records_release(struct tree_records *r);

/** The bundle's code in a record. */
static inline uint32_t tree_record_code(const struct tree_bundle *b, const uint8_t *record)
{
	uint16_t code;

	if (b->width == 1)
		return record[b->at];
	memcpy(&code, record + b->at, sizeof(code));
	return code;
}

/** The column's bin in a code. */
static inline uint32_t tree_place_bin(const struct tree_place *p, uint32_t code)
{
	uint32_t q = code * p->by_step >> 16;

	return p->base + q - (q * p->by_span >> 16) * p->span;
}

/**
 * The gradient of a record: 12 bits with sign, above them 12 bits of the hessian. The byte above those
 * is none of it.
 */
static inline uint32_t tree_record_bits(const uint8_t *record)
{
	uint32_t bits;

	memcpy(&bits, record, sizeof(bits));
	return bits;
}

static inline struct tree_gh tree_record_gh(const uint8_t *record)
{
	uint32_t bits = tree_record_bits(record);

	return (struct tree_gh){ (int16_t)((int32_t)(bits << 20) >> 20),
		(uint16_t)(bits >> 12 & 0xfff) };
}

/** A whole record to another place. */
static inline void tree_record_copy(uint8_t *to, const uint8_t *from, size_t stride)
{
	if (stride == 16)
		memcpy(to, from, 16);
	else if (stride == 32)
		memcpy(to, from, 32);
	else
		memcpy(to, from, stride);
}

static inline void tree_record_set_gh(uint8_t *record, struct tree_gh gh)
{
	uint16_t low = (uint16_t)(((uint16_t)gh.grad & 0xfff) | (uint32_t)gh.hess << 12);

	memcpy(record, &low, sizeof(low));
	record[2] = (uint8_t)(gh.hess >> 4);
}

#endif
