/* base/rng: the same values everywhere, evenly spread. */
#include "base/rng.h"

#include "tap.h"

enum { DRAWS = 100000 };

static void check_known_values(void)
{
	/* From the definition, worked out with Python's integers. They go into models: never change them. */
	ok(rng_bits(0, 0, 0) == 0x33fe8bd4f9c57863u, "bits of (0, 0, 0)");
	ok(rng_bits(0, 0, 1) == 0xb49ab477bb8685e2u, "bits of (0, 0, 1)");
	ok(rng_bits(42, 7, 123456789) == 0xf4ccebcf649bcfbau, "bits of (42, 7, 123456789)");
	ok(rng_bits(UINT64_MAX, UINT64_MAX, UINT64_MAX) == 0xb5bd7539241cd313u,
		"bits of the largest words");
}

static void check_unit(void)
{
	double sum = 0, low = 1, high = 0;

	for (uint64_t i = 0; i < DRAWS; i++) {
		double u = rng_unit(1, 2, i);

		sum += u;
		low = u < low ? u : low;
		high = u > high ? u : high;
	}
	ok(low >= 0 && high < 1, "unit stays in [0, 1)");
	/* Five standard errors. */
	ok(sum / DRAWS > 0.4954 && sum / DRAWS < 0.5046, "unit has its mean at one half");
}

/* Chi-squared of 16 cells. */
static double spread(uint64_t seed_step, uint64_t stream_step, uint64_t index_step)
{
	int cells[16] = { 0 };
	double sum = 0;

	for (uint64_t i = 0; i < DRAWS; i++)
		cells[rng_below(i * seed_step, i * stream_step, i * index_step, 16)]++;
	for (int c = 0; c < 16; c++) {
		double off = cells[c] - DRAWS / 16.0;

		sum += off * off / (DRAWS / 16.0);
	}
	return sum;
}

static void check_spread(void)
{
	/* The 0.9999 quantile of chi-squared with 15 degrees of freedom is 44.3. */
	ok(spread(0, 0, 1) < 44.3, "neighbouring indices are evenly spread");
	ok(spread(0, 1, 0) < 44.3, "neighbouring streams are");
	ok(spread(1, 0, 0) < 44.3, "neighbouring seeds are");
	ok(spread(1, 1, 1) < 44.3, "and all three together");
	ok(rng_below(3, 4, 5, 1) == 0, "below 1 is 0");
}

int main(void)
{
	check_known_values();
	check_unit();
	check_spread();
	return done_testing();
}
