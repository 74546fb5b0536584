/*
 * kernel - the inner loops of growing trees: one set for each instruction set, chosen at run time.
 *
 * kernel_scalar.c is what the others are measured by: each set gives the same bits for the same input, as all
 * of it is integers, or IEEE 754 doubles in the same order without contraction.
 */
#ifndef CD4ML_TREE_KERNEL_H
#define CD4ML_TREE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

/** A row's gradient and hessian. */
struct tree_grad {
	float grad, hess;
};

/** The same, quantized to 12 bits each: see tree/hist.h, and tree/record.h for how they are stored. */
struct tree_gh {
	int16_t grad;
	uint16_t hess;
};

enum { TREE_GRAD_MAX = 2047, TREE_HESS_MAX = 4095 };

/** Sums of gradients and of hessians, and a number of rows, in one word: see tree/hist.h. */
static inline uint64_t tree_packed(int64_t grad, int64_t hess, uint32_t n)
{
	return ((uint64_t)grad << 39) + ((uint64_t)hess << 14) + n;
}
static inline int64_t tree_packed_grad(uint64_t v)
{
	return (int64_t)v >> 39;
}
static inline int64_t tree_packed_hess(uint64_t v)
{
	return (int64_t)(v >> 14 & 0x1ffffff);
}
static inline uint32_t tree_packed_n(uint64_t v)
{
	return (uint32_t)(v & 0x3fff);
}

/** How gradients are rounded: v * per_... and a random number from [0, 1), down. */
struct tree_rounding {
	double per_grad, per_hess;
	bool exact_hess; /* 1 if it is above 0 */
	uint64_t seed, stream;
};

/**
 * Right is "bin - shift is above limit" in unsigned arithmetic of the bin's width: with shift 1, bin 0
 * (missing) becomes the largest number and goes right. Or it is what the set holds.
 */
struct tree_threshold {
	const uint32_t *right; /* bits of bins or codes that go right; NULL: by limit */
	const void *bins; /* of row 0; 4 bytes behind the last may be read */
	unsigned width; /* bytes of a bin */
	size_t stride; /* bytes from bin to bin */
	uint16_t shift, limit;
};

/** One column's search: the bins from 1 on go left one after another. */
struct tree_scan {
	const int64_t *grad, *hess; /* [n_bins] of the column, bin 0 first */
	const uint32_t *n;
	const uint64_t *packed; /* for scan_packed, instead of the three */
	uint32_t last; /* the last bin that may go left */
	int64_t left_grad, left_hess, left_n; /* what is on the left before */
	int64_t all_grad, all_hess, all_n;
	double grad_unit, hess_unit, lambda, parent;
	double min_hess;
	int64_t min_n;
};

struct tree_kernel {
	/** Gradients of the logistic loss. weights may be NULL. */
	void (*logistic)(const float *margins, const uint32_t *class, const float *weights,
		size_t n, struct tree_grad *out);
	/** Rounds the gradients of rows first to first + n - 1 into the records at `out`, every `stride` bytes. */
	void (*quantize)(const struct tree_rounding *r, const struct tree_grad *grad, size_t first,
		size_t n, uint8_t *out, size_t stride);
	/**
	 * Parts rows[0..n) into the left ones, from `left` on, and the right ones, from `right` on, in their
	 * order, and returns how many are left. Both places have room for n; `left` may be `rows`.
	 */
	size_t (*part)(const struct tree_threshold *t, const uint32_t *rows, size_t n,
		uint32_t *left, uint32_t *right);
	/** Adds packed sums to three arrays and clears them. */
	void (*unpack)(uint64_t *packed, size_t n_bins, int64_t *grad, int64_t *hess, uint32_t *n);
	/**
	 * The bin of the largest gain above *gain, which is not below 0 (the first of equal ones), which becomes
	 * *gain; 0 if none is above it. Bins without rows are no split.
	 */
	uint32_t (*scan)(const struct tree_scan *s, double *gain);
	uint32_t (*scan_packed)(const struct tree_scan *s, double *gain);
};

extern const struct tree_kernel tree_kernel_scalar, tree_kernel_avx512;

/** NULL where there is none for that set. */
const struct tree_kernel *tree_kernel_for(enum cpu_isa isa);
/** Never NULL. Asks the CPU: keep the answer. */
const struct tree_kernel *tree_kernel_best(void);

#endif
