#include "score/interval.h"

#include <math.h>
#include <stdlib.h>

#include "base/fmath.h"
#include "base/mem.h"

static double density(double z)
{
	return 0.39894228040143267794 * fmath_exp(-0.5 * z * z);
}

/* Marsaglia's series about 0 (J. Stat. Softw. 11, 2004), a continued fraction for the tail. */
double score_interval_tail(double z)
{
	if (isnan(z))
		return z;
	if (z < 0)
		return 1 - score_interval_tail(-z);
	if (z < 2) {
		double sum = z, term = z;

		for (int k = 3; term > sum * 1e-17; k += 2) {
			term *= z * z / k;
			sum += term;
		}
		return 0.5 - density(z) * sum;
	}
	if (z > 38.5)
		return 0;
	double f = 0;

	for (int k = 200; k > 0; k--)
		f = k / (z + f);
	return density(z) / (z + f);
}

double score_interval_quantile(double p)
{
	double low = -40, high = 40;

	for (int i = 0; i < 100; i++) {
		double mid = (low + high) / 2;

		if (score_interval_tail(mid) > p)
			low = mid;
		else
			high = mid;
	}
	return (low + high) / 2;
}

struct score_interval score_interval_share(double part, double whole, double confidence)
{
	double z = score_interval_quantile((1 - confidence) / 2);
	double share = part / whole, z2 = z * z / whole;
	double middle = (share + z2 / 2) / (1 + z2);
	double half = z * sqrt(share * (1 - share) / whole + z2 / (4 * whole)) / (1 + z2);

	if (!(whole > 0))
		return (struct score_interval){ NAN, NAN };
	return (struct score_interval){ middle - half, middle + half };
}

double score_interval_auc_error(const struct score_rank *r)
{
	double pos = r->total_positive, neg = r->total_negative, auc = score_rank_auc(r);
	double above = 0, below = neg, of_pos = 0, of_neg = 0;

	if (pos < 2 || neg < 2)
		return NAN;
	/* The share of the other class that a row of the group is ahead of, against the mean share. */
	for (size_t g = 0; g < r->n_groups; g++) {
		double p = r->positives[g], n = r->negatives[g], d;

		below -= n;
		d = (below + n / 2) / neg - auc;
		of_pos += p * (d * d);
		d = (above + p / 2) / pos - auc;
		of_neg += n * (d * d);
		above += p;
	}
	return sqrt(of_pos / (pos - 1) / pos + of_neg / (neg - 1) / neg);
}

struct score_interval score_interval_auc(const struct score_rank *r, double confidence)
{
	double auc = score_rank_auc(r), error = score_interval_auc_error(r);
	double z = score_interval_quantile((1 - confidence) / 2), logit, half;

	if (isnan(error))
		return (struct score_interval){ NAN, NAN };
	if (error == 0 || auc <= 0 || auc >= 1)
		return (struct score_interval){ auc, auc };
	logit = fmath_log(auc / (1 - auc));
	half = z * error / (auc * (1 - auc));
	return (struct score_interval){ fmath_sigmoid(logit - half), fmath_sigmoid(logit + half) };
}

/*
 * Placement of each row: the share of the other class that it is ahead of (positives) or behind
 * (negatives), ties half. `order` is from score_rank_order. Returns the AUC, exactly as score_rank_auc does.
 */
static double place_rows(const double *scores, const uint8_t *labels, const uint32_t *order,
	size_t n, const double total[2], double *place)
{
	double seen[2] = { 0, 0 }, area = 0;

	for (size_t i = 0; i < n;) {
		double here[2] = { 0, 0 };
		size_t j = i;

		for (; j < n && scores[order[j]] == scores[order[i]]; j++)
			here[labels[order[j]] != 0]++;
		for (; i < j; i++) {
			uint32_t row = order[i];

			if (labels[row])
				place[row] = (seen[0] + here[0] / 2) / total[0];
			else
				place[row] = 1 - (seen[1] + here[1] / 2) / total[1];
		}
		area += here[1] * (2 * seen[0] + here[0]);
		seen[0] += here[0];
		seen[1] += here[1];
	}
	return area / 2 / total[1] / total[0];
}

static void compare_places(const double *a, const double *b, const uint8_t *labels, size_t n,
	const double total[2], struct score_paired *out)
{
	double mean_d[2] = { 0, 0 }, squares[2] = { 0, 0 };

	for (size_t i = 0; i < n; i++)
		mean_d[labels[i] != 0] += b[i] - a[i];
	for (int k = 0; k < 2; k++)
		mean_d[k] /= total[k];
	for (size_t i = 0; i < n; i++) {
		double d = b[i] - a[i] - mean_d[labels[i] != 0];

		squares[labels[i] != 0] += d * d;
	}
	out->error = sqrt(
		squares[0] / (total[0] - 1) / total[0] + squares[1] / (total[1] - 1) / total[1]);
}

int score_interval_paired_auc(const double *a, const double *b, const uint8_t *labels, size_t n,
	struct pool *pool, struct score_paired *out, struct err *e)
{
	double total[2] = { 0, 0 }, *places = NULL;
	uint32_t *order = NULL;
	int rc = -1;

	*out = (struct score_paired){ 0 };
	for (size_t i = 0; i < n; i++)
		total[labels[i] != 0]++;
	if (total[0] < 2 || total[1] < 2)
		return err_set(e, ERR_INPUT, "fewer than two rows of a class: nothing to compare");
	order = mem_array_raw(n, sizeof(*order), e);
	places = order ? mem_array_raw(2 * n, sizeof(*places), e) : NULL;
	if (!places || score_rank_order(a, n, order, pool, e))
		goto out;
	out->a = place_rows(a, labels, order, n, total, places);
	if (score_rank_order(b, n, order, pool, e))
		goto out;
	out->b = place_rows(b, labels, order, n, total, places + n);
	compare_places(places, places + n, labels, n, total, out);
	out->z = out->error > 0 ? (out->b - out->a) / out->error : 0;
	out->p = score_interval_tail(out->z);
	rc = 0;
out:
	free(order);
	free(places);
	return rc;
}

/* Half the chance of exactly k heads in n throws plus that of more: mid-p, from the middle outward. */
static double binomial_mid_tail(double k, double n)
{
	double log_term = -n * fmath_log(2), sum = 0;

	for (double i = 0; i <= n; i++) {
		if (i == k)
			sum += 0.5 * fmath_exp(log_term);
		else if (i > k)
			sum += fmath_exp(log_term);
		log_term += fmath_log((n - i) / (i + 1) > 0 ? (n - i) / (i + 1) : 1);
	}
	return sum;
}

void score_interval_paired_accuracy(
	double only_a, double only_b, double both, double n, struct score_paired *out)
{
	double differ = only_a + only_b, d = (only_b - only_a) / n;

	*out = (struct score_paired){ .a = (both + only_a) / n, .b = (both + only_b) / n };
	out->error = sqrt((differ / n - d * d) / n);
	out->z = differ > 0 ? (only_b - only_a) / sqrt(differ) : 0;
	out->p = differ > 1000 ? score_interval_tail(out->z) : binomial_mid_tail(only_b, differ);
}
