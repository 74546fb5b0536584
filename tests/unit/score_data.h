/*
 * score_data - the 500 made-up rows that the tests of lib/score and scikit-learn were both given.
 *
 * The expected values in tests/unit/score_*.c come from scikit-learn 1.9.1 and scipy 1.17.1 on
 *
 *	i = np.arange(1, 501); w = 1.0 + i % 5
 *	p = i * 7919 % 1000 / 1000; q = np.round(p * 20) / 20
 *	y = (i * 104729 % 97 / 97 * 0.7 + p * 0.6 > 0.65).astype(int)
 *	t = i * 31 % 4; g = np.where(i * 17 % 10 < 6, t, i // 7 % 4)
 *
 * by the functions named there, sample_weight=w where the test says "weighted".
 */
#ifndef CD4ML_TESTS_SCORE_DATA_H
#define CD4ML_TESTS_SCORE_DATA_H

#include <math.h>
#include <stdint.h>

enum { N_DATA = 500 };

struct score_data {
	double p[N_DATA], q[N_DATA]; /* scores without and with ties */
	uint8_t y[N_DATA];
	uint32_t t[N_DATA], g[N_DATA]; /* four classes: truth and prediction */
	float w[N_DATA];
};

static inline void score_data_fill(struct score_data *d)
{
	for (uint32_t k = 0; k < N_DATA; k++) {
		uint32_t i = k + 1;

		d->p[k] = i * 7919 % 1000 / 1000.0;
		d->q[k] = rint(d->p[k] * 20) / 20;
		d->y[k] = i * 104729 % 97 / 97.0 * 0.7 + d->p[k] * 0.6 > 0.65;
		d->t[k] = i * 31 % 4;
		d->g[k] = i * 17 % 10 < 6 ? d->t[k] : i / 7 % 4;
		d->w[k] = (float)(1 + i % 5);
	}
}

#endif
