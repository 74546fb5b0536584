/*
 * base/fmath against the C library's long double functions: below one unit in the last place.
 */
#include <float.h>
#include <math.h>

#include "base/fmath.h"
#include "base/rng.h"
#include "tap.h"

static double ulps(double got, long double want)
{
	double w = (double)want;
	double unit = nextafter(fabs(w), INFINITY) - fabs(w);

	return (double)(fabsl(want - (long double)got) / (long double)unit);
}

static void check_exp(double range)
{
	double most = 0;

	for (uint64_t i = 0; i < 200000; i++) {
		double x = (rng_unit(1, (uint64_t)range, i) - 0.5) * 2 * range;
		double u = ulps(fmath_exp(x), expl((long double)x));

		most = u > most ? u : most;
	}
	ok(most < 1, "exp within %g: %.3f ulp at most", range, most);
}

static void check_log(double lo, double hi)
{
	double most = 0;

	for (uint64_t i = 0; i < 200000; i++) {
		double x = lo + rng_unit(2, (uint64_t)fmin(hi, 1e9), i) * (hi - lo);
		double u = ulps(fmath_log(x), logl((long double)x));

		most = u > most ? u : most;
	}
	ok(most < 1, "log from %g to %g: %.3f ulp at most", lo, hi, most);
}

int main(void)
{
	check_exp(0.3);
	check_exp(30);
	check_exp(700);
	check_log(0.5, 2);
	check_log(0.99, 1.01);
	check_log(1e-300, 1e-290);
	check_log(1, 1e300);
	is_num(fmath_exp(0), 1, "exp 0");
	is_num(fmath_exp(INFINITY), INFINITY, "exp inf");
	is_num(fmath_exp(-INFINITY), 0, "exp -inf");
	is_num(fmath_exp(710), INFINITY, "exp overflows");
	is_num(fmath_exp(-746), 0, "exp underflows");
	is_num(fmath_exp(NAN), NAN, "exp nan");
	ok(fmath_exp(-745) > 0 && fmath_exp(709.7) < INFINITY, "exp near its ends");
	is_num(fmath_log(1), 0, "log 1");
	is_num(fmath_log(0), -INFINITY, "log 0");
	is_num(fmath_log(-1), NAN, "log of a negative number");
	is_num(fmath_log(INFINITY), INFINITY, "log inf");
	ok(ulps(fmath_log(DBL_TRUE_MIN), logl((long double)DBL_TRUE_MIN)) < 1,
		"log of the smallest");
	is_num(fmath_sigmoid(0), 0.5, "sigmoid 0");
	is_num(fmath_sigmoid(-1000), 0, "sigmoid far below");
	is_num(fmath_sigmoid(1000), 1, "sigmoid far above");
	ok(fabs(fmath_sigmoid(2) + fmath_sigmoid(-2) - 1) < 1e-15, "sigmoid is symmetric");
	return done_testing();
}
