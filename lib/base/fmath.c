#include "base/fmath.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln 2 in two parts: the first has 33 bits, so that k * LN2_HI is exact for |k| < 2^20. */
#define LN2_HI  0x1.62e42fefp-1
#define LN2_LO  0x1.473de6af278edp-34
#define LOG2_E  0x1.71547652b82fep0
#define EXP_MAX 709.782712893384 /* the largest whose exp is finite */
#define EXP_MIN (-745.1332191019412) /* the smallest whose exp is not 0 */
#define SHIFTER 0x1.8p52 /* adding it rounds to an integer */

static double two_to(int k)
{
	uint64_t bits = (uint64_t)(k + 1023) << 52;
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/*
 * x = k ln 2 + r with |r| <= ln 2 / 2, exp(x) = 2^k exp(r). exp(r) is its Taylor series up to r^13 (the
 * rest is below 2^-57); the leading 1 is added last, so that only one rounding weighs.
 */
double fmath_exp(double x)
{
	double k, hi, lo, r, p;
	int n;

	if (x != x)
		return x;
	if (x > EXP_MAX)
		return INFINITY;
	if (x < EXP_MIN)
		return 0;
	k = (x * LOG2_E + SHIFTER) - SHIFTER;
	n = (int)k;
	hi = x - k * LN2_HI;
	lo = k * LN2_LO;
	r = hi - lo;
	p = 1.0 / 6227020800;
	p = p * r + 1.0 / 479001600;
	p = p * r + 1.0 / 39916800;
	p = p * r + 1.0 / 3628800;
	p = p * r + 1.0 / 362880;
	p = p * r + 1.0 / 40320;
	p = p * r + 1.0 / 5040;
	p = p * r + 1.0 / 720;
	p = p * r + 1.0 / 120;
	p = p * r + 1.0 / 24;
	p = p * r + 1.0 / 6;
	p = p * r + 1.0 / 2;
	/* hi - lo is r and a rest of less than half its last bit, which is added with the small terms */
	p = 1 + (r + (p * (r * r) + ((hi - r) - lo)));
	if (n < -1021)
		return p * two_to(n + 100) * 0x1p-100;
	if (n > 1023)
		return p * 2 * two_to(n - 1);
	return p * two_to(n);
}

/*
 * x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)). With s = f / (2 + f), log(1 + f) = 2 atanh(s) =
 * 2s + 2s^3/3 + 2s^5/5 + ... = f - s (f - R), R = 2s^2/3 + 2s^4/5 + ...; as |s| < 0.172, eleven terms do.
 */
double fmath_log(double x)
{
	uint64_t bits;
	double f, s, z, r, k;
	int n = 0;

	if (x != x || x == INFINITY)
		return x;
	if (x <= 0)
		return x < 0 ? NAN : -INFINITY;
	if (x < 0x1p-1022) {
		x *= 0x1p54;
		n = -54;
	}
	memcpy(&bits, &x, sizeof(bits));
	n += (int)(bits >> 52) - 1023;
	bits = (bits & 0xfffffffffffffu) | (uint64_t)1023 << 52;
	memcpy(&x, &bits, sizeof(x));
	if (x > 0x1.6a09e667f3bcdp0) {
		x *= 0.5;
		n++;
	}
	f = x - 1;
	k = n;
	s = f / (2 + f);
	z = s * s;
	r = 2.0 / 25;
	r = r * z + 2.0 / 23;
	r = r * z + 2.0 / 21;
	r = r * z + 2.0 / 19;
	r = r * z + 2.0 / 17;
	r = r * z + 2.0 / 15;
	r = r * z + 2.0 / 13;
	r = r * z + 2.0 / 11;
	r = r * z + 2.0 / 9;
	r = r * z + 2.0 / 7;
	r = r * z + 2.0 / 5;
	r = r * z + 2.0 / 3;
	r *= z;
	return k * LN2_HI - ((s * (f - r) - k * LN2_LO) - f);
}

double fmath_sigmoid(double x)
{
	double t;

	if (x >= 0)
		return 1 / (1 + fmath_exp(-x));
	t = fmath_exp(x);
	return t / (1 + t);
}
